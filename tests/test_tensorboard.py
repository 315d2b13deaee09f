"""TensorBoard files, read with the definitions of the format."""

import struct
from pathlib import Path

import pytest
from tensorboardX.proto.event_pb2 import Event

from handgrad.tensorboard import log_to_tensorboard
from handgrad.training.records import Record


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


def test_every_record_is_yielded_and_written_and_repeated_steps_are_hidden(tmp_path: Path) -> None:
    records = [Record(step, step + 1, 1 / (step + 1), 0.5, None, 0.25, 0.1, 1.5, 1000.0) for step in range(3)]
    assert list(log_to_tensorboard(records, tmp_path, 0)) == records
    written = [(event.step, value) for event in events(tmp_path) for value in event.summary.value]
    values = {(value.tag, step): value.simple_value for step, value in written}
    assert {tag for tag, _ in values} == records[0].as_dict().keys() - {"step", "epoch", "validation_loss"}
    assert [values["loss", step] for step in range(3)] == pytest.approx([1, 1 / 2, 1 / 3])
    list(log_to_tensorboard(records[1:], tmp_path, 1))
    assert any(log.session_log.status == log.session_log.START and log.step == 1 for log in events(tmp_path))
