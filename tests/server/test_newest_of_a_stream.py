"""The newest parameters of a training on a stream, whose layers measure what the checkpoint does not hold."""

from pathlib import Path

import numpy as np

from fixture_types import Cli
from handgrad.model.files import load_safetensors
from handgrad.server.latest_parameters import newest

RECIPE = """
name = "normed"
[data]
source = "strokes:1000"
memory = "500MB"
validation = 100
[network]
input = "flat"
layers = [
    { type = "Dense", units = 16 }, { type = "BatchNorm" }, { type = "ReLU" },
    { type = "Dense", units = "classes" },
]
[optimizer]
type = "Adam"
[averaging]
type = "ExponentialAverage"
decay = 0.9
[training]
epochs = 2
batch_size = 100
learning_rate = 0.003
"""


def test_the_newest_parameters_of_a_stream_are_those_of_the_model(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "normed.toml").write_text(RECIPE)
    done = cli("train", "normed.toml", "--out", "RUN", "--no-test", "--quiet")
    assert done.returncode == 0, done.stderr
    run = tmp_path / "RUN"
    finished = load_safetensors(run / "model.safetensors")
    (run / "model.safetensors").unlink()
    np.testing.assert_allclose(
        newest(run).network.flat_parameters, finished.flat_parameters, rtol=1e-6, atol=1e-7
    )
