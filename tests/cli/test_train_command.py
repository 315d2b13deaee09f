"""``handgrad train`` and ``handgrad resume``, as processes of their own."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from fixture_types import Cli
from handgrad.exports.formats import load_model
from handgrad.files import UNFINISHED

RECORD = [
    "step",
    "epoch",
    "loss",
    "train_accuracy",
    "validation_loss",
    "validation_accuracy",
    "learning_rate",
    "seconds",
    "examples_per_second",
]
SMALL = ("--data", "strokes:300:1")


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_run_leaves_all_that_a_run_holds(cli: Cli, tmp_path: Path) -> None:
    done = cli("train", "classic", *SMALL, "--steps", "60", "--out", "RUN", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    *records, result = lines(done.stdout)
    assert [list(record) for record in records] == [RECORD] * 3
    assert [record["step"] for record in records] == [0, 50, 59]
    assert set(result) == {"run", "interrupted", "test_examples", "test_loss", "test_accuracy"}
    run = tmp_path / "RUN"
    names = sorted(str(path.relative_to(run)) for path in run.rglob("*") if path.is_file())
    assert names == [
        "checkpoint.safetensors",
        "final_config/b1.csv",
        "final_config/b2.csv",
        "final_config/w1.csv",
        "final_config/w2.csv",
        "log.jsonl",
        "model.safetensors",
        "recipe.toml",
    ]
    assert lines((run / "log.jsonl").read_text()) == records
    model, parameters = load_model(run), load_model(run / "final_config")
    assert model.flat_parameters.tobytes() == parameters.flat_parameters.tobytes()


def test_the_saved_recipe_replays_the_run_bit_for_bit(cli: Cli, tmp_path: Path) -> None:
    overrides = (
        "--seed",
        "5",
        "--batch-size",
        "64",
        "--epochs",
        "2",
        "--hidden",
        "12,8",
        "--learning-rate",
        "0.2",
    )
    assert cli("train", *SMALL, *overrides, "--threads", "2", "--out", "first").returncode == 0
    again = cli("train", tmp_path / "first" / "recipe.toml", "--threads", "2", "--out", "second")
    assert again.returncode == 0
    first, second = (load_model(tmp_path / name) for name in ("first", "second"))
    assert first.parameters[0].weights.shape == (12, 784)
    assert first.flat_parameters.tobytes() == second.flat_parameters.tobytes()


def test_plain_lines_when_piped(cli: Cli) -> None:
    done = cli("train", *SMALL, "--steps", "51")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert "784-10-10: 7,960 parameters" in done.stdout
    assert "test " in done.stdout
    assert "runs/classic-1" in done.stdout
    assert cli("train", *SMALL, "--steps", "1").stdout.splitlines()[-1].endswith("runs/classic-2")


def test_quiet_prints_nothing(cli: Cli) -> None:
    done = cli("train", *SMALL, "--steps", "2", "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.slow
def test_a_terminal_gets_a_progress_bar(tmp_path: Path) -> None:
    read, write = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "handgrad", "train", *SMALL, "--steps", "4000"],
        stdout=write,
        stderr=write,
        cwd=tmp_path,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100", "LINES": "30"},
    )
    os.close(write)
    shown = b""
    while True:
        try:
            piece = os.read(read, 65536)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    os.close(read)
    assert process.wait(60) == 0
    text = shown.decode()
    assert "of 4,000" in text
    assert "left" in text
    assert "3,950" in text
    assert "saved" in text


@pytest.mark.slow
def test_without_data_it_trains_on_strokes_and_says_so(cli: Cli, tmp_path: Path) -> None:
    done = cli("train", "--steps", "1", "--out", "RUN", "--json")
    assert done.returncode == 0
    (notice,) = done.stderr.splitlines()
    assert "strokes" in notice
    assert 'source = "strokes"' in (tmp_path / "RUN" / "recipe.toml").read_text()


def test_mnist_that_was_asked_for_is_not_exchanged(cli: Cli, tmp_path: Path) -> None:
    done = cli("train", "--data", "mnist", "--out", "RUN")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "127.0.0.1" in done.stderr
    assert not (tmp_path / "RUN").exists()


@pytest.mark.slow
def test_a_table_of_ones_own(cli: Cli, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 3))
    rows = [f"{a:.3f},{b:.3f},{c:.3f},{'warm' if a + b > 0 else 'cold'}" for a, b, c in x]
    (tmp_path / "weather.csv").write_text("\n".join(["wind,sun,rain,label", *rows]) + "\n")
    done = cli("train", "--data", "weather.csv", "--steps", "300", "--learning-rate", "0.5", "--out", "RUN")
    assert done.returncode == 0, done.stderr
    assert "no test split" in done.stdout
    measured = cli("evaluate", "RUN", "--split", "train", "--json")
    assert lines(measured.stdout)[0]["accuracy"] > 0.9
    assert lines(measured.stdout)[0]["classes"] == ["cold", "warm"]


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_interrupted_and_resumed_equals_never_interrupted(
    cli: Cli, tmp_path: Path, number: signal.Signals
) -> None:
    arguments = ("--data", "strokes:3000:1", "--batch-size", "50", "--epochs", "100", "--threads", "2")
    assert cli("train", *arguments, "--out", "straight", "--quiet").returncode == 0
    command = [sys.executable, "-m", "handgrad", "train", *arguments, "--out", "broken", "--json"]
    process = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for _ in range(3):
        process.stdout.readline()
    process.send_signal(number)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "handgrad resume broken" in told
    assert len(told.splitlines()) == 1
    state = json.loads((tmp_path / "broken" / "log.jsonl").read_text().splitlines()[-1])
    assert state["step"] < 100 * 60 - 1
    assert load_model(tmp_path / "broken").flat_parameters.size == 7960
    assert cli("resume", "broken", "--threads", "2", "--json").returncode == 0
    for name in ("straight", "broken"):
        tensors = load_file(tmp_path / name / "model.safetensors")
        assert set(tensors) >= {"layers.0.weights", "layers.2.biases"}
    straight, broken = (load_model(tmp_path / name).flat_parameters for name in ("straight", "broken"))
    assert straight.tobytes() == broken.tobytes()


def test_killed_and_resumed_equals_never_killed(cli: Cli, tmp_path: Path) -> None:
    arguments = ("--data", "strokes:3000:1", "--batch-size", "50", "--epochs", "100", "--threads", "2")
    assert cli("train", *arguments, "--out", "straight", "--quiet").returncode == 0
    command = [sys.executable, "-m", "handgrad", "train", *arguments, "--out", "killed", "--json"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for _ in range(4):
        process.stdout.readline()
    time.sleep(0.05)
    process.kill()
    process.communicate()
    (tmp_path / "killed" / f"{UNFINISHED}abc").write_text("half")  # as a kill in mid-write leaves it
    resumed = cli("resume", "killed", "--threads", "2", "--json")
    assert resumed.returncode == 0, resumed.stderr
    straight, killed = (load_model(tmp_path / name).flat_parameters for name in ("straight", "killed"))
    assert straight.tobytes() == killed.tobytes()
    steps = [record["step"] for record in lines((tmp_path / "killed" / "log.jsonl").read_text())]
    assert steps == list(range(59, 6000, 60))
    assert not [path for path in (tmp_path / "killed").iterdir() if path.name.startswith(".")]


@pytest.mark.slow
def test_a_time_limit_ends_it_and_resume_goes_on(cli: Cli) -> None:
    limited = cli("train", *SMALL, "--steps", "100000", "--time-limit", "0.2s", "--out", "RUN")
    assert limited.returncode == 0
    assert "time is up" in limited.stdout
    more = cli("resume", "RUN", "--time-limit", "0.2s", "--json")
    assert more.returncode == 0
    assert lines(more.stdout)[-1]["interrupted"] is True


def test_divergence_keeps_the_last_good_model(cli: Cli, tmp_path: Path) -> None:
    done = cli("train", *SMALL, "--learning-rate", "1e6", "--hidden", "30,30,30", "--out", "RUN")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "diverged at step" in line
    assert "Saved in RUN" in line
    assert np.isfinite(load_model(tmp_path / "RUN").flat_parameters).all()


@pytest.mark.slow
def test_interrupted_before_it_began_it_says_so(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "handgrad", "train", "--data", "strokes:60000", "--out", "RUN"]
    process = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert len(told.splitlines()) == 1
    assert "interrupted" in told or "handgrad resume RUN" in told


@pytest.mark.slow
def test_what_the_caller_ignores_stays_ignored(cli: Cli, tmp_path: Path) -> None:
    command = f"nohup {sys.executable} -m handgrad train --data strokes:300:1 --steps 3000 --out RUN --json"
    process = subprocess.Popen(command.split(), cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGHUP)
    told, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert json.loads(told.splitlines()[-1])["interrupted"] is False


@pytest.mark.slow
def test_a_finished_run_says_that_it_is(cli: Cli) -> None:
    assert cli("train", *SMALL, "--steps", "3", "--out", "RUN").returncode == 0
    done = cli("resume", "RUN")
    assert done.returncode == 0
    assert "already finished after 3 steps" in done.stdout


@pytest.mark.slow
def test_a_lesson_is_not_told_of_a_changed_recipe(cli: Cli) -> None:
    assert "every step sees every example" in cli("train", *SMALL, "--time-limit", "0.1s").stdout
    assert "every step" not in cli("train", *SMALL, "--batch-size", "50", "--epochs", "1").stdout


def test_resume_refuses_what_is_no_run(cli: Cli, tmp_path: Path) -> None:
    for folder in ("nowhere", tmp_path):
        done = cli("resume", folder)
        assert done.returncode == 1
        assert "checkpoint.safetensors" in done.stderr


@pytest.mark.slow
def test_a_run_is_never_overwritten(cli: Cli, tmp_path: Path) -> None:
    assert cli("train", *SMALL, "--steps", "1", "--out", "RUN").returncode == 0
    before = (tmp_path / "RUN" / "model.safetensors").read_bytes()
    done = cli("train", *SMALL, "--steps", "1", "--seed", "1", "--out", "RUN")
    assert done.returncode == 1
    assert "already holds a run" in done.stderr
    assert (tmp_path / "RUN" / "model.safetensors").read_bytes() == before


@pytest.mark.parametrize("blocks", [0, 20])
def test_a_full_disk_gets_one_line_and_leaves_nothing_half_written(
    tmp_path: Path, idx_folder: Path, blocks: int
) -> None:
    """A limit on the size of files stands in for the disk: no file can grow past it."""
    limited = "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
    limited += f"resource.setrlimit(resource.RLIMIT_FSIZE, ({blocks * 1024},) * 2);"
    limited += "from handgrad.cli.main import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", limited, "train", "--data", str(idx_folder), "--steps", "60", "--out", "RUN"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "cannot write" in done.stderr
    assert not (tmp_path / "RUN").exists()


@pytest.mark.parametrize("name", ["w1.csv", "b2.csv"])
def test_parameters_of_others_are_never_overwritten(cli: Cli, tmp_path: Path, name: str) -> None:
    (tmp_path / "final_config").mkdir()
    (tmp_path / "final_config" / name).write_text("precious")
    done = cli("train", *SMALL, "--steps", "1", "--out", ".")
    assert done.returncode == 1
    assert "final_config" in done.stderr
    assert (tmp_path / "final_config" / name).read_text() == "precious"


def change(run: Path, old: str, new: str) -> None:
    path = run / "recipe.toml"
    path.write_text(path.read_text().replace(old, new))


def test_resume_refuses_another_recipe_and_other_data(cli: Cli, tmp_path: Path, idx_folder: Path) -> None:
    arguments = ("--data", idx_folder, "--steps", "1000", "--time-limit", "0.1s", "--out", "RUN")
    assert cli("train", *arguments).returncode == 0
    whole = (tmp_path / "RUN" / "recipe.toml").read_text()
    for old, new in (("learning_rate = 0.1", "learning_rate = 0.2"), ("units = 10", "units = 20")):
        change(tmp_path / "RUN", old, new)
        done = cli("resume", "RUN")
        assert (done.returncode, done.stdout) == (1, "")
        assert "recipe.toml is not what the run was begun with" in done.stderr
        (tmp_path / "RUN" / "recipe.toml").write_text(whole)
    labels = idx_folder / "train-labels-idx1-ubyte"
    labels.write_bytes(labels.read_bytes()[:-1] + bytes([(labels.read_bytes()[-1] + 1) % 10]))
    done = cli("resume", "RUN")
    assert (done.returncode, done.stdout) == (1, "")
    told = "these are not the data that the training was begun with: other "
    assert done.stderr.startswith(f"handgrad: {idx_folder}: {told}")
    assert done.stderr.endswith("numbers or labels in them; resume it with those, or train anew\n")


@pytest.mark.slow
def test_a_damaged_log_does_not_keep_from_resuming(cli: Cli, tmp_path: Path) -> None:
    assert cli("train", *SMALL, "--steps", "1000", "--time-limit", "0.1s", "--out", "RUN").returncode == 0
    with (tmp_path / "RUN" / "log.jsonl").open("ab") as file:
        file.write(b'5\n[]\n{"a": 1}\n{"step": "x"}\n\xff\n{"step": 7')
    assert cli("resume", "RUN", "--time-limit", "0.1s").returncode == 0
    for line in (tmp_path / "RUN" / "log.jsonl").read_text().splitlines():
        assert list(json.loads(line)) == RECORD


@pytest.mark.slow
def test_killed_before_its_first_record_it_can_be_resumed(cli: Cli, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "handgrad", "train", *SMALL, "--out", "RUN"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL)
    while not (tmp_path / "RUN" / "recipe.toml").exists():
        time.sleep(0.005)
    process.kill()
    process.wait()
    assert cli("resume", "RUN", "--json").returncode == 0


@pytest.mark.parametrize("redirection", [">&-", "> /dev/full"])
def test_without_an_output_nothing_is_left_behind_or_all_is_done(tmp_path: Path, redirection: str) -> None:
    command = f"{sys.executable} -m handgrad train --data strokes:300:1 --steps 5 --out RUN {redirection}"
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True)
    assert len(done.stderr.splitlines()) == done.returncode
    assert (tmp_path / "RUN" / "model.safetensors").exists() == (done.returncode == 0)
    assert (tmp_path / "RUN").exists() == (done.returncode == 0)


def test_an_output_without_unicode_is_served(cli: Cli) -> None:
    done = cli("train", *SMALL, "--steps", "1", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert "1?28?28" in done.stdout


@pytest.mark.parametrize(
    "command",
    [("recipes",), ("recipes", "mlp"), ("--version",), ("train", *SMALL, "--steps", "5"), ("data", SMALL[1])],
)
def test_a_full_standard_output_gets_one_line(tmp_path: Path, command: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "handgrad", *command],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 1
    told = "cannot write to standard output: No space left on device"
    assert done.stderr == f"handgrad: {told}; choose another place or make room there\n"


def test_a_reader_that_has_seen_enough_is_no_failure(tmp_path: Path) -> None:
    command = f"{sys.executable} -m handgrad train --data strokes:300:1 --steps 2000 --json | head -n 1"
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True)
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 1
    assert (tmp_path / "runs" / "classic-1" / "model.safetensors").exists()
