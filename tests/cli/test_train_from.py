"""``handgrad train --from`` and ``--attached``."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from failing import fails
from fixture_types import Cli
from handgrad.cli.main import main
from handgrad.data.collection import add_to_collection
from handgrad.data.strokes import generate
from handgrad.exports.formats import load_model
from handgrad.locks import is_held
from handgrad.model.files import save_model
from served import small_network

DATA = ("--data", "strokes:300:1")


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("first") / "run"
    assert main(["train", *DATA, "--hidden", "12", "--steps", "60", "--quiet", "--out", str(folder)]) == 0
    return folder


@pytest.mark.slow
def test_it_goes_on_from_a_model_with_digits_of_ones_own_and_keeps_all_classes(
    cli: Cli, first: Path, tmp_path: Path
) -> None:
    images, labels = generate(40, 4)
    few = np.flatnonzero(labels < 3)[:6]
    add_to_collection(tmp_path / "digits" / "mine.npz", images[few], [str(n) for n in labels[few]])
    arguments = ("--from", first, "--data", "digits/mine.npz", "--steps", "1", "--learning-rate", "1e-6")
    assert cli("train", *arguments, "--out", "tuned").returncode == 0
    before, after = load_model(first), load_model(tmp_path / "tuned")
    assert after.classes == before.classes
    np.testing.assert_allclose(after.flat_parameters, before.flat_parameters, atol=1e-5)
    # The recipe that the run leaves replays it.
    assert cli("train", "tuned/recipe.toml", "--out", "again").returncode == 0
    assert load_model(tmp_path / "again").flat_parameters.tobytes() == after.flat_parameters.tobytes()


def test_what_does_not_fit_is_one_line_and_leaves_nothing(
    first: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    np.savez(tmp_path / "two.npz", images=np.zeros((4, 28, 28), np.uint8), labels=[0, 1, 0, 1])
    np.savez(tmp_path / "small.npz", images=np.zeros((20, 9, 9), np.uint8), labels=np.arange(20) % 10)
    save_model(small_network(), tmp_path / "bare.safetensors")
    broadcast = ("--from", str(first))
    for telling, arguments in (
        ("layer 0", ("classic", *broadcast, *DATA)),
        ("layer 0", (*broadcast, "--hidden", "13", *DATA)),
        ("classes", (*broadcast, "--data", "two.npz")),
        ("inputs", (*broadcast, "--data", "small.npz")),
        ("does not exist", ("--from", "nowhere", *DATA)),
        ("train RECIPE --from", ("--from", "bare.safetensors", *DATA)),
    ):
        assert main(["train", *arguments, "--out", "RUN"]) == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert telling in line
        assert any(name in line for name in (str(first), "nowhere", "bare.safetensors"))
    assert not (tmp_path / "RUN").exists()


@pytest.mark.slow
def test_two_do_not_train_in_one_folder_and_the_end_of_input_interrupts(cli: Cli, tmp_path: Path) -> None:
    arguments = ("--data", "strokes:2000:1", "--batch-size", "50", "--epochs", "5000", "--out", "RUN")
    process = subprocess.Popen(
        [sys.executable, "-m", "handgrad", "train", *arguments, "--json", "--attached"],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    assert is_held(tmp_path / "RUN")
    fails(cli, "RUN", "resume", "RUN", telling="another program")
    _, told = process.communicate(timeout=60)  # which closes its input
    assert process.returncode == 130
    assert "handgrad resume RUN" in told
    assert not is_held(tmp_path / "RUN")
    assert load_model(tmp_path / "RUN" / "model.safetensors").flat_parameters.size == 7960
