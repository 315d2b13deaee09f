"""The style of all figures, new axes, and image files."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handgrad.errors import HandgradError, require
from handgrad.files import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes as Axes
else:
    Axes = Any  # matplotlib is imported when a figure is drawn

INK, GREY = "#0b3c6f", "#767676"

STYLE = {
    # Okabe and Ito, "Color universal design", 2008, without the yellow: distinct to colour-blind readers
    "axes.prop_cycle": "cycler('color', ['0072b2', 'd55e00', '000000', '009e73', 'cc79a7', 'e69f00', '56b4e9'])",
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "font.size": 9,
    "legend.frameon": False,
    "lines.markersize": 4.5,
    "savefig.dpi": 144,
    "svg.hashsalt": "handgrad",  # with it, and without a date, equal figures are equal bytes
}

METADATA: dict[str, dict[str, None]] = {"svg": {"Date": None, "Creator": None}, "png": {"Software": None}}
"""Formats, each with the metadata that are left out of its files."""


@contextmanager
def plot_style() -> Iterator[None]:
    """Use the style of this module within the block, whatever the user's settings are."""
    require("figures need", "plot", "matplotlib")
    from matplotlib import style

    with style.context(["default", STYLE]), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")  # a name in a script that the font lacks
        yield


@contextmanager
def drawing(ax: Axes | None, size: tuple[float, float]) -> Iterator[Axes]:
    """Yield the caller's axes in the caller's style, or new axes of `size` inches in the style of this module."""
    if ax is not None:
        yield ax
        return
    with plot_style():
        from matplotlib.figure import Figure

        figure = Figure(figsize=size, layout="constrained")
        axes: Any = figure.add_subplot()

        def as_png() -> bytes:
            with plot_style(), BytesIO() as buffer:
                figure.savefig(buffer, format="png")
                return buffer.getvalue()

        axes._repr_png_ = as_png  # a notebook displays it, which matplotlib leaves to pyplot
        yield axes


def save(ax: Axes, path: Path | str) -> None:
    """Write a figure to a file.

    The file is replaced completely or not at all. Equal figures are equal bytes.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Axes of the figure.
    path : path
        File that ends in ``.svg`` or ``.png``, in an existing folder.

    Raises
    ------
    HandgradError
        If the suffix is another one, or the file cannot be written.

    Examples
    --------
    >>> from pathlib import Path
    >>> import handgrad as hg
    >>> axes = hg.plots.plot_predictions([1, 2, 3], [1.1, 1.9, 3.2])
    >>> hg.plots.save(axes, "predictions.png")
    >>> Path("predictions.png").read_bytes()[1:4]
    b'PNG'
    """
    path = Path(path)
    kind = path.suffix[1:].lower()
    if kind not in METADATA:
        raise HandgradError(f"{path}: figures are written as .svg or .png; choose one of them")
    figure: Any = ax.figure.figure  # of a subfigure, the whole
    with plot_style(), replacing(path) as temporary:
        figure.savefig(temporary, format=kind, metadata=METADATA[kind])


def shorten(name: str, length: int = 24) -> str:
    """Cut a name to a length; replace unprintable characters, and escape ``$``, which begins a formula."""
    name = "".join(character if character.isprintable() else "�" for character in name)
    return (name if len(name) <= length else f"{name[: length - 1]}…").replace("$", r"\$")
