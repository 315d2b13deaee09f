"""Predictions for values of the data set: checked, scaled, and computed chunk by chunk on threads."""

from abc import ABC, abstractmethod
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from handgrad.errors import HandgradError
from handgrad.kernels.backend import kernels
from handgrad.kernels.threads import Workers, choose_threads, one_blas_thread
from handgrad.kernels.types import Floats, Integers, as_array
from handgrad.model.architecture import Architecture
from handgrad.model.scaling import Scaling

FEW = 32
"""Examples up to which starting threads takes longer than predicting."""


class Predictor(Architecture, ABC):
    """Layers that predict: the base of `Network`."""

    scaling: Scaling | None

    @abstractmethod
    def forward(self, x: Any, rng: Any = None) -> tuple[Floats, Any]:
        """Compute the logits of scaled inputs."""

    def scale(self, raw: NDArray[Any]) -> Floats:
        """Scale values of the data set, (N, I), to inputs of `forward`."""
        return self.scaling(raw, self.dtype) if self.scaling else raw.astype(self.dtype)

    def prepare(self, raw: NDArray[Any]) -> Floats | NDArray[np.uint8]:
        """Scale as `scale` does, but keep bytes where `forward` scales them itself."""
        keep = raw.dtype == np.uint8 and self.scaling is not None and self.scaling.for_bytes
        return raw if keep else self.scale(raw)

    def logits(self, raw: ArrayLike) -> Floats:
        """Compute the score of each class, before softmax.

        Parameters
        ----------
        raw : (N, *input_shape) or (N, I)
            Values of the data set, e.g. 0–255 for images.

        Returns
        -------
        (N, C)

        Raises
        ------
        HandgradError
            If the number of inputs is not the network's, or a value is not a finite number.
        """
        return self._classify(self._check_inputs(raw))[0]

    def predict_proba(self, raw: ArrayLike) -> Floats:
        """Compute the probability of each class, (N, C); each row sums to 1; see `logits`."""
        return kernels.softmax(self._classify(self._check_inputs(raw), finite=True)[0])

    def predict(self, raw: ArrayLike) -> Integers:
        """Return the most probable class of each example, (N,) integers; see `logits`."""
        return self._classify(self._check_inputs(raw), finite=True)[1]

    def _classify(self, raw: NDArray[Any], finite: bool = False) -> tuple[Floats, Integers]:
        """Compute logits and classes: of few examples at once, of many chunk by chunk on threads."""
        if len(raw) <= FEW and raw.dtype == np.uint8:  # the fastest answer for a few images
            return self._classify_prepared(self.prepare(raw))
        if len(raw) <= FEW:
            logits, classes = self._classify_chunk(raw)
        else:
            threads = choose_threads()
            size = self.chunk_size(len(raw), threads)
            chunks = [raw[start : start + size] for start in range(0, len(raw), size)]
            with one_blas_thread(), Workers(threads) as workers:
                parts = workers.map(self._classify_chunk, chunks)
            logits, classes = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        if finite and raw.dtype != np.uint8 and not np.isfinite(logits).all():
            raise HandgradError("the inputs are too large: the scores of an example are not finite numbers")
        return logits, classes

    def _classify_chunk(self, raw: NDArray[Any]) -> tuple[Floats, Integers]:
        with np.errstate(over="ignore", invalid="ignore"):  # of this thread
            return self._classify_prepared(self.prepare(raw))

    def _check_inputs(self, values: ArrayLike) -> NDArray[Any]:
        """Return inputs (N, I), or raise HandgradError."""
        raw = as_array(values, "inputs")
        if raw.ndim != 2 or raw.shape[1] != self.inputs:
            if raw.ndim < 2 or prod(raw.shape[1:]) != self.inputs:
                raise HandgradError(
                    f"the model takes (N, {self.inputs}) inputs; got an array of shape {raw.shape}"
                )
            raw = raw.reshape(len(raw), self.inputs)
        kind = raw.dtype.kind
        if kind != "u" and (kind not in "ifb" or (kind == "f" and not np.isfinite(raw).all())):
            raise HandgradError("the inputs hold values that are not finite numbers; remove or replace them")
        return raw

    def _classify_prepared(self, x: Any) -> tuple[Floats, Integers]:
        """Compute logits and classes of inputs of `forward`, by the fused kernel where there is one."""
        version, fused = self.__dict__.get("_fused", (None, None))
        if version is not kernels.version:
            usable = self.is_mlp and kernels.mlp
            fused = kernels.mlp(self.parameters[0], self.parameters[2]) if usable else None
            self.__dict__["_fused"] = kernels.version, fused
        found = fused(x) if fused else None
        if found is None:
            logits = self.forward(x)[0]
            found = logits, logits.argmax(axis=1)
        return found
