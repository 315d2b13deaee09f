"""What another number of threads or ranks changes, and what it does not; docs/determinism.md names these tests."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import handgrad as hg
from handgrad.training.draws import Draws

ROOT = Path(__file__).parents[2]
DIGITS = hg.load_data("strokes:600:3")


def trained(threads: int, *between: hg.Layer, **arguments: Any) -> np.ndarray:
    """Train for some steps, each of them of several chunks; gives the parameters."""
    layers: list[hg.Layer] = [hg.Dense(16), *between, hg.Dense(10)]
    network = hg.Network(layers, (784,), np.random.default_rng(0))
    network.chunk = 32
    state = hg.TrainingState(np.random.default_rng(1))
    list(hg.train(network, DIGITS, batch_size=200, epochs=2, threads=threads, state=state, **arguments))
    return network.flat_parameters


@pytest.mark.parametrize("threads", [2, 3])
def test_other_threads_round_otherwise_and_no_more(threads: int) -> None:
    np.testing.assert_allclose(trained(threads, hg.Tanh()), trained(1, hg.Tanh()), rtol=1e-3, atol=1e-5)


def test_other_threads_draw_otherwise() -> None:
    assert np.abs(trained(3, hg.Dropout(0.5)) - trained(1, hg.Dropout(0.5))).max() > 1e-3
    np.testing.assert_array_equal(trained(2, hg.Dropout(0.5)), trained(2, hg.Dropout(0.5)))


def test_a_rank_draws_for_every_32_examples_wherever_a_batch_is_cut() -> None:
    whole = Draws(5, 0, 100, 100).random((100, 7))
    parts = [Draws(5, start, count, 100).random((count, 7)) for start, count in ((0, 32), (32, 50), (82, 18))]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    assert (whole[:32] != whole[32:64]).all(), "grains draw numbers of their own"
    assert (np.random.default_rng([5, 0]).random((100, 7)) != whole).any()


def test_of_two_records_alike_only_time_differs() -> None:
    told = []
    for _ in range(2):
        network = hg.Network([hg.Dense(16), hg.ReLU(), hg.Dense(10)], (784,), np.random.default_rng(0))
        state = hg.TrainingState(np.random.default_rng(1))
        told.append([record.as_dict() for record in hg.train(network, DIGITS, epochs=4, state=state)])
    differs = {name for one, other in zip(*told, strict=True) for name in one if one[name] != other[name]}
    assert differs == {"seconds", "examples_per_second"}


def test_the_tests_that_the_document_names_are_there() -> None:
    text = (ROOT / "docs" / "determinism.md").read_text("utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text)
    rows = re.findall(r"^\| [^|\s].*\|$", text, re.MULTILINE)
    assert len(rows) > 20
    assert all("`tests/" in row for row in rows), "a statement without a test"
    for path, name in named:
        assert re.search(rf"^def {name}\(", (ROOT / path).read_text("utf-8"), re.MULTILINE), f"{path}::{name}"
