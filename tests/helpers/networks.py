"""Networks of tests: the form of their examples, their parameters, and their records."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from handgrad.exports.formats import load_model
from handgrad.training.records import Record

DIGITS: dict[str, Any] = {"example_shape": (1, 28, 28), "framing": "digit"}


def parameters(run: Path) -> bytes:
    """Load the parameters of a run, or of another model."""
    return load_model(run).flat_parameters.tobytes()


def timeless(records: list[Record]) -> list[Record]:
    """Return records without the times that they contain."""
    return [replace(record, seconds=0, examples_per_second=0) for record in records]
