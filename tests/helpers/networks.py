"""The form of the examples of untrained networks."""

from typing import Any

DIGITS: dict[str, Any] = {"example_shape": (1, 28, 28), "framing": "digit"}
