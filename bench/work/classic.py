"""One full-batch iteration of `classic`: 784 pixels, 10 hidden units, 10 classes, gradient descent."""

from functools import partial

import numpy as np
from bench.work.data import Clock, splits, training

STEPS = 20


def flops(examples):
    """Count an iteration's: the first layer needs no gradient of its inputs."""
    return examples * (4 * 784 * 10 + 6 * 10 * 10)


def contestants(examples):
    """Return the contestants, which iterate over the first `examples` examples."""
    return {name: partial(ready, examples) for name, ready in READY.items()}


def handgrad(examples, threads):
    import handgrad as hg

    train = splits().train.take(slice(examples))
    network = hg.Network([hg.Dense(10), hg.ReLU(), hg.Dense(10)], (784,), np.random.default_rng(0))

    def run():
        clock = Clock()
        list(hg.train(network, train, batch_size="all", steps=STEPS, record_every=STEPS, threads=threads))
        return {"seconds": clock() / STEPS}

    return run


def numpy(examples, threads):
    images, labels = (array[:examples] for array in training())
    x, wanted = np.divide(images, 255, dtype=np.float32), np.eye(10, dtype=np.float32)[labels]
    rng = np.random.default_rng(0)
    w1, w2 = (rng.normal(0, 0.05, shape).astype(np.float32) for shape in ((784, 10), (10, 10)))
    b1, b2 = np.zeros(10, np.float32), np.zeros(10, np.float32)

    def step():
        nonlocal w1, w2, b1, b2
        z = x @ w1 + b1
        hidden = np.maximum(z, 0)
        logits = hidden @ w2 + b2
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        dlogits = (powers / powers.sum(axis=1, keepdims=True) - wanted) / len(x)
        dz = (dlogits @ w2.T) * (z > 0)
        w2 -= 0.1 * (hidden.T @ dlogits)
        b2 -= 0.1 * dlogits.sum(axis=0)
        w1 -= 0.1 * (x.T @ dz)
        b1 -= 0.1 * dz.sum(axis=0)

    def run():
        clock = Clock()
        for _ in range(STEPS):
            step()
        return {"seconds": clock() / STEPS}

    return run


def pytorch(examples, threads):
    import torch

    torch.set_num_threads(threads)
    images, labels = (array[:examples] for array in training())
    x, y = torch.from_numpy(images).float() / 255, torch.from_numpy(labels)
    model = torch.nn.Sequential(torch.nn.Linear(784, 10), torch.nn.ReLU(), torch.nn.Linear(10, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def run():
        clock = Clock()
        for _ in range(STEPS):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()
        return {"seconds": clock() / STEPS}

    return run


READY = {"handgrad": handgrad, "PyTorch": pytorch, "NumPy": numpy}
