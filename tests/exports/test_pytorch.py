"""model.safetensors in PyTorch: each key has its place in a module of the same layers, with the same logits."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import handgrad as hg

torch: Any = pytest.importorskip("torch", reason="PyTorch is no dependency; install torch to compare with it")

NAMES = {"weights": "weight", "biases": "bias", "gamma": "weight", "beta": "bias"}
NAMES |= {"mean": "running_mean", "variance": "running_var"}


def module_of(layer: hg.Layer, shape: tuple[int, ...]) -> Any:
    match layer:
        case hg.Dense():
            return torch.nn.Linear(*shape, layer.units)
        case hg.Conv2D():
            return torch.nn.Conv2d(shape[0], layer.filters, layer.kernel_size, layer.stride, layer.padding)
        case hg.BatchNorm():
            kind = torch.nn.BatchNorm1d if len(shape) == 1 else torch.nn.BatchNorm2d
            return kind(shape[0], eps=layer.epsilon)
        case hg.MaxPool2D():
            return torch.nn.MaxPool2d(layer.pool_size, layer.step)
    return getattr(torch.nn, type(layer).__name__)()  # ReLU, Flatten, Dropout


@pytest.mark.parametrize("recipe", ["classic", "mlp", "convnet", "best"])
def test_a_module_takes_the_file_key_by_key_and_gives_the_same_logits(recipe: str, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    images = hg.load_data("strokes:60:3").train
    network = hg.load_recipe(recipe).build_network(images.input_shape, dtype=np.float64)
    network.scaling = hg.Scaling.of_bytes()
    network.calibrate(images.inputs[:100])
    hg.save_model(network, tmp_path / "model.safetensors")

    tensors = load_file(tmp_path / "model.safetensors")
    modules, shape = [], network.input_shape
    for layer in network.layers:
        modules.append(module_of(layer, shape))
        shape = layer.output_shape(shape)
    module = torch.nn.Sequential(*modules).double().eval()
    state = module.state_dict()
    for key, tensor in tensors.items():
        if key.startswith("layers."):
            _, index, name = key.split(".")
            place = state[f"{index}.{NAMES[name]}"]
            assert place.shape == tensor.shape, key
            place.copy_(tensor)
    with torch.no_grad():
        x = (torch.from_numpy(images.inputs) - tensors["scaling.shift"]) / tensors["scaling.divisor"]
        logits = module(x.reshape(len(x), *network.input_shape)).numpy()
    np.testing.assert_allclose(logits, network.logits(images.inputs), atol=1e-9)
