"""Fixtures that start a training on several ranks."""

from rank_fixtures import mpiexec

__all__ = ["mpiexec"]
