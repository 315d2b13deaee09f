"""Types of fixtures, and the address that they share."""

import subprocess
from collections.abc import Callable
from typing import Any, TypeAlias

from numpy.typing import NDArray

Cli: TypeAlias = Callable[..., subprocess.CompletedProcess[str]]
Begin: TypeAlias = Callable[..., subprocess.Popen[str]]
Examples: TypeAlias = tuple[NDArray[Any], NDArray[Any]]

CLOSED = "http://127.0.0.1:9"
"""A mirror that refuses every connection, so that no test asks the network."""
