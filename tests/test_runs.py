"""Run folders: what a run leaves, and what it never touches."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from handgrad.errors import HandgradError
from handgrad.recipes.data import open_splits
from handgrad.recipes.loading import load_recipe, override
from handgrad.runs import Run


def new_run(folder: Path | None, seed: int = 0, steps: int = 3) -> Run:
    changes = {"data": {"source": "strokes:60"}, "training": {"steps": steps}, "seed": seed}
    recipe = override(load_recipe("classic"), changes, "test")
    return Run.start(recipe, open_splits(recipe), folder)


def fail(run: Run) -> None:
    with run.open():
        raise KeyError


@pytest.mark.parametrize("existing", [False, True])
def test_new_run_that_fails_leaves_the_folder_as_it_was(tmp_path: Path, existing: bool) -> None:
    folder = tmp_path / "RUN"
    if existing:
        folder.mkdir()
        (folder / "mine").touch()
    with pytest.raises(KeyError):
        fail(new_run(folder))
    assert [path.name for path in folder.glob("*")] == ["mine"] * existing
    assert folder.exists() == existing


def test_resumed_run_that_fails_is_kept(tmp_path: Path) -> None:
    with new_run(tmp_path / "RUN").open():
        pass
    with pytest.raises(KeyError):
        fail(Run.resume(tmp_path / "RUN"))
    with (run := Run.resume(tmp_path / "RUN")).open():
        list(run.train(1))
    assert run.finished


def test_second_of_two_runs_that_start_together_is_refused(tmp_path: Path) -> None:
    first, second = (new_run(tmp_path / "RUN", seed) for seed in (1, 2))
    with first.open():
        list(first.train(1))
    before = {path: path.read_bytes() for path in (tmp_path / "RUN").glob("*.*")}
    with pytest.raises(HandgradError, match="already holds a run"), second.open():
        pass
    assert {path: path.read_bytes() for path in (tmp_path / "RUN").glob("*.*")} == before


def test_unnamed_runs_that_start_together_get_their_own_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "classic-2").mkdir(parents=True)
    runs = [new_run(None) for _ in range(6)]

    def begin(run: Run) -> None:
        with run.open():
            list(run.train(1))

    with ThreadPoolExecutor(len(runs)) as pool:
        list(pool.map(begin, runs))
    assert {run.folder for run in runs} == {Path("runs", f"classic-{n}") for n in (1, 3, 4, 5, 6, 7)}
    failing = new_run(None)
    with pytest.raises(KeyError):
        fail(failing)
    assert not failing.folder.exists()


def test_run_is_finished_after_its_last_step(tmp_path: Path) -> None:
    run = new_run(tmp_path / "RUN", steps=5)
    assert (run.total_steps, run.finished) == (5, False)
    with run.open():
        list(run.train(1, stop=lambda: run.state.step == 2))
        assert (run.state.step, run.finished) == (2, False)
    resumed = Run.resume(tmp_path / "RUN")
    with resumed.open():
        list(resumed.train(1))
    assert (resumed.state.step, resumed.finished) == (5, True)
