"""MNIST and Fashion-MNIST: where they are found and downloaded, and how they are verified."""

import hashlib
import os
import tomllib
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
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

    mirrors: Sequence[str]
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
    name: Published(**known)
    for name, known in tomllib.loads(
        files("handgrad.data").joinpath("collections.toml").read_text("utf-8")
    ).items()
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
            digests = f"its SHA-256 begins with {found[:16]}, expected {expected[:16]}"
            where = f"{find_idx(folder, file)} is not the {file} of {name}"
            raise HandgradError(f"{where}: {digests}; delete it, so that it is downloaded")
    return arrays


def cache_folder(name: str) -> Path:
    """Return the folder of a data set in ``$HANDGRAD_CACHE``, by default the user's cache folder."""
    if chosen := os.environ.get("HANDGRAD_CACHE"):
        return Path(chosen).absolute() / name
    from platformdirs import user_cache_path

    return user_cache_path("handgrad") / name
