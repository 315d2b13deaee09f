"""Sample files for docs/guide/tutorial.md: ``uv run python examples/sample_files.py``.

Writes measurements of three kinds of plants (plants/train.csv and plants/test.csv), three plants without labels
(plants/new.csv) and images of three shapes (shapes/train/circle/0.png and so on) into the current folder.
"""

from math import cos, pi, sin
from pathlib import Path

import numpy as np
import polars as pl
from PIL import Image, ImageDraw

SHAPES = {"circle": 40, "square": 4, "triangle": 3}
"""The number of corners of each."""


def plants(rows: int, rng: np.random.Generator) -> pl.DataFrame:
    kind = rng.integers(3, size=rows)
    soils = np.array(["sand", "loam", "clay"])
    return pl.DataFrame(
        {
            "height": np.round(rng.normal(np.array([35, 60, 42])[kind], 9), 1),
            "flowers": rng.poisson(np.array([12, 5, 7])[kind]),
            "soil": soils[(kind + (rng.random(rows) < 0.3)) % 3],
            "leaf": np.where(rng.random(rows) < np.array([0.9, 0.4, 0.1])[kind], "narrow", "broad"),
            "label": np.array(["lavender", "peony", "sage"])[kind],
        }
    )


def shape(corners: int, rng: np.random.Generator) -> Image.Image:
    width, height = map(int, rng.integers(40, 90, 2))
    image = Image.new("L", (width, height), int(rng.integers(180, 256)))
    radius, turn = rng.uniform(0.3, 0.45) * min(width, height), rng.uniform(0, 2 * pi)
    x, y = width / 2 + rng.uniform(-3, 3), height / 2 + rng.uniform(-3, 3)
    angles = [turn + 2 * pi * corner / corners for corner in range(corners)]
    outline = [(x + radius * cos(angle), y + radius * sin(angle)) for angle in angles]
    ImageDraw.Draw(image).polygon(outline, fill=int(rng.integers(0, 100)))
    return image


def main() -> None:
    rng = np.random.default_rng(1)
    Path("plants").mkdir(exist_ok=True)
    plants(600, rng).write_csv("plants/train.csv")
    plants(200, rng).write_csv("plants/test.csv")
    plants(3, rng).drop("label").write_csv("plants/new.csv")
    for split, count in (("train", 150), ("test", 50)):
        for name, corners in SHAPES.items():
            folder = Path("shapes", split, name)
            folder.mkdir(parents=True, exist_ok=True)
            for number in range(count):
                shape(corners, rng).save(folder / f"{number}.png")


if __name__ == "__main__":
    main()
