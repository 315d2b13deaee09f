"""Commands that are killed before and after each rename and each sync, and then repeated."""

import os
import re
import shutil
import subprocess
import sys
from itertools import count
from pathlib import Path
from signal import SIGKILL

import numpy as np
import pytest

import handgrad as hg
from c_compiler import compile_c
from handgrad.data.collection import add_to_collection
from handgrad.files import UNFINISHED
from handgrad.model.scaling import Scaling
from networks import DIGITS, timeless
from rank_fixtures import files

# `rename` and `fsync` of the C library, which kill the process at the moment with the number in CRASH_AT.
LIBRARY = """
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static void moment(void) {
    static int passed;
    const char *last = getenv("CRASH_AT");
    passed++;
    if (last && passed == atoi(last)) raise(SIGKILL);
}

int rename(const char *from, const char *to) {
    moment();
    int result = (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
    moment();
    return result;
}

int fsync(int file) {
    moment();
    int result = (int)syscall(SYS_fsync, file);
    moment();
    return result;
}
"""

HANDGRAD = "import sys; from handgrad.cli.main import main; sys.exit(main(sys.argv[1:]))"
LITTLE_MEMORY = "from handgrad.data import outofcore; outofcore.available_memory = lambda: 0\n" + HANDGRAD
DRAW = (
    "import sys; import numpy as np; from pathlib import Path\n"
    "from handgrad.data.collection import add_to_collection\n"
    "add_to_collection(Path(sys.argv[1]), np.ones((1, 28, 28), np.uint8), ['7'])"
)
TRAIN = (
    "train mlp --data strokes:200:1 --validation 40 --hidden 4 --batch-size 40 --epochs 2 --threads 1 --out RUN"
    " --set averaging.type=ExponentialAverage --set early_stopping.patience=99"
)
COMMANDS = {  # program, arguments, and moments at which it can be killed, at least
    "train": (HANDGRAD, TRAIN, 60),
    "csv": (HANDGRAD, "export new.safetensors out", 24),
    "onnx": (HANDGRAD, "export new.safetensors out.onnx", 6),
    "h": (HANDGRAD, "export new.safetensors out.h", 6),
    "html": (HANDGRAD, "export new.safetensors out.html", 6),
    "convert": (LITTLE_MEMORY, "data show table.csv", 18),
    "draw": (DRAW, "digits.csv", 2),
    "draw first": (DRAW, "new.csv", 12),
}


class Place:
    """A folder with the files that exist before a command, and the command."""

    def __init__(self, folder: Path, command: str) -> None:
        self.old, self.here = folder / "old", folder / "here"
        self.program, arguments, self.moments = COMMANDS[command]
        self.arguments = arguments.split()
        self.library = folder / "crash.c"
        self.library.write_text(LIBRARY, "utf-8")
        self.library = compile_c(self.library, "-shared", "-fPIC")
        self.old.mkdir()
        for seed, name in enumerate(("new", "out")):
            layers, classes = [hg.Dense(3), hg.ReLU(), hg.Dense(10)], tuple("0123456789")
            rng, scaling = np.random.default_rng(seed), Scaling.of_bytes()
            network = hg.Network(layers, (784,), rng, scaling=scaling, classes=classes, **DIGITS)
            hg.save_model(network, self.old / f"{name}.safetensors")
        for ending in ("", ".onnx", ".h", ".html"):
            hg.export(network, self.old / f"out{ending}", None if ending else "csv")
        add_to_collection(self.old / "digits.csv", np.zeros((1, 28, 28), np.uint8), ["0"])
        (self.old / "table.csv").write_text("a,b,label\n" + "1,2,x\n2,1,y\n" * 20, "utf-8")

    def begin(self) -> None:
        """Go back to the files before the command."""
        shutil.rmtree(self.here, ignore_errors=True)
        shutil.copytree(self.old, self.here)

    def run(self, crash_at: int = 0) -> int:
        """Run the command, or resume the training, to a moment or to the end; return the exit status."""
        arguments = self.arguments
        if (self.here / "RUN" / "checkpoint.safetensors").exists():
            arguments = ["resume", "RUN", "--threads", "1"]
        environment = os.environ | {
            "HANDGRAD_CACHE": str(self.here / "cache"),
            "LD_PRELOAD": str(self.library),
            "CRASH_AT": str(crash_at),
            "PYTHONDONTWRITEBYTECODE": "1",  # Python renames the files of its bytecode, too
        }
        command = [sys.executable, "-c", self.program, *arguments]
        done = subprocess.run(command, cwd=self.here, env=environment, capture_output=True, text=True)
        assert not done.stderr
        return done.returncode

    def found(self) -> tuple[dict[str, bytes], list[hg.Record]]:
        """Return all files but those with times, and the records without times."""
        records = hg.load_records(self.here / "RUN") if (self.here / "RUN").exists() else []
        return files(self.here), timeless(records)


def parameter_files(found: dict[str, bytes]) -> dict[str, bytes]:
    """Return the files of a network that a folder of CSV files holds."""
    return {name: content for name, content in found.items() if re.fullmatch(r"out/[wb]\d\.csv", name)}


@pytest.mark.parametrize(
    ("command", "step"),
    [
        ("train", 100),
        *(
            pytest.param(command, 1 + 2 * (command == "train"), marks=pytest.mark.slow)
            for command in COMMANDS
        ),
    ],
)
def test_a_killed_command_is_completed_by_the_next(tmp_path: Path, command: str, step: int) -> None:
    place = Place(tmp_path, command)
    place.begin()
    before, _ = place.found()
    complete = []
    for _ in range(2):
        assert place.run() == 0
        complete.append(place.found())
    after, _ = complete[0]
    assert after != before
    for moment in count(step, step):
        place.begin()
        if (status := place.run(moment)) == 0:
            break
        assert status == -SIGKILL
        left, _ = place.found()
        for name in left:
            assert UNFINISHED in name or left[name] in (before.get(name), after[name]), (moment, name)
        exported = parameter_files(left)
        assert "out/w1.csv" not in exported or exported in map(parameter_files, (before, after)), moment
        assert place.run() == 0
        assert place.found() in complete, moment  # and no temporary file is left
    assert moment > place.moments
