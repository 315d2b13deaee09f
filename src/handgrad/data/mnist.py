"""MNIST and Fashion-MNIST: where they are found and downloaded, and how they are verified."""

import hashlib
import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from handgrad.data.idx import FILES, Split, find_idx, idx_header, read_idx_folder
from handgrad.errors import HandgradError

LIMIT = 64 * 2**20
"""Bytes of a file, compressed or not; more than the largest has."""
NAMES = [file for files in FILES.values() for file in files]
CSV_FILES = ("mnist_train.csv", "mnist_test.csv")
"""Names under which the Rust program has MNIST, in the folder ``mnistdata``."""


@dataclass(frozen=True)
class Published:
    """Four gzipped IDX files of 28 × 28 images of ten classes: their URLs, and SHA-256 of what they contain."""

    mirrors: tuple[str, ...]
    sha256: Mapping[str, str]

    def is_published(self, file: str, content: bytes) -> bool:
        """Whether the gzipped content is that of a published file."""
        gzipped = zlib.decompressobj(wbits=31)
        try:
            plain = gzipped.decompress(content, LIMIT)
        except zlib.error:
            return False
        return gzipped.eof and hashlib.sha256(plain).hexdigest() == self.sha256[file]


COLLECTIONS = {
    "mnist": Published(
        (
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
        {
            "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        },
    ),
    "fashion-mnist": Published(
        (
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        ),
        {
            "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        },
    ),
}


def find(name: str) -> Path | None:
    """Find the folder of a whole data set: ``$HANDGRAD_DATA/<name>``, for MNIST ``./mnistdata``, or the cache."""
    places = [Path(data, name)] if (data := os.environ.get("HANDGRAD_DATA")) else []
    if name == "mnist":
        places.append(Path("mnistdata"))
    for folder in (*places, cache_folder(name)):
        has_tables = name == "mnist" and all((folder / file).is_file() for file in CSV_FILES)
        if has_tables or all(find_idx(folder, file) for file in NAMES):
            return folder
    return None


def ensure(name: str) -> Path:
    """Find a data set, or download it into the cache folder, from ``$HANDGRAD_MIRROR`` or the known mirrors."""
    if found := find(name):
        return found
    from handgrad.data.download import download  # slow to import, and rarely needed

    published, folder, mirror = COLLECTIONS[name], cache_folder(name), os.environ.get("HANDGRAD_MIRROR")
    mirrors = (f"{mirror.rstrip('/')}/",) if mirror else published.mirrors
    for file in NAMES:
        if not find_idx(folder, file):
            urls = [f"{mirror}{file}.gz" for mirror in mirrors]
            download(urls, folder / f"{file}.gz", partial(published.is_published, file), LIMIT)
    return folder


def read_split(folder: Path, name: str, split: Split) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Read and verify one split from a folder of IDX files: images (N, 28, 28) uint8 and labels (N,) uint8."""
    arrays = read_idx_folder(folder, split)
    for file, array in zip(FILES[split], arrays, strict=True):
        digest = hashlib.sha256(idx_header(array))
        digest.update(array.data)
        found, expected = digest.hexdigest(), COLLECTIONS[name].sha256[file]
        if found != expected:
            raise HandgradError(
                f"{find_idx(folder, file)} is not the {file} of {name}: its content has SHA-256 {found}, expected "
                f"{expected}; delete it, so that it is downloaded"
            )
    return arrays


def cache_folder(name: str) -> Path:
    """Return the folder of a data set in ``$HANDGRAD_CACHE``, by default the user's cache folder."""
    if chosen := os.environ.get("HANDGRAD_CACHE"):
        return Path(chosen).absolute() / name
    from platformdirs import user_cache_path

    return user_cache_path("handgrad") / name
