"""Wrong usage, help, completion, exit statuses, error lines, and standard output."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

import handgrad as hg
from failing import misused, prints
from fixture_types import Cli
from handgrad.cli.main import app, describe
from handgrad.cli.options import parse_duration
from handgrad.cli.output import emit, emit_json, error_line, table
from handgrad.errors import printable
from networks import DIGITS

Capture = pytest.CaptureFixture[str]
USAGE = [
    ("trian", "Did you mean 'train'?"),
    ("data lst", "Did you mean 'list'?"),
    ("data", "a command is missing"),
    ("train --epoch 3", "--epoch"),
    ("predict RUN", "FILE"),
    ("evaluate m.safetensors --split tset", "--split"),
    ("plot m.safetensors --against years", "--against"),
    ("export m.safetensors", "OUT"),
    ("export m.safetensors x.xml", "--format"),
    ("export m.safetensors x.onnx --int8", "--int8"),
    ("explain m.safetensors 3.png --data mnist", "--data"),
    ("explain m.safetensors 3.png --split test", "--split"),
    ("data clear", "--all"),
    ("data clear strokes --all", "--all"),
    ("serve --port 70000", "--port"),
]
VALUES = [  # of `handgrad train mlp`
    ("--learning-rate 0", "learning_rate"),
    ("--batch-size many", "batch_size"),
    ("--steps 0", "--steps"),
    ("--epochs -3", "--epochs"),
    ("--epochs 3 --steps 3", "steps or epochs"),
    ("--seed -1", "--seed"),
    ("--threads 0", "--threads"),
    ("--hidden 0", "units"),
    ("--hidden 12,,3", "--hidden"),
    ("--time-limit soon", "--time-limit"),
    ("--time-limit 0", "--time-limit"),
    ("--validation -3", "validation"),
    ("--set training.epoch=3", "did you mean 'epochs'?"),
    ("--set seed=" + "9" * 5000, "seed"),
    ("--set training=3", "training"),
    ("--set training", "KEY=VALUE"),
    ("--set [x]", "KEY=VALUE"),
    ("--hidden 1_0", "list of widths"),
    ("--set a.b.c=3", "unknown key"),
]
COMMANDS = [*USAGE, *((f"train mlp --data strokes:50 --out RUN {options}", word) for options, word in VALUES)]


@pytest.mark.parametrize(("command", "word"), COMMANDS, ids=[command[-40:] for command, _ in COMMANDS])
def test_wrong_usage_is_status_two(cli: Cli, tmp_path: Path, command: str, word: str) -> None:
    hg.save_model(hg.Network([hg.Dense(10)], (784,), **DIGITS), tmp_path / "m.safetensors")
    misused(cli, word, *command.split())
    assert not (tmp_path / "RUN").exists()


@pytest.mark.parametrize("command", ["train", "train --out", "evaluate m --data", "export m", "serve --runs"])
@pytest.mark.parametrize("empty", ["", " ", "--out="])
def test_an_empty_argument_is_not_a_default(cli: Cli, tmp_path: Path, command: str, empty: str) -> None:
    misused(cli, "empty", *command.split(), empty)
    assert not list(tmp_path.iterdir())


def test_help_of_every_command(cli: Cli) -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]
    for name, command in commands.items():
        assert name in prints(cli, "--help")
        for below in getattr(command, "commands", {"": None}):
            usage = prints(cli, f"{name} {below} --help").split("\n")[1]
            assert "......" not in usage
            assert "list[" not in usage
    assert prints(cli, "--version").startswith("handgrad 0.")
    assert cli().stdout == prints(cli, "--help")
    panels = prints(cli, "train --help")
    assert all(f"─ {panel} ─" in panels for panel in ("Data", "Recipe", "Run", "Output"))


@pytest.mark.slow
def test_completion(process: Cli) -> None:
    for words, completed in (("train conv", "convnet"), ("evaluate RUN --split val", "validation")):
        asked = {"COMP_WORDS": f"handgrad {words}", "COMP_CWORD": str(len(words.split()))}
        done = process(_HANDGRAD_COMPLETE="complete_bash", **asked)
        assert done.stdout.split() == [completed], done.stderr


@pytest.mark.parametrize(("text", "seconds"), [("60", 60), ("1.5m", 90), ("2h", 7200), (".5 s", 0.5)])
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("error", "status", "word"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (hg.HandgradError("two\nlines"), 1, "two"),
        (PermissionError(13, "Permission denied", "file"), 1, "file: Permission denied"),
        (MemoryError(), 1, "memory"),
        (ZeroDivisionError("division"), 1, "HANDGRAD_DEBUG=1"),
    ],
)
def test_errors_have_a_status_and_a_line(error: BaseException, status: int, word: str) -> None:
    found, line = describe(error)
    assert found == status
    assert word in line


def test_an_error_is_raised_for_debugging(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDGRAD_DEBUG", "1")
    with pytest.raises(hg.HandgradError):
        cli("train", "clasic")


def test_control_characters_never_reach_the_terminal(capsys: Capture) -> None:
    evil = "\x1b]0;title\x07a\x9b2J\u202eb"
    assert printable("größer\n→ 1×2") == "größer\n→ 1×2"
    emit(evil)
    emit(table([evil, "n"], [["a", "1"]]))
    assert table(["name", "n"], [["a", "1"], ["b", "1,000"]]) == "name      n\na         1\nb     1,000"
    printed = capsys.readouterr().out
    assert not set(printed) & {"\x1b", "\x07", "\x9b", "\u202e"}
    line = error_line("wrong:\x1b[31m\n  " + "y" * 2_300)
    assert len(line) <= 300
    assert line.startswith("handgrad: wrong:\N{REPLACEMENT CHARACTER}[31m yyy")


def test_json_is_always_valid(capsys: Capture) -> None:
    emit_json({"a": float("nan"), "b": [1.5, float("-inf")], "c": {"d": "\x1b\u202e"}, "e": True})
    (line,) = capsys.readouterr().out.splitlines()
    assert line.isprintable()
    assert json.loads(line) == {"a": None, "b": [1.5, None], "c": {"d": "\x1b\u202e"}, "e": True}


def shell(folder: Path, command: str) -> "subprocess.CompletedProcess[str]":
    program = ["bash", "-c", f"{sys.executable} -m handgrad {command}"]
    return subprocess.run(program, cwd=folder, capture_output=True, text=True)


@pytest.mark.parametrize("redirection", [">&-", "> /dev/full"])
@pytest.mark.parametrize("command", ["--help", "train --data strokes:300:1 --steps 5 --out RUN"])
def test_without_output_a_run_is_complete_or_absent(tmp_path: Path, redirection: str, command: str) -> None:
    done = shell(tmp_path, f"{command} {redirection}")
    assert len(done.stderr.splitlines()) == done.returncode == (redirection == "> /dev/full")
    assert "write" in done.stderr or not done.returncode
    assert (tmp_path / "RUN" / "model.safetensors").exists() == (not done.returncode and "RUN" in command)


def test_without_an_error_stream_nothing_is_printed(tmp_path: Path) -> None:
    done = shell(tmp_path, "trian 2>&-")
    assert (done.returncode, done.stdout) == (2, "")


def test_a_reader_that_has_gone_is_not_a_failure(tmp_path: Path) -> None:
    done = shell(tmp_path, "train --data strokes:300:1 --steps 2000 --json | head -n 1")
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 1
    assert (tmp_path / "runs" / "classic-1" / "model.safetensors").exists()


def test_an_output_without_unicode(process: Cli) -> None:
    done = process("check", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert "10?784" in done.stdout
