"""The program ``handgrad``: its commands, and its exit status."""

import os
import re
import sys
import warnings
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer

from handgrad.cli import data, learn, recipes
from handgrad.cli.explain import explain
from handgrad.cli.export import export
from handgrad.cli.interrupts import Interrupted, handle_signals
from handgrad.cli.models import evaluate, predict
from handgrad.cli.options import FAILED, INTERRUPTED, MISUSED, SUCCEEDED, option
from handgrad.cli.output import emit, error_line, write
from handgrad.cli.plot import plot
from handgrad.cli.serve import serve
from handgrad.cli.train import resume, train
from handgrad.cli.tune import tune
from handgrad.errors import HandgradError
from handgrad.kernels.backend import VARIABLE
from handgrad.training.distributed import SINGLE, init_distributed

app = typer.Typer(
    name="handgrad",
    help="Handwritten digits, handwritten gradients: train, evaluate and inspect small neural networks.",
    epilog="Exit status: 0 success, 1 failure, 2 wrong usage, 130 interrupted with Ctrl-C.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (train, resume, tune, evaluate, predict, explain, recipes.check, plot, export, serve):
    app.command()(command)
app.add_typer(data.app, name="data")
app.add_typer(recipes.app, name="recipes")
app.add_typer(learn.app, name="learn")


def show_version(asked: bool) -> None:
    """Print the version and end, if it is asked for."""
    if asked:
        from handgrad import __version__

        emit(f"handgrad {__version__}")
        raise typer.Exit


@app.callback()
def program(
    version: Annotated[
        bool, option("--version", "Print the version and exit.", is_eager=True, callback=show_version)
    ] = False,
) -> None:
    """Take the options of the program itself."""


def run() -> None:
    """Run the program and exit with its status."""
    handle_signals()
    warnings.showwarning = lambda message, *_, **__: print(error_line(str(message)), file=sys.stderr)
    sys.exit(main(sys.argv[1:]))


def main(arguments: list[str]) -> int:
    """Run one command line without the program name, and return its exit status.

    It is 0 for success, 1 for a failure with one line on standard error, 2 for wrong usage, and 130 if interrupted.
    With ``HANDGRAD_DEBUG=1`` an error is raised instead.
    """
    sys.stderr = sys.stderr or Path(os.devnull).open("w")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # no character fails
    communicator = SINGLE
    try:
        communicator = init_distributed()
        communicator.require_equal(command=arguments[:1], **{VARIABLE: os.environ.get(VARIABLE) or "native"})
        if communicator.rank and arguments[:1] not in (["train"], ["resume"]):
            return SUCCEEDED  # only training is distributed
        if any(re.fullmatch(r"(--[\w-]+=)?\s*", argument) for argument in arguments):
            raise typer.BadParameter("an argument is empty; '.' is the current folder")
        if not arguments or {"-h", "--help"} & {*arguments}:
            from handgrad.cli.help import hide_types  # slow to import

            hide_types()
        status = app(args=arguments or ["--help"], prog_name="handgrad", standalone_mode=False)
        write()  # what typer has printed
        if status == INTERRUPTED:
            raise KeyboardInterrupt
        return int(status or SUCCEEDED)
    except (Exception, KeyboardInterrupt) as error:
        if os.environ.get("HANDGRAD_DEBUG") == "1":
            raise
        status, line = describe(error, " ".join(["handgrad", *arguments[:1]]))
        with suppress(HandgradError):
            write()
        communicator.fail(error_line(line), status)
        return status


def describe(error: BaseException, command: str = "handgrad") -> tuple[int, str]:
    """Return the exit status and the message for an error of a command."""
    match error:
        case KeyboardInterrupt():
            return INTERRUPTED, "interrupted; no file is half-written"
        case HandgradError():
            return INTERRUPTED if isinstance(error, Interrupted) else FAILED, str(error)
        case OSError():
            place = f" {error.filename}" if error.filename else ""
            return FAILED, f"cannot read or write{place}: {error.strerror or error}"
        case MemoryError():
            return FAILED, "there is not enough memory; try a smaller batch, network or data set"
    if hasattr(error, "format_message"):  # wrong usage, found by typer
        context = getattr(error, "ctx", None)
        line = error.format_message().partition("\n")[0].rstrip(".").replace("Value error, ", "")
        line = line or "a command is missing"
        return (
            MISUSED,
            f"{line}{';' * (line[-1] != '?')} see {context.command_path if context else command} --help",
        )
    return FAILED, f"unexpected {type(error).__name__}: {error}; HANDGRAD_DEBUG=1 shows the traceback"
