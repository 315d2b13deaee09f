"""Adversarial training: the neighbour is the worst one, and its share of loss and gradient is right."""

from typing import Any

import numpy as np
import pytest

from handgrad.data.dataset import Dataset
from handgrad.errors import HandgradError
from handgrad.model.layers import Dense, Tanh
from handgrad.model.losses import cross_entropy
from handgrad.model.network import Network
from handgrad.model.scaling import Scaling
from handgrad.training.adversarial import Adversarial
from handgrad.training.gradients import BatchGradient
from handgrad.training.train import train


def model(table: Dataset) -> Network:
    network = Network([Dense(5), Tanh(), Dense(2)], (4,), np.random.default_rng(0), np.float64)
    network.scaling = Scaling.learned(table.inputs)
    return network


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_loss_and_gradient_are_shared_between_example_and_neighbour(table: Dataset, share: float) -> None:
    network, adversarial = model(table), Adversarial(0.05, share)
    expected, loss = np.zeros_like(network.flat_parameters), 0.0
    x = network.scale(table.inputs)
    logits, backward = network.forward(x)
    _, dlogits = cross_entropy(logits, table.labels)
    dx = backward(dlogits, np.zeros_like(network.flat_parameters))
    for inputs, part in ((x, 1 - share), (x + 0.05 * np.sign(dx), share)):
        logits, backward = network.forward(inputs)
        value, dlogits = cross_entropy(logits, table.labels)
        loss += part * value
        backward(part * dlogits, expected)
    with BatchGradient(network, table, 2, adversarial=adversarial) as batch_gradient:
        batch = batch_gradient(slice(0, len(table)), 0)
    assert batch.loss == pytest.approx(loss)
    np.testing.assert_allclose(batch.gradient, expected, rtol=1e-9, atol=1e-12)


def test_the_neighbour_is_worse_than_one_at_random(table: Dataset) -> None:
    network = model(table)
    x = network.scale(table.inputs)
    logits, backward = network.forward(x)
    before, dlogits = cross_entropy(logits, table.labels)
    worst = Adversarial(0.1).perturb(x, backward(dlogits, np.zeros_like(network.flat_parameters)))
    assert np.abs(worst - x).max() == pytest.approx(0.1)
    signs = np.random.default_rng(1).choice([-0.1, 0.1], x.shape)
    by_chance, _ = cross_entropy(network.forward(x + signs)[0], table.labels)
    worst_loss, _ = cross_entropy(network.forward(worst)[0], table.labels)
    assert worst_loss > max(before, by_chance)


def test_it_makes_a_network_harder_to_fool(table: Dataset) -> None:
    def fooled(adversarial: Adversarial | None) -> float:
        network = model(table)
        list(train(network, table, epochs=30, batch_size=20, adversarial=adversarial))
        x = network.scale(table.inputs)
        logits, backward = network.forward(x)
        _, dlogits = cross_entropy(logits, table.labels)
        worst = Adversarial(0.3).perturb(x, backward(dlogits, np.zeros_like(network.flat_parameters)))
        return cross_entropy(network.forward(worst)[0], table.labels)[0]

    assert fooled(Adversarial(0.3)) < fooled(None)


@pytest.mark.parametrize(
    "fields", [{"epsilon": 0.0}, {"epsilon": float("nan")}, {"share": 1.0}, {"share": 0.0}]
)
def test_absurd_fields_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(HandgradError, match=f"Adversarial {next(iter(fields))} must be"):
        Adversarial(**fields)
