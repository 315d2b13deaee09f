"""Run folders: what a run leaves, and what it never touches."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import handgrad as hg
from handgrad.recipes.loading import override
from handgrad.runs import Run


def new_run(folder: Path | None, seed: int = 0) -> Run:
    changes = {"data": {"source": "strokes:60"}, "training": {"steps": 5}, "seed": seed}
    return Run.start(override(hg.load_recipe("classic"), changes, "test"), folder)


def fail(run: Run) -> None:
    with pytest.raises(KeyError), run.open():
        raise KeyError


def train(run: Run, until: int = 5) -> None:
    with run.open():
        list(run.train(1, stop=lambda: run.state.step == until))
    assert (run.state.step, run.finished) == (until, until == 5)


def test_resumed_run_that_fails_is_kept(tmp_path: Path) -> None:
    train(new_run(tmp_path / "RUN"), until=2)
    fail(Run.resume(tmp_path / "RUN"))
    train(Run.resume(tmp_path / "RUN"))


def test_second_of_two_runs_that_start_together_is_refused(tmp_path: Path) -> None:
    first, second = (new_run(tmp_path / "RUN", seed) for seed in (1, 2))
    train(first)
    before = {path: path.read_bytes() for path in (tmp_path / "RUN").glob("*.*")}
    with pytest.raises(hg.HandgradError, match="already holds a run"), second.open():
        pass
    assert {path: path.read_bytes() for path in (tmp_path / "RUN").glob("*.*")} == before


def test_unnamed_runs_get_their_own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "classic-2").mkdir(parents=True)
    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(new_run, [None] * 4))
    assert {run.folder.name for run in runs} == {f"classic-{n}" for n in (1, 3, 4, 5)}
    fail(runs[0])
    assert not runs[0].folder.exists()


@pytest.mark.parametrize(
    "averaging", [None, {"type": "ExponentialAverage"}]
)  # several steps at a time; single ones
def test_a_watched_run_has_records_within_epochs_and_the_same_bits(tmp_path: Path, averaging: Any) -> None:
    data, training = {"source": "strokes:600"}, {"epochs": 2, "batch_size": 4}
    changes = {"data": data, "training": training} | ({"averaging": averaging} if averaging else {})
    recipe = override(hg.load_recipe("mlp"), changes, "test")
    results = []
    for watched in (False, True):
        run = Run.start(recipe, tmp_path / str(watched))
        with run.open():
            full = list(run.train(1, watched=watched))
        results.append((run.network.flat_parameters.tobytes(), run.state.rng.bit_generator.state))
        logged = hg.load_records(run.folder)
        assert [record.step for record in logged] == sorted({record.step for record in logged})
        assert [record for record in logged if record.validation_loss is not None] == full
        assert len(logged) == len(full) if not watched else 20 <= len(logged) <= 50
        within = [record for record in logged if record.epoch == 2]
        assert within[0].seconds > full[0].seconds
    assert results[0] == results[1]
