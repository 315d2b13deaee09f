"""TensorBoard files, read with the definitions of the format."""

import struct
from pathlib import Path

import pytest
from tensorboardX.proto.event_pb2 import Event

from handgrad.errors import HandgradError
from handgrad.tensorboard import log_to_tensorboard
from handgrad.training.records import Record


def record(step: int) -> Record:
    return Record(step, step + 1, 1 / (step + 1), 0.5, None, 0.25, 0.1, 1.5, 1000.0)


def events(folder: Path) -> list[Event]:
    """Read event files: length, checksum, event, checksum, and again."""
    found = []
    for path in sorted(folder.glob("events.*")):
        content = path.read_bytes()
        while content:
            (size,) = struct.unpack("<Q", content[:8])
            found.append(Event.FromString(content[12 : 12 + size]))
            content = content[16 + size :]
    return found


def test_every_record_is_yielded_and_written(tmp_path: Path) -> None:
    records = [record(step) for step in range(3)]
    assert list(log_to_tensorboard(records, tmp_path)) == records
    written = {
        (value.tag, event.step): value.simple_value
        for event in events(tmp_path)
        for value in event.summary.value
    }
    assert {tag for tag, _ in written} == {
        "loss",
        "train_accuracy",
        "validation_accuracy",
        "learning_rate",
        "seconds",
        "examples_per_second",
    }
    for step in range(3):
        assert written["loss", step] == pytest.approx(1 / (step + 1))


def test_steps_that_a_resumed_run_repeats_are_hidden(tmp_path: Path) -> None:
    list(log_to_tensorboard([record(0), record(1)], tmp_path))
    list(log_to_tensorboard([record(1)], tmp_path))
    assert any(
        event.session_log.status == event.session_log.START and event.step == 1 for event in events(tmp_path)
    )


def test_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handgrad.errors.find_spec", lambda name: None)
    with pytest.raises(HandgradError, match=r"pip install 'handgrad\[tensorboard\]'"):
        list(log_to_tensorboard([record(0)], tmp_path))
