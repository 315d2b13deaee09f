"""Calibration, its error, and the interval of a share."""

import numpy as np
import pytest

from handgrad.errors import HandgradError
from handgrad.training.calibration import calibration, wilson_interval


def test_calibration_by_hand() -> None:
    sure = np.array([0.5, 0.55, 0.6, 0.9, 1.0, 1.0])
    probabilities = np.stack([sure, 1 - sure], axis=1)
    found = calibration(probabilities, np.array([0, 1, 0, 1, 0, 0]), bins=5)
    # intervals are closed above: 0.5 … 0.6 belong to (0.4, 0.6], the others to (0.8, 1]
    assert found.counts.tolist() == [3, 3]
    assert found.confidence == pytest.approx([0.55, 2.9 / 3])
    assert found.accuracy == pytest.approx([2 / 3, 2 / 3])
    assert found.error == pytest.approx((2 / 3 - 0.55) / 2 + (2.9 / 3 - 2 / 3) / 2)


def test_who_is_right_as_often_as_sure_is_calibrated() -> None:
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.ones(4), 100_000).astype(np.float32)
    labels = (rng.random((100_000, 1)) > probabilities.cumsum(axis=1)).sum(axis=1).clip(max=3)
    assert calibration(probabilities, labels).error < 0.01
    assert calibration(np.eye(4)[labels], labels).error == 0
    assert calibration(np.eye(4)[labels], (labels + 1) % 4).error == 1


def test_calibration_refuses_what_are_no_probabilities() -> None:
    good, labels = np.full((3, 2), 0.5), np.zeros(3, int)
    for bad in (good - 1, good * 3, good * np.nan):
        with pytest.raises(HandgradError, match="not logits"):
            calibration(bad, labels)
    for probabilities, given in ((good, labels[:2]), (good[0], labels), (good[:0], labels[:0])):
        with pytest.raises(HandgradError, match=r"\(N, C\) for N labels"):
            calibration(probabilities, given)
    with pytest.raises(HandgradError, match="bins"):
        calibration(good, labels, bins=0)


def test_intervals_hold_the_true_share_as_often_as_they_say() -> None:
    rng = np.random.default_rng(0)
    for share in (0.05, 0.5, 0.95):
        measured = rng.binomial(40, share, 20_000) / 40
        low, high = wilson_interval(measured, np.full(20_000, 40))
        assert 0.92 < ((low <= share) & (share <= high)).mean() < 0.98
    low, high = wilson_interval(np.array([0.0, 1.0]), np.array([10, 10]))
    assert (low[0], high[1]) == (0, 1)
    assert high[0] == pytest.approx(0.2775, abs=1e-4)  # 3.84 / 13.84
