"""The style of all figures, new axes, and image files.

Lines differ in dashes and markers and not only in colour, so that figures can be read in black and white.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handgrad.errors import HandgradError, require
from handgrad.files import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FORMATS = ("svg", "png")

INK, GREY, FAINT = "#0b3c6f", "#767676", "#d9d9d9"

COLOURS = ("#0072b2", "#d55e00", "#000000", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Okabe and Ito, "Color universal design", 2008, without the yellow: distinct to colour-blind readers."""

DASHES = ("-", "--", "-.", ":")
MARKERS = "os^Dv"
"""The numbers of colours, dashes and markers have no common divisor, so that 140 lines are all different."""

STYLE = {
    "axes.edgecolor": GREY,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "axes.titlepad": 8,
    "font.size": 9,
    "legend.frameon": False,
    "lines.linewidth": 1.5,
    "lines.markersize": 4.5,
    "savefig.dpi": 144,
    "svg.hashsalt": "handgrad",  # with it, and without a date, equal figures are equal bytes
    "xtick.color": GREY,
    "xtick.labelcolor": "black",
    "ytick.color": GREY,
    "ytick.labelcolor": "black",
}


def line_style(index: int) -> dict[str, Any]:
    """Return colour, dashes and marker of one of several lines."""
    return {
        "color": COLOURS[index % len(COLOURS)],
        "linestyle": DASHES[index % len(DASHES)],
        "marker": MARKERS[index % len(MARKERS)],
    }


@contextmanager
def plot_style() -> Iterator[None]:
    """Use the style of this module within the block, whatever the user's settings are."""
    require("figures need", "plot", "matplotlib")
    from matplotlib import style

    with style.context(["default", STYLE]), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")  # a name in a script that the font lacks
        yield


@contextmanager
def drawing(ax: "Axes | None", size: tuple[float, float]) -> Iterator["Axes"]:
    """Yield the caller's axes in the caller's style, or new axes of `size` inches in the style of this module."""
    if ax is not None:
        yield ax
        return
    with plot_style():
        from matplotlib.figure import Figure

        yield Figure(figsize=size, layout="constrained").add_subplot(axes_class=_notebook_axes())


@cache
def _notebook_axes() -> type["Axes"]:
    """Define axes that a notebook displays, which matplotlib leaves to pyplot."""
    from matplotlib.axes import Axes

    class NotebookAxes(Axes):
        def _repr_png_(self) -> bytes:
            buffer = BytesIO()
            self.figure.figure.savefig(buffer, format="png")
            return buffer.getvalue()

    return NotebookAxes


def save(ax: "Axes", path: Path | str) -> None:
    """Write the figure of these axes, completely or not at all; equal figures are equal bytes.

    Parameters
    ----------
    ax : matplotlib Axes
        As a function of this package returned them.
    path : path
        Ends in ``.svg`` or ``.png``; its folder must exist.

    Raises
    ------
    HandgradError
        If the suffix is another one, or the file cannot be written.
    """
    path = Path(path)
    kind = path.suffix[1:].lower()
    if kind not in FORMATS:
        raise HandgradError(f"{path}: figures are written as .svg or .png; choose one of them")
    figure: Any = ax.figure.figure  # of a subfigure, the whole
    metadata = {"Date": None, "Creator": None} if kind == "svg" else {"Software": None}
    with plot_style(), replacing(path) as temporary:
        figure.savefig(temporary, format=kind, metadata=metadata)


def shorten(name: str, length: int = 24) -> str:
    """Replace unprintable characters of a name, and cut it to a length."""
    name = "".join(character if character.isprintable() else "�" for character in name)
    return name if len(name) <= length else f"{name[: length - 1]}…"


def percent(share: float, digits: int = 1) -> str:
    """Format a share as a percentage that is 100 % only where it is exactly that."""
    text = f"{100 * share:.{digits}f}"
    if share < 1 and text.startswith("100"):
        text = f"{100 - 10**-digits:.{digits}f}"
    return f"{text} %"
