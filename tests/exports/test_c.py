"""C headers compile without warnings and compute the same as the network."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import handgrad as hg
from c_compiler import Headers, compile_c, compiler
from handgrad.exports.c import identifier, literal, write_c
from handgrad.exports.c_layers import quantize
from layer_table import EDGES, LAYERS, network_of

ROWS = {f"n{number}": row for number, row in enumerate(LAYERS + EDGES)}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Headers:
    """A network for each layer, all in one program."""
    networks = {name: network_of(*row) for name, row in ROWS.items()}
    return Headers(tmp_path_factory.mktemp("layers"), networks)


@pytest.mark.parametrize("name", ROWS, ids=[f"{layer}{shape}" for layer, shape in ROWS.values()])
def test_every_layer_computes_the_same(table: Headers, name: str) -> None:
    network = table.networks[name]
    raw = np.random.default_rng(1).normal(size=(20, *network.input_shape)).astype(np.float32)
    classes, probabilities = table.predict(name, raw)
    np.testing.assert_allclose(probabilities, network.predict_proba(raw), atol=1e-5)
    assert classes.tolist() == network.predict(raw).tolist()


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Headers:
    """Networks with different scaling."""
    rng = np.random.default_rng(0)
    scaling = hg.Scaling(np.array([1e6, -3.0, 0.0, 2.5]), np.array([0.5, 2.0, 40.0, 1e-3]))
    networks = {
        "bytes": hg.Network([hg.Dense(5), hg.ReLU(), hg.Dense(3)], (4,), rng, scaling=hg.Scaling.of_bytes()),
        "standardised": hg.Network([hg.Dense(5), hg.ReLU(), hg.Dense(3)], (4,), rng, scaling=scaling),
        "alike": hg.Network([hg.Dense(3)], (4,), rng, scaling=hg.Scaling(np.array(0.5), np.array(2.0))),
        "unscaled": hg.Network([hg.Dense(3)], (4,), rng),
        "unweighted": hg.Network([hg.Dropout(0.5)], (4,), rng),
    }
    return Headers(tmp_path_factory.mktemp("mixed"), networks)


@pytest.mark.parametrize("name", ["bytes", "standardised", "alike", "unscaled", "unweighted"])
def test_inputs_are_values_as_the_data_set_has_them(mixed: Headers, name: str) -> None:
    rng = np.random.default_rng(2)
    if name == "bytes":
        raw = rng.integers(0, 256, (50, 4), np.uint8)
    else:
        raw = rng.normal([1e6, -3, 0, 2.5] if name == "standardised" else 0, size=(50, 4)).astype(np.float32)
    expected = mixed.networks[name].predict_proba(raw)
    np.testing.assert_allclose(mixed.predict(name, raw)[1], expected, atol=1e-5)


def test_weights_are_rounded_to_half_a_step_of_their_output() -> None:
    weights = (
        np.random.default_rng(0).normal(size=(5, 3, 2, 2))
        * np.array([1, 1e-6, 1e6, 0, 3])[:, None, None, None]
    )
    numbers, scales = quantize(weights)
    assert numbers.dtype == np.int8
    assert np.abs(numbers.astype(int)).reshape(5, -1).max(axis=1).tolist() == [127, 127, 127, 0, 127]
    error = np.abs(numbers * scales[:, None, None, None] - weights).reshape(5, -1).max(axis=1)
    assert (error <= 0.5001 * scales).all()


def test_int8_computes_with_the_rounded_weights(tmp_path: Path) -> None:
    layers = [hg.Conv2D(3, 3, padding=1), hg.BatchNorm(), hg.ReLU(), hg.Flatten(), hg.Dense(4)]
    network = hg.Network(layers, (2, 5, 5), np.random.default_rng(0))
    headers = Headers(tmp_path, {"small": network}, int8=True)
    raw = np.random.default_rng(1).normal(size=(30, 2, 5, 5)).astype(np.float32)
    _, probabilities = headers.predict("small", raw)
    assert np.abs(probabilities - network.predict_proba(raw)).max() > 1e-4
    for parameters in (network.parameters[0], network.parameters[4]):
        numbers, scales = quantize(parameters.weights)
        parameters.weights[...] = numbers * scales.reshape(-1, *[1] * (numbers.ndim - 1))
    np.testing.assert_allclose(probabilities, network.predict_proba(raw), atol=1e-5)
    assert headers.sizes["small"].constants == (3 * 2 * 9 + 4 * 75) + 4 * (2 * 3 + 2 * 4 + 2 * 3)


@pytest.mark.slow
def test_accuracy_on_digits_is_the_same_in_c(tmp_path: Path) -> None:
    digits = hg.load_data("strokes:3000:5")
    layers = hg.load_recipe("convnet").build_network((1, 28, 28)).layers
    network = hg.Network(layers, (1, 28, 28), np.random.default_rng(0))
    hg.fit(network, digits, optimizer=hg.Adam(0.003), epochs=2, batch_size=64, seed=0)
    assert digits.test is not None
    correct, inputs = round(500 * hg.evaluate(network, digits.test).accuracy), digits.test.inputs
    assert correct > 400
    for int8, tolerance in ((False, 0), (True, 2)):
        headers = Headers(tmp_path, {"digits": network}, int8=int8)
        classes, probabilities = headers.predict("digits", inputs)
        assert abs((classes == digits.test.labels).sum() - correct) <= tolerance
        if not int8:
            np.testing.assert_allclose(probabilities, network.predict_proba(inputs), atol=2e-5)


def run_main(folder: Path, header: str, body: str) -> str:
    """Compile and run a main function that uses a header."""
    source = f'#include <stdio.h>\n#include "{header}"\nint main(void)\n{{\n{body}\nreturn 0;\n}}\n'
    (folder / "main.c").write_text(source)
    return subprocess.run([compile_c(folder / "main.c")], capture_output=True, check=True).stdout.decode()


def test_named_inputs_have_an_index(tmp_path: Path) -> None:
    network = hg.Network([hg.Dense(2)], (6,))
    network.features = ("height (cm)", "soil=", "soil=sandy clay", "soil", "żółw", "*/")
    write_c(network, tmp_path / "plants.h")
    names = ("HEIGHT_CM", "SOIL", "SOIL_SANDY_CLAY", "SOIL_3", "W", "AT")
    indices = ", ".join(f"PLANTS_INPUT_{name}" for name in names)
    assert run_main(tmp_path, "plants.h", f'printf("{"%d" * 6}", {indices});') == "012345"


def test_sigmoid_is_exact_in_its_tails(tmp_path: Path) -> None:
    write_c(hg.Network([hg.Dense(2), hg.Sigmoid()], 1, 0), tmp_path / "s.h")
    x = np.array([-80, -15, -5, 0, 5, 15])
    body = f"float x[6] = {{{', '.join(map(str, x))}}};\ns_sigmoid(x, 6);\n"
    body += 'for (int i = 0; i < 6; i++) printf("%.9g ", x[i]);'
    np.testing.assert_allclose(
        np.array(run_main(tmp_path, "s.h", body).split(), float), 1 / (1 + np.exp(-x)), rtol=1e-6
    )


NAMES = [
    "plain",
    'with "quotes" \\ and more',
    "żółw",
    "??=",
    "*/",
    "line\nbreak",
    "7",
    "%s",
    "\x1b[31m",
    "\x00end",
]


def test_class_names_of_any_kind_are_preserved(tmp_path: Path) -> None:
    write_c(hg.Network([hg.Dense(len(NAMES))], (2,), classes=NAMES), tmp_path / "named.h")
    printed = run_main(
        tmp_path, "named.h", "for (int c = 0; c < NAMED_CLASSES; c++) puts(named_class_names[c]);"
    )
    assert printed == "".join(f"{name.split(chr(0))[0]}\n" for name in NAMES)
    assert literal("aé7") == '"a\\303\\2517"'


def test_header_is_valid_cxx(tmp_path: Path) -> None:
    compiler()
    if shutil.which("g++") is None:
        pytest.skip("there is no C++ compiler on this machine")
    write_c(hg.Network([hg.Dense(2)], (2,), scaling=hg.Scaling.of_bytes()), tmp_path / "m.h")
    (tmp_path / "m.cpp").write_text(
        '#include "m.h"\nint main() { unsigned char x[2] = {1, 2}; return m_predict(x, nullptr) > 1; }\n'
    )
    command = ["g++", "-std=c++11", "-Wall", "-Wextra", "-Werror", "-pedantic", "m.cpp", "-o", "m"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, text=True).stderr == ""
    assert subprocess.run([tmp_path / "m"]).returncode == 0


@pytest.mark.parametrize(
    ("stem", "name"),
    [("digits", "digits"), ("my-model 2", "my_model_2"), ("7", "model_7"), ("ąę", "model"), ("_x.y", "x_y")],
)
def test_identifiers_of_files(stem: str, name: str) -> None:
    assert identifier(stem) == name
