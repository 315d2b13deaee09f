"""Run folders as the server reads them, and the newest model of each."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from handgrad.exports.formats import load_model
from handgrad.model.files import save_model
from handgrad.recipes.data import open_splits
from handgrad.recipes.loading import load_recipe, override
from handgrad.run_status import progress
from handgrad.runs import Run
from handgrad.server.latest_parameters import newest, newest_tag
from handgrad.server.run_folders import (
    LogEnds,
    LogReader,
    Standing,
    is_run,
    run_names,
    standing,
    write_mark,
)
from handgrad.training.records import LOG_FILE


def line(step: int, **changes: Any) -> str:
    record = {
        "step": step,
        "epoch": 1,
        "loss": 0.5,
        "train_accuracy": 0.5,
        "validation_loss": None,
        "validation_accuracy": None,
        "learning_rate": 0.1,
        "seconds": 1.0,
        "examples_per_second": 9.0,
    }
    return json.dumps({**record, **changes}) + "\n"


def steps(reader: LogReader) -> list[int]:
    return [record.step for record in reader.new()]


def test_records_are_read_once_as_they_come(tmp_path: Path) -> None:
    reader, log = LogReader(tmp_path), tmp_path / LOG_FILE
    assert steps(reader) == []
    log.write_text(line(0) + line(1)[:20])
    assert steps(reader) == [0]  # the second is still being written
    log.write_text(line(0) + line(1))
    assert steps(reader) == [1]
    assert steps(reader) == []
    with log.open("a") as file:
        file.write(line(2))
    assert steps(reader) == [2]


def test_a_log_that_was_cut_and_replaced_repeats_nothing(tmp_path: Path) -> None:
    reader, log = LogReader(tmp_path, after=0), tmp_path / LOG_FILE
    log.write_text("".join(map(line, range(4))))
    assert steps(reader) == [1, 2, 3]
    (tmp_path / "new").write_text("".join(map(line, range(2))))
    (tmp_path / "new").replace(log)
    assert steps(reader) == []
    with log.open("a") as file:
        file.write("".join(map(line, range(2, 6))))
    assert steps(reader) == [4, 5]


def test_a_log_that_was_replaced_by_a_longer_one_is_read_from_its_beginning(tmp_path: Path) -> None:
    reader, log = LogReader(tmp_path), tmp_path / LOG_FILE
    log.write_text("".join(line(step, epoch=1000) for step in range(3)))
    assert steps(reader) == [0, 1, 2]
    (tmp_path / "new").write_text("".join(map(line, range(9))))  # shorter lines: what is new begins elsewhere
    (tmp_path / "new").replace(log)
    assert steps(reader) == [3, 4, 5, 6, 7, 8]


def test_the_end_of_a_log_is_read_on_and_anew_where_it_was_cut(tmp_path: Path) -> None:
    ends, log = LogEnds(), tmp_path / LOG_FILE
    assert ends.of(tmp_path) == (0, None)
    log.write_text(line(0) + line(3))
    for count, step in ((2, 3), (2, 3)):
        found = ends.of(tmp_path)
        assert found[0] == count
        assert found[1] is not None
        assert found[1].step == step
    with log.open("a") as file:
        file.write(line(5))
    assert ends.of(tmp_path)[0] == 3
    (tmp_path / "new").write_text(line(0))
    (tmp_path / "new").replace(log)
    count, last = ends.of(tmp_path)
    assert (count, last and last.step) == (1, 0)
    log.unlink()
    assert ends.of(tmp_path) == (0, None)


def test_lines_that_are_no_records_are_left_out(tmp_path: Path) -> None:
    odd = [line(1, loss="much"), line(1, loss=float("nan")), line(-1)]
    bad = ["{}\n", "no JSON\n", *odd, "[" * 5000 + "\n", "\xff\n"]
    (tmp_path / LOG_FILE).write_bytes("".join([line(0), *bad, line(2)]).encode("latin-1"))
    assert steps(LogReader(tmp_path)) == [0, 2]


def trained(folder: Path, recipe: str = "mlp", stop_after: int | None = None, **changes: Any) -> Run:
    chosen = load_recipe(recipe)
    training = {"epochs": 3, "batch_size": 50}
    usual = {"data": {"source": "strokes:300:1"}, "training": training}
    chosen = override(chosen, {**usual, **changes}, "test")
    run = Run.start(chosen, open_splits(chosen), folder)
    with run.opened():
        for number, _ in enumerate(run.train(1)):
            if number == stop_after:
                break
    return run


def test_the_state_is_read_from_what_the_folder_holds(tmp_path: Path) -> None:
    done, broken = tmp_path / "done", tmp_path / "broken"
    trained(done, data={"source": "strokes:300:1", "validation": 0})
    trained(broken, stop_after=0, data={"source": "strokes:300:1", "validation": 0})
    assert standing(done) == Standing("finished")
    assert standing(broken) == Standing("interrupted")
    write_mark(broken, Standing("failed", "why"))
    assert standing(broken) == Standing("failed", "why")
    mark = json.loads((broken / "serve.json").read_text())
    for change in ({"step": mark["step"] + 1}, {"state": "odd"}, {"state": None}):
        (broken / "serve.json").write_text(json.dumps({**mark, **change}))
        assert standing(broken) == Standing("interrupted")
    (broken / "serve.json").write_text("[]")
    assert standing(broken) == Standing("interrupted")


def test_a_finished_run_is_finished_wherever_it_is_copied_to(tmp_path: Path) -> None:
    done, older = tmp_path / "done", tmp_path / "older"
    trained(done, data={"source": "strokes:300:1", "validation": 0})
    for first, second in (("model", "checkpoint"), ("checkpoint", "model")):  # written in any order
        copy = tmp_path / f"{first}-first"
        copy.mkdir()
        for path in done.iterdir():
            if path.is_file():
                (copy / path.name).write_bytes(path.read_bytes())
        os.utime(copy / f"{first}.safetensors", ns=(0, 0))
        os.utime(copy / f"{second}.safetensors", ns=(10**9, 10**9))
        assert standing(copy) == Standing("finished")
        assert newest(copy).content == (done / "model.safetensors").read_bytes()
    # all steps made, but the model is of fewer: killed before the end, whatever the times say
    trained(older, stop_after=0, data={"source": "strokes:300:1", "validation": 0}).save_model()
    (done / "model.safetensors").write_bytes((older / "model.safetensors").read_bytes())
    assert standing(done) == Standing("interrupted")
    assert (
        load_model(done / "checkpoint.safetensors").flat_parameters.tobytes()
        == newest(done).network.flat_parameters.tobytes()
    )


def test_models_that_do_not_say_their_steps_are_told_by_their_times(tmp_path: Path) -> None:
    done = tmp_path / "done"
    run = trained(done, data={"source": "strokes:300:1", "validation": 0})
    save_model(run.network, done / "model.safetensors", run.recipe.tables())
    assert standing(done) == Standing("finished")
    os.utime(done / "model.safetensors", ns=(0, 0))
    assert standing(done) == Standing("interrupted")


def test_a_run_that_early_stopping_ended_is_finished(tmp_path: Path) -> None:
    training, stopping = {"epochs": 30, "batch_size": 50}, {"patience": 1}
    data = {"source": "strokes:300:1", "validation": 100}
    run = trained(
        tmp_path / "run",
        training=training,
        optimizer={"learning_rate": 1.0},
        early_stopping=stopping,
        data=data,
    )
    assert run.state.epoch < 30
    assert standing(tmp_path / "run") == Standing("finished")


def test_a_model_without_its_checkpoint_is_the_newest(tmp_path: Path) -> None:
    run = trained(tmp_path / "run")
    (tmp_path / "run" / "checkpoint.safetensors").unlink()
    assert newest(tmp_path / "run").network.flat_parameters.tobytes() == run.network.flat_parameters.tobytes()


def test_damaged_folders_are_told_as_what_they_are_and_break_nothing(tmp_path: Path) -> None:
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "checkpoint.safetensors").write_bytes(b"no checkpoint")
    (tmp_path / "odd" / "recipe.toml").write_text("= no TOML")
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    elsewhere = tmp_path / "elsewhere" / "run"
    elsewhere.mkdir(parents=True)
    (elsewhere / "model.safetensors").write_bytes(b"")
    runs = tmp_path / "runs"
    runs.mkdir()
    (runs / "link").symlink_to(elsewhere)
    assert run_names(tmp_path) == ["odd"]
    assert progress(tmp_path / "odd") is None
    assert standing(tmp_path / "odd").state
    assert not is_run(runs / "link")
    assert run_names(tmp_path / "none") == []


def test_the_newest_model_is_what_stopping_would_leave(tmp_path: Path) -> None:
    data = {"source": "strokes:300:1", "validation": 0}
    averaging = {"type": "ExponentialAverage", "decay": 0.9}
    run = trained(tmp_path / "run", stop_after=1, averaging=averaging, data=data)
    assert run.state.average is not None
    found = newest(tmp_path / "run")
    assert found.network.flat_parameters.tobytes() == run.state.average.tobytes()
    tag = newest_tag(tmp_path / "run")
    assert found.etag == tag
    (tmp_path / "model.safetensors").write_bytes(found.content)
    assert (
        load_model(tmp_path / "model.safetensors").flat_parameters.tobytes()
        == found.network.flat_parameters.tobytes()
    )
    run.save_model()
    assert newest_tag(tmp_path / "run") != tag
    assert newest(tmp_path / "run").content == (tmp_path / "run" / "model.safetensors").read_bytes()


def test_layers_that_measure_have_measured_for_the_average(tmp_path: Path) -> None:
    data = {"source": "strokes:300:1", "validation": 0}
    averaging = {"type": "ExponentialAverage", "decay": 0.9}
    layers = [{"type": "Dense", "units": 8}, {"type": "BatchNorm"}, {"type": "Dense", "units": "classes"}]
    network = {"input": "flat", "layers": layers}
    run = trained(tmp_path / "run", stop_after=1, averaging=averaging, network=network, data=data)
    inputs, found = run.splits.train.inputs[:20], newest(tmp_path / "run").network
    expected = run.network.predict_proba(inputs)  # breaking off has left the result in it
    np.testing.assert_allclose(found.predict_proba(inputs), expected, rtol=1e-5)


@pytest.mark.parametrize("present", [True, False])
def test_before_the_first_checkpoint_there_is_no_model(tmp_path: Path, present: bool) -> None:
    if present:
        (tmp_path / "run").mkdir()
    assert newest_tag(tmp_path / "run") is None
    with pytest.raises(ValueError, match="no parameters yet"):
        newest(tmp_path / "run")
