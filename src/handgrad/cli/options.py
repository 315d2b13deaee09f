"""Arguments and options that several commands share, and the parsers of option values."""

import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from handgrad.errors import HandgradError

SUCCEEDED, FAILED, MISUSED, INTERRUPTED = 0, 1, 2, 130
"""Exit statuses."""

DATA_HELP = (
    "mnist, fashion-mnist, strokes[:N[:SEED]], or a path: CSV, Parquet, .npz, a folder of IDX or images."
)
SplitName = Literal["train", "validation", "test"]
DATA, RECIPE, RUN, OUTPUT = "Data", "Recipe", "Run", "Output"
"""Panels of ``handgrad train --help``."""
UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}


@contextmanager
def refusing_options() -> Iterator[None]:
    """Turn a HandgradError into wrong usage, where only values of options can be its cause."""
    try:
        yield
    except HandgradError as error:
        raise typer.BadParameter(str(error)) from error


def parse_text(text: str) -> str:
    """Refuse an empty value, e.g. of an unset shell variable, which as a path would be the current folder."""
    if not text.strip():
        raise typer.BadParameter("it is empty; '.' is the current folder")
    return text


def parse_path(text: str | Path) -> Path:
    """Read a path to write to; see `parse_text`."""
    return Path(parse_text(str(text)))


def parse_duration(text: str) -> float:
    """Read ``60s``, ``1.5m`` or ``2h`` as seconds; a bare number is seconds."""
    match = re.fullmatch(r"(\d+\.?\d*|\.\d+)\s*([smh]?)", text.strip())
    if not match or float(match[1]) == 0:
        raise typer.BadParameter(f"'{text}' is not a positive time, e.g. 60s, 5m or 1h")
    return float(match[1]) * UNITS[match[2]]


def parse_batch_size(text: str) -> int | str:
    """Read a whole number or ``all``."""
    if text != "all" and not (text.isdecimal() and int(text) > 0):
        raise typer.BadParameter(f"'{text}' is neither a positive number nor 'all'")
    return text if text == "all" else int(text)


def parse_validation(text: str) -> int | float | str:
    """Read a number of examples, a fraction of them, or the name or path of other data."""
    for kind in (int, float):
        with suppress(ValueError):
            return kind(text)
    return absolute(parse_text(text))


def absolute(source: str) -> str:
    """Return the absolute path of a file, so that a run can be resumed from any folder, or else the name."""
    return str(Path(source).absolute()) if Path(source).exists() else source


def parse_hidden(text: str) -> list[int]:
    """Read widths such as ``128,64``."""
    if not all(width.strip().isdecimal() and int(width) > 0 for width in text.split(",")):
        raise typer.BadParameter(f"'{text}' is not a list of positive widths, e.g. 128 or 128,64")
    return [int(width) for width in text.split(",")]


def parse_settings(texts: list[str]) -> dict[str, Any]:
    """Read ``section.key=value`` pairs. A value that is not valid TOML is text."""
    changes: dict[str, Any] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        path = key.strip().split(".")
        if not (equals and all(path) and len(path) <= 2):
            raise typer.BadParameter(
                f"'{text}' is not KEY=VALUE, e.g. training.epochs=3", param_hint="'--set'"
            )
        try:
            content = tomllib.loads(f"value = {value}")["value"]
        except (tomllib.TOMLDecodeError, RecursionError, ValueError):
            content = value.strip()
        if len(path) == 1:
            changes[path[0]] = content
        else:
            section = changes.setdefault(path[0], {})
            changes[path[0]] = {**(section if isinstance(section, dict) else {}), path[1]: content}
    return changes


def option(name: str, help: str, metavar: str | None = None, panel: str | None = None, **more: Any) -> Any:
    """Describe an option; `panel` is the panel of ``--help`` that shows it."""
    return typer.Option(name, help=help, metavar=metavar, rich_help_panel=panel, **more)


MODEL_HELP = "A run folder, a model file, an ONNX file, or a final_config folder."
SPLIT_HELP = "Part of the data. Default: test, or the only part there is."
LIMIT_HELP = "Stop and save after a time, e.g. 60s, 5m or 1h."

Model = Annotated[Path, typer.Argument(help=MODEL_HELP, metavar="MODEL")]
Data = Annotated[str | None, option("--data", DATA_HELP, "SRC", DATA, parser=parse_text)]
Split = Annotated[SplitName | None, option("--split", SPLIT_HELP, panel=DATA, show_default=False)]
Json = Annotated[bool, option("--json", "Print one JSON object per line, and nothing else.", panel=OUTPUT)]
Quiet = Annotated[bool, option("--quiet", "Print only errors.", panel=OUTPUT)]
Threads = Annotated[int | None, option("--threads", "Threads. Default: all processors.", "N", RUN, min=1)]
TimeLimit = Annotated[float | None, option("--time-limit", LIMIT_HELP, "TIME", RUN, parser=parse_duration)]
NoTest = Annotated[bool, option("--no-test", "Do not open the test split.", panel=RUN)]
Tensorboard = Annotated[bool, option("--tensorboard", "Also write TensorBoard files.", panel=OUTPUT)]
Attached = Annotated[bool, option("--attached", "Stop when standard input ends.", hidden=True)]
