"""Published data sets: found, downloaded and verified."""

import gzip
import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from failing import refusal
from handgrad.data.dataset import Splits
from handgrad.data.idx import FILES, Array
from handgrad.data.mnist import COLLECTIONS, NAMES, ensure, find, read_split
from idx_files import write_idx
from servers import files, mirror, status, whole


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start every test in an empty folder with an empty cache."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("HANDGRAD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.delenv("HANDGRAD_DATA", raising=False)
    monkeypatch.setenv("HANDGRAD_MIRROR", "http://127.0.0.1:9")  # closed: no test asks the network


def arrays() -> dict[str, Array]:
    rng = np.random.default_rng(0)
    contents = {}
    for (images, labels), n in zip(FILES.values(), (20, 10), strict=True):
        contents[images] = rng.integers(0, 256, (n, 28, 28), dtype=np.uint8)
        contents[labels] = rng.integers(0, 10, n, dtype=np.uint8)
    return contents


def write(folder: Path, contents: dict[str, Array]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in contents.items():
        write_idx(folder / name, array)
    return folder


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Replace MNIST by a small data set, and return its gzip files by their paths."""
    folder = write(tmp_path / "plain", arrays())
    contents = {file: (folder / file).read_bytes() for file in NAMES}
    sha256 = {file: hashlib.sha256(content).hexdigest() for file, content in contents.items()}
    monkeypatch.setitem(COLLECTIONS, "mnist", replace(COLLECTIONS["mnist"], sha256=sha256))
    return {f"/{file}.gz": gzip.compress(content) for file, content in contents.items()}


def test_places_are_searched_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDGRAD_DATA", str(tmp_path / "data"))
    assert find("mnist") is None
    for folder in (tmp_path / "cache" / "mnist", Path("mnistdata"), tmp_path / "data" / "mnist"):
        write(folder, arrays())
        assert find("mnist") == folder
    (tmp_path / "data" / "mnist" / NAMES[3]).unlink()
    assert find("mnist") == Path("mnistdata")
    assert find("fashion-mnist") is None
    write(tmp_path / "cache" / "fashion-mnist", arrays())
    assert find("fashion-mnist") == tmp_path / "cache" / "fashion-mnist"


def test_the_rust_programs_tables_are_found() -> None:
    folder = Path("mnistdata")
    folder.mkdir()
    (folder / "mnist_train.csv").touch()
    assert find("mnist") is None
    (folder / "mnist_test.csv").touch()
    assert find("mnist") == ensure("mnist") == folder
    assert find("fashion-mnist") is None


def test_download_read_and_find_again(
    tmp_path: Path, small: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "cache" / "mnist"
    with mirror(files(small)) as one:
        monkeypatch.setenv("HANDGRAD_MIRROR", one.url.rstrip("/"))
        assert ensure("mnist") == folder
        assert one.paths == [f"/{name}.gz" for name in NAMES]
        (folder / f"{NAMES[1]}.gz").unlink()
        for _ in range(2):
            ensure("mnist")
            assert one.paths[4:] == [f"/{NAMES[1]}.gz"], "only what is missing is downloaded"
    assert sorted(path.name for path in folder.iterdir()) == sorted(f"{name}.gz" for name in NAMES)
    for split in FILES:
        for got, name in zip(read_split(folder, "mnist", split), FILES[split], strict=True):
            np.testing.assert_array_equal(got, arrays()[name])


def test_the_built_in_mirrors_are_tried_in_turn(
    tmp_path: Path, small: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert all(url.startswith("https://") for known in COLLECTIONS.values() for url in known.mirrors)
    monkeypatch.delenv("HANDGRAD_MIRROR")
    with mirror(status(403)) as bad, mirror(files(small)) as good:
        known = replace(COLLECTIONS["mnist"], mirrors=(bad.url, good.url))
        monkeypatch.setitem(COLLECTIONS, "mnist", known)
        assert ensure("mnist") == tmp_path / "cache" / "mnist"
        assert bad.paths == good.paths


BAD = [b"nothing", gzip.compress(b"another file"), gzip.compress(b"cut")[:-9]]


@pytest.mark.parametrize("content", BAD)
def test_the_first_file_that_fails_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    with mirror(whole(content)) as bad:
        monkeypatch.setenv("HANDGRAD_MIRROR", bad.url)
        line = refusal(ensure, "mnist")
        assert len(bad.paths) == 1
    assert line.startswith(f"cannot download {NAMES[0]}.gz (")
    assert find("mnist") is None


@pytest.mark.parametrize("spelling", [NAMES[0], f"{NAMES[0]}.gz", "train-images.idx3-ubyte"])
def test_a_changed_file_is_reported_with_both_hashes(
    tmp_path: Path, small: dict[str, bytes], spelling: str
) -> None:
    changed = arrays()
    changed[spelling] = changed.pop(NAMES[0])
    changed[spelling][3, 4, 5] ^= 1
    folder = write(tmp_path / "data", changed)
    line = refusal(read_split, folder, "mnist", "train")
    assert f"{folder / spelling} is not the {NAMES[0]} of mnist: its content has SHA-256 " in line
    assert f", expected {COLLECTIONS['mnist'].sha256[NAMES[0]]}; delete it" in line
    read_split(folder, "mnist", "test")


def test_the_real_mnist(mnist: Splits) -> None:
    assert mnist.train.inputs.shape == (60_000, 784)
    assert np.bincount(mnist.train.labels)[:3].tolist() == [5923, 6742, 5958]
