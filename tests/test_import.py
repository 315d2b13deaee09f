"""The package imports lightly, and everything it promises is there."""

import subprocess
import sys

import pytest

import handgrad as hg

HEAVY = {"matplotlib", "numpy", "polars", "pydantic", "PIL", "safetensors"}
PLOTS = "import sys; sys.modules['matplotlib'] = None; import handgrad as hg; hg.plots.plot_weights"
EVERYTHING = "import handgrad as hg; [getattr(hg, name) for name in hg.__all__]; hg.load_data('strokes:10')"


def test_public_names_are_there_and_families_have_namespaces() -> None:
    assert all(getattr(hg, name) is not None for name in hg.__all__)
    assert hg.layers.Dense is hg.Dense
    assert hg.losses.CrossEntropy is hg.CrossEntropy
    assert hg.optimizers.Adam is hg.Adam
    assert hg.schedules.Cosine is hg.Cosine
    assert len(hg.__all__) == len(set(hg.__all__)) > 70
    with pytest.raises(AttributeError, match="no attribute 'Danse'"):
        hg.Danse  # type: ignore[attr-defined]  # noqa: B018


@pytest.mark.parametrize(
    ("code", "unwanted"),
    [
        ("import handgrad", {*HEAVY, "rich"}),
        ("import handgrad.cli.main", {*HEAVY, "rich"}),
        ("import handgrad.cli.main; handgrad.cli.main.main(['--help'])", HEAVY),
        (EVERYTHING, {"torch", "tensorflow", "jax"}),
        (PLOTS, {"torch"}),
    ],
)
def test_nothing_heavy_is_imported_before_it_is_needed(code: str, unwanted: set[str]) -> None:
    program = f"{code}\nimport sys; print('imported:', *({unwanted!r} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "imported:"
