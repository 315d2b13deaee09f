"""Image files, read by Pillow: one at a time, or a folder with one folder for each class."""

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from handgrad.data.dataset import Dataset, naming
from handgrad.data.framing import SIDE, frame_digit
from handgrad.data.memory import check_memory
from handgrad.errors import HandgradError

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp"}
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP")
"""Those that Pillow decodes itself, without messages: for others it starts programs, or libtiff prints its errors."""
MAX_PIXELS = 16_000_000
"""After a JPEG was decoded at a fraction of its size; Pillow needs up to 16 bytes per pixel, for WebP."""
ENOUGH = 1024
"""Pixels of a side: a larger JPEG is decoded at half its size or less."""

logging.getLogger("PIL").addHandler(logging.NullHandler())  # its errors are raised, and not printed as well


def read_image(source: Path | bytes, name: str = "", max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """Read an image, a file or its content, which messages call `name`, in grey: (H, W) uint8.

    Transparent pixels become background. An image above `max_pixels` is refused before it is decoded.
    """
    with _opened(source, name or str(source)) as image:
        image.draft(image.mode, (ENOUGH, ENOUGH))  # JPEG is decoded at 1/2, 1/4 or 1/8 of its size
        if image.width * image.height > max_pixels:
            raise Image.DecompressionBombError
        image.load()
        ImageOps.exif_transpose(image, in_place=True)
        return _grey(image)


@contextmanager
def _opened(source: Path | bytes, name: str) -> Iterator[Image.Image]:
    """Open an image without decoding it; HandgradError where that or what the block does fails."""
    if isinstance(source, Path) and source.is_dir():
        raise HandgradError(f"{name} is a folder; name the files in it")
    if isinstance(source, Path) and not source.is_file():  # opening a pipe would block
        raise HandgradError(f"{name} does not exist, or is not a plain file; name an image")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about odd metadata, and sizes below the limit of Pillow
            file = BytesIO(source) if isinstance(source, bytes) else source
            with Image.open(file, formats=FORMATS) as image:
                yield image
    except Image.DecompressionBombError:
        raise HandgradError(f"{name} has too many pixels; scale it down") from None
    except Exception as error:  # Pillow's decoders raise a dozen types at damaged files
        reason = getattr(error, "strerror", None) or "it is damaged, or of a kind that is not supported"
        raise HandgradError(f"{name} cannot be read as an image: {reason}; save it as PNG or JPEG") from error


def _grey(image: Image.Image) -> NDArray[np.uint8]:
    if image.mode.startswith("I"):  # 16 bits per pixel
        values = np.asarray(image, np.float32)
        full = 255 if values.max() <= 255 else 65535
        return np.rint(values * (255 / full)).astype(np.uint8)
    if not image.has_transparency_data:
        return np.asarray(image.convert("L"))
    for paper in ("white", "black"):
        page = Image.new("RGBA", image.size, paper)
        grey = np.asarray(Image.alpha_composite(page, image.convert("RGBA")).convert("L"))
        if grey.min() != grey.max():
            break
    return grey


def read_example(path: Path, shape: tuple[int, ...], framing: str) -> NDArray[np.uint8]:
    """Read an image as an example, (H·W,) uint8, of a model with examples of `shape`; see `framed`."""
    grey = read_image(path)
    with naming(path):
        return framed(grey, shape, framing)


def framed(grey: NDArray[np.uint8], shape: tuple[int, ...], framing: str) -> NDArray[np.uint8]:
    """Fit a grey image into an example, (H·W,); HandgradError where `shape` is not that of one, (1, H, W)."""
    if len(shape) != 3 or shape[0] != 1:
        raise HandgradError(f"the model takes examples of shape {shape}, not grey images")
    if framing == "digit" and shape == (1, SIDE, SIDE):
        return frame_digit(grey).reshape(-1)
    return fit(grey, shape[1], shape[2]).reshape(-1)


def fit(grey: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """Scale an image into (height, width), with its proportions, on the colour of its border."""
    if grey.shape == (height, width):
        return grey
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    page = Image.new("L", (width, height), int(np.median(border)))
    scale = min(width / grey.shape[1], height / grey.shape[0])
    size = max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale))
    small = Image.fromarray(grey).resize(size, Image.Resampling.BICUBIC)
    page.paste(small, ((width - size[0]) // 2, (height - size[1]) // 2))
    return np.asarray(page)


def class_folders(folder: Path) -> list[Path]:
    """Return the folders in `folder` that hold images, sorted by number or by name."""
    found = [path for path in folder.iterdir() if path.is_dir() and any(map(_is_image, path.iterdir()))]
    numbered = all(path.name.isdecimal() for path in found)
    return sorted(found, key=lambda path: (int(path.name) if numbered else 0, path.name))


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()


def read_class_folders(
    folder: Path, classes: Sequence[str] | None = None, shape: tuple[int, ...] | None = None
) -> Dataset:
    """Read a folder that holds one folder of images for each class.

    Images of one size, up to 64×64, keep their size; others are fitted into 28×28. All become grey. `classes` and
    `shape`, (1, H, W), are those of the training split, where this is another split of the same data.
    """
    folders = class_folders(folder)
    names = tuple(path.name for path in folders) if classes is None else tuple(classes)
    if not folders or len(names) < 2:
        advice = "give each class a folder of PNG or JPEG"
        raise HandgradError(f"{folder} holds no folders of images of two or more classes; {advice}")
    for path in folders:
        if path.name not in names:
            raise HandgradError(f"{path} is not one of the training classes: {', '.join(names)}")
    files = [file for path in folders for file in sorted(filter(_is_image, path.iterdir()))]
    labels = [names.index(file.parent.name) for file in files]
    height, width = shape[1:] if shape else _common_size(files)
    check_memory(2 * len(files) * height * width, folder)
    inputs = np.stack([fit(read_image(file), height, width) for file in files])
    return Dataset(inputs, labels, names, (1, height, width), framing="plain")


def _common_size(files: list[Path]) -> tuple[int, int]:
    """Return the size of all images, from their headers, or 28×28 where sizes differ or are above 64."""
    sizes: set[tuple[int, int]] = set()
    for path in files:
        with _opened(path, str(path)) as image:
            sizes.add((image.height, image.width))
        if len(sizes) > 1 or max(image.size) > 64:
            return SIDE, SIDE
    return sizes.pop()
