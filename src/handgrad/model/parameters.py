"""The parameters of layers in one flat vector, their views by name, and the statistics beside them."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.errors import HandgradError
from handgrad.kernels.memory import aligned
from handgrad.model.architecture import Architecture


class Parameterized(Architecture):
    """Layers in a row with their arrays; see `Network`."""

    dtype: np.dtype[Any]

    def _allocate(self, arrays: Mapping[str, NDArray[Any]] | None, rng: np.random.Generator) -> None:
        """Create all arrays: copies of `arrays`, which are checked first, or initial values."""
        if arrays is not None:
            self._check_arrays(arrays)
        self._vector: NDArray[Any] = aligned((self.parameter_count,), self.dtype)
        self.statistics = [
            SimpleNamespace(**{name: np.empty(shape, self.dtype) for name, shape in shapes.items()})
            for shapes in self.statistic_shapes
        ]
        self._view()
        self._fill(arrays, rng)

    def _check_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Raise HandgradError unless there are finite arrays of the expected shapes; nothing is allocated."""
        for index, shapes in enumerate(zip(self.shapes, self.statistic_shapes, strict=True)):
            for name, shape in (*shapes[0].items(), *shapes[1].items()):
                key = f"layers.{index}.{name}"
                if key not in arrays:
                    raise HandgradError(f"it lacks {key}")
                array = arrays[key]
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

    def _fill(self, arrays: Mapping[str, NDArray[Any]] | None, rng: np.random.Generator) -> None:
        """Copy `arrays`, or draw initial values."""
        for index, (layer, values) in enumerate(zip(self.layers, self.arrays, strict=True)):
            initializers = layer.initializers()
            for name, array in vars(values).items():
                if arrays is not None:
                    array[...] = arrays[f"layers.{index}.{name}"]
                elif name in initializers:
                    array[...] = initializers[name].draw(array.shape, rng)
                else:
                    raise HandgradError(f"{type(layer).__name__} has no initializer for its {name}")

    def named_arrays(self) -> dict[str, NDArray[Any]]:
        """Return all parameters and statistics by name, e.g. ``"layers.0.weights"``; no copies."""
        return {
            f"layers.{index}.{name}": array
            for index, arrays in enumerate(self.arrays)
            for name, array in vars(arrays).items()
        }

    @property
    def flat_parameters(self) -> NDArray[Any]:
        """All parameters, (P,); values that are assigned are copied into it."""
        return self._vector

    @flat_parameters.setter
    def flat_parameters(self, values: NDArray[Any]) -> None:
        self._vector[...] = values

    def __getstate__(self) -> dict[str, Any]:
        return {
            name: value
            for name, value in vars(self).items()
            if name not in ("parameters", "arrays", "_classify")
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)  # a copy views its vector, not that of the original
        self._view()
