"""Wrong usage of every command, exit statuses, and error lines."""

from pathlib import Path

import pytest

import handgrad as hg
from failing import misused
from fixture_types import Cli
from handgrad.cli.main import describe
from handgrad.cli.options import parse_duration
from networks import DIGITS
from program import commands

USAGE = [
    ("trian", "Did you mean 'train'?"),
    ("data lst", "Did you mean 'list'?"),
    ("data", "a command is missing"),
    ("train --epoch 3", "--epoch"),
    ("train clasic", "did you mean 'classic'?"),
    ("train mlp strokes:50", "strokes:50"),
    ("train mlp --data strokes:50 --out RUN --epochs 3 --steps 3", "--epochs or --steps"),
    ("train convnet --data strokes:50 --out RUN --hidden 5", "--hidden"),
    ("train mlp --data strokes:50 --out RUN --set training.epoch=3", "did you mean 'training.epochs'? see"),
    ("train mlp --validation 2.0", "a number of examples, a fraction between 0 and 1, or a data source"),
    ("tune strokes:x", "strokes:x"),
    ("check clasic", "did you mean 'classic'?"),
    ("recipes show clasic", "did you mean 'classic'? see"),
    ("data show strokes:x", "strokes:x"),
    ("predict RUN", "FILE"),
    ("evaluate m.safetensors --target a", "--target"),
    ("export m.safetensors", "OUT"),
    ("export m.safetensors x.xml", "--format"),
    ("export m.safetensors x.onnx --int8", "--int8"),
    ("explain m.safetensors 3.png --data mnist", "--data"),
    ("explain m.safetensors 3.png --split test", "--split"),
    ("data clear", "--all"),
    ("data clear strokes --all", "--all"),
]
COMMANDS = {  # with arguments that are valid
    "train": "mlp --data strokes:50 --out RUN",
    "resume": "RUN",
    "tune": "strokes:50 --out RUN",
    "evaluate": "m.safetensors",
    "predict": "m.safetensors x.png",
    "explain": "m.safetensors 0",
    "plot": "m.safetensors",
    "export": "m.safetensors x.onnx",
    "data show": "strokes:50",
    "learn hint": "1",
    "learn grade": "class",
}
LONG = "9" * 5000
COUNTS, TIMES = ["0", "-3", "1.5", "x", LONG], ["0", "-5s", "5d", "soon", "nan", ","]
SETTINGS = ["training", "[x]", "=3", "training=3", "a.b.c=3", f"seed={LONG}", "data.source=strokes:x"]
SETTINGS += ['data.target=["a","a"]']
SETTINGS += ["training.epochs=x", "optimizer.type=Adm", "optimizer.beta1=2", "network.layers=[]", "name=../x"]
VALUES = {  # bad ones, of each option
    "--against": ["years"],
    "--batch-size": [*COUNTS, "many", "true"],
    "--data": ["strokes:x", "strokes:0", "strokes:5:x"],
    "--epochs": COUNTS,
    "--format": ["pdf", "ONNX"],
    "--hidden": [*COUNTS, "12,,3", "1_0", "12 13"],
    "--label": ["x"],
    "--learning-rate": ["0", "-1", "nan", "inf", "x"],
    "--max-pixels": ["5", "x"],
    "--port": ["70000", "-1", "http"],
    "--quota": ["-1", "nan", "inf", "x"],
    "--recipe": ["mpl"],
    "--seed": ["-1", "1.5", "x", LONG],
    "--set": SETTINGS,
    "--split": ["tset", "Test"],
    "--steps": COUNTS,
    "--target": ["a --target a"],
    "--task": ["ranking"],
    "--threads": [*COUNTS, "9999"],
    "--time": TIMES,
    "--time-limit": TIMES,
    "--trace": ["z1[0", "[0]", "z1[-1]", "z1[a]"],
    "--token": ["short", "a/b"],
    "--validation": ["-3", "1.5", "0.0", "nan", "true", "[1]", "strokes:x"],
}
ANY_TEXT = {
    "--from",
    "--out",
    "--runs",
    "--data-folder",
    "--host",
    "--folder",
    "--add",
    "--csv",
    "--exercise",
}


OPTIONS = [
    (name, param.opts[0], param.is_flag)
    for name, command in commands().items()
    for param in command.params
    if param.param_type_name == "option" and param.opts[0] not in ANY_TEXT
]


@pytest.fixture
def model(tmp_path: Path) -> None:
    hg.save_model(hg.Network([hg.Dense(10)], (784,), **DIGITS), tmp_path / "m.safetensors")


@pytest.mark.parametrize(("command", "word"), USAGE, ids=[command[-40:] for command, _ in USAGE])
def test_wrong_usage_is_status_two(cli: Cli, model: None, tmp_path: Path, command: str, word: str) -> None:
    misused(cli, word, *command.split())
    assert not (tmp_path / "RUN").exists()


@pytest.mark.parametrize(("command", "option", "flag"), OPTIONS)
def test_a_bad_value_is_status_two(
    cli: Cli, model: None, tmp_path: Path, command: str, option: str, flag: bool
) -> None:
    for value in ["=maybe"] if flag else VALUES[option]:
        given = f"{option}{value}" if flag else f"{option} {value}"
        misused(cli, "", *command.split(), *COMMANDS.get(command, "").split(), *given.split())
    assert not (tmp_path / "RUN").exists()


@pytest.mark.parametrize("command", ["train", "train --out", "evaluate m --data", "export m", "serve --runs"])
@pytest.mark.parametrize("empty", ["", " ", "--out="])
def test_an_empty_argument_is_not_a_default(cli: Cli, tmp_path: Path, command: str, empty: str) -> None:
    misused(cli, "empty", *command.split(), empty)
    assert not list(tmp_path.iterdir())


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
        cli("train", "none.toml")
