"""Networks of tests: the form of their examples, and their parameters."""

from pathlib import Path
from typing import Any

from handgrad.exports.formats import load_model

DIGITS: dict[str, Any] = {"example_shape": (1, 28, 28), "framing": "digit"}


def parameters(run: Path) -> bytes:
    """Load the parameters of a run, or of another model."""
    return load_model(run).flat_parameters.tobytes()
