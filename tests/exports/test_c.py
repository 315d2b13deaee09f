"""C headers compile without warnings and compute the same as the network."""

import ctypes
import shutil
from pathlib import Path

import numpy as np
import pytest

import handgrad as hg
from c_compiler import Headers, load_c
from documents import output
from handgrad.exports.c import quantize, write_c
from layer_table import EDGES, LAYERS, network_of

ROWS = {f"n{number}": row for number, row in enumerate(LAYERS + EDGES)}
SHIFT, DIVISOR = np.array([1e6, -3.0, 0.0, 2.5]), np.array([0.5, 2.0, 40.0, 1e-3])
SCALINGS = {
    "bytes": hg.Scaling.of_bytes(),
    "standardized": hg.Scaling(SHIFT, DIVISOR),
    "alike": hg.Scaling(np.array(0.5), np.array(2.0)),
    "unscaled": None,
}
TASKS = {"multilabel": None, "regression": hg.Scaling(np.array([1e6, -3.0, 0.5]), np.array([200, 2.0, 1e-3]))}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Headers:
    """A network for each layer and scaling."""
    networks = {name: network_of(*row) for name, row in ROWS.items()}
    for name, scaling in SCALINGS.items():
        networks[name] = hg.Network([hg.Dense(5), hg.ReLU(), hg.Dense(3)], 4, 0, scaling=scaling)
    for task, scaling in TASKS.items():
        layers = [hg.Dense(5), hg.Tanh(), hg.Dense(3)]
        networks[task] = hg.Network(layers, 4, 0, task=task, target_scaling=scaling)
    networks["unweighted"] = hg.Network([hg.Dropout(0.5)], 4, 0)
    return Headers(tmp_path_factory.mktemp("layers"), networks)


@pytest.mark.parametrize("name", ROWS, ids=[f"{layer}{shape}" for layer, shape in ROWS.values()])
def test_every_layer_computes_the_same(table: Headers, name: str) -> None:
    network = table.networks[name]
    raw = np.random.default_rng(1).normal(size=(20, *network.input_shape)).astype(np.float32)
    classes, probabilities = table.predict(name, raw)
    np.testing.assert_allclose(probabilities, network.predict_proba(raw), atol=1e-5)
    assert classes.tolist() == network.predict(raw).tolist()


@pytest.mark.parametrize("name", [*SCALINGS, "unweighted"])
def test_inputs_are_values_as_the_data_set_has_them(table: Headers, name: str) -> None:
    rng = np.random.default_rng(2)
    raw = rng.integers(0, 256, (50, 4), np.uint8)
    if name != "bytes":
        raw = rng.normal(SHIFT if name == "standardized" else 0, size=(50, 4)).astype(np.float32)
    expected = table.networks[name].predict_proba(raw)
    np.testing.assert_allclose(table.predict(name, raw)[1], expected, atol=1e-5)


def test_missing_numbers_are_the_mean(table: Headers) -> None:
    raw = np.array([[1e6, 2, np.nan, np.nan]], np.float32)
    expected = table.networks["standardized"].predict_proba(np.where(np.isnan(raw), SHIFT, raw))
    np.testing.assert_allclose(table.predict("standardized", raw)[1], expected, atol=1e-5)


@pytest.mark.parametrize("task", TASKS)
def test_other_tasks_have_probabilities_of_labels_or_targets(table: Headers, task: str) -> None:
    raw, network = np.random.default_rng(3).normal(size=(50, 4)).astype(np.float32), table.networks[task]
    expected = network.predict(raw) if task == "regression" else network.predict_proba(raw)
    np.testing.assert_allclose(table.predict(task, raw)[0], expected, rtol=1e-6, atol=1e-6)


def test_weights_are_rounded_to_half_a_step_of_their_output() -> None:
    sizes = np.array([1, 1e-6, 1e6, 0, 3])[:, None, None, None]
    weights = np.random.default_rng(0).normal(size=(5, 3, 2, 2)) * sizes
    numbers, scales = quantize(weights)
    assert numbers.dtype == np.int8
    assert np.abs(numbers.astype(int)).reshape(5, -1).max(axis=1).tolist() == [127, 127, 127, 0, 127]
    error = np.abs(numbers * scales[:, None, None, None] - weights).reshape(5, -1).max(axis=1)
    assert (error <= 0.5001 * scales).all()


def test_int8_computes_with_the_rounded_weights(tmp_path: Path) -> None:
    layers = [hg.Conv2D(3, 3, padding=1), hg.BatchNorm(), hg.ReLU(), hg.Flatten(), hg.Dense(4)]
    network = hg.Network(layers, (2, 5, 5), 0)
    headers = Headers(tmp_path, {"HANDGRAD_small": network}, int8=True)
    raw = np.random.default_rng(1).normal(size=(30, 2, 5, 5)).astype(np.float32)
    _, probabilities = headers.predict("HANDGRAD_small", raw)
    assert np.abs(probabilities - network.predict_proba(raw)).max() > 1e-4
    for parameters in (network.parameters[0], network.parameters[4]):
        numbers, scales = quantize(parameters.weights)
        parameters.weights[...] = numbers * scales.reshape(-1, *[1] * (numbers.ndim - 1))
    np.testing.assert_allclose(probabilities, network.predict_proba(raw), atol=1e-5)


NAMES = ["handgrad_", '"quotes" \\', "żółw", "??=", "*/", "line\nbreak", "7", "%s", "\x1b[31m", "\x00end"]
INDICES = ("HEIGHT_CM", "SOIL_MISSING", "SOIL_SANDY_CLAY", "SOIL", "W", "AT")


def test_names_and_functions(tmp_path: Path) -> None:
    """Class names of any kind are preserved, inputs have an index, and the tails of the sigmoid are exact."""
    network = hg.Network([hg.Dense(len(NAMES)), hg.Sigmoid()], 6, classes=NAMES)
    network.features = ("height (cm)", "soil=", "soil=sandy clay", "soil", "żółw", "*/")
    write_c(network, tmp_path / "my-plants 2.h")
    code = '#include "my-plants 2.h"\nvoid sigmoid(float *x) { my_plants_2_sigmoid(x, 6); }\n'
    code += "const char *name(int class) { return my_plants_2_class_names[class]; }\n"
    code += f"int indices[6] = {{{', '.join(f'MY_PLANTS_2_INPUT_{name}' for name in INDICES)}}};\n"
    library, x = load_c(tmp_path, code), np.array([-80, -15, -5, 0, 5, 15], np.float32)
    expected = 1 / (1 + np.exp(-x.astype(float)))
    library.sigmoid(x.ctypes)
    np.testing.assert_allclose(x, expected, rtol=1e-6)
    assert list((ctypes.c_int * 6).in_dll(library, "indices")) == list(range(6))
    library.name.restype = ctypes.c_char_p
    assert [library.name(k).decode() for k in range(len(NAMES))] == [n.split("\0")[0] for n in NAMES]


@pytest.mark.parametrize(("stem", "name"), [("7", "model_7"), ("ąę", "model"), ("_x.y", "x_y")])
def test_header_is_valid_cxx(tmp_path: Path, stem: str, name: str) -> None:
    if shutil.which("g++") is None:
        pytest.skip("there is no C++ compiler on this machine")
    write_c(hg.Network([hg.Dense(2)], 2, scaling=hg.Scaling.of_bytes()), tmp_path / f"{stem}.h")
    call = f"unsigned char x[2] = {{1, 2}}; return {name}_predict(x, nullptr) > 1;"
    (tmp_path / "m.cpp").write_text(f'#include "{stem}.h"\nint main() {{ {call} }}\n', "utf-8")
    strict = ("-std=c++11", "-Wall", "-Wextra", "-Werror", "-pedantic")
    output("g++", *strict, "m.cpp", "-o", "m", folder=tmp_path)
    output(tmp_path / "m", folder=tmp_path)
