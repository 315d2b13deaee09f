"""Training on several processes: the ranks that mpiexec started, or a single process with the same interface.

MPI is imported only where the environment shows that mpiexec started this process.
"""

import os
import sys
import time
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from handgrad.errors import HandgradError, installation
from handgrad.kernels.threads import processors, set_default_threads

if TYPE_CHECKING:  # the command line imports this module, and starts without NumPy
    from numpy.typing import NDArray

RANK_VARIABLES = ("PMI_RANK", "PMIX_RANK", "OMPI_COMM_WORLD_RANK")
"""Environment variables with the rank of a process, as MPICH, PMIx and Open MPI set them."""

Result = TypeVar("Result")


class Communicator:
    """Processes that train together; this class is a single process, and the base of several.

    All ranks call the same methods in the same order.

    Attributes
    ----------
    rank : int
        Index of this process, from 0.
    size : int
        Number of processes.

    See Also
    --------
    init_distributed : Return the communicator of the processes that mpiexec started.

    Examples
    --------
    >>> import handgrad as hg
    >>> single = hg.Communicator()
    >>> single.rank, single.size, single.share(10)
    (0, 1, slice(0, 10, None))
    """

    rank, size = 0, 1

    def share(self, count: int) -> slice:
        """Return the part of several items that this rank takes.

        Parameters
        ----------
        count : int
            Number of items.

        Returns
        -------
        slice
            Part of the items.
        """
        return slice(count * self.rank // self.size, count * (self.rank + 1) // self.size)

    def sum(self, vector: "NDArray[Any]") -> None:
        """Sum a vector over all ranks, in place; the sum has the same bits on all of them.

        Parameters
        ----------
        vector : array of shape (P,)
            Vector of this rank, which becomes the sum.
        """

    def broadcast(self, function: Callable[[], Result]) -> Result:
        """Call a function on rank 0, and return its result on all ranks.

        Parameters
        ----------
        function : callable
            Function without arguments.

        Returns
        -------
        object
            Result, which can be pickled.
        """
        return function()

    def require_equal(self, **values: Any) -> None:
        """Check that all ranks have the same values.

        Parameters
        ----------
        **values : object
            Values by the names that the message uses.

        Raises
        ------
        HandgradError
            On all ranks, if one has other values than rank 0.
        """
        if self.size == 1:
            return
        import numpy as np

        first = self.broadcast(lambda: values)
        different = np.array([values[name] != first[name] for name in values], np.float64)
        self.sum(different)
        if names := [name for name, ranks in zip(values, different, strict=True) if ranks]:
            what = " and ".join(names)
            raise HandgradError(f"ranks differ in {what}; start all with the same command and data")

    def fail(self, line: str, status: int) -> None:
        """Print the error with which the program fails; of several ranks one prints, and all end.

        Parameters
        ----------
        line : str
            Message.
        status : int
            Exit status of the program; a single process leaves exiting to the caller.
        """
        print(line, file=sys.stderr, flush=True)


class _Ranks(Communicator):
    """Processes that mpiexec started; HandgradError if mpi4py, or the MPI library that it needs, is missing."""

    def __init__(self) -> None:
        os.environ.setdefault("MPIR_CVAR_SUPPRESS_ABORT_MESSAGE", "1")
        try:
            from mpi4py import MPI
        except (ImportError, RuntimeError) as error:
            missing = "mpiexec started this program, but mpi4py or an MPI library is missing"
            raise HandgradError(f"{missing}: {installation('mpi')}") from error
        self._world, self._in_place = MPI.COMM_WORLD, MPI.IN_PLACE
        self.rank, self.size = self._world.rank, self._world.size
        places = self._world.allgather((MPI.Get_processor_name(), processors()))
        set_default_threads(max(1, len(processors()) // places.count(places[self.rank])))
        sys.excepthook = self._abort_after_exception

    def sum(self, vector: "NDArray[Any]") -> None:
        self._world.Allreduce(self._in_place, vector)

    def broadcast(self, function: Callable[[], Result]) -> Result:
        result: Result = self._world.bcast(function() if self.rank == 0 else None)
        return result

    def fail(self, line: str, status: int) -> None:
        time.sleep(1.0 if self.rank else 0.0)  # rank 0 may fail for the same reason, and is the one to print
        super().fail(line, status)
        self._abort(status)

    def _abort_after_exception(self, *error: Any) -> None:
        """End all ranks of a program that fails on this one: they would wait for it."""
        sys.__excepthook__(*error)
        self._abort(1)

    def _abort(self, status: int) -> None:
        sys.stderr.flush()
        time.sleep(0.3)  # mpiexec prints what a rank wrote last, but not after it aborts
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # MPI adds a line
        self._world.Abort(status)


SINGLE = Communicator()


@cache
def init_distributed() -> Communicator:
    """Return the communicator of the processes that mpiexec started, for `train`.

    Returns
    -------
    Communicator
        All ranks, or a single process if mpiexec did not start this one. Rank 0 prints and saves.

    Raises
    ------
    HandgradError
        If mpiexec started this process, and the extra ``mpi`` or an MPI library is missing.

    Examples
    --------
    ``mpiexec -n 4 python script.py`` prints 0 to 3 and the size 4.

    >>> import handgrad as hg
    >>> communicator = hg.init_distributed()
    >>> print(f"rank {communicator.rank} of {communicator.size}")
    rank 0 of 1
    """
    return _Ranks() if any(name in os.environ for name in RANK_VARIABLES) else SINGLE
