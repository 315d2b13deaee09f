"""How all pictures look, where they are drawn, and how they become files.

Few inks on white paper, and no difference that is one of colour alone: whatever tells lines apart survives a
black-and-white printer.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handgrad.errors import HandgradError
from handgrad.files import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FORMATS = ("svg", "png")

INK, GREY, FAINT = "#0b3c6f", "#767676", "#d9d9d9"

INKS = ("#0072b2", "#d55e00", "#000000", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Colours that colour-blind readers tell apart: Okabe and Ito, "Color universal design", 2008, without the yellow."""

DASHES = ("-", "--", "-.", ":")
MARKERS = "os^Dv"
"""Numbers of inks, dashes and markers without a common divisor, so that 140 lines are all different."""

STYLE = {
    "axes.edgecolor": GREY,
    "axes.labelcolor": "black",
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "axes.titlepad": 8,
    "font.size": 9,
    "lines.linewidth": 1.5,
    "lines.markersize": 4.5,
    "savefig.dpi": 144,
    "svg.hashsalt": "handgrad",  # with it, and without a date, the same picture is the same bytes
    "xtick.color": GREY,
    "xtick.labelcolor": "black",
    "ytick.color": GREY,
    "ytick.labelcolor": "black",
}


def line_style(index: int) -> dict[str, Any]:
    """Choose ink, dashes and marker for one of several lines."""
    return {
        "color": INKS[index % len(INKS)],
        "linestyle": DASHES[index % len(DASHES)],
        "marker": MARKERS[index % len(MARKERS)],
    }


def require_matplotlib() -> None:
    """Raise HandgradError, with the command that mends it, where matplotlib is not installed."""
    if find_spec("matplotlib") is None:
        raise HandgradError("pictures need matplotlib, which is not installed: pip install 'handgrad[plot]'")


@contextmanager
def drawing(ax: "Axes | None", size: tuple[float, float]) -> Iterator["Axes"]:
    """Give the caller's axes, to be drawn on in the caller's style, or those of a new figure in ours.

    Parameters
    ----------
    ax : matplotlib Axes or None
    size : tuple of float
        Width and height of a new figure in inches.
    """
    if ax is not None:
        yield ax
        return
    with house_style():
        from matplotlib.figure import Figure

        from handgrad.plots.shown import ShownAxes

        yield Figure(figsize=size, layout="constrained").add_subplot(axes_class=ShownAxes)


@contextmanager
def house_style() -> Iterator[None]:
    """Draw and write in this style, whatever the user's settings are; they come back at the end."""
    require_matplotlib()
    from matplotlib import style

    with style.context(["default", STYLE]), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")  # a name in a script that the font lacks
        yield


def save(ax: "Axes", path: Path | str) -> None:
    """Write the figure of a picture, whole or not at all; the same picture gives the same bytes.

    Parameters
    ----------
    ax : matplotlib Axes
        What a function of this module returned.
    path : path
        Ends in ``.svg`` or ``.png``; its folder must exist.

    Raises
    ------
    HandgradError
        If the file has another ending, or cannot be written.
    """
    path = Path(path)
    kind = path.suffix[1:].lower()
    if kind not in FORMATS:
        raise HandgradError(f"{path}: pictures are written as .svg or .png; choose one of them")
    figure: Any = ax.figure.figure  # of a subfigure, the whole
    metadata = {"Date": None, "Creator": None} if kind == "svg" else {"Software": None}
    with house_style(), replacing(path) as temporary:
        figure.savefig(temporary, format=kind, metadata=metadata)


def shortened(name: str, most: int = 24) -> str:
    """Cut a name that is too long to stand beside a picture."""
    return name if len(name) <= most else f"{name[: most - 1]}…"


def percent(share: float, digits: int = 1) -> str:
    """Write a share as a percentage that is only 100 % where it is exactly that."""
    text = f"{100 * share:.{digits}f}"
    if share < 1 and text.startswith("100"):
        text = f"{100 - 10**-digits:.{digits}f}"
    return f"{text} %"
