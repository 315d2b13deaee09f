"""Small files that are large inside, and data of many classes: they are refused, or read, with little memory."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import ModelProto
from PIL import Image
from safetensors.numpy import save

import handgrad as hg
from fuzzing import measured
from handgrad.data.images import read_image
from handgrad.training.checkpoint import load_checkpoint

DENSE = {"type": "Dense", "units": 10}
LARGE_LAYERS: list[tuple[list[Any], list[int]]] = [
    ([DENSE], [10**9]),
    ([{"type": "Dense", "units": 10**6}, DENSE], [10**6]),
    (
        [{"type": "Conv2D", "filters": 1000, "kernel_size": 1000}, {"type": "Flatten"}, DENSE],
        [1000, 2000, 2000],
    ),
    ([{"type": "BatchNorm"}, DENSE], [10**9]),
]


@pytest.mark.parametrize("layers", LARGE_LAYERS)
def test_tensors_are_compared_with_the_shapes_that_a_model_claims(tmp_path: Path, layers: Any) -> None:
    values = {"layers": layers[0], "input_shape": layers[1], "example_shape": layers[1], "framing": "plain"}
    values |= {
        "classes": list("0123456789"),
        "features": [],
        "dtype": "float32",
        "recipe": None,
        "task": None,
    }
    metadata = {"format": "handgrad 1"} | {name: json.dumps(value) for name, value in values.items()}
    model = tmp_path / "m.safetensors"
    model.write_bytes(save({"a": np.zeros(1)}, metadata))
    other = ModelProto()
    for key, value in metadata.items():
        other.metadata_props.add(key=key, value=value)
    (tmp_path / "m.onnx").write_bytes(other.SerializeToString())
    for path, read in (
        (model, hg.load_model),
        (tmp_path / "m.onnx", hg.load_model),
        (model, load_checkpoint),
    ):
        message, seconds, memory = measured(read, path)
        assert "it lacks layers.0" in message
        assert seconds < 0.5
        assert memory < 50


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a.png", "a.webp"])
@pytest.mark.parametrize("mode", ["1", "P", "RGBA", "I;16"])
def test_images_of_many_pixels(tmp_path: Path, mode: str, name: str) -> None:
    if name == "a.webp" and mode != "RGBA":
        return  # it has no other modes
    path = tmp_path / name
    for size, expected in (((4000, 2000), "-"), ((8000, 4000), "too many pixels")):
        Image.new(mode, size).save(path, method=0)  # of WebP: the fastest
        message, seconds, memory = measured(lambda path: np.testing.assert_equal(read_image(path), 0), path)
        assert expected in message
        assert seconds < 2
        assert memory < 300


def test_evaluation_takes_memory_for_the_pairs_of_classes_that_occur() -> None:
    rng, network = np.random.default_rng(0), hg.Network([hg.Dense(10_000)], 3, 0)
    data = hg.Dataset(rng.random((12_000, 3)), rng.integers(10_000, size=12_000), 10_000)
    results: list[Any] = []
    message, _, memory = measured(lambda _: results.append(hg.evaluate(network, data)), Path())
    assert (message, memory < 300) == ("-", True)
    np.testing.assert_array_equal(
        results[0].confusion.sum(axis=1), np.bincount(data.labels, minlength=10_000)
    )
