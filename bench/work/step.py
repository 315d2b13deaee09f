"""One training step of 20-100-2 at batch 200 with Adam, on a generated table of 5,000 × 20 float32 values."""

import numpy as np
from bench.work.data import Clock

EXAMPLES, INPUTS, UNITS, BATCH, EPOCHS = 5_000, 20, 100, 200, 40
STEPS = EPOCHS * EXAMPLES // BATCH


def table():
    """Return inputs (N, I) and labels (N,): the sign of a random linear function, with noise."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(EXAMPLES, INPUTS)).astype(np.float32)
    y = x @ rng.normal(size=INPUTS) + rng.normal(size=EXAMPLES) > 0
    return x, y.astype(np.int64)


def handgrad(threads):
    import handgrad as hg

    data = hg.Dataset(*table(), 2)
    network = hg.Network([hg.Dense(UNITS), hg.ReLU(), hg.Dense(2)], (INPUTS,), np.random.default_rng(0))
    optimizer = hg.Adam()

    def run():
        clock = Clock()
        settings = {"optimizer": optimizer, "batch_size": BATCH, "epochs": EPOCHS}
        list(hg.train(network, data, threads=threads, **settings))
        return {"seconds": clock() / STEPS}

    return run


def pytorch(threads):
    import torch

    torch.set_num_threads(threads)
    x, y = map(torch.from_numpy, table())
    model = torch.nn.Sequential(torch.nn.Linear(INPUTS, UNITS), torch.nn.ReLU(), torch.nn.Linear(UNITS, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

    def run():
        clock = Clock()
        for _ in range(EPOCHS):
            for rows in torch.randperm(len(x)).split(BATCH):
                optimizer.zero_grad()
                torch.nn.functional.cross_entropy(model(x[rows]), y[rows]).backward()
                optimizer.step()
        return {"seconds": clock() / STEPS}

    return run


def contestants():
    """Return the two."""
    return {"handgrad": handgrad, "PyTorch": pytorch}
