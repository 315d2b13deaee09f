"""The recipe `mlp` as a PyTorch script: ``python pytorch_mlp.py FOLDER MODEL``, with MNIST's IDX files in FOLDER.

784-128-10 from He's initialization, AdamW (weight decay 0.1), one cycle up to a learning rate of 0.01, batches of
128, 10 epochs, 6,000 of the training images to validate on after each epoch.
"""

import gzip
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

EPOCHS, BATCH, VALIDATION = 10, 128, 6_000


def read(name, header):
    """Read the bytes of an IDX file, gzipped or not."""
    path = Path(sys.argv[1]) / name
    content = path.read_bytes() if path.exists() else gzip.decompress(Path(f"{path}.gz").read_bytes())
    return np.frombuffer(content, np.uint8, offset=header)


def main():
    images = read("train-images-idx3-ubyte", 16).reshape(-1, 784).astype(np.float32) / 255
    x, y = torch.from_numpy(images), torch.from_numpy(read("train-labels-idx1-ubyte", 8).astype(np.int64))
    order = torch.randperm(len(x))
    x_validation, y_validation = x[order[:VALIDATION]], y[order[:VALIDATION]]
    x, y = x[order[VALIDATION:]], y[order[VALIDATION:]]

    model = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    for layer in (model[0], model[2]):
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, weight_decay=0.1)
    steps = EPOCHS * -(-len(x) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.01, steps, cycle_momentum=False)

    for epoch in range(1, EPOCHS + 1):
        total = torch.zeros(())
        for rows in torch.randperm(len(x)).split(BATCH):
            optimizer.zero_grad()
            loss = cross_entropy(model(x[rows]), y[rows])
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.detach() * len(rows)
        with torch.inference_mode():
            logits = model(x_validation)
            validation = cross_entropy(logits, y_validation).item()
            accuracy = (logits.argmax(1) == y_validation).float().mean().item()
        print(epoch, f"{total.item() / len(x):.4f} {validation:.4f} {accuracy:.4f}", flush=True)
    torch.save(model.state_dict(), sys.argv[2])


if __name__ == "__main__":
    main()
