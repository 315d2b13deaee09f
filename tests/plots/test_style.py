"""The style of figures, equal bytes for equal figures, and matplotlib's settings left alone."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from handgrad.errors import HandgradError
from handgrad.plots import plot_confusion_matrix, save

MATRIX = np.array([[5, 1], [0, 6]])


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_equal_figures_are_equal_bytes_whatever_the_users_settings(tmp_path: Path, kind: str) -> None:
    save(plot_confusion_matrix(MATRIX), tmp_path / f"one.{kind}")
    with matplotlib.rc_context({"font.size": 30, "savefig.dpi": 20, "svg.fonttype": "none"}):
        save(plot_confusion_matrix(MATRIX), tmp_path / f"two.{kind}")
    one, two = ((tmp_path / f"{name}.{kind}").read_bytes() for name in ("one", "two"))
    assert one == two
    assert b"<dc:date>" not in one
    assert list(tmp_path.glob(".*")) == []


def test_another_process_writes_the_same_bytes_without_pyplot(tmp_path: Path) -> None:
    program = (
        "import sys, numpy as np, handgrad as hg\n"
        "hg.plots.save(hg.plots.plot_confusion_matrix(np.array([[5, 1], [0, 6]])), sys.argv[1])\n"
        "print('matplotlib.pyplot' in sys.modules)"
    )
    path = tmp_path / "there.svg"
    done = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=True)
    save(plot_confusion_matrix(MATRIX), tmp_path / "here.svg")
    assert path.read_bytes() == (tmp_path / "here.svg").read_bytes()
    assert done.stdout == "False\n"


def test_axes_of_a_subfigure_are_saved_with_the_whole_figure(tmp_path: Path) -> None:
    figure = Figure()
    halves: Any = figure.subfigures(1, 2)
    save(plot_confusion_matrix(MATRIX, ax=halves[0].add_subplot()), tmp_path / "whole.png")
    with Image.open(tmp_path / "whole.png") as image:
        assert image.size == tuple(int(144 * side) for side in figure.get_size_inches())


def test_notebook_displays_a_new_figure() -> None:
    axes: Any = plot_confusion_matrix(MATRIX)
    assert axes._repr_png_().startswith(b"\x89PNG")


def test_names_of_any_script_and_control_characters_make_a_valid_file(tmp_path: Path) -> None:
    save(plot_confusion_matrix(MATRIX, ["日", "\x1b]0;\x07"]), tmp_path / "names.svg")
    assert b"\x1b" not in (tmp_path / "names.svg").read_bytes()


def test_invalid_paths_are_refused(tmp_path: Path) -> None:
    axes = plot_confusion_matrix(MATRIX)
    with pytest.raises(HandgradError, match=r"figure\.gif: "):
        save(axes, tmp_path / "figure.gif")
    with pytest.raises(HandgradError, match="cannot write"):
        save(axes, tmp_path / "nowhere" / "figure.svg")


def test_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handgrad.errors.find_spec", lambda name: None)
    with pytest.raises(HandgradError, match=r"pip install 'handgrad\[plot\]'"):
        plot_confusion_matrix(MATRIX)
