"""Run folders: what a run leaves, and what it never touches."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

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
