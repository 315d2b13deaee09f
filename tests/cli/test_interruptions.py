"""Trainings that are interrupted, killed, or cannot write, as processes."""

import json
import os
import pty
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from signal import SIGHUP, SIGINT, SIGKILL, SIGTERM, Signals

import pytest

import handgrad as hg
from failing import fails, prints
from fixture_types import Begin, Cli
from handgrad.files import UNFINISHED
from handgrad.locks import is_locked
from networks import parameters, timeless
from rank_fixtures import PROGRAM

slow = pytest.mark.slow

SMALL = ("train", "--data", "strokes:300:1", "--steps")
LONG = (
    "train mlp --data strokes:3000:1 --validation 300 --hidden 16 --batch-size 50 --epochs 30 --threads 2"
    " --set augmentation.shift=1 --set averaging.type=ExponentialAverage --set early_stopping.patience=99"
)


@pytest.mark.parametrize("number", [SIGINT, *(pytest.param(n, marks=slow) for n in (SIGTERM, SIGKILL))])
def test_resumed_equals_uninterrupted(cli: Cli, begin: Begin, tmp_path: Path, number: Signals) -> None:
    prints(cli, f"{LONG} --out straight")
    run = tmp_path / "RUN"
    process = begin(*PROGRAM, *LONG.split(), "--out", "RUN", records=3)
    process.send_signal(number)
    _, printed = process.communicate(timeout=60)
    if number == SIGKILL:
        (run / "final_config").mkdir()
        for folder in (run, run / "final_config"):
            (folder / f"{UNFINISHED}abc").write_text("half")  # as a kill during a write leaves it
    else:
        assert process.returncode == 130
        (line,) = printed.splitlines()
        assert "handgrad resume RUN" in line
        assert hg.load_model(run).flat_parameters.size == 12_730
    assert hg.load_records(run)[-1].step < 1619
    prints(cli, "resume RUN --threads 2")
    assert parameters(run) == parameters(tmp_path / "straight")
    complete = [record for record in hg.load_records(run) if record.step % 54 == 53]
    assert timeless(complete) == timeless(hg.load_records(tmp_path / "straight"))
    assert not list(run.rglob(f"{UNFINISHED}*"))


@slow
def test_a_signal_that_the_caller_ignores_stays_ignored(begin: Begin) -> None:
    process = begin("nohup", *PROGRAM, *SMALL, "3000")
    process.send_signal(SIGHUP)
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert json.loads(printed.splitlines()[-1])["interrupted"] is False


def test_a_folder_is_trained_in_once_and_end_of_input_stops(cli: Cli, begin: Begin, tmp_path: Path) -> None:
    endless = "train --data strokes:2000:1 --batch-size 50 --epochs 5000 --out RUN --attached"
    process = begin(*PROGRAM, *endless.split())
    assert is_locked(tmp_path / "RUN")
    fails(cli, "RUN", "resume", "RUN", detail="another program")
    _, printed = process.communicate(timeout=60)  # which closes its input
    assert process.returncode == 130
    assert "handgrad resume RUN" in printed
    assert not is_locked(tmp_path / "RUN")
    assert hg.load_model(tmp_path / "RUN" / "model.safetensors").flat_parameters.size == 7960


@slow
def test_a_terminal_gets_a_progress_bar(tmp_path: Path) -> None:
    shown = bytearray()
    read, write = pty.openpty()
    terminal = os.environ | {"TERM": "xterm"}
    with subprocess.Popen([*PROGRAM, *SMALL, "4000"], stdout=write, cwd=tmp_path, env=terminal):
        os.close(write)
        with suppress(OSError):  # at its end
            while piece := os.read(read, 65536):
                shown += piece
    os.close(read)
    assert all(part in shown.decode() for part in ("of 4,000", "3,950", "saved"))
    assert re.search(rb"\d:\d\d:\d\d", shown)


@pytest.mark.parametrize(
    ("blocks", "existing"),
    [(0, True), (20, False), *(pytest.param(*case, marks=slow) for case in ((0, False), (20, True)))],
)
def test_a_full_disk_leaves_nothing(tmp_path: Path, idx_folder: Path, blocks: int, existing: bool) -> None:
    """A limit on the size of files stands in for the disk. A folder that existed before is kept."""
    if existing:
        (tmp_path / "RUN").mkdir()
    limited = "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
    limited += f"resource.setrlimit(resource.RLIMIT_FSIZE, ({blocks * 1024},) * 2);"
    limited += "from handgrad.cli.main import main; sys.exit(main(sys.argv[1:]))"
    arguments = f"train --data {idx_folder} --steps 60 --out RUN"
    command = [sys.executable, "-c", limited, *arguments.split()]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    (line,) = done.stderr.splitlines()
    assert "cannot write" in line
    assert (tmp_path / "RUN").exists() == existing
    assert not list(tmp_path.glob("RUN/*"))


def test_places_that_cannot_be_written(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for place in ("file", "file/RUN", "/dev/full", "/proc/RUN"):
        fails(cli, place.split("/")[-1], "train", "--data", "strokes:50", "--steps", "1", "--out", place)
    fails(cli, "name a folder", "train", "--data", "strokes:50", "--steps", "1", "--out", "file")
    assert (tmp_path / "file").read_text() == "mine"
