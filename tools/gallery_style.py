"""The figures of the how-to gallery have the style of `handgrad.plots`."""

from typing import Any

from matplotlib import style

from handgrad.plots.style import STYLE


def use_style(configuration: Any, example: str) -> None:
    """Set the style before an example; sphinx-gallery calls this."""
    style.use(["default", STYLE | {"savefig.dpi": "figure", "figure.dpi": 100}])
