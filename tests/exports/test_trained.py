"""Networks trained on MNIST: onnxruntime gives handgrad's answers, and C as many right ones, in int8 too."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from c_compiler import Headers
from conftest import Cli
from handgrad.data.dataset import Splits
from handgrad.exports.formats import load_model
from handgrad.exports.onnx import write_onnx


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["mlp", "convnet"])
def test_exports_are_as_good_as_what_they_were_made_of(
    recipe: str, cli: Cli, mnist: Splits, mnist_place: dict[str, str], tmp_path: Path
) -> None:
    done = cli("train", recipe, "--data", "mnist", "--no-test", "--quiet", "--out", "RUN", **mnist_place)
    assert done.returncode == 0, done.stderr
    network, test = load_model(tmp_path / "RUN"), mnist.split("test")
    probabilities = network.predict_proba(test.inputs)
    right = (probabilities.argmax(axis=1) == test.labels).mean()
    assert right > 0.98

    write_onnx(network, tmp_path / "digits.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "digits.onnx")
    (answers,) = session.run(["probabilities"], {"input": test.inputs[:1000]})
    np.testing.assert_allclose(answers, probabilities[:1000], atol=1e-5)

    for int8 in (False, True):
        classes, answers = Headers(tmp_path, {"digits": network}, int8=int8).predict("digits", test.inputs)
        assert abs((classes == test.labels).mean() - right) <= (0.002 if int8 else 0.0001)
        if not int8:
            np.testing.assert_allclose(answers, probabilities, atol=1e-5)
