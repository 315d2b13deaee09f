"""Recipes: the schema, what it makes, and the error line of an invalid recipe."""

import copy
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from handgrad.errors import HandgradError
from handgrad.model.initializers import Uniform
from handgrad.model.layers import Dense, ReLU
from handgrad.recipes.loading import (
    load_recipe,
    override,
    parse_recipe,
    recipe_names,
    recipe_text,
    with_hidden,
)
from handgrad.training.optimizers import SGD


@pytest.fixture
def tables() -> dict[str, Any]:
    return copy.deepcopy(load_recipe("classic").tables())


def test_classic_is_the_rust_program() -> None:
    recipe = load_recipe("classic")
    uniform = Uniform(-0.5, 0.5)
    network = recipe.build_network()
    assert network.layers == (Dense(10, uniform, uniform), ReLU(), Dense(10, uniform, uniform))
    assert network.input_shape == (784,)
    assert recipe.build_optimizer() == SGD(0.1)
    training = recipe.training
    assert (training.batch_size, training.steps) == ("all", 501)
    assert training.record_every == 50
    assert recipe.data.validation == 0


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_builds_and_comes_back_from_its_toml(name: str, tmp_path: Path) -> None:
    recipe = load_recipe(name)
    assert recipe.name == name
    assert recipe.lesson
    network = recipe.build_network()
    recipe.build_optimizer().step(network, np.zeros_like(network.flat_parameters), {}, 1, 0.1)
    path = tmp_path / "recipe.toml"
    path.write_text(recipe.toml(), "utf-8")
    assert load_recipe(str(path)) == recipe


def test_the_last_layer_follows_the_classes() -> None:
    network = load_recipe("classic").build_network((4,), ("a", "b", "c"))
    assert network.output_shape == (3,)
    assert network.classes == ("a", "b", "c")


def test_the_seed_decides_network_and_order() -> None:
    recipe = load_recipe("classic")
    other = override(recipe, {"seed": 1}, "test")
    np.testing.assert_array_equal(
        recipe.build_network().flat_parameters, recipe.build_network().flat_parameters
    )
    assert (recipe.build_network().flat_parameters != other.build_network().flat_parameters).any()
    assert recipe.training_rng().integers(2**60) != other.training_rng().integers(2**60)


def test_epochs_take_the_place_of_steps() -> None:
    recipe = override(load_recipe("classic"), {"training": {"epochs": 3}}, "command line")
    assert (recipe.training.epochs, recipe.training.steps) == (3, None)


def test_hidden_widths_repeat_the_pattern() -> None:
    layers = with_hidden(load_recipe("classic"), [12, 34], "test").build_network().layers
    assert [layer.units for layer in layers if isinstance(layer, Dense)] == [12, 34, 10]
    assert [type(layer) for layer in layers] == [Dense, ReLU, Dense, ReLU, Dense]


def test_hidden_needs_a_hidden_layer(tables: dict[str, Any]) -> None:
    del tables["network"]["layers"][:2]
    with pytest.raises(HandgradError, match="hidden widths need"):
        with_hidden(parse_recipe(tables, "one layer"), [5], "command line")


Change = Callable[[dict[str, Any]], Any]
WRONG: list[tuple[Change, str]] = [
    (lambda t: t.update(seeed=1), "unknown key 'seeed'; did you mean 'seed'?"),
    (lambda t: t["training"].update(stps=1), "unknown key 'training.stps'; did you mean 'steps'?"),
    (lambda t: t["training"].update(qqqq=1), "choose from batch_size"),
    (lambda t: t["optimizer"].update(learning_rate=0.0), "learning_rate must be a number greater than 0"),
    (lambda t: t["optimizer"].update(learning_rate=float("nan")), "learning_rate must be a number"),
    (lambda t: t["optimizer"].update(learning_rate=1e9), "at most 1e+06"),
    (lambda t: t["optimizer"].update(learning_rate="0.1"), "learning_rate must be a number"),
    (lambda t: t["training"].update(batch_size=0), "training.batch_size must be 'all' or greater"),
    (lambda t: t["training"].update(batch_size="al"), "training.batch_size must be 'all' or"),
    (lambda t: t["training"].update(steps=0), "training.steps must be greater than"),
    (lambda t: t["training"].update(epochs=3), "give either steps or epochs"),
    (lambda t: t["training"].pop("steps"), "give either steps or epochs"),
    (lambda t: t["data"].update(validation=1.5), "data.validation must be"),
    (lambda t: t["data"].update(validation=-1), "data.validation must be"),
    (lambda t: t.update(name="../evil"), "name "),
    (lambda t: t.update(seed=-1), "seed must be greater than or equal to 0"),
    (lambda t: t.pop("network"), "the key 'network' is missing"),
    (lambda t: t["network"].update(layers=[]), "network.layers"),
    (lambda t: t["network"]["layers"][0].update(units=0), "Dense units must be"),
    (lambda t: t["network"]["layers"][1].update(type="Rellu"), "unknown layer 'Rellu'; did you mean 'ReLU'?"),
    (lambda t: t["optimizer"].update(type="SDG"), "unknown optimizer 'SDG'; did you mean 'SGD'?"),
    (lambda t: t.update(training=3), "training must be"),
]


@pytest.mark.parametrize(("change", "message"), WRONG, ids=[message for _, message in WRONG])
def test_an_invalid_recipe_gets_one_line(tables: dict[str, Any], change: Change, message: str) -> None:
    change(tables)
    with pytest.raises(HandgradError) as error:
        parse_recipe(tables, "mine.toml")
    assert message in str(error.value)
    assert str(error.value).startswith("mine.toml: ")
    assert "\n" not in str(error.value)


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(HandgradError, match="unknown recipe 'clasic'; did you mean 'classic'"):
        load_recipe("clasic")
    with pytest.raises(HandgradError, match="cannot read the recipe"):
        load_recipe(str(tmp_path / "none.toml"))
    broken = tmp_path / "broken.toml"
    for text in ("seed = = 3", f"seed = {'9' * 5000}", "a = " + "[" * 9999):
        broken.write_text(text)
        with pytest.raises(HandgradError, match="not valid TOML"):
            load_recipe(str(broken))


def test_a_file_of_the_name_does_not_hide_a_recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mlp").write_text(recipe_text("classic"))
    Path("convnet").mkdir()
    assert load_recipe("mlp").name == "mlp"
    assert load_recipe("convnet").name == "convnet"
    assert load_recipe("./mlp").name == "classic"
    Path("mlp.toml").write_text(recipe_text("classic"))
    assert load_recipe("mlp.toml").name == "classic"


def test_the_printed_recipe_is_the_trained_one() -> None:
    assert parse_recipe(tomllib.loads(recipe_text("classic")), "printed") == load_recipe("classic")
