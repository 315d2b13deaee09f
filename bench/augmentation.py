"""Augmentation against scipy.ndimage: ``uv pip install scipy && uv run --no-sync python bench/augmentation.py``.

Both rotate, scale, shear, shift and elastically bend 28×28 images on one core: processor seconds for 60,000,
medians of paired runs, and the median of their ratios. Without SciPy, only handgrad is measured.
"""

import os

os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1")

from collections.abc import Callable
from statistics import median
from time import process_time

import numpy as np
from numpy.typing import NDArray

from handgrad.data.augment import Augmentation
from handgrad.data.strokes import generate

try:
    from scipy import ndimage
except ImportError:
    ndimage = None

ROUNDS, OURS, THEIRS = 9, 10_000, 1_000  # and images in a round
STRENGTHS = {"shift": 2.0, "rotate": 15.0, "scale": 0.15, "shear": 10.0}
CASES = {
    "affine": Augmentation(**STRENGTHS),
    "elastic": Augmentation(elastic=34),
    "affine + elastic": Augmentation(**STRENGTHS, elastic=34),
}
ROWS, COLUMNS = np.mgrid[:28, :28].astype(np.float32)


def by_scipy(
    augmentation: Augmentation, images: NDArray[np.uint8], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Do the same, image by image, with `affine_transform`, `gaussian_filter` and `map_coordinates`."""
    changed = np.empty(images.shape, np.float32)
    for image, result in zip(images, changed, strict=True):
        turn, slant, tall, broad, down, across = rng.uniform(-1, 1, 6)
        angle, tan = np.radians(augmentation.rotate * turn), np.tan(np.radians(augmentation.shear * slant))
        cos, sin = np.cos(angle), np.sin(angle)
        stretch = 1 + augmentation.scale * np.array([[tall], [broad]])
        matrix = np.array([[cos, -sin], [sin + tan * cos, cos - tan * sin]]) / stretch
        offset = 13.5 - matrix @ (13.5 + augmentation.shift * np.array([down, across]))
        if not augmentation.elastic:
            ndimage.affine_transform(image, matrix, offset, output=result, order=1, mode="grid-constant")
            continue
        noise = 2 * rng.random((2, 28, 28), np.float32) - 1
        dy, dx = (ndimage.gaussian_filter(axis, augmentation.smoothness, truncate=3) for axis in noise)
        (a, b), (c, d) = matrix
        y = a * ROWS + b * COLUMNS + offset[0] + augmentation.elastic * dy
        x = c * ROWS + d * COLUMNS + offset[1] + augmentation.elastic * dx
        ndimage.map_coordinates(image, [y, x], output=result, order=1, mode="grid-constant")
    return changed


def seconds(work: Callable[[], object], images: int) -> float:
    """Time one call, scaled to 60,000 images."""
    start = process_time()
    work()
    return (process_time() - start) * 60_000 / images


def main() -> None:
    """Measure and print."""
    images = generate(OURS)[0].reshape(-1, 28, 28)
    rng = np.random.default_rng(0)
    print(f"{'60,000 images, one core':24}{'handgrad':>10}{'scipy':>10}{'ratio':>10}")
    for name, augmentation in CASES.items():
        augmentation(images, rng)  # compiles
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(seconds(lambda run=augmentation: run(images, rng), OURS))
            if ndimage:
                few = images[:THEIRS]
                theirs.append(seconds(lambda run=augmentation, few=few: by_scipy(run, few, rng), THEIRS))
        ratios = [f"{median(theirs):8.1f} s", f"{median(np.divide(theirs, ours)):10.0f}"] if theirs else []
        print(f"{name:24}{median(ours):8.2f} s", *ratios, sep="")


if __name__ == "__main__":
    main()
