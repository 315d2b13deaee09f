"""Fixtures for the kernels."""

from collections.abc import Iterator

import pytest

from handgrad.kernels.backend import kernels
from handgrad.kernels.native.library import suitable


@pytest.fixture(params=suitable())
def instruction_set(request: pytest.FixtureRequest) -> Iterator[str]:
    """Use the compiled kernels for each instruction set of this CPU."""
    with kernels.using(request.param):
        yield request.param


@pytest.fixture(params=["numpy", *suitable()])
def backend(request: pytest.FixtureRequest) -> Iterator[str]:
    """Use NumPy's kernels, and the compiled ones for each instruction set of this CPU."""
    with kernels.using(request.param):
        yield request.param
