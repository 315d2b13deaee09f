"""The style of figures, equal bytes for equal figures, and matplotlib's settings left alone."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from documents import output
from handgrad.plots import plot_confusion_matrix, save

MATRIX = np.array([[5, 1], [0, 6]])


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["svg", "png"])
def test_another_process_with_other_settings_writes_the_same_bytes(tmp_path: Path, kind: str) -> None:
    program = (
        "import sys, matplotlib, numpy as np, handgrad as hg\n"
        "matplotlib.rcParams.update({'font.size': 30, 'savefig.dpi': 20, 'svg.fonttype': 'none'})\n"
        "hg.plots.save(hg.plots.plot_confusion_matrix(np.array([[5, 1], [0, 6]])), sys.argv[1])\n"
        "print('matplotlib.pyplot' in sys.modules)"
    )
    here, there = tmp_path / f"here.{kind}", tmp_path / f"there.{kind}"
    assert output(sys.executable, "-c", program, there, folder=tmp_path) == "False\n"
    save(plot_confusion_matrix(MATRIX), here)
    assert here.read_bytes() == there.read_bytes()
    assert b"<dc:date>" not in here.read_bytes()


def test_notebook_displays_a_figure_with_names_of_any_script_and_control_characters(tmp_path: Path) -> None:
    axes: Any = plot_confusion_matrix(MATRIX, ["日", "\x1b]0;\x07"])
    assert axes._repr_png_().startswith(b"\x89PNG")
    save(axes, tmp_path / "names.svg")
    assert b"\x1b" not in (tmp_path / "names.svg").read_bytes()
