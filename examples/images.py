"""Train on your own images: ``uv run python examples/images.py [FOLDER]``.

FOLDER holds one folder of images for each class, of any size, PNG or JPEG. The example trains a small network on
three quarters of them, predicts the first image, and draws its most confident mistakes among the last quarter.
Without FOLDER it first writes one, runs/images: digits in ink on paper, of a hundred sizes.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

import handgrad as hg
from handgrad.data.images import read_example

RUNS = Path("runs")


def main(folder: str = "") -> None:
    images = Path(folder) if folder else write_images(RUNS / "images")
    rng = np.random.default_rng(0)
    data = hg.load_data(images)
    data = data.split_validation(max(1, len(data.train) // 4), rng)
    held, classes = data.validation, data.train.classes
    print(f"{len(data.train)} images of {len(classes)} classes to train on, {len(held)} to validate on")

    layers = [
        hg.Conv2D(16, kernel_size=5),
        hg.MaxPool2D(),
        hg.ReLU(),
        hg.Flatten(),
        hg.Dropout(0.2),
        hg.Dense(len(classes)),
    ]
    network = hg.Network(layers, input_shape=data.train.input_shape, rng=rng, classes=classes)
    for record in hg.train(network, data, optimizer=hg.AdamW(0.003), batch_size=32, epochs=12):
        print(f"epoch {record.epoch:2}: {record.validation_accuracy:.1%} of the validation images correct")

    file = next(path for path in sorted(images.rglob("*")) if path.is_file())
    example = read_example(file, network.example_shape, network.framing)
    probabilities = network.predict_proba(example[np.newaxis])[0]
    best = int(probabilities.argmax())
    print(
        f"{file} is predicted as '{network.classes[best]}', with a probability of {probabilities[best]:.1%}"
    )

    axes = hg.plots.plot_mistakes(held, network.predict_proba(held.inputs), most=16)
    RUNS.mkdir(exist_ok=True)
    hg.plots.save(axes, RUNS / "mistakes.png")
    print(f"its most confident mistakes are in {RUNS / 'mistakes.png'}")


def write_images(folder: Path) -> Path:
    """Write digits as images of many sizes, one folder for each class."""
    rng = np.random.default_rng(1)
    digits = hg.load_data("strokes:1500").train
    for number, (pixels, label) in enumerate(zip(digits.inputs, digits.labels, strict=True)):
        place = folder / str(label)
        place.mkdir(parents=True, exist_ok=True)
        side, margin = map(int, rng.integers((40, 0), (160, 10)))
        ink = Image.fromarray(255 - pixels.reshape(28, 28)).resize((side, side), Image.Resampling.BICUBIC)
        ImageOps.expand(ink, margin, 255).save(place / f"{number}.png")
    return folder


if __name__ == "__main__":
    main(*sys.argv[1:])
