"""The environment variable that exchanges compiled kernels for plain ones."""

import os
import subprocess
import sys

import pytest

TRAINING = """
import sys
import numpy as np
import handgrad as hg

digits = hg.load("strokes:64")
layers = [hg.Convolution2D(2), hg.BatchNorm(), hg.MaxPool2D(), hg.Flatten(), hg.Dense(10)]
network = hg.Network(layers, (1, 28, 28), np.random.default_rng(0))
state = hg.TrainingState(np.random.default_rng(0))
settings = {"optimizer": hg.Adam(), "augmentation": hg.Augmentation(shift=1), "learning_rate": 0.01}
for record in hg.train(network, digits.train, **settings, epochs=2, state=state):
    pass
print(record.loss, "numba" in sys.modules)
"""


def run(*arguments: str, kernels: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"HANDGRAD_KERNELS": kernels}
    return subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True)


@pytest.mark.slow
def test_plain_kernels_train_alike_and_need_no_compiler() -> None:
    losses = []
    for kernels, compiler in (("reference", "False"), ("vectors", "True"), ("compiled", "True")):
        done = run("-c", TRAINING, kernels=kernels)
        assert done.returncode == 0, done.stderr
        loss, numba = done.stdout.split()
        assert numba == compiler
        losses.append(float(loss))
    assert losses == pytest.approx([losses[0]] * 3, rel=1e-3)


def test_vectors_do_without_the_matrix_unit() -> None:
    program = "from handgrad.kernels.compiled import matrix_unit as m; print(m.AVAILABLE, m.KNOWS_BYTES)"
    assert run("-c", program, kernels="vectors").stdout.split() == ["False", "False"]


def test_another_value_is_refused_in_one_line() -> None:
    done = run("-m", "handgrad", "train", "--data", "strokes:20", kernels="fast")
    assert done.returncode == 1
    assert done.stderr == "handgrad: HANDGRAD_KERNELS must be compiled, vectors or reference; got 'fast'\n"
