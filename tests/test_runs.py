"""Run folders: what a run leaves, and what it never touches."""

from pathlib import Path

import pytest

from handgrad.errors import HandgradError
from handgrad.recipes.data import open_splits
from handgrad.recipes.loading import load_recipe, override
from handgrad.runs import Run, next_folder


def new_run(folder: Path, seed: int = 0, steps: int = 3) -> Run:
    changes = {"data": {"source": "strokes:60"}, "training": {"steps": steps}, "seed": seed}
    recipe = override(load_recipe("classic"), changes, "test")
    return Run.start(recipe, open_splits(recipe), folder)


def fail_in(run: Run, steps: int) -> None:
    with run.open():
        for _, _ in zip(range(steps), run.train(1), strict=False):
            pass
        raise KeyError


@pytest.mark.parametrize("existing", [False, True])
def test_a_run_that_fails_before_its_first_step_leaves_the_folder_as_it_was(
    tmp_path: Path, existing: bool
) -> None:
    folder = tmp_path / "RUN"
    if existing:
        folder.mkdir()
        (folder / "mine").touch()
    with pytest.raises(KeyError):
        fail_in(new_run(folder), 0)
    assert [path.name for path in folder.glob("*")] == ["mine"] * existing
    assert folder.exists() == existing


def test_a_resumed_run_that_fails_before_its_first_step_is_kept(tmp_path: Path) -> None:
    with new_run(tmp_path / "RUN").open():
        pass
    with pytest.raises(KeyError):
        fail_in(Run.resume(tmp_path / "RUN"), 0)
    with (run := Run.resume(tmp_path / "RUN")).open():
        list(run.train(1))
    assert run.finished


def test_of_two_runs_that_start_together_the_second_is_refused(tmp_path: Path) -> None:
    """Both find the folder free; the second looks again when the first has finished."""
    first, second = (new_run(tmp_path / "RUN", seed) for seed in (1, 2))
    with first.open():
        list(first.train(1))
    before = {path: path.read_bytes() for path in (tmp_path / "RUN").glob("*.*")}
    with pytest.raises(HandgradError, match="already holds a run"), second.open():
        pass
    assert {path: path.read_bytes() for path in (tmp_path / "RUN").glob("*.*")} == before


def test_a_run_is_finished_after_its_last_step(tmp_path: Path) -> None:
    run = new_run(tmp_path / "RUN", steps=5)
    assert (run.total_steps, run.finished, run.is_new) == (5, False, True)
    with run.open():
        list(run.train(1, stop=lambda: run.state.step == 2))
        assert (run.state.step, run.finished) == (2, False)
    resumed = Run.resume(tmp_path / "RUN")
    with resumed.open():
        list(resumed.train(1))
    assert (resumed.state.step, resumed.finished, resumed.is_new) == (5, True, False)


def test_the_next_free_folder(tmp_path: Path) -> None:
    (tmp_path / "mlp-1").mkdir()
    assert next_folder("mlp", tmp_path) == tmp_path / "mlp-2"
    assert next_folder("mlp", tmp_path, {"mlp-2"}) == tmp_path / "mlp-3"
