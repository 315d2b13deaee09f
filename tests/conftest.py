"""Fixtures for all tests: the command line, small data sets, MNIST, and kernels. Each folder adds others."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import handgrad as hg
from failing import missing
from fixture_types import CLOSED, Cli, Examples
from handgrad.data.mnist import find
from handgrad.data.strokes import generate
from idx_files import write_idx


@pytest.hookimpl(tryfirst=True)  # before tests are selected by their markers
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that use a browser or several processes."""
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        if "browser" in fixtures:
            item.add_marker("browser")
        if "mpiexec" in fixtures:
            item.add_marker("distributed")


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No data set can be found or downloaded."""
    monkeypatch.delenv("HANDGRAD_DATA", raising=False)
    monkeypatch.setenv("HANDGRAD_MIRROR", CLOSED)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def process(tmp_path: Path) -> Cli:
    """Run ``handgrad`` in a separate process, in `tmp_path`, where no data set is found."""

    def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "handgrad", *map(str, arguments)]
        env = {key: value for key, value in os.environ.items() if key != "HANDGRAD_DATA"}
        env |= {"HANDGRAD_MIRROR": CLOSED, "XDG_CACHE_HOME": str(tmp_path / "cache"), **environment}
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=300)

    return run


cli = process  # in tests/cli, within the process of the tests


@pytest.fixture(scope="session")
def digits() -> hg.Splits:
    """A few hundred synthetic digits."""
    return hg.load_data("strokes:600:7")


@pytest.fixture
def idx_folder(tmp_path: Path) -> Path:
    """A folder of IDX files under MNIST's names: 300 training and 50 test digits."""
    folder = tmp_path / "digits"
    folder.mkdir()
    for split, count, stream in (("train", 300, 0), ("t10k", 50, 1)):
        images, labels = generate(count, 7, stream)
        write_idx(folder / f"{split}-images-idx3-ubyte.gz", images.reshape(-1, 28, 28))
        write_idx(folder / f"{split}-labels-idx1-ubyte", labels)
    return folder


@pytest.fixture(scope="session")
def mnist() -> hg.Splits:
    """The real MNIST."""
    if find("mnist") is None:
        missing("MNIST", "MNIST is not here: set HANDGRAD_DATA to the folder that holds mnist/")
    return hg.load_data("mnist")


@pytest.fixture
def mnist_place(mnist: hg.Splits, tmp_path: Path) -> dict[str, str]:
    """The environment variable with which a process finds MNIST."""
    found = find("mnist")
    assert found is not None
    (tmp_path / "places").mkdir()
    (tmp_path / "places" / "mnist").symlink_to(found.resolve())
    return {"HANDGRAD_DATA": str(tmp_path / "places")}


@pytest.fixture
def table() -> hg.Dataset:
    """A small table: two classes that a line separates."""
    rng = np.random.default_rng(3)
    inputs = rng.normal(size=(200, 4)).astype(np.float32)
    return hg.Dataset(inputs, (inputs[:, 0] > inputs[:, 1]).astype(np.int64), ("no", "yes"))


@pytest.fixture(scope="session")
def images(digits: hg.Splits) -> Examples:
    """Digits as bytes, and their labels."""
    return digits.train.inputs, digits.train.labels


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)
