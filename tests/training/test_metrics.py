"""Accuracy, confusion matrix, evaluation, calibration, and records on disk."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import handgrad as hg
from handgrad.training.calibration import wilson_interval


@pytest.mark.parametrize("kind", [list, np.array])
def test_accuracy_of_classes_scores_and_names(kind: Any) -> None:
    labels = kind([0, 1, 2, 2])
    assert hg.accuracy(kind([0, 1, 2, 0]), labels) == 0.75
    assert hg.accuracy(kind([[3, 1, 1], [0, 9, 0], [0, 0, 1], [5, 4, 3]]), labels) == 0.75
    assert hg.accuracy(kind(["a", "b"]), kind(["a", "c"])) == 0.5


@pytest.mark.parametrize("kind", [list, np.array])
def test_a_confusion_matrix_has_true_classes_in_rows(kind: Any) -> None:
    matrix = hg.confusion_matrix(kind([0, 2, 1, 1]), kind([0, 0, 1, 2]), 3)
    assert matrix.tolist() == [[1, 0, 1], [0, 1, 0], [0, 1, 0]]
    labels = np.full(3, 200, np.uint8)
    assert hg.confusion_matrix(labels, labels, 201)[200, 200] == 3


@pytest.mark.parametrize(
    ("predictions", "labels"), [([1, 2, 3], [1]), ([], []), ([[[1]]], [1]), (1, 1), ([0, 1], [[0], [1]])]
)
def test_predictions_that_do_not_match_labels_are_refused(predictions: Any, labels: Any) -> None:
    with pytest.raises(hg.HandgradError, match="predictions"):
        hg.accuracy(predictions, labels)


@pytest.mark.parametrize("pair", [([4, 0], [0, 0]), ([0, 0], [-1, 0]), ([0.5, 0], [0, 0]), ([0], [0, 0])])
def test_a_confusion_matrix_of_other_numbers_is_refused(pair: Any) -> None:
    with pytest.raises(hg.HandgradError, match=r"integer from 0 to 2|do not match"):
        hg.confusion_matrix(pair[0], pair[1], 3)


def test_evaluation_agrees_with_the_loss(table: hg.Dataset) -> None:
    network = hg.Network([hg.Dense(2)], (4,), np.random.default_rng(0), classes=table.class_names)
    result = hg.evaluate(network, table)
    loss, _ = hg.cross_entropy(network.forward(table.inputs)[0], table.labels)
    assert result.loss == pytest.approx(loss, rel=1e-5)
    assert result.examples == len(table)
    assert result.confusion.trace() / len(table) == result.accuracy


def test_data_that_do_not_fit_the_network_are_refused(table: hg.Dataset) -> None:
    digits = hg.Dataset(np.zeros((3, 4), np.uint8), np.array([0, 1, 1]), 2)
    bytes_network = hg.Network([hg.Dense(2)], (4,), scaling=hg.Scaling.of_bytes())
    hg.evaluate(bytes_network, digits)
    cases: list[tuple[hg.Network, Any, str]] = [
        (
            hg.Network([hg.Dense(2)], (4,), classes=("cold", "warm")),
            table,
            "classes cold, warm, the data no, yes",
        ),
        (hg.Network([hg.Dense(2)], (5,)), table, "5 inputs, the data have 4"),
        (hg.Network([hg.Dense(3)], (4,)), table, "3 classes, the data have 2"),
        (bytes_network, hg.Dataset(digits.inputs / np.float32(255), digits.labels, 2), "scaled to 0 to 1"),
        (bytes_network, digits.take(slice(0, 0)), "no examples"),
        (bytes_network, digits.inputs, "Dataset"),
    ]
    for network, data, message in cases:
        with pytest.raises(hg.HandgradError, match=message):
            hg.evaluate(network, data)


def test_calibration_by_hand() -> None:
    sure = np.array([0.5, 0.55, 0.6, 0.9, 1.0, 1.0])
    probabilities = np.stack([sure, 1 - sure], axis=1)
    found = hg.calibration(probabilities, np.array([0, 1, 0, 1, 0, 0]), bins=5)
    # intervals are closed above: 0.5 … 0.6 belong to (0.4, 0.6], the others to (0.8, 1]
    assert found.counts.tolist() == [3, 3]
    assert found.confidence == pytest.approx([0.55, 2.9 / 3])
    assert found.accuracy == pytest.approx([2 / 3, 2 / 3])
    assert found.error == pytest.approx((2 / 3 - 0.55) / 2 + (2.9 / 3 - 2 / 3) / 2)


def test_calibration_refuses_other_arrays() -> None:
    good, labels = np.full((3, 2), 0.5), np.zeros(3, int)
    cases: list[tuple[Any, Any, int, str]] = [
        *((bad, labels, 10, "not logits") for bad in (good - 1, good * 3, good * np.nan)),
        (good, labels[:2], 10, r"\(N, C\)"),
        (good[0], labels, 10, r"\(N, C\)"),
        (good[:0], labels[:0], 10, r"\(N, C\)"),
        (good, labels, 0, "bins"),
    ]
    for probabilities, given, bins, message in cases:
        with pytest.raises(hg.HandgradError, match=message):
            hg.calibration(probabilities, given, bins)


def test_wilson_intervals_at_the_ends() -> None:
    low, high = wilson_interval(np.array([0.0, 1.0]), np.array([10, 10]))
    assert (low[0], high[1]) == (0, 1)
    assert high[0] == pytest.approx(1 - low[1]) == pytest.approx(0.2775, abs=1e-4)  # 3.84 / 13.84


RECORDS = [
    hg.Record(9, 1, 0.5, 0.75, None, None, 0.1, 1.5, 1000.0),
    hg.Record(19, 2, 0.4, 0.8, 0.45, 0.79, 0.1, 2.5, 1000.0),
]
LINES = [json.dumps(record.as_dict()) for record in RECORDS]


def test_records_round_trip_and_an_incomplete_last_line_is_ignored(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    assert hg.load_records(tmp_path) == []
    log.write_text("".join(f"{line}\n" for line in LINES))
    assert hg.load_records(tmp_path) == hg.load_records(str(log)) == RECORDS
    log.write_text("\n".join([*LINES, LINES[0][:30]]))
    assert hg.load_records(tmp_path) == RECORDS


@pytest.mark.parametrize(
    "damage", ["{", "7", "{}", LINES[0].replace("0.5", '"low"'), LINES[0].replace("0.5", "null")]
)
def test_a_damaged_record_is_reported_with_its_line(tmp_path: Path, damage: str) -> None:
    (tmp_path / "log.jsonl").write_text("\n".join([LINES[0], damage, LINES[1]]))
    with pytest.raises(hg.HandgradError, match=r"log\.jsonl, line 2"):
        hg.load_records(tmp_path)
    with pytest.raises(hg.HandgradError, match="name a run folder"):
        hg.load_records(tmp_path / "nowhere")
