"""Records on disk: read back as they were written."""

import json
from pathlib import Path

import pytest

from handgrad.errors import HandgradError
from handgrad.training.records import Record, load_records

RECORDS = [
    Record(9, 1, 0.5, 0.75, None, None, 0.1, 1.5, 1000.0),
    Record(19, 2, 0.4, 0.8, 0.45, 0.79, 0.1, 2.5, 1000.0),
]
LINES = [json.dumps(record.as_dict()) for record in RECORDS]


def test_records_come_back(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    assert load_records(tmp_path) == []
    log.write_text("".join(f"{line}\n" for line in LINES))
    assert load_records(tmp_path) == load_records(str(log)) == RECORDS


def test_a_last_line_that_was_cut_short_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text("\n".join([*LINES, LINES[0][:30]]))
    assert load_records(tmp_path) == RECORDS


@pytest.mark.parametrize(
    "damage", ["{", "7", "{}", LINES[0].replace("0.5", '"low"'), LINES[0].replace("0.5", "null")]
)
def test_damage_is_told_with_its_line(tmp_path: Path, damage: str) -> None:
    (tmp_path / "log.jsonl").write_text("\n".join([LINES[0], damage, LINES[1]]))
    with pytest.raises(HandgradError, match=r"log\.jsonl, line 2 is no record"):
        load_records(tmp_path)


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(HandgradError, match="name a run folder"):
        load_records(tmp_path / "nowhere")
