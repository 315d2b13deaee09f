"""Networks of tests: the form of their examples, their parameters, and their records."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import handgrad as hg

DIGITS: dict[str, Any] = {"example_shape": (1, 28, 28), "framing": "digit"}


def parameters(run: Path) -> bytes:
    """Load the parameters of a run, or of another model."""
    return hg.load_model(run).flat_parameters.tobytes()


def timeless(records: list[hg.Record]) -> list[hg.Record]:
    """Return records without the times that they contain."""
    return [replace(record, seconds=0, examples_per_second=0) for record in records]
