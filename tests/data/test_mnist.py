"""Published data sets: found, downloaded and verified."""

import gzip
import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from failing import refusal
from fixture_types import CLOSED
from handgrad.data.idx import FILES
from handgrad.data.mnist import COLLECTIONS, NAMES, ensure, find, read_split
from idx_files import write_idx
from servers import files, mirror, status, whole

RNG = np.random.default_rng(0)
SHAPES = ((20, 28, 28), (20,), (10, 28, 28), (10,))
ARRAYS = {name: RNG.integers(0, 256, shape, np.uint8) for name, shape in zip(NAMES, SHAPES, strict=True)}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of MNIST in an empty cache; the working directory is empty, too."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("HANDGRAD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.delenv("HANDGRAD_DATA", raising=False)
    monkeypatch.setenv("HANDGRAD_MIRROR", CLOSED)
    return tmp_path / "cache" / "mnist"


def write(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in ARRAYS.items():
        write_idx(folder / name, array)
    return folder


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Replace MNIST by a small data set, and return its gzip files by their paths."""
    contents = {path.name: path.read_bytes() for path in write(tmp_path / "plain").iterdir()}
    sha256 = {file: hashlib.sha256(content).hexdigest() for file, content in contents.items()}
    monkeypatch.setitem(COLLECTIONS, "mnist", replace(COLLECTIONS["mnist"], sha256=sha256))
    return {f"/{file}.gz": gzip.compress(content) for file, content in contents.items()}


def test_places_are_searched_in_order(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDGRAD_DATA", str(tmp_path / "data"))
    assert find("mnist") is None
    for folder in (cache, Path("mnistdata"), tmp_path / "data" / "mnist"):
        write(folder)
        assert find("mnist") == folder
    (tmp_path / "data" / "mnist" / NAMES[3]).unlink()
    assert find("mnist") == Path("mnistdata")
    assert find("fashion-mnist") is None
    assert write(cache.with_name("fashion-mnist")) == find("fashion-mnist")


def test_download(cache: Path, small: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    with mirror(files(small)) as one:
        monkeypatch.setenv("HANDGRAD_MIRROR", one.url.rstrip("/"))
        assert ensure("mnist") == cache
        assert one.paths == [f"/{name}.gz" for name in NAMES]
        (cache / f"{NAMES[1]}.gz").unlink()
        for _ in range(2):
            ensure("mnist")
            assert one.paths[4:] == [f"/{NAMES[1]}.gz"], "only what is missing is downloaded"
    for split in FILES:
        for found, name in zip(read_split(cache, "mnist", split), FILES[split], strict=True):
            np.testing.assert_array_equal(found, ARRAYS[name])


def test_known_mirrors(cache: Path, small: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(url.startswith("https://") for known in COLLECTIONS.values() for url in known.mirrors)
    monkeypatch.delenv("HANDGRAD_MIRROR")
    with mirror(status(403)) as bad, mirror(files(small)) as good:
        known = replace(COLLECTIONS["mnist"], mirrors=(bad.url, good.url))
        monkeypatch.setitem(COLLECTIONS, "mnist", known)
        assert ensure("mnist") == cache
        assert bad.paths == good.paths


def test_the_first_file_that_fails_ends_it(small: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    for content in (b"nothing", gzip.compress(b"another"), small[f"/{NAMES[0]}.gz"][:-4]):
        with mirror(whole(content)) as bad:
            monkeypatch.setenv("HANDGRAD_MIRROR", bad.url)
            assert refusal(ensure, "mnist").startswith(f"cannot download {NAMES[0]}.gz (")
            assert len(bad.paths) == 1
    assert find("mnist") is None


@pytest.mark.parametrize("spelling", [NAMES[0], f"{NAMES[0]}.gz", "train-images.idx3-ubyte"])
@pytest.mark.usefixtures("small")
def test_a_changed_file_is_reported_with_both_hashes(tmp_path: Path, spelling: str) -> None:
    folder = write(tmp_path / "data")
    (folder / NAMES[0]).unlink()
    write_idx(folder / spelling, ~ARRAYS[NAMES[0]])
    line = refusal(read_split, folder, "mnist", "train")
    assert f"{folder / spelling} is not the {NAMES[0]} of mnist: its SHA-256 begins with " in line
    assert f", expected {COLLECTIONS['mnist'].sha256[NAMES[0]][:16]}; delete it" in line
    read_split(folder, "mnist", "test")
