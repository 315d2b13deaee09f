"""Recipes: the schema, what it makes, and the error line of an invalid recipe."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import handgrad as hg
from failing import refusal
from handgrad.recipes.loading import LADDER, override, parse_recipe, recipe_text, with_hidden

CLASSIC = hg.load_recipe("classic")


def test_classic_is_the_rust_program() -> None:
    uniform, network = hg.Uniform(-0.5, 0.5), CLASSIC.build_network()
    assert network.layers == (hg.Dense(10, uniform, uniform), hg.ReLU(), hg.Dense(10, uniform, uniform))
    assert network.input_shape == (784,)
    assert CLASSIC.training_arguments()["optimizer"] == hg.SGD(0.1)
    training = CLASSIC.training
    assert (training.batch_size, training.steps, training.record_every) == ("all", 501, 50)
    assert CLASSIC.data.validation == 0
    other = CLASSIC.build_network((4,), ("a", "b", "c"))
    assert (other.output_shape, other.classes) == ((3,), ("a", "b", "c"))


@pytest.mark.parametrize("name", LADDER)
def test_every_recipe_builds_and_comes_back_from_its_toml(name: str, tmp_path: Path) -> None:
    recipe = hg.load_recipe(name)
    assert (recipe.name, bool(recipe.lesson)) == (name, True)
    network = recipe.build_network()
    recipe.training_arguments()["optimizer"].step(network, np.zeros_like(network.flat_parameters), {}, 1, 0.1)
    path = tmp_path / "recipe.toml"
    for text in (recipe_text(name), recipe.toml()):
        path.write_text(text, "utf-8")
        assert hg.load_recipe(str(path)) == recipe


def test_defaults_are_written_out_and_another_class_has_its_own() -> None:
    recipe = override(hg.load_recipe("mlp"), {"loss": {"type": "CrossEntropy"}}, "test")
    assert recipe.loss is not None
    assert recipe.network.layers[2]["weight_initializer"] == {"type": "He"}
    assert (recipe.optimizer, recipe.loss) == (hg.AdamW(0.01, weight_decay=0.1), hg.CrossEntropy())
    assert recipe.tables()["optimizer"]["beta1"] == 0.9
    changed = override(recipe, {"optimizer": {"type": "Momentum", "momentum": 0.5}}, "test")
    assert changed.training_arguments()["optimizer"] == hg.Momentum(momentum=0.5)


def test_the_seed_decides_network_and_order() -> None:
    recipes = [CLASSIC, CLASSIC, override(CLASSIC, {"seed": 1}, "test")]
    first, again, other = (recipe.build_network().flat_parameters for recipe in recipes)
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    orders = [int(recipe.training_rng().integers(2**60)) for recipe in recipes]
    assert orders[0] == orders[1] != orders[2]


def test_epochs_replace_steps_and_hidden_widths_repeat_the_pattern() -> None:
    training = override(CLASSIC, {"training": {"epochs": 3}}, "command line").training
    assert (training.epochs, training.steps) == (3, None)
    layers = with_hidden(CLASSIC, [12, 34], "test").build_network().layers
    assert [layer.units for layer in layers if isinstance(layer, hg.Dense)] == [12, 34, 10]
    assert [type(layer) for layer in layers] == [hg.Dense, hg.ReLU, hg.Dense, hg.ReLU, hg.Dense]


Change = Callable[[dict[str, Any]], Any]
WRONG: list[tuple[Change, str]] = [
    (lambda t: t.update(seeed=1), "unknown key 'seeed'; did you mean 'seed'?"),
    (lambda t: t["training"].update(stps=1), "unknown key 'training.stps'; did you mean 'training.steps'?"),
    (lambda t: t["training"].update(qqqq=1), "choose from batch_size"),
    (lambda t: t.update(averaging={}), "a table with a type is needed"),
    (lambda t: t["optimizer"].update(learning_rate=0.0), "learning_rate must be a number greater than 0"),
    (lambda t: t["optimizer"].update(learning_rate=float("nan")), "learning_rate must be a number"),
    (lambda t: t["optimizer"].update(learning_rate="0.1"), "learning_rate must be a number"),
    (lambda t: t["training"].update(batch_size=0), "training.batch_size must "),
    (
        lambda t: t["training"].update(batch_size="al"),
        "training.batch_size must be 'all' or an integer at least 1",
    ),
    (lambda t: t["training"].update(steps=0), "training.steps must "),
    (lambda t: t["training"].update(epochs=3), "give either steps or epochs"),
    (lambda t: t["training"].pop("steps"), "give either steps or epochs"),
    (lambda t: t["data"].update(validation=1.5), "data.validation must be a number of examples, a fraction"),
    (lambda t: t["data"].update(validation=-1), "data.validation must "),
    (lambda t: t.update(name="../evil"), "name must "),
    (lambda t: t.update(seed=-1), "seed must "),
    (lambda t: t.pop("network"), "the key 'network' is missing"),
    (lambda t: t["network"].update(layers=[]), "network.layers must "),
    (lambda t: t["network"]["layers"][0].update(units=0), "Dense units must be"),
    (lambda t: t["network"]["layers"][1].update(type="Rellu"), "unknown layer 'Rellu'; did you mean 'ReLU'?"),
    (lambda t: t["optimizer"].update(type="SDG"), "unknown optimizer 'SDG'; did you mean 'SGD'?"),
    (lambda t: t.update(training=3), "training must be a table"),
    (lambda t: t.update(optimizer="Adam"), "optimizer: a table with a type is needed; got 'Adam'"),
    (lambda t: t.update(optimizer=None), "optimizer: a table with a type is needed"),
    (lambda t: t.update(lesson=3), "lesson must be a text; got 3"),
    (lambda t: t.update(seed=True), "seed must be an integer"),
    (lambda t: t["training"].update(steps=1.0), "training.steps must be an integer"),
    (lambda t: t["network"].update(layers=["ReLU"]), "network.layers must be a list of one or more tables"),
    (lambda t: t["network"].update(type="Recipe"), "unknown key 'network.type'"),
    (lambda t: t["network"].update(input="flet"), "network.input must be 'flat' or 'image'; got 'flet'"),
    (lambda t: t["network"].pop("layers"), "the key 'network.layers' is missing"),
    (
        lambda t: t["data"].update(target=["a", 1]),
        "data.target must be a text or a list of one or more texts",
    ),
    (
        lambda t: t["data"].update(task="x"),
        "data.task must be 'classification', 'multilabel' or 'regression'",
    ),
]


@pytest.mark.parametrize(("change", "message"), WRONG)
def test_an_invalid_recipe_gets_one_line(change: Change, message: str) -> None:
    change(tables := CLASSIC.tables())
    line = refusal(parse_recipe, tables, "mine.toml")
    assert line.startswith("mine.toml: ")
    assert message in line


def test_other_files_and_networks_are_refused(tmp_path: Path) -> None:
    assert "hidden widths need" in refusal(with_hidden, hg.load_recipe("convnet"), [5], "command line")
    assert "unknown recipe 'clasic'; did you mean 'classic'" in refusal(hg.load_recipe, "clasic")
    assert "cannot read the recipe" in refusal(hg.load_recipe, str(tmp_path / "none.toml"))
    broken = tmp_path / "broken.toml"
    for text in ("seed = = 3", f"seed = {'9' * 5000}", "a = " + "[" * 9999):
        broken.write_text(text)
        assert "not valid TOML" in refusal(hg.load_recipe, str(broken))


def test_a_file_of_the_name_does_not_hide_a_recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("convnet").mkdir()
    for file in ("mlp", "mlp.toml"):
        Path(file).write_text(recipe_text("classic"))
    names = {name: hg.load_recipe(name).name for name in ("mlp", "convnet", "./mlp", "mlp.toml")}
    assert names == {"mlp": "mlp", "convnet": "convnet", "./mlp": "classic", "mlp.toml": "classic"}
