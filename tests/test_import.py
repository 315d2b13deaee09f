"""The package imports lightly, and everything it promises is there."""

import subprocess
import sys

import pytest

import handgrad as hg

HEAVY = ("matplotlib", "numpy", "polars", "pydantic", "rich", "PIL", "safetensors")


@pytest.mark.parametrize("name", hg.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(hg, name) is not None


def test_families_have_namespaces() -> None:
    assert hg.layers.Dense is hg.Dense
    assert hg.losses.CrossEntropy is hg.CrossEntropy
    assert hg.optimizers.Adam is hg.Adam
    assert hg.schedules.Cosine is hg.Cosine
    assert len(hg.__all__) == len(set(hg.__all__)) > 70


def test_a_wrong_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Danse'"):
        hg.Danse  # type: ignore[attr-defined]  # noqa: B018


def test_plots_are_imported_without_matplotlib() -> None:
    program = "import handgrad as hg, sys; sys.modules['matplotlib'] = None; print(*hg.plots.__all__)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "plot_weights" in done.stdout


HELP = "import handgrad.cli.main; handgrad.cli.main.main(['--help'])"
"""Help is printed by rich."""


@pytest.mark.parametrize("code", ["import handgrad", "import handgrad.cli.main", HELP])
def test_nothing_heavy_is_imported_before_it_is_needed(code: str) -> None:
    heavy = set(HEAVY) - ({"rich"} if code == HELP else set())
    program = f"{code}; import sys; print('imported:', *(name for name in {heavy} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1].split() == ["imported:"]


def test_no_framework_is_ever_imported() -> None:
    program = (
        "import handgrad as hg, sys; [getattr(hg, name) for name in hg.__all__]; hg.load_data('strokes:10');"
    )
    program += "print(*(name for name in ('torch', 'tensorflow', 'jax') if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
