"""Fixtures that start a training on several ranks."""

from rank_fixtures import begin, environment, mpi, mpiexec

__all__ = ["begin", "environment", "mpi", "mpiexec"]
