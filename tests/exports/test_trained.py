"""Networks trained on MNIST: onnxruntime computes the same, and C has the same accuracy, in int8 too."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from c_compiler import Headers
from handgrad.data.splits import Splits
from handgrad.exports.onnx import write_onnx
from handgrad.recipes.loading import LADDER
from rungs import trained

IMAGES = 1000
FEW = 2000
"""Images that C classifies with weights of 8 bits, which takes long for large networks."""


@pytest.mark.slow
@pytest.mark.parametrize("recipe", LADDER)
def test_exports_of_trained_networks(recipe: str, mnist: Splits, tmp_path: Path) -> None:
    """In float32, by the kernels of this processor."""
    network, test = trained(recipe), mnist.split("test")
    probabilities = network.predict_proba(test.inputs)
    correct = probabilities.argmax(axis=1) == test.labels

    write_onnx(network, tmp_path / "digits.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "digits.onnx")
    (outputs,) = session.run(["probabilities"], {"input": test.inputs[:IMAGES]})
    assert np.abs(outputs - network.predict_proba(test.inputs[:IMAGES])).max() < 1e-5

    classes, _ = Headers(tmp_path, {"digits": network}, int8=True).predict("digits", test.inputs[:FEW])
    assert abs((classes == test.labels[:FEW]).mean() - correct[:FEW].mean()) <= 0.002
    if recipe in ("mlp", "convnet"):  # a header of all numbers of a large one is text of many megabytes
        classes, outputs = Headers(tmp_path, {"digits": network}).predict("digits", test.inputs)
        assert abs((classes == test.labels).mean() - correct.mean()) <= 0.0001
        np.testing.assert_allclose(outputs, probabilities, atol=1e-5)
