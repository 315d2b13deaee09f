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

from handgrad.cli import data, recipes
from handgrad.cli.check import check
from handgrad.cli.evaluate import evaluate
from handgrad.cli.explain import explain
from handgrad.cli.export import export
from handgrad.cli.interrupts import Interrupted, end_as_by_ctrl_c
from handgrad.cli.options import FAILED, INTERRUPTED, MISUSED, SUCCEEDED
from handgrad.cli.output import emit, error_line, write
from handgrad.cli.plot import plot
from handgrad.cli.predict import predict
from handgrad.cli.serve import serve
from handgrad.cli.train import resume, train
from handgrad.errors import HandgradError
from handgrad.kernels.backend import VARIABLE
from handgrad.training.distributed import SINGLE, init_distributed

app = typer.Typer(
    name="handgrad",
    help="Handwritten digits, handwritten gradients: train, evaluate and inspect small neural networks.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (train, resume, evaluate, predict, explain, check, plot, export, serve):
    app.command()(command)
app.add_typer(data.app, name="data")
app.add_typer(recipes.app, name="recipes")


def _print_version(wanted: bool) -> None:
    if wanted:
        from handgrad import __version__

        emit(f"handgrad {__version__}")
        raise typer.Exit


@app.callback()
def _program(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def run() -> None:
    """Run the program and exit with its status."""
    end_as_by_ctrl_c()
    warnings.showwarning = lambda message, *_, **__: print(error_line(str(message)), file=sys.stderr)
    sys.exit(main(sys.argv[1:]))


def main(arguments: list[str]) -> int:
    """Run one command line without the program name, and return its exit status.

    It is 0 for success, 1 for a failure with one line on standard error, 2 for wrong usage, and 130 if interrupted.
    With ``HANDGRAD_DEBUG=1`` an error is raised instead.
    """
    _prepare_output()
    communicator = SINGLE
    try:
        communicator = init_distributed()
        communicator.require_equal(command=arguments[:1], **{VARIABLE: os.environ.get(VARIABLE) or "native"})
        if communicator.rank and arguments[:1] not in (["train"], ["resume"]):
            return SUCCEEDED  # only training is distributed
        if any(re.fullmatch(r"(--[\w-]+=)?\s*", argument) for argument in arguments):
            raise typer.BadParameter("an argument is empty; '.' is the current folder")
        status = app(args=arguments or ["--help"], prog_name="handgrad", standalone_mode=False)
        write()  # what typer has printed
        if status == INTERRUPTED:
            raise KeyboardInterrupt
        return int(status or SUCCEEDED)
    except (Exception, KeyboardInterrupt) as error:
        if os.environ.get("HANDGRAD_DEBUG") == "1":
            raise
        status, line = describe(error)
        with suppress(HandgradError):
            write()
        communicator.fail(error_line(line), status)
        return status


def describe(error: BaseException) -> tuple[int, str]:
    """Return the exit status and the message for an error."""
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
        line = error.format_message().partition("\n")[0].rstrip(".") or "a command is missing"
        return MISUSED, f"{line}; see {context.command_path if context else 'handgrad'} --help"
    return FAILED, f"unexpected {type(error).__name__}: {error}; HANDGRAD_DEBUG=1 shows the traceback"


def _prepare_output() -> None:
    """Replace output streams that the caller has closed, and let no character fail in them."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name) or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
        setattr(sys, name, stream)
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
