"""MNIST and Fashion-MNIST as published: where they are found, downloaded from, and how they are verified."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from handgrad.data.idx import FILES, Array, Split, find_idx, read_idx, read_idx_folder
from handgrad.errors import HandgradError, suggest

LIMIT = 64 * 2**20  # bytes, twice the largest file of them all


@dataclass(frozen=True)
class Found:
    """A folder that holds a whole data set, and in which kind of files."""

    folder: Path
    kind: Literal["idx", "csv"]


@dataclass(frozen=True)
class Published:
    """A data set as its authors published it: four gzipped IDX files of 28 × 28 images of ten classes.

    Attributes
    ----------
    title : str
        Its name in prose.
    mirrors : tuple of str
        Base URLs, best first, each ending in a slash.
    content_sha256 : mapping
        From a file's name to the SHA-256 of its uncompressed content, so that any container serves.
    gzip_md5 : mapping
        From a file's name to the MD5 of its gzip file, where that is all that was published.
    examples : mapping
        The number of examples by split.
    local : str or None
        A folder of the working directory in which it may be, too.
    tables : tuple of str
        Names of CSV files that may hold it instead.
    """

    title: str
    mirrors: tuple[str, ...]
    content_sha256: Mapping[str, str] = field(default_factory=dict)
    gzip_md5: Mapping[str, str] = field(default_factory=dict)
    examples: Mapping[str, int] = field(default_factory=lambda: {"train": 60_000, "test": 10_000})
    local: str | None = None
    tables: tuple[str, ...] = ()

    def is_download(self, name: str, path: Path) -> bool:
        """Tell whether a downloaded file is the published one of that name."""
        if self.gzip_md5:
            with path.open("rb") as file:
                md5 = hashlib.file_digest(file, partial(hashlib.md5, usedforsecurity=False))
            return md5.hexdigest() == self.gzip_md5[name]
        try:
            return _digested(path)[1] == self.content_sha256[name]
        except HandgradError:
            return False

    def read(self, path: Path) -> Array:
        """Read one file and verify what it holds, as far as that is known.

        Raises
        ------
        HandgradError
            If the file is damaged, or is another than its name says.
        """
        name = path.name.removesuffix(".gz").replace(".idx", "-idx")
        array, found = _digested(path)
        expected = self.content_sha256.get(name)
        known = {
            sha256: f"{other.title}'s {file}"
            for other in COLLECTIONS.values()
            for file, sha256 in other.content_sha256.items()
        }
        if found == expected or (expected is None and found not in known):
            return array
        what = f"it is {known[found]}" if found in known else f"its content has SHA-256 {found}"
        wanted = f", expected {expected}" if expected else ""
        raise HandgradError(
            f"{path} is not {self.title}'s {name}: {what}{wanted}; delete it so that it is downloaded again"
        )


MNIST = Published(
    title="MNIST",
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
    content_sha256={
        "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    },
    local="mnistdata",  # the Rust program's place, and its names
    tables=("mnist_train.csv", "mnist_test.csv"),
)

FASHION_MNIST = Published(
    title="Fashion-MNIST",
    mirrors=("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",),
    gzip_md5={
        "train-images-idx3-ubyte": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "train-labels-idx1-ubyte": "25c81989df183df01b3e8a0aad5dffbe",
        "t10k-images-idx3-ubyte": "bef4ecab320f06d8554ea6380940ec79",
        "t10k-labels-idx1-ubyte": "bb300cfdad3c16e7a12a480ee83cd310",
    },
)

COLLECTIONS = {"mnist": MNIST, "fashion-mnist": FASHION_MNIST}


def find(name: str) -> Found | None:
    """Find a published data set on this machine.

    It is looked for in ``$HANDGRAD_DATA/<name>``, for MNIST in ``./mnistdata``, and in the cache folder.

    Parameters
    ----------
    name : {"mnist", "fashion-mnist"}

    Returns
    -------
    Found or None
        The first of these folders that holds all of it.

    Raises
    ------
    HandgradError
        If there is no data set of that name, or a folder may not be looked into.
    """
    published = _published(name)
    for folder in _places(name):
        if all(find_idx(folder, file) for files in FILES.values() for file in files):
            return Found(folder, "idx")
        if published.tables and all((folder / table).is_file() for table in published.tables):
            return Found(folder, "csv")
    return None


def ensure(name: str) -> Found:
    """Find a published data set, or download what is missing of it into the cache folder.

    Where ``HANDGRAD_MIRROR`` is set, that base URL takes the place of the known mirrors.

    Parameters
    ----------
    name : {"mnist", "fashion-mnist"}

    Raises
    ------
    HandgradError
        If it can be neither found nor downloaded; the first file that fails everywhere ends it.
    """
    found = find(name)
    if found:
        return found
    from handgrad.data.download import (
        download,
    )  # late: most runs need no network, and it takes long to import

    published, folder = _published(name), cache_folder(name)
    mirror = os.environ.get("HANDGRAD_MIRROR")
    mirrors = (f"{mirror.rstrip('/')}/",) if mirror else published.mirrors
    names = [file for files in FILES.values() for file in files]
    for file in names:
        if not find_idx(folder, file):
            download(
                [f"{mirror}{file}.gz" for mirror in mirrors],
                folder / f"{file}.gz",
                partial(published.is_download, file),
                limit=LIMIT,
                advice=f"download the four files yourself into {folder}: {', '.join(names)} (each may end in .gz)",
            )
    return Found(folder, "idx")


def read_split(folder: Path, name: str, split: Split) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Read one split of a published data set from a folder of IDX files, and verify it.

    Parameters
    ----------
    folder : Path
    name : {"mnist", "fashion-mnist"}
    split : {"train", "test"}

    Returns
    -------
    images : uint8 (N, 28, 28)
    labels : uint8 (N,), 0 to 9

    Raises
    ------
    HandgradError
        If a file is missing or damaged, or holds anything else.
    """
    published = _published(name)
    images, labels = read_idx_folder(folder, split, published.read)
    expected = (published.examples[split], 28, 28)
    if images.shape != expected or labels.dtype != np.uint8 or labels.max() > 9:
        raise HandgradError(
            f"{folder} is not {published.title}: {split} images are {images.shape}, expected {expected}, and "
            f"labels end at {labels.max()}, expected 9; delete its files so that they are downloaded again"
        )
    return images, labels


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


def _digested(path: Path) -> tuple[Array, str]:
    """Read an IDX file and tell the SHA-256 of its uncompressed content."""
    digest = hashlib.sha256()
    return read_idx(path, digest), digest.hexdigest()
