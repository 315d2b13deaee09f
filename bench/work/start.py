"""Starting: the program's help, and the import of the library, from a new process."""

import subprocess
import sys

from bench.work.data import Clock


def process(*arguments):
    """Give a contestant that runs a Python process with these arguments."""

    def ready(threads):
        def run():
            clock = Clock()
            subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
            return {"seconds": clock()}

        return run

    return ready


def contestants():
    """Give the program, the library, and what neither can be faster than."""
    return {
        "handgrad --help": process("-m", "handgrad", "--help"),
        "import handgrad": process("-c", "import handgrad"),
        "import numpy": process("-c", "import numpy"),
        "python": process("-c", ""),
    }
