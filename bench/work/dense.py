"""One epoch of a dense network with Adam, shuffling and conversion from bytes included."""

from itertools import pairwise

import numpy as np
from bench.work.data import Clock, splits, training


def flops(examples, batch, *hidden):
    """Count an epoch's: forward, gradient of the weights and, but for the first layer, of the inputs."""
    products = [a * b for a, b in pairwise((784, *hidden, 10))]
    return examples * (6 * sum(products) - 2 * products[0])


def contestants(examples, batch, *hidden):
    """Return the contestants for a number of examples, a batch size and hidden layers of these widths."""

    def handgrad(threads):
        import handgrad as hg

        train = splits().train.take(slice(examples))
        layers = [layer for width in hidden for layer in (hg.Dense(width), hg.ReLU())]
        network = hg.Network([*layers, hg.Dense(10)], (784,), np.random.default_rng(0))
        optimizer = hg.Adam()

        def run():
            clock = Clock()
            settings = {"optimizer": optimizer, "batch_size": batch, "epochs": 1}
            list(hg.train(network, train, threads=threads, **settings))
            return {"seconds": clock()}

        return run

    def pytorch(threads):
        import torch

        torch.set_num_threads(threads)
        images, labels = (torch.from_numpy(array[:examples]) for array in training())
        sizes = pairwise((784, *hidden))
        layers = [layer for size in sizes for layer in (torch.nn.Linear(*size), torch.nn.ReLU())]
        model = torch.nn.Sequential(*layers, torch.nn.Linear(hidden[-1], 10))
        optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

        def run():
            clock = Clock()
            for rows in torch.randperm(len(images)).split(batch):
                x = images[rows].float().div_(255)
                optimizer.zero_grad()
                torch.nn.functional.cross_entropy(model(x), labels[rows]).backward()
                optimizer.step()
            return {"seconds": clock()}

        return run

    def scikit_learn(threads):
        import warnings

        from sklearn.neural_network import MLPClassifier

        warnings.simplefilter("ignore")  # that one epoch does not converge
        images, labels = (array[:examples] for array in training())

        def run():
            clock = Clock()
            x = np.divide(images, 255, dtype=np.float32)
            MLPClassifier(hidden, batch_size=batch, max_iter=1).fit(x, labels)
            return {"seconds": clock()}

        return run

    return {"handgrad": handgrad, "PyTorch": pytorch, "scikit-learn": scikit_learn}
