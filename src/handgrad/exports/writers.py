"""Which writer a format needs."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from handgrad.errors import HandgradError, suggest
from handgrad.exports import FORMATS
from handgrad.model.files import Recipe
from handgrad.model.network import Network
from handgrad.model.sklearn_conversion import network_of

if TYPE_CHECKING:
    from handgrad.exports.c import Sizes


def export(
    network: Network | Any,
    path: Path | str,
    to: str,
    *,
    int8: bool = False,
    recipe: Recipe | None = None,
    accuracy: str | None = None,
) -> "Sizes | None":
    """Write a trained network in a format of others, whole or not at all.

    Whatever the format, what is written takes values as the data set has them (0–255 for images).

    Parameters
    ----------
    network : Network, or what scikit-learn has fitted
        As `save` takes it.
    path : path
        Of the file, whose folder must exist; for ``"csv"`` of the folder, which is made.
    to : str
        ``"csv"`` (parameters in the Rust program's layout), ``"onnx"``, ``"c"`` (a C99 header) or ``"html"`` (a page
        to draw on).
    int8 : bool
        Round weights to 8 bits; for ``"c"`` alone.
    recipe : mapping, optional
        What the network was trained by, as plain tables; kept in ONNX, and its name told in HTML.
    accuracy : str, optional
        How good the network was found, and on which data, in a few words; told in HTML.

    Returns
    -------
    Sizes or None
        For ``"c"``, what the header costs a program.

    Raises
    ------
    HandgradError
        If the format is unknown or cannot hold the network, its extra is missing, or a file cannot be written.
    """
    if to not in FORMATS:
        raise HandgradError(f"unknown format '{to}'{suggest(to, FORMATS)}")
    if int8 and to != "c":
        raise HandgradError(f"int8 weights are for c alone, not for {to}")
    network, path = network_of(network), Path(path)
    match to:
        case "csv":
            from handgrad.exports.csv import write_csv

            write_csv(network, path)
        case "onnx":
            from handgrad.exports.onnx import write_onnx

            write_onnx(network, path, recipe)
        case "c":
            from handgrad.exports.c import write_c

            return write_c(network, path, int8=int8)
        case "html":
            from handgrad.exports.html import write_html

            write_html(network, path, recipe, accuracy)
    return None
