"""docs/scaling.md shows what was measured, and what the model makes of it."""

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def scaling() -> Any:
    """The model of the bench."""
    path = ROOT / "bench" / "scaling_model.py"
    spec = importlib.util.spec_from_file_location("scaling_model", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def measured() -> Any:
    return json.loads((ROOT / "docs" / "scaling" / "measured.json").read_text("utf-8"))


def test_the_tables_are_those_of_the_measurements(scaling: Any, measured: Any) -> None:
    text = (ROOT / "docs" / "scaling.md").read_text("utf-8")
    for table in scaling.tables(scaling.Model(measured)).split("\n\n"):
        assert table in text


def test_what_is_measured_anew_is_put_in_the_place_of_the_old(scaling: Any, measured: Any) -> None:
    text = (ROOT / "docs" / "scaling.md").read_text("utf-8")
    assert scaling.put_into(text, scaling.tables(scaling.Model(measured))) == text
    measured = json.loads(json.dumps(measured))
    measured["recipes"]["mlp"]["two threads"] *= 2
    changed = scaling.put_into(text, scaling.tables(scaling.Model(measured)))
    old, new = text.splitlines(), changed.splitlines()
    assert len(old) == len(new)
    different = [line for line, other in zip(old, new, strict=True) if line != other]
    assert len(different) == 2
    assert different[0].startswith("| `mlp` |")
    assert different[1].startswith("How far it is off: half of the 12 predictions ")
    with pytest.raises(ValueError, match="nothing that begins with"):
        scaling.put_into("# Another page", scaling.tables(scaling.Model(measured)))


def test_what_the_text_says_of_the_tables_is_there(scaling: Any, measured: Any) -> None:
    model = scaling.Model(measured)
    slow, fast = scaling.NETS

    def half(net: Any, **how: int) -> dict[str, int]:
        return {recipe.name: scaling.reach(recipe, net, **how)[0] for recipe in model.recipes}

    for net in (slow, fast):
        plain, packed, larger = half(net), half(net, packed=2), half(net, larger=8)
        assert plain["classic"] == max(plain.values())
        assert plain["mlp"] == min(plain.values())
        assert 1.5 * plain["elastic"] < plain["dropout"] < 4 * plain["elastic"]
        for name in ("convnet", "elastic"):
            assert plain[name] < min(plain[other] for other in ("classic", "dropout", "best"))
            assert 0 < packed[name] - plain[name] <= 2
            assert larger[name] >= 4 * plain[name]
        assert packed["best"] <= plain["best"] + 1
    mlp, record = model.recipes[1], model.recipes[-1]
    assert scaling.reach(mlp, slow)[1:] == (1, 1.0)
    assert mlp.alone(1) == pytest.approx(1e-3 / 3, rel=0.2)
    assert {scaling.reach(record, net)[1] for net in (slow, fast)} == {128 // 32}
    misses = scaling.errors(model)
    assert misses["convnet", "two threads"] < misses["convnet", "two ranks"] < 0
    assert misses["best", "two threads"] < misses["best", "two ranks"] < 0


def test_the_picture_is_that_of_the_measurements(scaling: Any, measured: Any, tmp_path: Path) -> None:
    scaling.draw(scaling.Model(measured), tmp_path / "speedup.svg")
    assert (tmp_path / "speedup.svg").stat().st_size > 10_000
    shown = (ROOT / "docs" / "scaling" / "speedup.svg").read_text("utf-8")
    for name in measured["recipes"]:
        assert f"<!-- {name} -->" in shown


def test_a_line_and_a_network_are_found_again(scaling: Any) -> None:
    x = scaling.np.array([1.0, 10.0, 100.0])
    assert scaling.line(x, 3 + 2 * x) == pytest.approx((3, 2))
    assert scaling.line(x, 2 * x - 0.5)[0] == 0, "no work takes less than no time"
    net = scaling.Net("one", 1e-3, 1e6)
    assert net.exchange(1, 1e6) == 0
    assert net.exchange(2, 1e6) == pytest.approx(2e-3 + 1)
    assert net.exchange(5, 1e6) == pytest.approx(6e-3 + 1.6)


def test_a_recipe_stops_scaling_where_the_exchange_takes_over(scaling: Any) -> None:
    recipe = scaling.Recipe("one", 0, 1000, 1, 0.0, 1e-3, {})
    net = scaling.Net("one", 1e-2, 1e9)
    half, best, gain = scaling.reach(recipe, net)
    # 1/p + 2·⌈log₂ p⌉/100 seconds: half is used while p·⌈log₂ p⌉ ≤ 50
    assert half == 12
    assert recipe.on(net, best) == min(recipe.on(net, ranks) for ranks in range(1, 1001))
    assert gain == pytest.approx(1 / recipe.on(net, best))
    assert scaling.reach(recipe, net, larger=8)[0] > half
