"""The form of examples of networks that tests make by hand, without training data that has it."""

from typing import Any

DIGITS: dict[str, Any] = {"example_shape": (1, 28, 28), "framing": "digit"}
