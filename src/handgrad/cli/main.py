"""The program ``handgrad``: its commands, and how it ends."""

import os
import sys
import warnings
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer

from handgrad.cli.check import check
from handgrad.cli.data import data
from handgrad.cli.evaluate import evaluate
from handgrad.cli.explain import explain
from handgrad.cli.export import export
from handgrad.cli.interrupts import end_as_by_ctrl_c
from handgrad.cli.output import discard_output, emit, flush_output
from handgrad.cli.plot import plot
from handgrad.cli.predict import predict
from handgrad.cli.recipes import recipes
from handgrad.cli.resume import resume
from handgrad.cli.serve import serve
from handgrad.cli.train import train
from handgrad.errors import HandgradError, Interrupted, suggest
from handgrad.kernels.backend import VARIABLE
from handgrad.training.distributed import ALONE, init_distributed

FAILED, MISUSED, INTERRUPTED = 1, 2, 130

COMMANDS = (train, resume, evaluate, predict, explain, check, plot, export, serve, data, recipes)

app = typer.Typer(
    name="handgrad",
    help="Handwritten digits, handwritten gradients: train, measure and look into small neural networks.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in COMMANDS:
    app.command(no_args_is_help=False)(command)


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
    """Say what concerns every command."""


def run() -> None:
    """Run the program and leave with its exit status."""
    end_as_by_ctrl_c()
    warnings.showwarning = _show_warning
    sys.exit(main(sys.argv[1:]))


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    """Print a warning as one line."""
    print(f"handgrad: {message}", file=sys.stderr)


def main(arguments: list[str]) -> int:
    """Run one command line.

    Parameters
    ----------
    arguments : list of str
        Without the program's name.

    Returns
    -------
    int
        0 done, 1 a failure told in one line on standard error, 2 wrong usage, 130 interrupted. With
        ``HANDGRAD_DEBUG=1`` a failure is raised instead, with its traceback.
    """
    _prepare_output()
    communication = ALONE
    try:
        communication = init_distributed()
        communication.alike(command=arguments[:1], **{VARIABLE: os.environ.get(VARIABLE) or "native"})
        if communication.rank and arguments[:1] not in (["train"], ["resume"]):
            return 0  # what is no training, rank 0 does alone
        status = app(args=arguments or ["--help"], prog_name="handgrad", standalone_mode=False)
        flush_output()
        if status == INTERRUPTED:
            raise KeyboardInterrupt
        return int(status or 0)
    except (Exception, KeyboardInterrupt) as error:
        if os.environ.get("HANDGRAD_DEBUG") == "1":
            raise
        status, line = _explain(error)
        _forget_output()
        communication.fail(f"handgrad: {line}", status, getattr(error, "everywhere", False))
        return status


def _prepare_output() -> None:
    """Make sure that there is an output, and that no character can fail in it."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever called
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115  # for good
        elif isinstance(stream := getattr(sys, name), TextIOWrapper):
            stream.reconfigure(errors="replace")


def _explain(error: BaseException) -> tuple[int, str]:
    """Choose the exit status and the one line for a failure."""
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED, "interrupted; nothing was left half-written"
    if isinstance(error, HandgradError):
        return INTERRUPTED if isinstance(error, Interrupted) else FAILED, " ".join(str(error).split())
    if hasattr(error, "format_message"):  # the parser's: an unknown option, a missing argument, …
        line = error.format_message().partition("\n")[0].rstrip(".")
        if line.startswith("No such command"):
            name = line.partition("'")[2].partition("'")[0]
            line = f"no command '{name}'{suggest(name, [command.__name__ for command in COMMANDS])}"
        context = getattr(error, "ctx", None)
        return MISUSED, f"{line}; see {context.command_path if context else 'handgrad'} --help"
    if isinstance(error, OSError):
        place = f" {error.filename}" if error.filename else ""
        return FAILED, f"cannot read or write{place}: {error.strerror or error}"
    if isinstance(error, MemoryError):
        return FAILED, "there is not enough memory; try a smaller batch, network or data set"
    return FAILED, f"unexpected {type(error).__name__}: {error}; HANDGRAD_DEBUG=1 shows where"


def _forget_output() -> None:
    """Keep Python from complaining at its exit about output that could not be written."""
    try:
        sys.stdout.flush()
    except OSError:
        discard_output()
