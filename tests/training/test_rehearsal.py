"""A training on a stream is tried first: nothing of it is left, and what would break the bound is refused."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from handgrad.data.dataset import Splits
from handgrad.data.load import load_data
from handgrad.data.streams.memory import MARGIN, PROGRAM, Memory
from handgrad.errors import HandgradError
from handgrad.model.layers import BatchNorm, Conv2D, Dense, Dropout, Flatten, ReLU
from handgrad.model.network import Network
from handgrad.training import rehearsal
from handgrad.training.optimizers import Adam
from handgrad.training.rehearsal import CALIBRATION, take_sample
from handgrad.training.state import TrainingState
from handgrad.training.train import train

MEMORY = Memory(PROGRAM + 4 * 10**6)


def splits() -> Splits:
    return load_data("strokes:4000", MEMORY).split_validation(300, np.random.default_rng(0))


def trained(monkeypatch: pytest.MonkeyPatch, peak_of: Callable[[Callable[[], None]], int | None]) -> Any:
    monkeypatch.setattr(rehearsal, "peak_of", peak_of)
    layers = [Dense(16), BatchNorm(), ReLU(), Dropout(0.2), Dense(10)]
    network, optimizer = Network(layers, (784,), np.random.default_rng(1)), Adam()
    state = TrainingState(np.random.default_rng(2))
    options: dict[str, Any] = {"epochs": 2, "threads": 2, "learning_rate": 0.003}
    records = list(train(network, splits(), optimizer=optimizer, state=state, **options))
    return network.flat_parameters.copy(), records[-1].loss, state.rng.bit_generator.state


def test_it_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[Callable[[], None]] = []

    def works(work: Callable[[], None]) -> None:
        done.append(work)
        work()

    vector, loss, rng = trained(monkeypatch, works)
    assert len(done) == 1
    without, same_loss, same_rng = trained(monkeypatch, lambda work: None)
    np.testing.assert_array_equal(vector, without)
    assert (loss, rng) == (same_loss, same_rng)


def test_what_would_break_the_bound_is_refused_before_the_first_step(monkeypatch: pytest.MonkeyPatch) -> None:
    windows = splits().train.windows_bytes  # type: ignore[attr-defined]  # of a stream
    copies = 8 * 4 * (784 * 16 + 16 + 4 * 16 + 160 + 10)
    most = MEMORY.limit - windows - copies - MARGIN
    trained(monkeypatch, lambda work: most)
    with pytest.raises(
        HandgradError, match=r"besides its data, too much within memory of 364 MB; give \d+ MB or more"
    ):
        trained(monkeypatch, lambda work: most + 1)


def test_layers_are_measured_on_as_many_examples_as_fit() -> None:
    small = load_data("strokes:4000", Memory(PROGRAM + 60 * 10**6)).train
    large, whole = load_data("strokes:4000", "4GB").train, load_data("strokes:4000").train
    layers = [Conv2D(16, kernel_size=3), BatchNorm(), ReLU(), Flatten(), Dense(10)]
    network = Network(layers, (1, 28, 28), np.random.default_rng(0))
    assert network.chunk < 200
    held = len(take_sample(network, small))
    assert 0.5 * network.chunk < held < 5 * network.chunk
    assert len(take_sample(network, large)) == len(take_sample(network, whole)) == CALIBRATION
