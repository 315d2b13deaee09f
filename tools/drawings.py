"""The accuracy of a model on tools/drawings.json, 120 messy drawings, rendered and framed as on the page.

    uv run python tools/drawings.py runs/synthetic
    uv run python tools/drawings.py runs/synthetic --sheet docs/images/page/drawings.png

The drawings were written by hand, as strokes in the page's format: twelve of each digit, one for each kind of mess.
Nothing is trained on them, and no model is chosen by them. The sheet shows all of them, with the wrong predictions.
"""

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import handgrad as hg
from handgrad.data.framing import frame_digit
from handgrad.kernels.backend import kernels

DRAWINGS = Path(__file__).with_name("drawings.json")
SIDE = 280  # pixels of the rendered image, as in frontend/draw/strokes.js


def main() -> None:
    """Print the accuracy by kind of mess, and each error."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path, help="a run or a model file")
    parser.add_argument("--sheet", type=Path, help="an image of all drawings to write")
    options = parser.parse_args()

    drawings = json.loads(DRAWINGS.read_text("utf-8"))
    network = hg.load_model(options.model)
    inputs = np.stack([frame_digit(render(drawing)).ravel() for drawing in drawings])
    probabilities = network.predict_proba(inputs)
    answers = [network.classes[best] for best in probabilities.argmax(axis=1)]
    wrong = [
        (drawing["kind"], drawing["label"], answer, share)
        for drawing, answer, share in zip(drawings, answers, probabilities.max(axis=1), strict=True)
        if answer != drawing["label"]
    ]
    print_table(drawings, wrong)
    if options.sheet:
        sheet(drawings, answers).save(options.sheet)


def render(drawing: dict[str, Any], side: int = SIDE) -> NDArray[np.uint8]:
    """Render strokes like renderStrokes in frontend/draw/strokes.js: (side, side), 0 is paper, 255 ink."""
    strokes = [stroke if len(stroke) > 1 else stroke * 2 for stroke in drawing["strokes"]]  # a dot
    points = np.array([point for stroke in strokes for point in stroke], np.float64)
    pen_down = np.concatenate([[True] * (len(stroke) - 1) + [False] for stroke in strokes])[:-1]
    radii = np.full(len(points), drawing["width"] * side / 2)
    draw = kernels.draw_strokes
    return draw((points * side)[None], radii[None], pen_down[None], np.ones(1), side)[0]


def print_table(drawings: list[dict[str, Any]], wrong: list[tuple[str, str, str, float]]) -> None:
    """Print the number of correct predictions and the errors by kind."""
    kinds = Counter(drawing["kind"] for drawing in drawings)
    print("| kind | correct | predicted as another digit (probability) |")
    print("|---|---:|---|")
    for kind, count in kinds.items():
        mistakes = [(label, answer, share) for of, label, answer, share in wrong if of == kind]
        listed = ", ".join(f"{label} as {answer} ({share:.0%})" for label, answer, share in mistakes)
        print(f"| {kind} | {count - len(mistakes)} of {count} | {listed} |")
    correct = len(drawings) - len(wrong)
    print(f"| **all** | **{correct} of {len(drawings)}, {correct / len(drawings):.1%}** | |")


def sheet(drawings: list[dict[str, Any]], answers: list[str]) -> Any:
    """Return an image of all drawings, a row per kind, with wrong predictions in the corner."""
    from PIL import Image, ImageDraw

    side, gap, margin = 84, 6, 92
    kinds = list(dict.fromkeys(drawing["kind"] for drawing in drawings))
    size = margin + 10 * (side + gap), gap + len(kinds) * (side + gap)
    page = Image.new("L", size, 238)
    pen = ImageDraw.Draw(page)
    for row, kind in enumerate(kinds):
        pen.text((12, gap + row * (side + gap) + 34), kind, 40, font_size=15)
    for drawing, answer in zip(drawings, answers, strict=True):
        left = margin + int(drawing["label"]) * (side + gap)
        top = gap + kinds.index(drawing["kind"]) * (side + gap)
        tile = Image.fromarray(255 - render(drawing)).resize((side, side), Image.Resampling.LANCZOS)
        page.paste(tile, (left, top))
        if answer != drawing["label"]:
            pen.rectangle((left, top, left + side - 1, top + side - 1), outline=60, width=2)
            pen.rectangle((left + side - 22, top + side - 24, left + side - 1, top + side - 1), fill=60)
            pen.text((left + side - 16, top + side - 23), answer, 255, font_size=16)
    return page


if __name__ == "__main__":
    main()
