"""Networks trained on MNIST: onnxruntime computes the same, and C has the same accuracy, in int8 too."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from c_compiler import Headers
from fixture_types import Cli
from handgrad.data.splits import Splits
from handgrad.exports.formats import load_model
from handgrad.exports.onnx import write_onnx
from handgrad.recipes.loading import LADDER

SHORTER = {"dropout": 2, "elastic": 2, "best": 1, "synthetic": 1}
"""Epochs of recipes that take minutes; the others are trained to their end."""

IMAGES = 1000


@pytest.mark.slow
@pytest.mark.parametrize("recipe", LADDER)
def test_accuracy(recipe: str, cli: Cli, mnist: Splits, mnist_place: dict[str, str], tmp_path: Path) -> None:
    """In float32, by the kernels of this processor."""
    arguments = ["train", recipe, "--data", "mnist", "--no-test", "--quiet", "--out", "RUN"]
    arguments += ["--epochs", str(SHORTER[recipe])] if recipe in SHORTER else []
    done = cli(*arguments, **mnist_place)
    assert done.returncode == 0, done.stderr
    network, test = load_model(tmp_path / "RUN"), mnist.split("test")
    probabilities = network.predict_proba(test.inputs)
    correct = (probabilities.argmax(axis=1) == test.labels).mean()
    assert correct > (0.8 if recipe == "classic" else 0.95)

    write_onnx(network, tmp_path / "digits.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "digits.onnx")
    (outputs,) = session.run(["probabilities"], {"input": test.inputs[:IMAGES]})
    assert np.abs(outputs - network.predict_proba(test.inputs[:IMAGES])).max() < 1e-5

    classes, _ = Headers(tmp_path, {"digits": network}, int8=True).predict("digits", test.inputs)
    assert abs((classes == test.labels).mean() - correct) <= 0.002
    if recipe in ("mlp", "convnet"):  # a header of all numbers of a large one is text of many megabytes
        classes, outputs = Headers(tmp_path, {"digits": network}).predict("digits", test.inputs)
        assert abs((classes == test.labels).mean() - correct) <= 0.0001
        np.testing.assert_allclose(outputs, probabilities, atol=1e-5)
