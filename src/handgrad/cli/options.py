"""Arguments and options that several commands share, and the parsers of option values."""

import re
import tomllib
from collections import namedtuple
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from handgrad.cli.completion import complete_data
from handgrad.errors import HandgradError

SUCCEEDED, FAILED, MISUSED, INTERRUPTED = 0, 1, 2, 130
"""Exit statuses."""

COMMAND_LINE = "command line"
"""The place of a wrong value, in errors of recipes that options have changed."""

DATA, RECIPE, RUN, OUTPUT = "Data", "Recipe", "Run", "Output"
"""Panels of ``handgrad train --help``."""

SOURCES_HELP = "mnist, fashion-mnist, strokes[:N[:SEED]], or a path: CSV, Parquet, .npz, IDX or image folder."
DATA_HELP = f"Data to train on: {SOURCES_HELP}"
OTHER_DATA_HELP = f"Other data than those of the training: {SOURCES_HELP}"
MODEL_HELP = "A run folder, a model file, an ONNX file, or a final_config folder."
SPLIT_HELP = "Part of the data. Default: test; where there is none, validation or train."
TARGET_HELP = "Column of a table to predict. Default: label. May be repeated."
OTHER_TARGET_HELP = "Column of these data to predict. Default: that of the training. May be repeated."
TASK_HELP = "classification, multilabel or regression. Default: inferred from the targets."
VALIDATION_HELP = "Validation data: N training examples, a fraction of them, or other data."
BATCH_HELP = "Examples per step; all: the whole training data."
SET_HELP = "Change any key of the recipe, e.g. training.epochs=3. May be repeated."
FROM_HELP = "Start from the parameters of a model, and by default with its recipe."
LIMIT_HELP = "Stop and save after a time, e.g. 60s, 5m or 1h."


@contextmanager
def usage_errors() -> Iterator[None]:
    """Report an error, whose cause can only be the value of an option, as wrong usage."""
    try:
        yield
    except HandgradError as error:
        raise typer.BadParameter(str(error).removeprefix(f"{COMMAND_LINE}: ")) from error


def parse_duration(text: str) -> float:
    """Read ``60s``, ``1.5m`` or ``2h`` as seconds; a bare number is seconds."""
    match = re.fullmatch(r"(\d+\.?\d*|\.\d+)\s*([smh]?)", text.strip())
    if not match or float(match[1]) == 0:
        raise typer.BadParameter(f"'{text}' is not a positive time, e.g. 60s, 5m or 1h")
    return float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[2]]


def parse_widths(text: str) -> list[int]:
    """Read widths such as ``128,64``."""
    if not re.fullmatch(r"\s*\d+\s*(,\s*\d+\s*)*", text):
        raise typer.BadParameter(f"'{text}' is not a list of widths, e.g. 128,64")
    return [int(width) for width in text.split(",")]


def parse_value(text: str) -> Any:
    """Read a value of TOML; what is not valid TOML is text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return text.strip()


def parse_setting(text: str) -> tuple[str, Any]:
    """Read ``section.key=value``."""
    key, equals, value = text.partition("=")
    if not equals or not re.fullmatch(r"[\w.-]+", key.strip()):
        raise typer.BadParameter(f"'{text}' is not KEY=VALUE, e.g. training.epochs=3")
    parse = parse_source if key.strip() in ("data.source", "data.validation") else parse_value
    parsed = parse(value)
    return key.strip(), check_distinct(parsed) if key.strip() == "data.target" else parsed


def check_source(source: Any) -> Any:
    """Return a source of data, or another value; wrong usage if it is an invalid name of synthetic digits."""
    if isinstance(source, str) and source.partition(":")[0] == "strokes":
        from handgrad.data.load import parse_strokes

        with usage_errors():
            parse_strokes(source)
    return source


def parse_source(text: str) -> Any:
    """Read a source of data, or a value of TOML, e.g. a number of examples."""
    return check_source(parse_value(text))


def check_distinct(columns: Any) -> Any:
    """Return the names of columns, or another value; wrong usage if a name in a list is repeated."""
    if isinstance(columns, list) and len({*map(repr, columns)}) < len(columns):
        raise typer.BadParameter("a column is named twice")
    return columns


def arrange(values: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Arrange values with keys such as ``training.epochs`` in tables; the last value of a key counts."""
    tables: dict[str, Any] = {}
    for key, value in values:
        section, _, name = key.partition(".")
        known, change = tables.get(section), {name: value} if name else value
        if isinstance(known, dict) and isinstance(change, dict):
            change = {**known, **change}
        tables[section] = change
    return tables


def option(name: str, help: str, metavar: str | None = None, panel: str | None = None, **more: Any) -> Any:
    """Describe an option; `panel` is the panel of ``--help`` that shows it."""
    return typer.Option(name, help=help, metavar=metavar, rich_help_panel=panel, **more)


def column(help: str) -> Any:
    """Describe the option ``--target``."""
    return option("--target", help, "COLUMN", DATA, callback=check_distinct)


def source(help: str) -> Any:
    """Describe the option ``--data``."""
    return option("--data", help, "SRC", DATA, callback=check_source, autocompletion=complete_data)


Task = Literal["classification", "multilabel", "regression"]
SplitName = Literal["train", "validation", "test"]
Model = Annotated[Path, typer.Argument(help=MODEL_HELP, metavar="MODEL")]
Source = Annotated[
    str,
    typer.Argument(help=SOURCES_HELP, metavar="SRC", callback=check_source, autocompletion=complete_data),
]
Data = Annotated[str | None, source(DATA_HELP)]
OtherData = Annotated[str | None, source(OTHER_DATA_HELP)]
Target = Annotated[list[str] | None, column(TARGET_HELP)]
OtherTarget = Annotated[list[str] | None, column(OTHER_TARGET_HELP)]
TaskName = Annotated[Task | None, option("--task", TASK_HELP, "TASK", DATA)]
Split = Annotated[SplitName | None, option("--split", SPLIT_HELP, panel=DATA)]
Validation = Annotated[Any, option("--validation", VALIDATION_HELP, "N|SRC", DATA, parser=parse_source)]
Epochs = Annotated[int | None, option("--epochs", "Passes over the training data.", "N", RECIPE, min=1)]
Steps = Annotated[int | None, option("--steps", "Steps to train, instead of epochs.", "N", RECIPE, min=1)]
BatchSize = Annotated[Any, option("--batch-size", BATCH_HELP, "N|all", RECIPE, parser=parse_value)]
LearningRate = Annotated[float | None, option("--learning-rate", "Learning rate.", "X", RECIPE)]
Hidden = Annotated[
    Any, option("--hidden", "Widths of the hidden layers, e.g. 128,64.", "N,N,…", RECIPE, parser=parse_widths)
]
Seed = Annotated[int | None, option("--seed", "Seed of all random numbers.", "N", RECIPE, min=0)]
Settings = Annotated[list[Any] | None, option("--set", SET_HELP, "KEY=VALUE", RECIPE, parser=parse_setting)]
Start = Annotated[Path | None, option("--from", FROM_HELP, "MODEL", RECIPE)]
Threads = Annotated[
    int | None, option("--threads", "Threads. Default: all processors.", "N", RUN, min=1, max=1024)
]
Limit = Annotated[float | None, option("--time-limit", LIMIT_HELP, "TIME", RUN, parser=parse_duration)]
NoTest = Annotated[bool, option("--no-test", "Do not open the test split.", panel=RUN)]
Out = Annotated[Path | None, option("--out", "Folder of the run. Default: runs/RECIPE-N.", "DIR", OUTPUT)]
Tensorboard = Annotated[bool, option("--tensorboard", "Also write TensorBoard files.", panel=OUTPUT)]
Json = Annotated[bool, option("--json", "Print one JSON object per line, and nothing else.", panel=OUTPUT)]
Quiet = Annotated[bool, option("--quiet", "Print only errors.", panel=OUTPUT)]
Attached = Annotated[bool, option("--attached", "Stop when standard input ends.", hidden=True)]

RunOptions = namedtuple("RunOptions", "threads time_limit no_test tensorboard json quiet attached")
"""The values of the options that ``train`` and ``resume`` share."""
