"""Arguments and options that several commands share."""

import re
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from handgrad.errors import HandgradError

DATA_HELP = (
    "mnist, fashion-mnist, strokes[:N[:SEED]], or a path: CSV, Parquet, .npz, a folder of IDX or pictures."
)

Model = Annotated[
    Path,
    typer.Argument(
        help="A run folder, a model file, an ONNX file, or a final_config folder.", metavar="MODEL"
    ),
]


def parse_given(text: str) -> str:
    """Refuse what is empty, as a variable of the shell that is not set: as a path it would be the current folder."""
    if not text.strip():
        raise typer.BadParameter("it is empty; '.' is the current folder")
    return text


def parse_place(text: str | Path) -> Path:
    """Read where to write; see `parse_given`."""
    return Path(parse_given(str(text)))


Data = Annotated[str | None, typer.Option("--data", metavar="SRC", parser=parse_given, help=DATA_HELP)]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object a line, and nothing else.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print nothing but failures.")]
Threads = Annotated[
    int | None,
    typer.Option("--threads", metavar="N", help="Threads to compute on; all processors unless given."),
]
TimeLimit = Annotated[
    str | None,
    typer.Option(
        "--time-limit", metavar="TIME", help="Stop after this time, as 60s, 5m or 1h; resume goes on."
    ),
]

NoTest = Annotated[
    bool,
    typer.Option("--no-test", help="Leave the test split unopened, while hyper-parameters are being chosen."),
]
Attached = Annotated[
    bool,
    typer.Option("--attached", help="Stop, as Ctrl-C does, when standard input ends.", hidden=True),
]
Tensorboard = Annotated[
    bool, typer.Option("--tensorboard", help="Write files for TensorBoard into the run's folder, too.")
]

UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}


def parse_duration(text: str | None) -> float | None:
    """Read ``60s``, ``1.5m`` or ``2h`` as seconds; a bare number is seconds."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d+\.?\d*|\.\d+)\s*([smh]?)", text.strip())
    if not match or float(match[1]) == 0:
        raise HandgradError(f"--time-limit must be a positive time, as 60s, 5m or 1h; got '{text}'")
    return float(match[1]) * UNITS[match[2]]


def parse_batch_size(text: str) -> int | str:
    """Read a whole number or ``all``; what is neither is left to the recipe to refuse."""
    try:
        return int(text)
    except ValueError:
        return text


def parse_validation(text: str) -> int | float | str:
    """Read a number of examples, a share of them, or the name or path of other data."""
    for kind in (int, float):
        with suppress(ValueError):
            return kind(text)
    return absolute(text)


def absolute(source: str) -> str:
    """Make a path that exists absolute, so that the run can be resumed from another folder; leave a name as it is."""
    return str(Path(source).absolute()) if Path(source).exists() else source


def parse_settings(texts: list[str]) -> dict[str, Any]:
    """Read ``section.key=value``, the value as TOML writes it; what is no TOML is taken as text."""
    changes: dict[str, Any] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        path = key.strip().split(".")
        if not (equals and all(path) and len(path) <= 2):
            raise HandgradError(f"--set takes KEY=VALUE, as training.epochs=3; got '{text}'")
        try:
            content = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            content = value.strip()
        if len(path) == 1:
            changes[path[0]] = content
        else:
            changes.setdefault(path[0], {})[path[1]] = content
    return changes


def parse_hidden(text: str) -> list[int]:
    """Read widths such as ``128,64``."""
    try:
        widths = [int(part) for part in text.split(",")]
    except ValueError:
        widths = []
    if not widths or min(widths) < 1:
        raise HandgradError(f"--hidden must be widths from 1, as 128 or 128,64; got '{text}'")
    return widths
