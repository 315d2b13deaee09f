"""The child process of ``handgrad learn train``: load the learner's functions, then train with them."""

import sys
from pathlib import Path

from handgrad.cli.interrupts import handle_signals
from handgrad.cli.main import main
from handgrad.cli.options import FAILED
from handgrad.cli.output import error_line
from handgrad.errors import HandgradError
from handgrad.kernels.backend import kernels
from handgrad.learn.training import learner_kernels
from handgrad.learn.worker import limit_memory


def run(folder: str, names: str, *arguments: str) -> int:
    """Train with the functions of some exercises, and return the exit status."""
    handle_signals()
    limit_memory()
    try:
        kernels.load(learner_kernels(Path(folder), filter(None, names.split(","))))
    except HandgradError as error:
        print(error_line(str(error)), file=sys.stderr)
        return FAILED
    return main(["train", *arguments])


if __name__ == "__main__":
    sys.exit(run(*sys.argv[1:]))
