"""From a cold start of training to 99 % of the test split: the recipe `convnet`, and PyTorch's best known one."""

from dataclasses import replace

import numpy as np
from bench.work.data import Clock, splits


def flops():
    """Count an epoch's; the first layer needs no gradient of its inputs."""
    return 58_000 * (4 * 16 * 24**2 * 25 + 6 * (32 * 10**2 * 16 * 9 + 800 * 256 + 256 * 10))


def contestants():
    """Return the contestants."""
    return {"handgrad": handgrad, "PyTorch": pytorch}


def handgrad(threads):
    import handgrad as hg
    from handgrad.training.evaluation import evaluate
    from handgrad.training.state import TrainingState

    recipe, data, seed = hg.load_recipe("convnet"), splits(), iter(range(10**6))

    def run():
        tried = replace(recipe, seed=next(seed))
        parts = data.split_validation(2_000, np.random.default_rng([tried.seed, 2]))
        clock = Clock()
        network = tried.build_network()
        state = TrainingState(tried.training_rng())
        arguments = tried.training_arguments() | {"threads": threads, "state": state}
        list(hg.train(network, parts, **arguments))
        seconds = clock()
        return {"seconds": seconds, "accuracy": evaluate(network, data.test).accuracy}

    return run


def pytorch(threads):
    import torch
    from torch import nn

    torch.set_num_threads(threads)
    data, seeds = splits(), iter(range(10**6))
    (x, y), (test_x, test_y) = (
        map(torch.from_numpy, (np.array(part.inputs).reshape(-1, 1, 28, 28), part.labels.astype(np.int64)))
        for part in (data.train, data.test)
    )

    def run():
        torch.manual_seed(next(seeds))
        clock = Clock()
        model = nn.Sequential(
            *(
                nn.Conv2d(1, 24, 5),
                nn.MaxPool2d(2),
                nn.ReLU(),
                nn.Conv2d(24, 32, 3),
                nn.MaxPool2d(2),
                nn.ReLU(),
            ),
            *(nn.Flatten(), nn.Linear(800, 256), nn.ReLU(), nn.Linear(256, 10)),
        )
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01, betas=(0.7, 0.9))
        batches = torch.randperm(len(x)).split(256)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, max_lr=0.01, total_steps=len(batches), cycle_momentum=False
        )
        for rows in batches:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x[rows].float().div_(255)), y[rows]).backward()
            optimizer.step()
            schedule.step()
        seconds = clock()
        with torch.no_grad():
            right = sum(
                int((model(test_x[i : i + 500].float() / 255).argmax(1) == test_y[i : i + 500]).sum())
                for i in range(0, len(test_x), 500)
            )
        return {"seconds": seconds, "accuracy": right / len(test_x)}

    return run
