"""The help of the program shows metavars, e.g. ``FILE``, and choices, but no types of Python and no braces."""

import re

from rich.text import Text
from typer import rich_utils
from typer.core import TyperArgument


class Metavars(rich_utils.TypesHighlighter):
    """Highlight metavars and choices, and leave out types such as ``<path>`` and ``<bool>``."""

    def __call__(self, text: str | Text) -> Text:
        """Return the highlighted text."""
        return Text() if re.fullmatch(r"<[^|]*>", str(text)) else super().__call__(text)


def argument_name(argument: TyperArgument) -> str:
    """Return the name of an argument in a usage line: ``RUN``, or ``[RUN]`` where it is optional."""
    name = argument.display_name_raw if argument.required else f"[{argument.display_name_raw}]"
    return name if argument.nargs == 1 else f"{name}..."


def hide_types() -> None:
    """Leave out types in the help of typer, and braces, which typer 0.29 prints around arguments."""
    rich_utils.types_highlighter = Metavars()
    TyperArgument._usage_display_name = argument_name  # type: ignore[assignment,method-assign,attr-defined,unused-ignore]
