"""The help of the program shows metavars, e.g. ``FILE``, and choices, but no types of Python."""

import re

from rich.text import Text
from typer import rich_utils


class Metavars(rich_utils.TypesHighlighter):
    """Highlight metavars and choices, and leave out types such as ``<path>`` and ``<bool>``."""

    def __call__(self, text: str | Text) -> Text:
        """Return the highlighted text."""
        return Text() if re.fullmatch(r"<[^|]*>", str(text)) else super().__call__(text)


def hide_types() -> None:
    """Leave out types in the help of typer."""
    rich_utils.types_highlighter = Metavars()
