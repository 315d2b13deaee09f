"""Image files, one at a time and in folders of classes."""

import io
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from failing import complaint
from handgrad.data.framing import frame_digit
from handgrad.data.images import class_folders, fit, read_class_folders, read_example, read_image
from handgrad.data.strokes import generate

GREY = np.random.default_rng(0).integers(0, 256, (9, 12), np.uint8)
DIGIT = generate(1, 5)[0].reshape(28, 28)
DIGIT_SHAPE = (1, 28, 28)


def save(path: Path, image: NDArray[Any] | Image.Image, **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    image.save(path, **options)
    return path


def folder_of(folder: Path, counts: dict[str, int], size: tuple[int, int] = (9, 12)) -> Path:
    """Write images of one grey for each class."""
    for value, (name, count) in enumerate(counts.items()):
        for number in range(count):
            save(folder / name / f"{number}.png", np.full(size, 20 * value + number, np.uint8))
    return folder


@pytest.mark.parametrize("end", [".png", ".PNG", ".bmp", ".gif", ".webp"])
def test_grey_images_come_back(tmp_path: Path, end: str) -> None:
    grey = read_image(save(tmp_path / f"image{end}", GREY, **({"lossless": True} if end == ".webp" else {})))
    assert grey.dtype == np.uint8
    assert np.array_equal(grey, GREY)


@pytest.mark.parametrize("mode", ["L", "RGB", "P", "RGBA", "LA", "1", "I;16", "CMYK"])
def test_any_mode_becomes_grey(tmp_path: Path, mode: str) -> None:
    black_and_white = Image.fromarray(np.where(GREY > 127, 255, 0).astype(np.uint8))
    image = black_and_white.convert(mode)
    if mode == "I;16":
        image = Image.fromarray(np.asarray(black_and_white).astype(np.uint16) * 257)
    path = save(tmp_path / ("image.jpg" if mode == "CMYK" else "image.png"), image, quality=100)
    assert np.allclose(read_image(path), np.asarray(black_and_white), atol=9 if mode == "CMYK" else 0)


def test_depth_transparency_and_orientation(tmp_path: Path) -> None:
    dim = save(tmp_path / "dim.png", np.array([[0, 257 * 100]], np.uint16))
    assert read_image(dim).tolist() == [[0, 100]], "whatever the brightest pixel is"
    for ink, paper, values in (("black", (0, 0, 0, 0), (0, 255)), ("white", (255, 255, 255, 0), (255, 0))):
        image = Image.new("RGBA", (6, 6), paper)
        image.paste(ink, (2, 2, 4, 4))
        grey = read_image(save(tmp_path / "a.png", image))
        assert (grey[3, 3], grey[0, 0]) == values, "transparent paper takes the other colour"
    exif = Image.Exif()
    exif[0x0112] = 6
    assert np.array_equal(read_image(save(tmp_path / "a.png", GREY, exif=exif)), np.rot90(GREY, -1))


WHOLE = io.BytesIO()
Image.fromarray(GREY).save(WHOLE, "png")
PNG = WHOLE.getvalue()
TIFF = b"II*\0"  # libtiff prints its errors
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n"  # starts Ghostscript in Pillow
DAMAGED = [b"", b"<html>not found</html>", EPS, TIFF, PNG[:20], PNG[:-40], PNG[:60] + bytes(20) + PNG[80:]]


@pytest.mark.parametrize("content", DAMAGED)
def test_files_that_are_not_images(tmp_path: Path, content: bytes) -> None:
    folder = folder_of(tmp_path, {"cat": 2, "dog": 2})
    path = folder / "dog" / "2.png"
    assert "does not exist" in complaint(read_image, path)
    assert "is a folder" in complaint(read_image, tmp_path)
    path.write_bytes(content)
    assert "cannot be read as an image" in complaint(read_image, path)
    assert "cannot be read as an image" in complaint(lambda _: read_class_folders(folder), path)


def test_the_limit_of_pixels_holds_before_decoding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wide = save(tmp_path / "a.png", Image.new("1", (6000, 5000)))  # 30 million pixels in a few kB
    decoded: list[str] = []
    monkeypatch.setattr(Image.Image, "load", lambda image: decoded.append("decoded"))
    assert "too many pixels" in complaint(read_image, wide)
    assert "too many pixels" in complaint(lambda path: read_image(path.read_bytes(), str(path), 10**6), wide)
    assert not decoded


def test_a_large_jpeg_is_decoded_at_a_fraction_of_its_size(tmp_path: Path) -> None:
    large = save(tmp_path / "a.jpg", Image.new("L", (4096, 4096), 200))
    grey = read_image(large, max_pixels=2 * 10**6)
    assert np.array_equal(grey, np.full((1024, 1024), 200))


def test_examples_as_models_take_them(tmp_path: Path) -> None:
    large = Image.fromarray(255 - DIGIT).resize((200, 200))
    path, grey = save(tmp_path / "a.png", large), np.asarray(large)
    for framing, expected in (("digit", frame_digit(grey)), ("plain", fit(grey, 28, 28))):
        assert np.array_equal(read_example(path, DIGIT_SHAPE, framing), expected.reshape(-1))
    assert read_example(path, (1, 10, 12), "digit").shape == (120,)
    blank = save(tmp_path / "b.png", np.full((50, 50), 255, np.uint8))
    for shape in (DIGIT_SHAPE, (4,), (784,), (3, 28, 28)):
        reason = "the image is blank" if shape == DIGIT_SHAPE else "the model takes examples of shape"
        assert f"b.png: {reason}" in complaint(partial(read_example, shape=shape, framing="digit"), blank)


def test_fitting_keeps_proportions_and_paper() -> None:
    assert fit(GREY, 9, 12) is GREY
    image = np.full((40, 20), 200, np.uint8)
    image[5:-5, 5:-5] = 10
    fitted = fit(image, 10, 10)
    assert (fitted[:, [0, 1, 8, 9]] == 200).all()
    assert fitted[5, 5] < 100
    assert fit(GREY[:, :1], 28, 28).shape == (28, 28)


def test_folders_are_classes(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, {"dog": 2, "cat": 3})
    (folder / "cat" / "notes.txt").write_text("not an image")
    (folder / "cat" / "._0.png").write_bytes(b"what macOS leaves behind")
    (folder / "empty").mkdir()
    dataset = read_class_folders(folder)
    assert (dataset.inputs[:, 0].tolist(), dataset.inputs.dtype) == ([20, 21, 22, 0, 1], np.uint8)
    assert (dataset.labels.tolist(), dataset.classes) == ([0, 0, 0, 1, 1], ("cat", "dog"))
    assert (dataset.input_shape, dataset.framing) == ((1, 9, 12), "plain")
    again = read_class_folders(folder, ("ant", "cat", "dog"), (1, 3, 4))
    assert (again.labels.tolist(), again.input_shape) == ([1, 1, 1, 2, 2], (1, 3, 4))
    reason = complaint(lambda _: read_class_folders(folder, ("ant", "cat")), folder / "dog")
    assert "not one of the training classes: ant, cat" in reason


def test_sizes_and_order_of_class_folders(tmp_path: Path) -> None:
    for height, shape in ((64, (1, 64, 20)), (65, DIGIT_SHAPE)):
        folder = folder_of(tmp_path / str(height), {"a": 1, "b": 1}, (height, 20))
        assert read_class_folders(folder).input_shape == shape
    folder_of(folder, {"c": 1}, (20, 20))
    assert read_class_folders(folder).inputs.shape == (3, 784)
    for names, order in ((["10", "9", "1"], ["1", "9", "10"]), (["a"], ["1", "10", "9", "a"])):
        folder_of(tmp_path, dict.fromkeys(names, 1))
        assert [path.name for path in class_folders(tmp_path)] == order


def test_folders_that_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("cat", "dog"):
        assert "holds no folders of images" in complaint(read_class_folders, tmp_path)
        folder_of(tmp_path, {name: 2})
    monkeypatch.setattr("handgrad.data.memory.available_memory", lambda: 50)
    assert "need 864 bytes of memory" in complaint(read_class_folders, tmp_path)
