"""The generated module: index formulas as trees, and the lines of the kernels, for every layer and loss."""

import json
import re
from typing import Any

import pytest

import handgrad as hg
from handgrad.frontend import generated_modules
from handgrad.frontend.kernel_source import PACKAGE, lines_of
from handgrad.frontend.layers_module import tree_of
from handgrad.model.derivation import parse

TEXT = generated_modules()["generated/layers.js"]
PARTS = {name: json.loads(part) for name, part in re.findall(r"export const (\w+) = (.*);\n", TEXT)}
NAMES = sorted(set(hg.layers.__all__) - {"Layer"})


def marked(array: dict[str, Any]) -> str:
    """Return the lines that compute an array, as the file has them."""
    lines = (PACKAGE / PARTS["FUNCTIONS"][array["function"]]["file"]).read_text("utf-8").splitlines()
    return "\n".join(lines[number - 1].strip() for number in array["lines"])


def test_every_layer_declares_all_of_its_arrays() -> None:
    assert sorted(PARTS["LAYERS"]) == NAMES
    for name, layer in PARTS["LAYERS"].items():
        assert {"y", "x"} <= layer["arrays"].keys() == getattr(hg.layers, name).formulas.keys()


@pytest.mark.parametrize("name", NAMES)
def test_the_source_is_that_of_the_file(name: str) -> None:
    for key, array in PARTS["LAYERS"][name]["arrays"].items():
        source = PARTS["FUNCTIONS"][array["function"]]
        lines = (PACKAGE / source["file"]).read_text("utf-8").splitlines()
        assert all(lines[number - 1].strip() == line.strip() for number, line in source["lines"][1:])
        assert lines[source["lines"][0][0] - 1].strip() == source["lines"][0][1].partition("…")[0]
        assert not any('"""' in line for _, line in source["lines"])
        assert array["lines"], key
        assert set(array["lines"]) <= {number for number, _ in source["lines"]}


def test_the_lines_compute_the_array() -> None:
    layers, results = PARTS["LAYERS"], PARTS["RESULTS"]
    expected = [
        (layers["Dense"]["arrays"]["y"], "return x @ weights.T + biases"),
        (layers["Dense"]["arrays"]["weights"], "dweights += dy.T @ x"),
        (layers["Dense"]["arrays"]["x"], "return dy @ weights if input_gradient else None"),
        (layers["BatchNorm"]["arrays"]["beta"], "dbeta += dy.sum(axis=1)"),
        (layers["BatchNorm"]["arrays"]["x"], "return dy * (gamma * inverse)[:, None]"),
        (
            layers["Maxout"]["arrays"]["x"],
            "np.put_along_axis(dx, argmax[:, :, None], dy[:, :, None], axis=2)",
        ),
        (layers["Dropout"]["arrays"]["y"], "return x, lambda dy, gradients: dy"),
        (results["classification"]["loss"], "losses = np.log(sums) - target_logits"),
        (PARTS["UPDATE"], "w -= learning_rate * g"),
    ]
    for array, line in expected:
        assert marked(array) == line
    assert marked(layers["Conv2D"]["arrays"]["x"]).endswith(", dx, stride)")
    assert marked(layers["MaxPool2D"]["arrays"]["y"]).endswith(
        "np.copyto(y, views[..., row, column], where=larger)"
    )


def test_statements_over_several_lines() -> None:
    def several(x: Any, dx: Any) -> Any:
        """Add."""
        dx += (
            x
        )  # fmt: skip
        return x

    first = several.__code__.co_firstlineno
    assert lines_of(several, "dx") == [first + 2, first + 3, first + 4]
    assert lines_of(several, "y") == [first + 5]


@pytest.mark.parametrize(
    ("formula", "tree"),
    [
        ("x[n,i,...] * 2", ["·", ["[]", "x", ["n", "i", "…"]], 2]),
        ("Σ[k:size] x[k] / 2", ["Σ", ["k"], {"k": "size"}, ["/", ["[]", "x", ["k"]], 2]]),
        ("Σ[n,...] -exp(b) + 1", ["+", ["Σ", ["n", "…"], {}, ["−", ["exp", "b"]]], 1]),
        (
            "x / (Max[i] x[i]) == i % 2",
            ["=", ["/", "x", ["Max", ["i"], {}, ["[]", "x", ["i"]]]], ["mod", "i", 2]],
        ),
    ],
)
def test_trees(formula: str, tree: Any) -> None:
    assert tree_of(parse(formula)) == tree
