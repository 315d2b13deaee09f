"""Bounds of memory: read as people write them, and divided."""

import sys
from pathlib import Path

import numpy as np
import pytest

from handgrad.data.load import load_data
from handgrad.data.streams.machine import available, peak, peak_of
from handgrad.data.streams.memory import LEAST, MARGIN, PROGRAM, Memory, check_loadable, shown
from handgrad.errors import HandgradError


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("1GB", 10**9),
        ("1.5 GiB", 3 * 2**29),
        ("600mb", 600 * 10**6),
        (" 2g ", 2 * 10**9),
        ("500000000", 500_000_000),
        (500_000_000, 500_000_000),
        (".5GB", 500 * 10**6),
        (Memory(7), 7),
    ],
)
def test_amounts_are_read(text: str | int | Memory, limit: int) -> None:
    assert Memory.parse(text).limit == limit


@pytest.mark.parametrize(
    "text", ["", "GB", "1 PB", "1,5GB", "-1GB", "nan", "1e9", "all", "1GB 2", True, "9" * 40]
)
def test_what_is_no_amount_is_told(text: str) -> None:
    with pytest.raises(HandgradError, match="memory must be an amount, as 600MB"):
        Memory.parse(text)


def test_less_than_the_program_needs_is_refused() -> None:
    with pytest.raises(HandgradError, match=r"memory of 100 MB is too little.*give 400 MB or more"):
        Memory.parse("100MB")
    assert Memory.parse(LEAST).limit == LEAST


def test_the_shares_leave_half_of_the_rest() -> None:
    memory = Memory.parse("1GB")
    assert 2 * memory.window == (memory.limit - PROGRAM) // 2
    assert memory.part <= memory.window // 4
    assert memory.piece <= memory.window


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (6.27e9, "6.27 GB"), (999_900, "1 MB"), (5e13, "50 TB")],
)
def test_bytes_are_shown(count: float, text: str) -> None:
    assert shown(count) == text


def test_the_peak_is_that_of_this_process() -> None:
    most = peak()
    assert most is None or 20 * 10**6 < most < 10**11


def test_a_network_too_large_for_its_share_is_refused() -> None:
    memory = Memory.parse("600MB")
    memory.check_network(20_000_000)
    with pytest.raises(
        HandgradError, match=r"takes 1 GB besides its data, .* of 600 MB; give 1\.67 GB or more"
    ):
        memory.check_network(48_000_000)
    Memory.parse("1.67GB").check_network(48_000_000)


def test_what_a_training_was_seen_to_take_is_counted() -> None:
    memory = Memory(PROGRAM + 100 + MARGIN)
    memory.check_training(PROGRAM + 30, 5, 30)
    for taken, size, windows in ((PROGRAM + 31, 5, 30), (PROGRAM + 30, 6, 30), (PROGRAM + 30, 5, 31)):
        with pytest.raises(HandgradError, match="too much within memory of 424 MB"):
            memory.check_training(taken, size, windows)


def test_the_peak_of_some_work_is_that_of_the_work_alone() -> None:
    if peak() is None or sys.platform != "linux":
        pytest.skip("the system does not say")
    before = peak_of(lambda: None)
    during = peak_of(lambda: np.ones(50_000_000).sum())
    after = peak_of(lambda: None)
    assert before is not None
    assert during is not None
    assert after is not None
    assert during > before + 350_000_000
    assert after < during - 300_000_000
    most = peak()
    assert most is not None
    assert most >= during, "what was before is not forgotten"


def test_files_larger_than_the_machine_are_not_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = available()
    assert room is None or 10**7 < room < 10**15
    (tmp_path / "d.csv").write_bytes(b"7" * 1001)
    for path in (tmp_path, tmp_path / "d.csv"):
        check_loadable(path)
    monkeypatch.setattr("handgrad.data.streams.memory.available", lambda: 1000)
    for path in (tmp_path, tmp_path / "d.csv"):
        with pytest.raises(
            HandgradError, match="and this machine 1 kB of memory to give; read it in a stream"
        ):
            load_data(path)
    monkeypatch.setattr("handgrad.data.streams.memory.available", lambda: None)
    check_loadable(tmp_path)


def test_ranks_of_one_machine_share_what_it_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "d.csv").write_bytes(b"7" * 1001)
    monkeypatch.setattr("handgrad.data.streams.machine._machine", {"MemAvailable:": 4 * 10**9}.get)
    check_loadable(tmp_path)
    monkeypatch.setenv("MPI_LOCALNRANKS", "4")
    check_loadable(tmp_path)
    monkeypatch.setattr("handgrad.data.streams.machine._machine", {"MemAvailable:": 4003}.get)
    with pytest.raises(HandgradError, match="has 1 kB, and this machine 4 kB of memory to give to 4 ranks; "):
        check_loadable(tmp_path)


def test_a_bound_that_the_machine_cannot_keep_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handgrad.data.streams.machine._machine", {"MemTotal:": 8 * 10**9}.get)
    load_data("strokes:100", "8GB")
    with pytest.raises(
        HandgradError, match=r"memory of 8\.1 GB is more than this machine has, 8 GB; give 7200MB"
    ):
        load_data("strokes:100", "8.1GB")
    monkeypatch.setenv("MPI_LOCALNRANKS", "4")
    load_data("strokes:100", "2GB")
    with pytest.raises(HandgradError, match="than this machine has, 8 GB to 4 ranks; give 1800MB or less"):
        load_data("strokes:100", "2.1GB")
    monkeypatch.setattr("handgrad.data.streams.machine._machine", lambda key: None)
    load_data("strokes:100", "2.1GB")
