"""See what `Augmentation` does: ``uv run python examples/augmentation.py [DATA] [PNG]``.

One column is one digit; one row each shows the original, every kind of change, and all of them together. Without
arguments, it draws docs/images/augmentation.png from digits that the library writes itself.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import handgrad as hg
from handgrad.data.augment import Augmentation

ROWS = {
    "original": Augmentation(),
    "shift = 2": Augmentation(shift=2),
    "rotate = 15": Augmentation(rotate=15),
    "scale = 0.15": Augmentation(scale=0.15),
    "shear = 15": Augmentation(shear=15),
    "elastic = 20": Augmentation(elastic=20),
    "elastic = 34": Augmentation(elastic=34),
    "elastic = 36, sigma = 6": Augmentation(elastic=36, sigma=6),
    "elastic = 80: too much": Augmentation(elastic=80),
    "shift = 1, rotate = 10, scale = 0.1, elastic = 20": Augmentation(1, 10, 0.1, 0, 20),
    "shift = 2, rotate = 15, scale = 0.15, elastic = 36, sigma = 6": Augmentation(2, 15, 0.15, 0, 36, 6),
}
COLUMNS, ZOOM, LABEL = 20, 2, 20


def main(source: str = "strokes:60", png: str = "docs/images/augmentation.png") -> None:
    """Draw the sheet: two of each digit."""
    train = hg.load_data(source).train
    chosen = np.concatenate([np.flatnonzero(train.labels == digit)[:2] for digit in range(10)])
    images = train.inputs[chosen].reshape(COLUMNS, 28, 28)
    high, wide = 28 * ZOOM, 28 * ZOOM * COLUMNS
    sheet = Image.new("L", (wide, (high + LABEL) * len(ROWS)), 255)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for row, (label, augmentation) in enumerate(ROWS.items()):
        changed = augmentation(images, np.random.default_rng(1))
        strip = Image.fromarray(255 - np.rint(np.hstack(list(changed))).astype(np.uint8))
        pen.text((4, row * (high + LABEL) + 3), label, 96, font)
        sheet.paste(strip.resize((wide, high), Image.Resampling.BICUBIC), (0, row * (high + LABEL) + LABEL))
    sheet.quantize(16).save(Path(png), optimize=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
