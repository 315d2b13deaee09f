"""Picture files, read by Pillow: one at a time, or a folder of one folder a class."""

import warnings
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from handgrad.data.dataset import Dataset, naming
from handgrad.data.framing import SIDE, frame_digit
from handgrad.errors import HandgradError

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp"}
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP")
"""Those that Pillow reads by itself; for some others it would start other programs."""


def read_image(path: Path) -> NDArray[np.uint8]:
    """Read a picture in grey, (H, W) uint8; what is transparent becomes white (or black, under white ink).

    Raises
    ------
    HandgradError
        If the file is missing, not a picture, broken, or so large that it may be an attack.
    """
    if path.exists() and not path.is_file():  # in a pipe one would wait for ever
        raise HandgradError(f"{path} is a folder, or no plain file; name a picture")
    return _read(path, str(path))


def read_image_bytes(content: bytes, name: str, most: int | None = None) -> NDArray[np.uint8]:
    """Read a picture as `read_image` does, from the content of a file.

    Parameters
    ----------
    content : bytes
    name : str
        What messages call it.
    most : int, optional
        Pixels; a picture of more is refused before it is unpacked.
    """
    return _read(BytesIO(content), name, most)


def _read(source: Path | BytesIO, name: str, most: int | None = None) -> NDArray[np.uint8]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd metadata, and of sizes that are still bearable
            with Image.open(source, formats=FORMATS) as image:
                if most is not None and image.width * image.height > most:
                    raise Image.DecompressionBombError
                image.load()
                return _grey(ImageOps.exif_transpose(image))
    except FileNotFoundError:
        raise HandgradError(f"{name} does not exist") from None
    except Image.DecompressionBombError:
        raise HandgradError(f"{name} has too many pixels; scale it down") from None
    except UnidentifiedImageError:
        raise HandgradError(
            f"{name} is not a picture, or of an unknown kind; save it as PNG or JPEG"
        ) from None
    except Exception as error:  # Pillow's decoders meet damage with a dozen kinds of errors
        reason = getattr(error, "strerror", None) or next(iter(str(error).splitlines()), "it is damaged")
        raise HandgradError(f"{name} cannot be read as a picture: {reason}; replace or drop it") from error


def _grey(image: Image.Image) -> NDArray[np.uint8]:
    if image.mode.startswith("I") or image.mode == "F":  # 16 or 32 bits a pixel
        values = np.nan_to_num(np.asarray(image, np.float64))
        full = next((full for full in (1 if image.mode == "F" else 255, 255) if values.max() <= full), 65535)
        return np.rint(values * (255 / full)).clip(0, 255).astype(np.uint8)
    if not image.has_transparency_data:
        return np.asarray(image.convert("L"))
    colours = image.convert("RGBA")
    for paper in ("white", "black"):
        page = Image.new("RGBA", image.size, paper)
        grey = np.asarray(Image.alpha_composite(page, colours).convert("L"))
        if grey.min() != grey.max():
            break
    return grey


def read_example(path: Path, shape: tuple[int, ...], framing: str) -> NDArray[np.uint8]:
    """Read a picture as a model takes it.

    Parameters
    ----------
    path : Path
    shape : tuple of int
        Of one example of the model's data: ``(1, H, W)``.
    framing : str
        ``"digit"`` or ``"plain"``, as in `Dataset`.

    Returns
    -------
    (H·W,), uint8

    Raises
    ------
    HandgradError
        If the file cannot be read, is blank, or the model does not take pictures.
    """
    with naming(path):
        check_takes_pictures(shape)
    grey = read_image(path)
    with naming(path):
        return framed(grey, shape, framing)


def check_takes_pictures(shape: tuple[int, ...]) -> None:
    """Raise HandgradError where examples of that shape are no grey pictures."""
    if len(shape) != 3 or shape[0] != 1:
        raise HandgradError(f"the model takes examples of shape {shape}, not grey pictures")


def framed(grey: NDArray[np.uint8], shape: tuple[int, ...], framing: str) -> NDArray[np.uint8]:
    """Make an example, (H·W,), of a picture in grey; as `read_example`."""
    if framing == "digit" and shape == (1, SIDE, SIDE):
        return frame_digit(grey).reshape(-1)
    return fit(grey, shape[1], shape[2]).reshape(-1)


def fit(grey: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """Scale a picture into (height, width), its proportions kept, on the colour of its border."""
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
    """Find the folders in `folder` that hold pictures, sorted by number or by name."""
    found = [path for path in folder.iterdir() if path.is_dir() and any(map(_is_picture, path.iterdir()))]
    numbered = all(path.name.isdecimal() for path in found)
    return sorted(found, key=lambda path: (int(path.name) if numbered else 0, path.name))


def pictures(folder: Path) -> list[Path]:
    """Find the picture files in `folder`, sorted by name; hidden ones are no pictures."""
    return sorted(filter(_is_picture, folder.iterdir()))


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()


def read_class_folders(
    folder: Path, classes: Sequence[str] | None = None, shape: tuple[int, ...] | None = None
) -> Dataset:
    """Read a folder that holds one folder of pictures a class.

    Pictures of one size stay as they are (up to 64×64); others are fitted into 28×28, in grey.

    Parameters
    ----------
    folder : Path
    classes : sequence of str, optional
        The classes of the training split, where this is another split of the same data.
    shape : tuple of int, optional
        (1, H, W): fit all pictures into this, as those of the training split are.

    Raises
    ------
    HandgradError
        If there are fewer than two classes, a picture is broken, or a class is not among `classes`.
    """
    folders = class_folders(folder)
    names = tuple(path.name for path in folders) if classes is None else tuple(classes)
    if not folders:
        raise HandgradError(f"{folder} holds no folders of pictures; give each class a folder of PNG or JPEG")
    if len(names) < 2:
        raise HandgradError(
            f"{folder} holds pictures of one class, '{names[0]}'; a classifier needs folders of two or more"
        )
    for path in folders:
        if path.name not in names:
            raise HandgradError(f"{path} is not one of the classes of the training data: {', '.join(names)}")
    files = [(picture, names.index(path.name)) for path in folders for picture in pictures(path)]
    height, width = shape[1:] if shape else _common_size([picture for picture, _ in files])
    inputs = np.empty((len(files), height, width), np.uint8)
    for example, (picture, _) in enumerate(files):
        inputs[example] = fit(read_image(picture), height, width)
    labels = np.array([label for _, label in files])
    return Dataset(inputs, labels, names, (1, height, width), framing="plain")


def _common_size(files: list[Path]) -> tuple[int, int]:
    """Look for the one size that all pictures have, without reading more of them than their heads."""
    sizes = set()
    for path in files:
        try:
            with Image.open(path) as image:
                width, height = image.size
        except Exception:  # read_image tells what is wrong with it
            return read_image(path).shape
        sizes.add((height, width))
        if len(sizes) > 1 or max(height, width) > 64:
            return SIDE, SIDE
    return sizes.pop()
