"""Runs that no process trains: stopped for good, and followed."""

import asyncio
import shutil
from pathlib import Path
from threading import Event

import pytest

from handgrad.data.load import load_data
from handgrad.exports.formats import load_model
from handgrad.recipes.loading import load_recipe, override
from handgrad.runs import Run
from handgrad.server.events import follow
from handgrad.server.trainings import Busy, Trainings


@pytest.fixture
def interrupted(tmp_path: Path) -> Run:
    """A run after its first epoch, as `kill -9` leaves it: with a checkpoint, and without a model."""
    changes = {"data": {"source": "strokes:300:1"}, "training": {"epochs": 3, "batch_size": 50}}
    recipe = override(load_recipe("classic"), changes, "test")
    run = Run.start(recipe, load_data("strokes:300:1"), tmp_path / "one")
    with run.opened():
        next(run.train(1))
    for left in ("model.safetensors", "final_config"):
        path = tmp_path / "one" / left
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    return run


def test_what_was_killed_and_is_stopped_keeps_its_model(interrupted: Run, tmp_path: Path) -> None:
    trainings = Trainings(tmp_path)
    assert trainings.standing("one").state == "interrupted"
    with pytest.raises(Busy, match="nothing to pause"):
        trainings.interrupt("one", "paused")
    trainings.interrupt("one", "stopped")
    assert trainings.standing("one").state == "stopped"
    assert (
        load_model(tmp_path / "one" / "model.safetensors").flat_parameters.tobytes()
        == interrupted.network.flat_parameters.tobytes()
    )


def test_a_stream_ends_with_the_folder_that_it_follows(interrupted: Run, tmp_path: Path) -> None:
    async def followed() -> list[str]:
        told = []
        async for text in follow(Trainings(tmp_path), "one", -1, Event()):
            told.append(text)
            if "interrupted" in text:
                shutil.rmtree(tmp_path / "one")
        return told

    assert "event: record" in "".join(asyncio.run(asyncio.wait_for(followed(), 60)))
