"""Arguments and options that several commands share, and the parsers of option values."""

import re
import tomllib
from collections import namedtuple
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

SUCCEEDED, FAILED, MISUSED, INTERRUPTED = 0, 1, 2, 130
"""Exit statuses."""

DATA, RECIPE, RUN, OUTPUT = "Data", "Recipe", "Run", "Output"
"""Panels of ``handgrad train --help``."""

DATA_HELP = "mnist, fashion-mnist, strokes[:N[:SEED]], or a path: CSV, Parquet, .npz, IDX or image folder."
MODEL_HELP = "A run folder, a model file, an ONNX file, or a final_config folder."
SPLIT_HELP = "Part of the data. Default: test, or the only part there is."
TARGET_HELP = "Column of a table to predict. Default: label. May be repeated."
TASK_HELP = "Default: inferred from the targets."
VALIDATION_HELP = "Validate on N examples, or a fraction, of the training data, or on other data."
SET_HELP = "Change any key of the recipe, e.g. training.epochs=3; may be repeated."
FROM_HELP = "Start from the parameters of a model, by default with its recipe."
LIMIT_HELP = "Stop and save after a time, e.g. 60s, 5m or 1h."


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
    return key.strip(), parse_value(value)


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


Task = Literal["classification", "multilabel", "regression"]
SplitName = Literal["train", "validation", "test"]
Model = Annotated[Path, typer.Argument(help=MODEL_HELP, metavar="MODEL")]
Data = Annotated[str | None, option("--data", DATA_HELP, "SRC", DATA)]
Target = Annotated[list[str] | None, option("--target", TARGET_HELP, "COLUMN", DATA)]
TaskName = Annotated[Task | None, option("--task", TASK_HELP, panel=DATA, show_default=False)]
Split = Annotated[SplitName | None, option("--split", SPLIT_HELP, panel=DATA, show_default=False)]
Validation = Annotated[Any, option("--validation", VALIDATION_HELP, "N|SRC", DATA, parser=parse_value)]
Epochs = Annotated[int | None, option("--epochs", "Passes over the data.", "N", RECIPE, min=1)]
Steps = Annotated[int | None, option("--steps", "Steps, instead of epochs.", "N", RECIPE, min=1)]
BatchSize = Annotated[Any, option("--batch-size", "Examples per step.", "N|all", RECIPE, parser=parse_value)]
LearningRate = Annotated[float | None, option("--learning-rate", "Learning rate.", "X", RECIPE)]
Hidden = Annotated[Any, option("--hidden", "Widths, e.g. 128,64.", "N,N,…", RECIPE, parser=parse_widths)]
Seed = Annotated[int | None, option("--seed", "Seed of all randomness.", "N", RECIPE, min=0)]
Settings = Annotated[list[Any] | None, option("--set", SET_HELP, "KEY=VALUE", RECIPE, parser=parse_setting)]
Start = Annotated[Path | None, option("--from", FROM_HELP, "MODEL", RECIPE)]
Threads = Annotated[int | None, option("--threads", "Threads. Default: all processors.", "N", RUN, min=1)]
Limit = Annotated[float | None, option("--time-limit", LIMIT_HELP, "TIME", RUN, parser=parse_duration)]
NoTest = Annotated[bool, option("--no-test", "Do not open the test split.", panel=RUN)]
Out = Annotated[Path | None, option("--out", "Folder of the run. Default: runs/RECIPE-N.", "DIR", OUTPUT)]
Tensorboard = Annotated[bool, option("--tensorboard", "Also write TensorBoard files.", panel=OUTPUT)]
Json = Annotated[bool, option("--json", "Print one JSON object per line, and nothing else.", panel=OUTPUT)]
Quiet = Annotated[bool, option("--quiet", "Print only errors.", panel=OUTPUT)]
Attached = Annotated[bool, option("--attached", "Stop when standard input ends.", hidden=True)]

RunOptions = namedtuple("RunOptions", "threads time_limit no_test tensorboard json quiet attached")
"""The values of the options that ``train`` and ``resume`` share."""
