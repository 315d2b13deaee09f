"""Split the batch, add the gradients: chunks and threads change rounding and time only."""

import re
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController

import handgrad as hg
from handgrad.training.gradients import BatchGradient

ROOT = Path(__file__).parents[2]
EXAMPLES = 40 * 64 + 17
DIGITS = hg.load_data("strokes:600:3")


@pytest.mark.parametrize("threads", [1, 2, 3, 16])
@pytest.mark.parametrize("rows", [slice(0, EXAMPLES), slice(3, 40), np.arange(EXAMPLES)[::-2]], ids=str)
@pytest.mark.parametrize("loss", [hg.CrossEntropy(), hg.CrossEntropy(0.3, (1, 2, 0))], ids=str)
def test_chunks_and_threads_give_the_gradient_of_the_batch(threads: int, rows: Any, loss: hg.Loss) -> None:
    rng, layers = np.random.default_rng(0), [hg.Dense(6), hg.ReLU(), hg.Dense(3)]
    inputs = rng.integers(256, size=(EXAMPLES, 400), dtype=np.uint8)
    data = hg.Dataset(inputs, rng.integers(3, size=EXAMPLES), 3)
    model, labels = hg.Network(layers, 400, 1, np.float64, scaling=hg.Scaling.of_bytes()), data.labels[rows]
    model.chunk = 64  # many chunks for every thread
    logits, backward = model.forward(model.scale(data.inputs[rows]))
    gradient = np.zeros_like(model.flat_parameters)
    backward(loss(logits, labels)[1], gradient)
    with BatchGradient(model, data, loss, threads=threads) as batch_gradient:
        batch = batch_gradient(rows, 0)
    np.testing.assert_allclose(batch.gradient, gradient, rtol=1e-9, atol=1e-12)
    assert batch.loss == pytest.approx(loss.reported()(logits, labels)[0])  # without smoothing
    assert batch.correct == (logits.argmax(axis=1) == labels).sum()


def trained(threads: int, *between: hg.Layer) -> np.ndarray:
    """Train for some steps, each of several chunks, and return the parameters."""
    net = hg.Network([hg.Dense(16), *between, hg.Dense(10)], (784,), np.random.default_rng(0))
    net.chunk = 32
    list(hg.train(net, DIGITS, batch_size=200, epochs=2, threads=threads, seed=1))
    return net.flat_parameters


@pytest.mark.parametrize("threads", [2, 3])
def test_another_number_of_threads_changes_rounding(threads: int) -> None:
    np.testing.assert_allclose(trained(threads, hg.Tanh()), trained(1, hg.Tanh()), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("layer", [hg.Dropout(0.5), hg.BatchNorm()])
def test_another_number_of_threads_cuts_other_chunks(layer: hg.Layer) -> None:
    assert np.abs(trained(3, layer) - trained(1, layer)).max() > 1e-3
    np.testing.assert_array_equal(trained(2, layer), trained(2, layer))


def test_a_batch_of_rows_with_gaps_copies_only_itself() -> None:
    data = hg.Dataset(np.zeros((4000, 784), np.uint8), np.zeros(4000, int), 2).take(slice(None, None, 2))
    with BatchGradient(hg.Network([hg.Dense(2)], 784), data, hg.CrossEntropy(), threads=1) as batch_gradient:
        tracemalloc.start()
        batch_gradient(np.arange(10), 0)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert most < data.inputs.nbytes / 2


def blas_threads() -> list[int]:
    return [library.num_threads for library in ThreadpoolController().select(user_api="blas").lib_controllers]


def test_concurrent_trainings_give_the_same_bits_as_alone_and_restore_blas() -> None:
    before, layers = blas_threads(), [hg.Tanh(), hg.Dense(40), hg.ReLU()]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: trained(1, *layers), range(12)))
    np.testing.assert_array_equal(found, [trained(1, *layers)] * 12)
    assert blas_threads() == before


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_adversarial_gradients_are_those_of_worst_neighbours_too(table: hg.Dataset, share: float) -> None:
    layers, scaling = [hg.Dense(5), hg.Tanh(), hg.Dense(2)], hg.Scaling.learned(table.inputs)
    model, adversarial = hg.Network(layers, 4, 0, np.float64, scaling=scaling), hg.Adversarial(0.05, share)
    expected, x = np.zeros_like(model.flat_parameters), model.scale(table.inputs)
    logits, backward = model.forward(x)
    loss, dlogits = hg.CrossEntropy()(logits, table.labels)
    dx = backward(dlogits, np.zeros_like(expected))
    for inputs, part in ((x, 1 - share), (x + 0.05 * np.sign(dx), share)):
        logits, backward = model.forward(inputs)
        backward(part * hg.CrossEntropy()(logits, table.labels)[1], expected)
    with BatchGradient(model, table, hg.CrossEntropy(), adversarial=adversarial, threads=2) as batch_gradient:
        batch = batch_gradient(slice(0, len(table)), 0)
    assert batch.loss == pytest.approx(loss)
    np.testing.assert_allclose(batch.gradient, expected, rtol=1e-9, atol=1e-12)


def test_the_tests_that_the_document_names_exist() -> None:
    text = (ROOT / "docs" / "guide" / "determinism.md").read_text("utf-8")
    rows = re.findall(r"^- [^*].*", text, re.MULTILINE)
    assert len(rows) > 15
    assert all("[^" in row for row in rows), "a statement without a test"
    assert {*re.findall(r"\[\^([\w-]+)\](?!:)", text)} == {
        *re.findall(r"^\[\^([\w-]+)\]: `tests/", text, re.MULTILINE)
    }
    for path, name in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text):
        assert re.search(rf"^def {name}\(", (ROOT / path).read_text("utf-8"), re.MULTILINE), f"{path}::{name}"
