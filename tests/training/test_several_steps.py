"""Steps that one call of C takes are those of single steps, bit for bit."""

from typing import Any

import numpy as np
import pytest

import handgrad as hg
from handgrad.kernels.backend import kernels
from handgrad.training import loop
from handgrad.training.several_steps import several_steps
from networks import timeless

EXAMPLES = 130
RNG = np.random.default_rng(0)
WEIGHTS = RNG.random(EXAMPLES) + 0.5
LABELS = RNG.integers(3, size=EXAMPLES)
TABLE = hg.Dataset(RNG.normal(size=(EXAMPLES, 9)) + LABELS[:, None], LABELS, 3)
LABELLED = hg.Dataset(TABLE.inputs, np.eye(3)[LABELS].astype(int), ["a", "b", "c"], task="multilabel")
TARGETS = hg.Dataset(TABLE.inputs, RNG.normal(size=(EXAMPLES, 2)), ["a", "b"], task="regression")
PIXELS = hg.Dataset(RNG.integers(0, 256, (EXAMPLES, 20)).astype(np.uint8), LABELS, 3)

CASES: dict[str, dict[str, Any]] = {
    "sgd": {"optimizer": hg.SGD(weight_decay=0.01)},
    "momentum": {"optimizer": hg.Momentum(), "schedule": hg.OneCycle()},
    "nesterov": {"optimizer": hg.Nesterov(weight_decay=0.1)},
    "rmsprop": {"optimizer": hg.RMSProp()},
    "adam": {"optimizer": hg.Adam(0.01), "sample_weights": WEIGHTS},
    "adamw": {"optimizer": hg.AdamW(0.01), "schedule": hg.Cosine(warmup=0.2)},
    "class weights": {"loss": hg.CrossEntropy(class_weights=(1, 2, 0.5)), "sample_weights": WEIGHTS},
    "one batch": {"batch_size": "all"},
    "steps": {"epochs": None, "steps": 17},
    "large batches": {"batch_size": 64, "threads": 2},
}


class Counting:
    """`several_steps`, which counts the steps that it takes; or none, so that single steps are taken."""

    def __init__(self, several: bool) -> None:
        self.several, self.taken = several, 0

    def __call__(self, *arguments: Any) -> Any:
        steps: Any = several_steps(*arguments)

        def counting(*given: Any) -> int:
            taken = steps(*given)
            self.taken += taken
            return taken

        return counting if steps and self.several else None


def trained(
    monkeypatch: Any, several: bool, data: hg.Dataset, dtype: Any = np.float32, **arguments: Any
) -> Any:
    """Train with an interruption, in several steps or single ones; return all that changes, and the count."""
    network = hg.Network([hg.Dense(21), hg.ReLU(), hg.Dense(len(data.classes))], data.input_shape, 0, dtype)
    network.chunk, interrupted = arguments.pop("chunk", network.chunk), arguments.pop("interrupted", 10)
    state, counting, error = hg.TrainingState(np.random.default_rng(1)), Counting(several), ""
    records: list[hg.Record] = []
    arguments = dict[str, Any](batch_size=8, epochs=3, threads=1, state=state) | arguments
    with monkeypatch.context() as patch:
        patch.setattr(loop, "several_steps", counting)
        try:
            records += hg.train(network, data, stop=lambda: state.step >= interrupted, **arguments)
            records += hg.train(network, data, **arguments)
        except hg.HandgradError as found:
            error = str(found)
    numbers = state.numbers() | {"seconds": 0}
    arrays = {name: array.tobytes() for name, array in state.arrays().items()}
    return [network.flat_parameters.tobytes(), timeless(records), numbers, arrays, error], counting.taken


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("data", [TABLE, PIXELS], ids=repr)
def test_steps_taken_together_are_single_steps(
    monkeypatch: Any, data: hg.Dataset, dtype: Any, case: str
) -> None:
    found, taken = trained(monkeypatch, True, data, dtype, **CASES[case])
    expected, _ = trained(monkeypatch, False, data, dtype, **CASES[case])
    assert found == expected
    assert taken == (found[2]["step"] if kernels.mlp_steps else 0)


@pytest.mark.parametrize(
    ("data", "loss"),
    [(LABELLED, hg.BinaryCrossEntropy()), (TARGETS, hg.MeanSquaredError()), (TARGETS, hg.Huber(0.3))],
    ids=repr,
)
def test_so_they_are_with_other_losses(monkeypatch: Any, data: hg.Dataset, loss: hg.Loss) -> None:
    found, taken = trained(monkeypatch, True, data, loss=loss, sample_weights=WEIGHTS)
    assert found == trained(monkeypatch, False, data, loss=loss, sample_weights=WEIGHTS)[0]
    assert taken == (found[2]["step"] if kernels.mlp_steps else 0)


def test_parameters_before_a_divergence_are_those_of_single_steps(monkeypatch: Any) -> None:
    steps = set()
    for rate in np.geomspace(1e2, 1e6, 25):
        arguments: dict[str, Any] = {"optimizer": hg.Momentum(float(rate), momentum=0.99), "interrupted": 25}
        found, _ = trained(monkeypatch, True, TABLE, **arguments)
        assert found == trained(monkeypatch, False, TABLE, **arguments)[0]
        if "diverged" in found[-1]:
            steps.add(found[2]["step"])
    assert {step % 10 == 0 for step in steps} == {True, False}  # at the start of a group, and within one


SINGLE: dict[str, dict[str, Any]] = {
    "clipping": {"optimizer": hg.SGD(clip_norm=1)},
    "a limit of norms": {"optimizer": hg.SGD(max_norm=1)},
    "orthogonal steps": {"optimizer": hg.Muon()},
    "an average": {"averaging": hg.ExponentialAverage()},
    "smoothing": {"loss": hg.CrossEntropy(0.1)},
    "several chunks": {"chunk": 4},
    "adversarial examples": {"adversarial": hg.Adversarial()},
}


@pytest.mark.parametrize("case", SINGLE)
def test_what_needs_more_takes_single_steps(monkeypatch: Any, case: str) -> None:
    (*_, error), taken = trained(monkeypatch, True, TABLE, **SINGLE[case])
    assert (error, taken) == ("", 0)
