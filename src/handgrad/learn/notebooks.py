"""The exercises as notebooks: one for each chapter, whose cells write the same files."""

import json
from pathlib import Path
from typing import Any

from handgrad.files import write_file
from handgrad.learn.catalog import CHAPTERS, as_markdown, learner_file, number
from handgrad.learn.exercise import Exercise

SETUP = (
    "Run this notebook in the folder of the exercises. A cell that begins with `%%writefile` writes your function "
    "to the file of the exercise, and the cell below it checks the file. "
    "In the folder, `handgrad learn hint N` prints a hint."
)


def write_notebooks(folder: Path, exercises: dict[str, Exercise]) -> list[str]:
    """Write a notebook for each chapter that has none yet; return the names of the files."""
    written = []
    for chapter, title in CHAPTERS.items():
        chosen = [exercise for exercise in exercises.values() if exercise.chapter == chapter]
        file = folder / f"chapter{chapter}.ipynb"
        if chosen and not file.exists():
            write_file(
                file,
                (
                    json.dumps(notebook(f"Chapter {chapter}: {title}", chosen, folder), indent=1) + "\n"
                ).encode(),
            )
            written.append(file.name)
    return written


def notebook(title: str, exercises: list[Exercise], folder: Path) -> dict[str, Any]:
    """Return a notebook, in the format 4.5, of some exercises, with the code that the learner has in a folder."""
    cells = [("markdown", f"# {title}\n\n{SETUP}"), ("code", "import sys")]
    for exercise in exercises:
        heading = f"## Exercise {number(exercise.name)}: "
        text = as_markdown(exercise)
        docstring = f'"""{exercise.text}\n"""'
        file = folder / f"{exercise.name}.py"
        code = file.read_text("utf-8") if file.is_file() else learner_file(exercise)
        code = code.replace(docstring, f'"""{exercise.title}."""')
        cells += [
            ("markdown", heading + text),
            ("code", f"%%writefile {exercise.name}.py\n{code.rstrip()}"),
            ("code", f"!{{sys.executable}} -m handgrad learn check {exercise.name}"),
        ]
    return {
        "cells": [_cell(index, kind, text) for index, (kind, text) in enumerate(cells)],
        "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _cell(index: int, kind: str, text: str) -> dict[str, Any]:
    cell = {
        "cell_type": kind,
        "id": f"cell-{index}",
        "metadata": {},
        "source": text.splitlines(keepends=True),
    }
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})
