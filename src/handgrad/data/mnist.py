"""MNIST and Fashion-MNIST: where they are found and downloaded, and how they are verified."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from handgrad.data.idx import FILES, Array, Split, find_idx, read_idx, read_idx_folder
from handgrad.errors import HandgradError, suggest

LIMIT = 64 * 2**20
"""Bytes of a download, twice the largest file."""
NAMES = [file for files in FILES.values() for file in files]


@dataclass(frozen=True)
class Found:
    """A folder that holds a whole data set, and the format of its files."""

    folder: Path
    kind: Literal["idx", "csv"]


@dataclass(frozen=True)
class Published:
    """A published data set: four gzipped IDX files of 28 × 28 images of ten classes.

    `sha256` has the SHA-256 of the uncompressed content by file, `local` is a folder of the working directory
    in which it is looked for, too, and `tables` are names of CSV files that may hold it instead.
    """

    title: str
    mirrors: tuple[str, ...]
    sha256: Mapping[str, str]
    local: str | None = None
    tables: tuple[str, ...] = ()

    def is_published(self, name: str, path: Path) -> bool:
        """Whether the file at `path` has the content of the published file `name`."""
        try:
            return _read(path)[1] == self.sha256[name]
        except HandgradError:
            return False

    def read(self, path: Path) -> Array:
        """Read one file; HandgradError where it is damaged, or its content is not the published one."""
        name = path.name.removesuffix(".gz").replace(".idx", "-idx")
        array, found = _read(path)
        expected = self.sha256[name]
        if found == expected:
            return array
        known = {
            sha256: f"{other.title}'s {file}"
            for other in COLLECTIONS.values()
            for file, sha256 in other.sha256.items()
        }
        what = f"it is {known[found]}" if found in known else f"its content has SHA-256 {found}"
        raise HandgradError(
            f"{path} is not {self.title}'s {name}: {what}, expected {expected}; delete it, so that it is downloaded"
        )


MNIST = Published(
    title="MNIST",
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
    sha256={
        "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    },
    local="mnistdata",  # the folder of the Rust program, with its names of tables
    tables=("mnist_train.csv", "mnist_test.csv"),
)

FASHION_MNIST = Published(
    title="Fashion-MNIST",
    mirrors=(
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    ),
    sha256={
        "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    },
)

COLLECTIONS = {"mnist": MNIST, "fashion-mnist": FASHION_MNIST}


def find(name: str) -> Found | None:
    """Find a complete published data set in ``$HANDGRAD_DATA/<name>``, MNIST in ``./mnistdata``, or in the cache."""
    published = _published(name)
    for folder in _places(name):
        if all(find_idx(folder, file) for file in NAMES):
            return Found(folder, "idx")
        if published.tables and all((folder / table).is_file() for table in published.tables):
            return Found(folder, "csv")
    return None


def ensure(name: str) -> Found:
    """Find a published data set, or download what is missing of it into the cache folder.

    Where ``HANDGRAD_MIRROR`` is set, that base URL replaces the known mirrors.
    """
    if found := find(name):
        return found
    from handgrad.data.download import download  # slow to import, and rarely needed

    published, folder = _published(name), cache_folder(name)
    mirror = os.environ.get("HANDGRAD_MIRROR")
    mirrors = (f"{mirror.rstrip('/')}/",) if mirror else published.mirrors
    for file in NAMES:
        if not find_idx(folder, file):
            download(
                [f"{mirror}{file}.gz" for mirror in mirrors],
                folder / f"{file}.gz",
                partial(published.is_published, file),
                limit=LIMIT,
                advice=f"download the four files yourself into {folder}: {', '.join(NAMES)} (each may end in .gz)",
            )
    return Found(folder, "idx")


def read_split(folder: Path, name: str, split: Split) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Read and verify one split from a folder of IDX files: images (N, 28, 28) uint8 and labels (N,) uint8."""
    return read_idx_folder(folder, split, _published(name).read)


def cache_folder(name: str) -> Path:
    """Return the folder of a data set in ``$HANDGRAD_CACHE``, by default the user's cache folder."""
    if chosen := os.environ.get("HANDGRAD_CACHE"):
        return Path(chosen).absolute() / name
    from platformdirs import user_cache_path

    return user_cache_path("handgrad") / name


def _places(name: str) -> Iterator[Path]:
    data, local = os.environ.get("HANDGRAD_DATA"), _published(name).local
    if data:
        yield Path(data) / name
    if local:
        yield Path(local)
    yield cache_folder(name)


def _published(name: str) -> Published:
    if name not in COLLECTIONS:
        raise HandgradError(f"no published data set is called '{name}'{suggest(name, COLLECTIONS)}")
    return COLLECTIONS[name]


def _read(path: Path) -> tuple[Array, str]:
    """Read an IDX file and return the SHA-256 of its uncompressed content, too."""
    digest = hashlib.sha256()
    return read_idx(path, digest), digest.hexdigest()
