"""Networks on sparse inputs: the results are those on dense ones, and the inputs never become dense as a whole."""

from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from scipy import sparse

import handgrad as hg
from handgrad.kernels.sparse_rows import SparseRows
from handgrad.model.scaling import Scaling, begin_statistics

EXAMPLES, INPUTS = 90, 40
NUMBERS = np.random.default_rng(0).normal(3, 1, (EXAMPLES, INPUTS))
NUMBERS[np.random.default_rng(1).random(NUMBERS.shape) < 0.9] = 0
NUMBERS[5] = NUMBERS[:, 7] = 0
LABELS = np.argmax(NUMBERS[:, :3], axis=1)
SPARSE = sparse.csc_matrix(NUMBERS)
HIDDEN = [hg.Dense(8), hg.ReLU(), hg.Dense(3)]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("layers", "settings"),
    [
        (HIDDEN, {}),
        ([hg.Dense(8), hg.BatchNorm(), hg.Tanh(), hg.Dense(3)], {"averaging": "last_epochs"}),
        ([hg.Dropout(0.2), *HIDDEN], {"early_stopping": hg.EarlyStopping(2)}),
        ([hg.BatchNorm(), hg.Dense(3)], {"sample_weights": np.arange(60.0)}),
        (HIDDEN, {"adversarial": hg.Adversarial(0.1)}),
        (HIDDEN, {"optimizer": "muon", "batch_size": "all"}),
    ],
)
def test_training_is_that_on_dense_inputs(layers: Any, settings: Any, dtype: Any, threads: int) -> None:
    divided = Scaling.learned(SparseRows.of(SPARSE))
    results: list[Any] = []
    for inputs in (SPARSE, NUMBERS):
        network = hg.Network(layers, INPUTS, 0, dtype, scaling=divided)
        splits = hg.Splits(hg.Dataset(inputs, LABELS)).split_validation(30, np.random.default_rng(0))
        usual: Any = {"optimizer": "adam", "batch_size": 50, "epochs": 4, "seed": 0, "threads": threads}
        records = list(hg.train(network, splits, **usual | settings))
        for raw in (inputs, inputs[:2]):
            results += [network.logits(raw)]
        results += [records[-1].loss, records[-1].validation_loss]
    for one, other in zip(results[:4], results[4:], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("centred", [False, True])
def test_no_more_than_a_chunk_becomes_dense(centred: bool) -> None:
    seen = []
    scaling = Scaling(np.full(INPUTS, float(centred)), np.ones(INPUTS))
    network = hg.Network([hg.Dense(3)], INPUTS, 0, scaling=scaling)
    data = hg.Dataset(SPARSE, LABELS)

    def watch(rows: SparseRows) -> Any:
        seen.append(len(rows))
        return plain(rows)

    plain = SparseRows.toarray
    network.chunk = 32
    with patch.object(SparseRows, "toarray", watch):
        list(hg.train(network, data, epochs=1, seed=0, batch_size="all", threads=1))
        hg.evaluate(network, data)
        assert data.fingerprint() == hg.Dataset(SPARSE.tocoo(), LABELS).fingerprint()
    assert max(seen, default=0) == (30 if centred else 0)
    np.testing.assert_allclose(network.logits(SPARSE), network.logits(NUMBERS), rtol=1e-4, atol=1e-5)
    assert data.fingerprint() != hg.Dataset(2 * SPARSE, LABELS).fingerprint()


@pytest.mark.parametrize("weights", [None, np.arange(float(EXAMPLES))])
@pytest.mark.parametrize("sparse_first", [False, True])
def test_scaling_is_learned_part_by_part(sparse_first: bool, weights: Any) -> None:
    rows = SparseRows.of(SPARSE)
    found: Any = begin_statistics(rows) if sparse_first else begin_statistics(NUMBERS)
    for k, part in enumerate((slice(0, 1), slice(1, 40), slice(40, EXAMPLES))):
        inputs = rows[part] if k % 2 == 0 else NUMBERS[part]  # in turns
        found = found.add(inputs, None if weights is None else weights[part])
    used = np.ones(EXAMPLES) if weights is None else weights
    shift = np.zeros(INPUTS) if sparse_first else np.average(NUMBERS, axis=0, weights=used)
    total = used @ (NUMBERS != 0) if sparse_first else used.sum()
    squares = used @ (NUMBERS - shift) ** 2 / np.maximum(total, 1)
    np.testing.assert_allclose(found.scaling().shift, shift, atol=1e-12)
    np.testing.assert_allclose(found.scaling().divisor, np.where(squares, squares**0.5, 1))
    if sparse_first and weights is None:
        np.testing.assert_allclose(Scaling.learned(rows).divisor, found.scaling().divisor)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_refused(value: float) -> None:
    matrix = sparse.csr_array(([value], ([0], [1])), shape=(2, 3))
    with pytest.raises(hg.HandgradError, match="NaN or infinity"):
        hg.Dataset(matrix, [0, 1])
    network = hg.Network([hg.Dense(2)], 3, 0)
    with pytest.raises(hg.HandgradError, match="not finite"):
        network.predict(matrix)
    with pytest.raises(hg.HandgradError, match=r"takes \(N, 3\) inputs; got an array of shape \(2, 4\)"):
        network.predict(sparse.csr_array((2, 4)))
    with pytest.raises(hg.HandgradError, match="too large"):
        hg.train(network, hg.Dataset(sparse.csr_array([[1e200, 0, 0]]), [0], classes=2))


def test_a_matrix_of_zeros_only() -> None:
    empty = hg.Dataset(sparse.csr_array((4, 3)), [0, 1, 0, 1])
    assert empty.fingerprint() != hg.Dataset(sparse.csr_array((4, 3)), [0, 1, 1, 1]).fingerprint()
    assert len(hg.fit(hg.Network([hg.Dense(2)], 3, 0), empty, epochs=1)) == 1


def test_features_in_another_order() -> None:
    names = [f"x{k}" for k in range(INPUTS)]
    network = hg.Network([hg.Dense(3)], INPUTS, 0)
    list(hg.train(network, hg.Dataset(SPARSE, LABELS, features=names), epochs=2, seed=0))
    reversed_data = hg.Dataset(SPARSE[:, ::-1], LABELS, features=names[::-1])
    assert hg.evaluate(network, reversed_data).loss == pytest.approx(
        hg.evaluate(network, hg.Dataset(SPARSE, LABELS)).loss
    )
