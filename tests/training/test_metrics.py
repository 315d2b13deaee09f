"""Accuracy, calibration, and records on disk."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import handgrad as hg
from failing import refusal
from handgrad.training.metrics import wilson_interval


@pytest.mark.parametrize("kind", [list, np.array])
def test_accuracy_of_classes_scores_and_names(kind: Any) -> None:
    labels = kind([0, 1, 2, 2])
    assert hg.accuracy(kind([0, 1, 2, 0]), labels) == 0.75
    assert hg.accuracy(kind([[3, 1, 1], [0, 9, 0], [0, 0, 1], [5, 4, 3]]), labels) == 0.75
    assert hg.accuracy(kind(["a", "b"]), kind(["a", "c"])) == 0.5


PAIRS: list[Any] = [([1, 2, 3], [1]), ([], []), ([[[1]]], [1]), (1, 1), ([0, 1], [[0], [1]])]
HALVES, LABELS = np.full((3, 2), 0.5), np.zeros(3, int)


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        *((hg.accuracy, pair, "predictions") for pair in PAIRS),
        *((hg.calibration, (bad, LABELS), "not logits") for bad in (HALVES - 1, HALVES * 3, HALVES * np.nan)),
        (hg.calibration, (HALVES, LABELS[:2]), "do not match"),
        (hg.calibration, (LABELS / 2, LABELS), "(N, C)"),
        (hg.calibration, (HALVES[:0], LABELS[:0]), "(N, C)"),
        (hg.calibration, (HALVES, LABELS, 0), "bins"),
    ],
)
def test_other_arrays_are_refused(function: Any, arguments: Any, message: str) -> None:
    assert message in refusal(function, *arguments)


def test_calibration_by_hand() -> None:
    sure = np.array([0.5, 0.55, 0.6, 0.9, 1.0, 1.0])
    found = hg.calibration(np.stack([sure, 1 - sure], axis=1), np.array([0, 1, 0, 1, 0, 0]), bins=5)
    # intervals are closed above: 0.5 … 0.6 belong to (0.4, 0.6], the others to (0.8, 1]
    assert found.counts.tolist() == [3, 3]
    assert found.confidence == pytest.approx([0.55, 2.9 / 3])
    assert found.accuracy == pytest.approx([2 / 3, 2 / 3])
    assert found.error == pytest.approx((2 / 3 - 0.55) / 2 + (2.9 / 3 - 2 / 3) / 2)
    low, high = wilson_interval(np.array([0.0, 1.0]), np.array([10, 10]))
    assert (low[0], high[1]) == (0, 1)
    assert high[0] == pytest.approx(1 - low[1]) == pytest.approx(0.2775, abs=1e-4)  # 3.84 / 13.84


RECORDS = [
    hg.Record(9, 1, 0.5, 0.75, None, None, 0.1, 1.5, 1000.0),
    hg.Record(19, 2, 0.4, 0.8, 0.45, 0.79, 0.1, 2.5, 1000.0),
]
FIRST, SECOND = (json.dumps(record.as_dict()) for record in RECORDS)


def test_records_round_trip_and_an_incomplete_last_line_is_ignored(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    assert hg.load_records(tmp_path) == []
    for end in ("", FIRST[:30]):
        log.write_text(f"{FIRST}\n{SECOND}\n{end}")
        assert hg.load_records(tmp_path) == hg.load_records(str(tmp_path)) == RECORDS
    wrong = [FIRST.replace("0.5", text) for text in ('"low"', "null", "true", "9" * 400)]
    for damage in ("{", "7", "{}", "[" * 9999, FIRST.replace('"epoch": 1', '"epoch": 1.0'), *wrong):
        log.write_text(f"{FIRST}\n{damage}\n{SECOND}\n")
        assert "log.jsonl, line 2" in refusal(hg.load_records, tmp_path)
    assert "name a run folder" in refusal(hg.load_records, tmp_path / "nowhere")
