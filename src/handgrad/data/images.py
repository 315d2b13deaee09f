"""Picture files, read by Pillow: one at a time, or a folder of one folder a class."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from handgrad.data.dataset import Dataset
from handgrad.data.framing import SIDE, frame_digit
from handgrad.errors import HandgradError

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp"}


def read_image(path: Path) -> NDArray[np.uint8]:
    """Read a picture in grey, (H, W) uint8; what is transparent becomes white (or black, under white ink).

    Raises
    ------
    HandgradError
        If the file is missing, not a picture, broken, or so large that it may be an attack.
    """
    try:
        with Image.open(path) as image:
            image.load()
            upright = ImageOps.exif_transpose(image)
            if upright.mode.startswith("I") or upright.mode == "F":
                values = np.asarray(upright, np.float64)
                return np.rint(values * (255 / max(values.max(), 255))).clip(0, 255).astype(np.uint8)
            if not upright.has_transparency_data:
                return np.asarray(upright.convert("L"))
            for paper in ("white", "black"):
                page = Image.new("RGBA", upright.size, paper)
                grey = np.asarray(Image.alpha_composite(page, upright.convert("RGBA")).convert("L"))
                if grey.min() != grey.max():
                    break
            return grey
    except FileNotFoundError:
        raise HandgradError(f"{path} does not exist") from None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise HandgradError(f"{path} cannot be read as a picture: {reason}") from error


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
    if len(shape) != 3 or shape[0] != 1:
        raise HandgradError(f"{path}: the model takes examples of shape {shape}, not grey pictures")
    grey = read_image(path)
    if framing == "digit" and shape == (1, SIDE, SIDE):
        try:
            return frame_digit(grey).reshape(-1)
        except HandgradError as error:
            raise HandgradError(f"{path}: {error}") from None
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
    found = [path for path in folder.iterdir() if path.is_dir() and pictures(path)]
    numbered = all(path.name.isdecimal() for path in found)
    return sorted(found, key=lambda path: (int(path.name) if numbered else 0, path.name))


def pictures(folder: Path) -> list[Path]:
    """Find the picture files in `folder`, sorted by name."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file())


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
    if len(names) < 2:
        raise HandgradError(
            f"{folder} holds pictures of {len(names)} class; a classifier needs a folder for each of two or more"
        )
    greys, labels = [], []
    for path in folders:
        if path.name not in names:
            raise HandgradError(f"{path} is not one of the classes of the training data: {', '.join(names)}")
        for picture in pictures(path):
            greys.append(read_image(picture))
            labels.append(names.index(path.name))
    sizes = {grey.shape for grey in greys}
    if shape is not None:
        height, width = shape[1:]
    elif len(sizes) == 1 and max(greys[0].shape) <= 64:
        height, width = greys[0].shape
    else:
        height = width = SIDE
    inputs = np.stack([fit(grey, height, width) for grey in greys])
    return Dataset(inputs, np.array(labels), names, (1, height, width), framing="plain")
