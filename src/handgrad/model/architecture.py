"""Layers in a row and their arrays: all parameters are views into one flat vector."""

from collections.abc import Iterable, Mapping, Sequence
from math import ceil, prod
from operator import index
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from handgrad.errors import HandgradError
from handgrad.kernels.memory import aligned
from handgrad.model.initializers import Initializer
from handgrad.model.layers import Dense, Layer, ReLU
from handgrad.model.layers.layer import Parameters, Shape

CACHE_SIZE = 1_600_000
"""Floats of one layer that are computed at a time: few enough for the cache, enough to amortise threads."""

CHUNK_STEP = 32
"""Examples that fill vectors and tiles; larger chunks are multiples of it."""

WORTH_SHARING = 50_000_000
"""Multiplications from which a batch that would be one chunk is shared out among threads."""


class Architecture:
    """Layers in a row, and their arrays: the base of `Network`.

    Attributes
    ----------
    shapes, statistic_shapes : list of dict
        For each layer the shapes of its parameters, and of its statistics, by name.
    inputs, parameter_count, macs : int
        I, P, and the multiplications of an example: every parameter meets an input at every position.
    chunk, first_trained : int
        The largest number of examples to compute at a time; the index of the first layer with parameters.
    is_mlp : bool
        Whether there is one hidden layer with ReLU, for which there are fused kernels.
    """

    def __init__(self, layers: Iterable[Layer], input_shape: int | Sequence[int], dtype: DTypeLike) -> None:
        self.layers = tuple(layers)
        self.input_shape = check_shape(input_shape, "input_shape")
        self.inputs = prod(self.input_shape)
        self.dtype = np.dtype(dtype)
        if self.dtype not in (np.float32, np.float64):
            raise HandgradError(f"dtype must be float32 or float64; got {self.dtype}")
        if not self.layers:
            raise HandgradError("a network needs at least one layer, e.g. Dense(10)")
        for layer in self.layers:
            if not isinstance(layer, Layer):
                raise HandgradError(f"{layer!r:.60} is not a layer; a custom layer inherits from Layer")
        self.shapes: list[Mapping[str, Shape]] = []
        self.statistic_shapes: list[Mapping[str, Shape]] = []
        self.parameter_count, macs = 0, list[int]()
        shape, widest, floats = self.input_shape, 0, self.inputs
        if self.layers[0].takes_bytes:  # four bytes are as long as one float
            floats = -(-floats // 4)
        for layer in self.layers:
            self.shapes.append(layer.parameter_shapes(shape))
            self.statistic_shapes.append(layer.statistic_shapes(shape))
            shape = layer.output_shape(shape)
            widest = max(widest, prod(shape))
            parameters = sum(map(prod, self.shapes[-1].values()))
            self.parameter_count += parameters
            macs.append(parameters * prod(shape[1:]))
        self.output_shape = shape
        self.macs, self._first_macs, self._widest = sum(macs), macs[0], widest
        self.chunk = _fitting(max(floats, widest))
        self.first_trained = next((i for i, shapes in enumerate(self.shapes) if shapes), len(self.layers))
        self.has_running_statistics = any(self.statistic_shapes)
        self.is_mlp = [type(layer) for layer in self.layers] == [Dense, ReLU, Dense]

    def _allocate(self, given: Mapping[str, NDArray[Any]] | None, rng: np.random.Generator) -> None:
        """Create all arrays: copies of given ones, which are checked before any is allocated, or initial values."""
        if given is not None:
            self._check_arrays(given)
        self._vector: NDArray[Any] = aligned((self.parameter_count,), self.dtype)
        self.statistics = [
            SimpleNamespace(**{name: np.empty(shape, self.dtype) for name, shape in shapes.items()})
            for shapes in self.statistic_shapes
        ]
        self._view()
        if given is not None:
            for name, array in self.named_arrays().items():
                array[...] = given[name]
            return
        for layer, arrays in zip(self.layers, self.arrays, strict=True):
            for name, array in vars(arrays).items():
                initializer = layer.initializers().get(name)
                if not isinstance(initializer, Initializer):
                    need = f"{type(layer).__name__} needs an initializer, e.g. hg.He(), for its {name}"
                    raise HandgradError(f"{need}; got {initializer!r:.60}")
                array[...] = initializer.draw(array.shape, rng)

    def _check_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        for place, shapes in enumerate(zip(self.shapes, self.statistic_shapes, strict=True)):
            for name, shape in {**shapes[0], **shapes[1]}.items():
                array = arrays.get(key := f"layers.{place}.{name}")
                if array is None:
                    raise HandgradError(f"it lacks {key}")
                if array.shape != shape:
                    raise HandgradError(f"{key} has shape {array.shape} where the network has {shape}")
                if array.dtype != self.dtype or not np.isfinite(array).all():
                    raise HandgradError(f"{key} must hold finite {self.dtype} numbers")

    def _view(self) -> None:
        self.parameters = self.views(self._vector)
        self.arrays = [
            SimpleNamespace(**vars(parameters), **vars(statistics)) if vars(statistics) else parameters
            for parameters, statistics in zip(self.parameters, self.statistics, strict=True)
        ]

    def __getstate__(self) -> dict[str, Any]:
        views = ("parameters", "arrays", "_fused")
        return {name: value for name, value in vars(self).items() if name not in views}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)  # a copy views its vector, not that of the original
        self._view()

    @property
    def flat_parameters(self) -> NDArray[Any]:
        """All parameters, an array of shape (P,). Values that are assigned are copied into it."""
        return self._vector

    @flat_parameters.setter
    def flat_parameters(self, values: NDArray[Any]) -> None:
        self._vector[...] = values

    def named_arrays(self) -> dict[str, NDArray[Any]]:
        """Return all parameters and statistics by name.

        Returns
        -------
        dict
            Arrays, no copies. The keys are e.g. ``"layers.0.weights"``.
        """
        return {
            f"layers.{place}.{name}": array
            for place, arrays in enumerate(self.arrays)
            for name, array in vars(arrays).items()
        }

    def views(self, vector: NDArray[Any]) -> list[Parameters]:
        """View a flat vector, e.g. a gradient, as the arrays of each layer.

        Parameters
        ----------
        vector : array of shape (P,)
            Values in the order of `flat_parameters`. A matrix (O, I) lies in it as (I, O), the weights of one input
            side by side.

        Returns
        -------
        list of SimpleNamespace
            Arrays of each layer by name, views of `vector`.
        """
        size = self.parameter_count
        if vector.shape != (size,) or vector.dtype != self.dtype or not vector.flags.c_contiguous:
            raise HandgradError(f"parameters and gradients must be contiguous {self.dtype} vectors ({size},)")
        views, start = [], 0
        for shapes in self.shapes:
            arrays = {}
            for name, shape in shapes.items():
                part = vector[start : start + prod(shape)]
                arrays[name] = part.reshape(shape[::-1]).T if len(shape) == 2 else part.reshape(shape)
                start += prod(shape)
            views.append(SimpleNamespace(**arrays))
        return views

    def chunk_size(self, examples: int, threads: int, entries: float | None = None) -> int:
        """Return the number of examples to compute at a time, the same number of chunks for each thread.

        Parameters
        ----------
        examples : int
            Size of the batch. One that would be a single chunk is shared out where that is worth the overhead.
        threads : int
            Number of threads.
        entries : float, optional
            Number of inputs of an example that are not zero, if the others are skipped.

        Returns
        -------
        int
            Size of a chunk.
        """
        chunk, macs = self.chunk, self.macs
        if entries is not None:
            chunk = _fitting(max(ceil(entries), self._widest))
            macs -= int(self._first_macs * (1 - entries / self.inputs))
        count = -(-examples // chunk)
        if count > 1 or examples * macs >= WORTH_SHARING:
            count = -(-count // threads) * threads
        size = max(1, -(-examples // max(1, count)))
        return size if size <= CHUNK_STEP else -(-size // CHUNK_STEP) * CHUNK_STEP


def _fitting(floats: int) -> int:
    """Return the number of examples of which a layer of this many floats is computed at a time."""
    fitting = max(1, CACHE_SIZE // floats)
    return fitting - fitting % CHUNK_STEP or fitting


def check_shape(shape: Any, name: str) -> Shape:
    """Return a shape as a tuple of int; HandgradError unless it is an integer or several, from 1."""
    try:
        sides = tuple(map(index, shape)) if hasattr(shape, "__iter__") else (index(shape),)
    except TypeError:
        sides = ()
    if not sides or min(sides) < 1:
        raise HandgradError(f"{name} must be integers from 1, e.g. (784,); got {shape!r:.60}")
    return sides
