"""A custom activation, layer with parameters, loss and optimizer, each a class of a dozen lines.

``handgrad check examples/custom.py`` compares their gradients with numerical ones; run as a program, it trains.
"""

from dataclasses import dataclass

import numpy as np

import handgrad as hg


@dataclass(frozen=True)
class Softplus(hg.Layer):
    """y = log(1 + eˣ), a smooth ReLU."""

    def forward(self, parameters, x, rng=None):
        def backward(dy, gradients):
            return dy / (1 + np.exp(-x))

        return np.logaddexp(0, x), backward


@dataclass(frozen=True)
class Gain(hg.Layer):
    """y = x · gain, one gain per input."""

    def parameter_shapes(self, input_shape):
        return {"gain": input_shape}

    def initializers(self):
        return {"gain": hg.Uniform(0.9, 1.1)}

    def forward(self, parameters, x, rng=None):
        def backward(dy, gradients):
            gradients.gain += (dy * x).sum(axis=0)
            return dy * parameters.gain

        return x * parameters.gain, backward


@dataclass(frozen=True)
class Squares(hg.Loss):
    """Half the squared distance between the outputs and the one-hot label."""

    def per_example(self, logits, labels):
        difference = logits - np.eye(logits.shape[1], dtype=logits.dtype)[labels]
        return 0.5 * (difference**2).sum(axis=1), difference


@dataclass(frozen=True)
class SignDescent(hg.Optimizer):
    """w ← w − η sign(g)."""

    def update(self, w, g, moments, step, learning_rate):
        w -= learning_rate * np.sign(g)


layers = [hg.Dense(32), Gain(), Softplus(), hg.Dense(10)]
network = hg.Network(layers, input_shape=(784,), rng=np.random.default_rng(0))
loss = Squares()

if __name__ == "__main__":
    digits = hg.load_data("strokes:3000")
    records = hg.train(network, digits, loss=loss, optimizer=SignDescent(0.001), epochs=5)
    for record in records:
        print(record.epoch, record.loss, record.train_accuracy)
    print(f"{hg.evaluate(network, digits.test).accuracy:.1%}")
