"""Published data sets: found, downloaded and verified."""

import gzip
import hashlib
import os
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from failing import refusal
from handgrad.data import mnist
from handgrad.data.idx import FILES, Array, write_idx
from handgrad.data.mnist import COLLECTIONS, FASHION_MNIST, MNIST, NAMES, Found, ensure, find, read_split
from handgrad.errors import HandgradError
from servers import Answer, files, mirror, status, whole

REAL = Path(os.environ.get("HANDGRAD_DATA", "nowhere")).resolve() / "mnist"
needs_mnist = pytest.mark.skipif(
    not REAL.is_dir() and os.environ.get("HANDGRAD_REQUIRE_MNIST") != "1",
    reason="HANDGRAD_DATA/mnist, the real MNIST, is not there",
)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start every test in an empty folder with an empty cache."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(mnist, "cache_folder", lambda name: tmp_path / "cache" / name)
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.delenv("HANDGRAD_DATA", raising=False)
    monkeypatch.setenv("HANDGRAD_MIRROR", "http://127.0.0.1:9")  # closed: no test asks the network


def arrays(seed: int) -> dict[str, Array]:
    rng = np.random.default_rng(seed)
    contents = {}
    for (images, labels), n in zip(FILES.values(), (20, 10), strict=True):
        contents[images] = rng.integers(0, 256, (n, 28, 28), dtype=np.uint8)
        contents[labels] = rng.integers(0, 10, n, dtype=np.uint8)
    return contents


def write(folder: Path, contents: dict[str, Array], end: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in contents.items():
        write_idx(folder / (name + end), array)
    return folder


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Replace both data sets by small ones, and return the gzip files of the first by their paths."""
    for name, published, seed in (("mnist", MNIST, 0), ("fashion-mnist", FASHION_MNIST, 1)):
        folder = write(tmp_path / "plain" / name, arrays(seed))
        sha256 = {file: hashlib.sha256((folder / file).read_bytes()).hexdigest() for file in NAMES}
        monkeypatch.setitem(COLLECTIONS, name, replace(published, sha256=sha256))
    return {f"/{file}.gz": gzip.compress((tmp_path / "plain/mnist" / file).read_bytes()) for file in NAMES}


def test_each_collection_has_four_hashes_and_https_mirrors() -> None:
    for published in COLLECTIONS.values():
        assert list(published.sha256) == NAMES
        assert {len(sha256) for sha256 in published.sha256.values()} == {64}
        assert all(re.fullmatch("https://.*/", mirror) for mirror in published.mirrors)


def test_an_unknown_name_is_reported_with_the_nearest() -> None:
    for look in (find, ensure, lambda name: read_split(Path(), name, "train")):
        with pytest.raises(HandgradError, match="called 'mnits'; did you mean 'mnist'"):
            look("mnits")


def test_places_are_searched_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDGRAD_DATA", str(tmp_path / "data"))
    assert find("mnist") is None
    for folder in (tmp_path / "cache" / "mnist", Path("mnistdata"), tmp_path / "data" / "mnist"):
        write(folder, arrays(0))
        assert find("mnist") == Found(folder, "idx")
    (tmp_path / "data" / "mnist" / NAMES[3]).unlink()
    assert find("mnist") == Found(Path("mnistdata"), "idx")
    assert find("fashion-mnist") is None
    write(tmp_path / "cache" / "fashion-mnist", arrays(0))
    assert find("fashion-mnist") == Found(tmp_path / "cache" / "fashion-mnist", "idx")


def test_the_rust_programs_tables_are_found_and_idx_files_go_first() -> None:
    Path("mnistdata").mkdir()
    Path("mnistdata/mnist_train.csv").touch()
    assert find("mnist") is None
    Path("mnistdata/mnist_test.csv").touch()
    assert find("mnist") == Found(Path("mnistdata"), "csv")
    assert ensure("mnist") == Found(Path("mnistdata"), "csv")
    assert find("fashion-mnist") is None
    write(Path("mnistdata"), arrays(0), ".gz")
    assert find("mnist") == Found(Path("mnistdata"), "idx")


def test_download_read_and_find_again(
    tmp_path: Path, small: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "cache" / "mnist"
    with mirror(files(small)) as one:
        monkeypatch.setenv("HANDGRAD_MIRROR", one.url.rstrip("/"))
        assert ensure("mnist") == Found(folder, "idx")
        assert one.paths == [f"/{name}.gz" for name in NAMES]
        assert sorted(path.name for path in folder.iterdir()) == sorted(f"{name}.gz" for name in NAMES)
        (folder / f"{NAMES[1]}.gz").unlink()
        ensure("mnist")
        assert one.paths[4:] == [f"/{NAMES[1]}.gz"], "only what is missing is downloaded"
        ensure("mnist")
        assert len(one.paths) == 5
    expected = arrays(0)
    for split in ("train", "test"):
        for got, name in zip(read_split(folder, "mnist", split), FILES[split], strict=True):
            np.testing.assert_array_equal(got, expected[name])


def test_the_built_in_mirrors_are_tried_in_turn(
    tmp_path: Path, small: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HANDGRAD_MIRROR")
    with mirror(status(403)) as bad, mirror(files(small)) as good:
        known = replace(COLLECTIONS["mnist"], mirrors=(bad.url, good.url))
        monkeypatch.setitem(COLLECTIONS, "mnist", known)
        assert ensure("mnist") == Found(tmp_path / "cache" / "mnist", "idx")
        assert bad.paths == good.paths


def test_content_of_another_data_set_is_refused(
    tmp_path: Path, small: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "plain" / "fashion-mnist"
    fashion = {f"/{name}.gz": gzip.compress((folder / name).read_bytes(), 1) for name in NAMES}
    with mirror(files(fashion)) as one, mirror(files(small)) as other:
        monkeypatch.setenv("HANDGRAD_MIRROR", other.url)
        with pytest.raises(HandgradError, match="other content than was published"):
            ensure("fashion-mnist")
        monkeypatch.setenv("HANDGRAD_MIRROR", one.url)
        found = ensure("fashion-mnist")
    images, _ = read_split(found.folder, "fashion-mnist", "test")
    np.testing.assert_array_equal(images, arrays(1)[NAMES[2]])


@pytest.mark.parametrize("answer", [status(404), whole(b"<html></html>", "text/html"), whole(b"nothing")])
def test_the_first_file_that_fails_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: Answer
) -> None:
    with mirror(answer) as bad:
        monkeypatch.setenv("HANDGRAD_MIRROR", bad.url)
        line = refusal(ensure, "mnist")
        assert len(bad.paths) == 1
    assert f"download the four files yourself into {tmp_path / 'cache' / 'mnist'}: " in line
    assert all(name in line for name in NAMES)
    assert find("mnist") is None


def test_a_changed_file_is_reported_with_both_hashes(tmp_path: Path, small: dict[str, bytes]) -> None:
    changed = arrays(0)
    changed[NAMES[0]][3, 4, 5] ^= 1
    folder = write(tmp_path / "data", changed, ".gz")
    line = refusal(read_split, folder, "mnist", "train")
    assert f"{folder / NAMES[0]}.gz is not MNIST's {NAMES[0]}: its content has SHA-256 " in line
    assert f", expected {COLLECTIONS['mnist'].sha256[NAMES[0]]}; delete it" in line
    read_split(folder, "mnist", "test")


def test_exchanged_files_are_recognised(tmp_path: Path, small: dict[str, bytes]) -> None:
    folder = write(tmp_path / "data", arrays(0))
    shutil.copy(folder / NAMES[2], folder / NAMES[0])
    with pytest.raises(HandgradError, match=f"not MNIST's {NAMES[0]}: it is MNIST's {NAMES[2]}"):
        read_split(folder, "mnist", "train")


def test_dotted_names_are_verified_too(tmp_path: Path, small: dict[str, bytes]) -> None:
    folder = write(
        tmp_path / "data", {name.replace("-idx", ".idx"): array for name, array in arrays(0).items()}
    )
    read_split(folder, "mnist", "train")
    write(folder, {"train-images.idx3-ubyte": arrays(1)[NAMES[0]]})
    with pytest.raises(HandgradError, match=f"is not MNIST's {NAMES[0]}"):
        read_split(folder, "mnist", "train")


def test_mnist_is_not_taken_for_fashion(tmp_path: Path, small: dict[str, bytes]) -> None:
    folder = write(tmp_path / "data", arrays(0))
    with pytest.raises(HandgradError, match=f"is not Fashion-MNIST's {NAMES[0]}: it is MNIST's {NAMES[0]}"):
        read_split(folder, "fashion-mnist", "train")


def test_the_cache_is_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert mnist.cache_folder("mnist").name == "mnist"
    assert "handgrad" in mnist.cache_folder("mnist").parts


@needs_mnist
def test_the_real_mnist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANDGRAD_DATA", str(REAL.parent))
    found = ensure("mnist")
    assert found == Found(REAL, "idx")
    images, labels = read_split(found.folder, "mnist", "train")
    assert images.shape == (60_000, 28, 28)
    assert np.bincount(labels)[:3].tolist() == [5923, 6742, 5958]
    images, labels = read_split(found.folder, "mnist", "test")
    assert images.shape == (10_000, 28, 28)
    assert labels[:4].tolist() == [7, 2, 1, 0]
    with pytest.raises(HandgradError, match="it is MNIST's train-images"):
        read_split(found.folder, "fashion-mnist", "train")


@needs_mnist
def test_the_real_mnist_from_a_mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not all((REAL / f"{name}.gz").is_file() for name in NAMES):
        pytest.skip("HANDGRAD_DATA/mnist holds no gzip files to serve")
    monkeypatch.setenv("HANDGRAD_MIRROR", REAL.as_uri())
    found = ensure("mnist")
    assert found == Found(tmp_path / "cache" / "mnist", "idx")
    assert len(read_split(found.folder, "mnist", "test")[1]) == 10_000
