"""Deforming images as the recipe `elastic` does: 1,000 at a time, scaled to an epoch of 60,000, on one core."""

import numpy as np
from bench.work.data import Clock, training

COUNT = 1_000


def contestants():
    """Return the contestants."""
    return {"handgrad": handgrad, "SciPy": scipy}


def handgrad(threads):
    import handgrad as hg

    augmentation = hg.load_recipe("elastic").training_arguments()["augmentation"]
    images, rng = training()[0][: 10 * COUNT].reshape(-1, 1, 28, 28), np.random.default_rng(0)

    def run():
        clock = Clock()
        for first in range(0, len(images), COUNT):
            augmentation(images[first : first + COUNT], rng)
        return {"seconds": clock() * 60_000 / len(images)}

    return run


def scipy(threads):
    from scipy import ndimage

    import handgrad as hg

    recipe = hg.load_recipe("elastic").training_arguments()["augmentation"]
    images, rng = training()[0][:COUNT].reshape(-1, 28, 28), np.random.default_rng(0)
    rows, columns = np.mgrid[:28, :28].astype(np.float32)

    def deform(image, result):
        turn, slant, tall, broad, down, across = rng.uniform(-1, 1, 6)
        angle, tan = np.radians(recipe.rotate * turn), np.tan(np.radians(recipe.shear * slant))
        cos, sin = np.cos(angle), np.sin(angle)
        stretch = 1 + recipe.scale * np.array([[tall], [broad]])
        (a, b), (c, d) = matrix = np.array([[cos, -sin], [sin + tan * cos, cos - tan * sin]]) / stretch
        offset = 13.5 - matrix @ (13.5 + recipe.shift * np.array([down, across]))
        noise = 2 * rng.random((2, 28, 28), np.float32) - 1
        dy, dx = (ndimage.gaussian_filter(axis, recipe.sigma, truncate=3) for axis in noise)
        y = a * rows + b * columns + offset[0] + recipe.elastic * dy
        x = c * rows + d * columns + offset[1] + recipe.elastic * dx
        ndimage.map_coordinates(image, [y, x], output=result, order=1, mode="grid-constant")

    def run():
        clock = Clock()
        changed = np.empty(images.shape, np.float32)
        for image, result in zip(images, changed, strict=True):
            deform(image, result)
        return {"seconds": clock() * 60_000 / COUNT}

    return run
