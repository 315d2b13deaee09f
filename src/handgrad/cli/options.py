"""Arguments and options that several commands share, and the parsers of option values."""

import re
import tomllib
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from inspect import Signature, signature
from json import dumps
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

SUCCEEDED, FAILED, MISUSED, INTERRUPTED = 0, 1, 2, 130
"""Exit statuses."""

DATA, RECIPE, RUN, OUTPUT = "Data", "Recipe", "Run", "Output"
"""Panels of ``handgrad train --help``."""

DATA_HELP = (
    "mnist, fashion-mnist, strokes[:N[:SEED]], or a path: CSV, Parquet, .npz, a folder of IDX or images."
)
SplitName = Literal["train", "validation", "test"]
SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}


def parse_duration(text: str) -> float:
    """Read ``60s``, ``1.5m`` or ``2h`` as seconds; a bare number is seconds."""
    match = re.fullmatch(r"(\d+\.?\d*|\.\d+)\s*([smh]?)", text.strip())
    if not match or float(match[1]) == 0:
        raise typer.BadParameter(f"'{text}' is not a positive time, e.g. 60s, 5m or 1h")
    return float(match[1]) * SECONDS[match[2]]


def parse_number(text: str) -> int | float | str:
    """Read an integer or another number; anything else remains text."""
    for kind in (int, float):
        with suppress(ValueError):
            return kind(text)
    return text


def parse_widths(text: str) -> list[int]:
    """Read widths such as ``128,64``."""
    if not re.fullmatch(r"\s*\d+\s*(,\s*\d+\s*)*", text):
        raise typer.BadParameter(f"'{text}' is not a list of widths, e.g. 128,64")
    return [int(width) for width in text.split(",")]


def parse_settings(texts: Iterable[str]) -> dict[str, Any]:
    """Read lines of TOML such as ``section.key=value``. A value that is not valid TOML is text."""
    tables: dict[str, Any] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        valid = equals and key.strip() and key.lstrip()[0] not in "#[" and "\n" not in text
        for line in (text, f"{key} = {dumps(value.strip(), ensure_ascii=False)}") if valid else ():
            with suppress(ValueError, RecursionError):
                tables = merge(tables, tomllib.loads(line))
                break
        else:
            raise typer.BadParameter(f"'{text}' is not KEY=VALUE, e.g. training.epochs=3", param_hint="--set")
    return tables


def merge(tables: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return tables with changed values; values that are None are not changed."""
    merged = dict(tables)
    for key, value in changes.items():
        before = merged.get(key)
        if isinstance(value, dict):
            value = merge(before if isinstance(before, dict) else {}, value) or None
        if value is not None:
            merged[key] = value
    return merged


def option(name: str, help: str, metavar: str | None = None, panel: str | None = None, **more: Any) -> Any:
    """Describe an option; `panel` is the panel of ``--help`` that shows it."""
    return typer.Option(name, help=help, metavar=metavar, rich_help_panel=panel, **more)


MODEL_HELP = "A run folder, a model file, an ONNX file, or a final_config folder."
SPLIT_HELP = "Part of the data. Default: test, or the only part there is."
LIMIT_HELP = "Stop and save after a time, e.g. 60s, 5m or 1h."

Model = Annotated[Path, typer.Argument(help=MODEL_HELP, metavar="MODEL")]
Data = Annotated[str | None, option("--data", DATA_HELP, "SRC", DATA)]
Split = Annotated[SplitName | None, option("--split", SPLIT_HELP, panel=DATA, show_default=False)]
Json = Annotated[bool, option("--json", "Print one JSON object per line, and nothing else.", panel=OUTPUT)]
Threads = Annotated[int | None, option("--threads", "Threads. Default: all processors.", "N", RUN, min=1)]
Limit = Annotated[float | None, option("--time-limit", LIMIT_HELP, "TIME", RUN, parser=parse_duration)]
NoTest = Annotated[bool, option("--no-test", "Do not open the test split.", panel=RUN)]
Tensorboard = Annotated[bool, option("--tensorboard", "Also write TensorBoard files.", panel=OUTPUT)]


@dataclass(frozen=True)
class RunOptions:
    """The options that ``train`` and ``resume`` share."""

    threads: Threads = None
    time_limit: Limit = None
    no_test: NoTest = False
    tensorboard: Tensorboard = False
    json: Json = False
    quiet: Annotated[bool, option("--quiet", "Print only errors.", panel=OUTPUT)] = False
    attached: Annotated[bool, option("--attached", "Stop when standard input ends.", hidden=True)] = False


def with_run_options(command: Callable[..., int]) -> Callable[..., int]:
    """Return a command for typer with the fields of `RunOptions` in place of the parameter `options`."""
    shared = signature(RunOptions).parameters
    own = {name: part for name, part in signature(command).parameters.items() if name != "options"}

    def run(**values: Any) -> int:
        options = RunOptions(**{name: values.pop(name) for name in shared})
        return command(**values, options=options)

    run.__name__, run.__doc__ = command.__name__, command.__doc__
    run.__signature__ = Signature([*own.values(), *shared.values()])  # type: ignore[attr-defined]
    run.__annotations__ = {name: part.annotation for name, part in (own | dict(shared)).items()}
    return run
