"""Each optimizer is its formula, in place; its state belongs to the training."""

from math import sqrt
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import handgrad as hg
from handgrad.kernels.threads import WORTH_A_THREAD, Workers


def parameters(vector: Any) -> Any:
    """Return what an optimizer needs of a network, with a vector of parameters and no matrices."""
    return SimpleNamespace(flat_parameters=vector, views=lambda vector: [SimpleNamespace(biases=vector)])


# Two steps from w = 1 with gradients 0.5 and −0.25 at η = 0.1, worked by hand from the formulas.
ADAM_STEP = 0.1 * ((0.9 * 0.05 - 0.025) / 0.19) / sqrt((0.99 * 0.0025 + 0.000625) / 0.0199)  # the second
HAND_WORKED = [
    (hg.SGD(), 1 - 0.05 + 0.025),
    (hg.Momentum(), 1 - 0.1 * 0.5 - 0.1 * (0.9 * 0.5 - 0.25)),
    (hg.Nesterov(), 1 - 0.1 * (0.5 + 0.9 * 0.5) - 0.1 * (-0.25 + 0.9 * 0.2)),
    (hg.RMSProp(epsilon=1e-12), 1 - 0.05 / sqrt(0.1 * 0.25) + 0.025 / sqrt(0.9 * 0.025 + 0.1 * 0.0625)),
    (hg.Adam(beta2=0.99, epsilon=1e-12), 1 - 0.1 - ADAM_STEP),
    (hg.AdamW(beta2=0.99, epsilon=1e-12, weight_decay=0.5), 0.95 * (0.95 - 0.1) - ADAM_STEP),
    (hg.SGD(weight_decay=0.5), 0.95 * (0.95 - 0.05) + 0.025),
    (hg.SGD(clip_norm=0.3), 1 - 0.03 + 0.025),
    (hg.Momentum(clip_norm=0.1), 1 - 0.1 * 0.1 - 0.1 * (0.9 * 0.1 - 0.1)),
]


@pytest.mark.parametrize(("optimizer", "expected"), HAND_WORKED, ids=str)
def test_two_steps_agree_with_those_worked_by_hand(optimizer: hg.Optimizer, expected: float) -> None:
    for dtype, error in ((np.float64, 1e-9), (np.float32, 1e-5)):
        w, moments = np.ones(1, dtype), dict[str, Any]()
        for step, gradient in enumerate((0.5, -0.25), 1):
            optimizer.step(parameters(w), np.array([gradient], dtype), moments, step, 0.1)
        assert w[0] == pytest.approx(expected, rel=error)
        assert tuple(moments) == optimizer.moment_names
        assert all(moment.dtype == dtype for moment in moments.values())


@pytest.mark.parametrize("optimizer", [optimizer for optimizer, _ in HAND_WORKED], ids=str)
def test_threads_that_share_a_long_vector_take_the_same_steps(optimizer: hg.Optimizer) -> None:
    start, *gradients = np.random.default_rng(0).normal(size=(4, 3 * WORTH_A_THREAD + 1)).astype(np.float32)
    vectors = []
    for count in (1, 2, 3):
        w, moments = start.copy(), dict[str, Any]()
        with Workers(count) as workers:
            for step, gradient in enumerate(gradients, 1):
                optimizer.step(parameters(w), gradient, moments, step, 0.1, workers)
        vectors.append(w)
    assert (vectors[0] != start).any()
    assert (np.array(vectors) == vectors[0]).all()


def small_network() -> hg.Network:
    return hg.Network([hg.Conv2D(4, 3), hg.Flatten(), hg.Dense(6)], (2, 5, 5), 0, np.float64)


def test_max_norm_limits_the_weights_of_each_unit_and_no_biases() -> None:
    network = small_network()
    network.flat_parameters[:] *= 100
    network.parameters[0].biases[:] = network.parameters[2].biases[:] = 50
    network.parameters[2].weights[0] = 0.01
    before = network.flat_parameters.copy()
    hg.SGD(max_norm=2.0).step(network, np.zeros_like(before), {}, 1, 0.1)
    for index, units in ((0, 4), (2, 6)):
        norms = np.linalg.norm(network.parameters[index].weights.reshape(units, -1), axis=1)
        np.testing.assert_allclose(norms[1:], 2.0)
        assert (network.parameters[index].biases == 50).all()
    np.testing.assert_array_equal(network.parameters[2].weights[0], 0.01)
    assert (network.flat_parameters / before >= 0).all()


@pytest.mark.parametrize("weight_decay", [0.0, 0.5])
def test_muon_steps_by_orthogonal_matrices_and_biases_by_adam(weight_decay: float) -> None:
    network, by_adam, rng = small_network(), small_network(), np.random.default_rng(1)
    before = network.flat_parameters.copy()
    gradient = rng.normal(size=before.shape)
    hg.Muon(weight_decay=weight_decay).step(network, gradient, {}, 1, 0.1)
    hg.Adam(weight_decay=weight_decay).step(by_adam, gradient, {}, 1, 0.1)
    gradients = network.views(gradient)
    moved = network.views(((1 - 0.1 * weight_decay) * before - network.flat_parameters) / 0.1)
    for index, (units, inputs) in ((0, (4, 18)), (2, (6, 36))):
        scale = 0.2 * max(units, inputs) ** 0.5
        u, _, v = np.linalg.svd(gradients[index].weights.reshape(units, inputs), full_matrices=False)
        values = np.diag(u.T @ moved[index].weights.reshape(units, inputs) @ v.T) / scale
        assert (values > 0.6).all()
        assert (values < 1.3).all()
        np.testing.assert_allclose(network.parameters[index].biases, by_adam.parameters[index].biases)
