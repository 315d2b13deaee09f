"""What every optimizer is: one formula on the flat vector, and the same books and bounds for all."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field
from math import isfinite, prod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from handgrad.config import Configurable
from handgrad.errors import HandgradError
from handgrad.kernels.threads import Workers
from handgrad.model.network import Network


@dataclass
class Optimizer(Configurable, ABC):
    """Base of the optimizers: keeps their state, counts their steps, and bounds gradients and parameters.

    Parameters
    ----------
    weight_decay : float
        λ, from 0: apart from its step every parameter shrinks, w ← w − η λ w (Loshchilov and Hutter, "Decoupled
        weight decay regularization", ICLR 2019). For plain gradient descent that is the L2 penalty λ/2 ‖w‖².
    clip_norm : float
        A gradient longer than this is shortened to it: g ← g · min(1, c / ‖g‖) (Pascanu, Mikolov and Bengio, "On
        the difficulty of training recurrent neural networks", ICML 2013, algorithm 1). 0 for any length.
    max_norm : float
        After each step the incoming weights of every unit, longer than this, are shortened to it: wₒ ← wₒ ·
        min(1, c / ‖wₒ‖) (Srivastava et al., "Dropout", JMLR 2014, section 5.1). 0 for any length.

    Attributes
    ----------
    state : dict of (P,) arrays
        Zeros at first, by the names in `state_names`; saved with a checkpoint.
    steps : int
        Steps taken.
    """

    weight_decay: float = field(default=0.0, kw_only=True)
    clip_norm: float = field(default=0.0, kw_only=True)
    max_norm: float = field(default=0.0, kw_only=True)

    state_names: ClassVar[tuple[str, ...]] = ()
    needs_shapes: ClassVar[bool] = False
    """Whether the formula is one of matrices, so that `attach` must come before the first step."""

    elementwise: ClassVar[bool] = False
    """Whether no parameter's step depends on another's, so that threads may share them out."""

    def __post_init__(self) -> None:
        self.state: dict[str, NDArray[Any]] = {}
        self.steps = 0
        self._shapes: list[tuple[int, ...]] = []
        for name in ("weight_decay", "clip_norm", "max_norm"):
            value = getattr(self, name)
            if not (isfinite(value) and value >= 0):
                raise HandgradError(f"{type(self).__name__} {name} must be a number from 0; got {value}")

    def attach(self, network: Network) -> None:
        """Learn which parts of the vector are matrices; `handgrad.train` does this."""
        self._shapes = [shape for shapes in network.shapes for shape in shapes.values()]

    def step(
        self,
        vector: NDArray[Any],
        gradient: NDArray[Any],
        learning_rate: float,
        workers: Workers | None = None,
    ) -> None:
        """Move the parameters, in place.

        Parameters
        ----------
        vector : (P,)
            All parameters of a network.
        gradient : (P,)
            Of the loss with respect to `vector`.
        learning_rate : float
            η, positive.
        workers : Workers, optional
            Threads to share a long vector out to, where the formula allows it.

        Raises
        ------
        HandgradError
            If the weights' shapes are needed and no network was attached.
        """
        if not self.state:
            self.state = {name: np.zeros_like(vector) for name in self.state_names}
        if (self.needs_shapes or self.max_norm) and not self._shapes:
            raise HandgradError(
                f"{type(self).__name__} must know which parameters are matrices; call its attach(network) first"
            )
        self.steps += 1
        if self.clip_norm:
            length = float(np.linalg.norm(gradient))
            if length > self.clip_norm:
                gradient = gradient * (self.clip_norm / length)
        parts = workers.slices(len(vector)) if self.elementwise and workers else []
        if workers and len(parts) > 1:
            workers.map(
                lambda part: self._part(part)._move(vector[part], gradient[part], learning_rate), parts
            )
        else:
            self._move(vector, gradient, learning_rate)
        if self.max_norm:
            for weights in self.matrices(vector):
                lengths = np.sqrt(np.einsum("oi,oi->o", weights, weights))
                weights *= np.minimum(1, self.max_norm / np.maximum(lengths, self.max_norm))[:, None]

    def _move(self, vector: NDArray[Any], gradient: NDArray[Any], learning_rate: float) -> None:
        if self.weight_decay:
            vector *= 1 - learning_rate * self.weight_decay
        self.update(vector, gradient, learning_rate)

    def _part(self, part: slice) -> "Optimizer":
        """Give an optimizer of some of the parameters, whose state is a view of this one's."""
        one = copy(self)
        one.state = {name: array[part] for name, array in self.state.items()}
        return one

    @abstractmethod
    def update(self, vector: NDArray[Any], gradient: NDArray[Any], learning_rate: float) -> None:
        """Compute the formula; `step` does the rest."""

    def matrices(self, vector: NDArray[Any]) -> Iterator[NDArray[Any]]:
        """View the weights in a flat vector as matrices (O, I), those of a convolution as (O, C · K · K)."""
        start = 0
        for shape in self._shapes:
            part = vector[start : start + prod(shape)]
            if len(shape) == 2:
                yield part.reshape(shape[::-1]).T  # as in `Network.views`
            elif len(shape) > 2:
                yield part.reshape(shape[0], -1)
            start += prod(shape)


def require_share(optimizer: Optimizer, *names: str) -> None:
    """Raise HandgradError unless the fields are from 0 to below 1."""
    for name in names:
        if not 0 <= getattr(optimizer, name) < 1:
            kind, value = type(optimizer).__name__, getattr(optimizer, name)
            raise HandgradError(f"{kind} {name} must be from 0 to below 1; got {value}")


def require_positive(optimizer: Optimizer, *names: str) -> None:
    """Raise HandgradError unless the fields are positive and finite."""
    for name in names:
        value = getattr(optimizer, name)
        if not (isfinite(value) and value > 0):
            raise HandgradError(f"{type(optimizer).__name__} {name} must be positive; got {value}")
