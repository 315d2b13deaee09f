"""Predictions of a network for values of the data set: scaled, computed chunk by chunk on threads, and decided."""

from abc import ABC, abstractmethod
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from handgrad.errors import HandgradError
from handgrad.kernels.backend import kernels
from handgrad.kernels.sparse_rows import SparseRows, is_sparse
from handgrad.kernels.threads import Workers, choose_threads, one_blas_thread
from handgrad.kernels.types import Floats, Integers, as_array
from handgrad.model.architecture import Architecture
from handgrad.model.layers.layer import Backward, Rng
from handgrad.model.scaling import Scaling

FEW = 32
"""Examples up to which starting threads takes longer than predicting."""


class Predictions(Architecture, ABC):
    """The part of `Network` that predicts, with its `forward`."""

    scaling: Scaling | None
    target_scaling: Scaling | None
    task: str | None

    @abstractmethod
    def forward(self, x: NDArray[Any] | SparseRows, rng: Rng = None) -> tuple[Floats, Backward]:
        """Compute the logits of scaled inputs."""

    def predict(self, raw: ArrayLike) -> NDArray[Any]:
        """Predict the class, the labels or the targets of each example.

        Parameters
        ----------
        raw : array-like of shape (N, I) or (N, ...), or sparse matrix
            Values as the data set has them, e.g. 0–255 for images.

        Returns
        -------
        array of shape (N,), (N, L) or (N, T)
            Numbers of the most probable classes; for several labels uint8, 1 where the probability is above 0.5; for
            a regression float64 in units of the data.

        Raises
        ------
        HandgradError
            If the shape does not fit, or a value is not a finite number.

        Examples
        --------
        >>> import handgrad as hg
        >>> data = hg.load_data("strokes:300")
        >>> network = hg.Network([hg.Dense(10)], input_shape=784, rng=0)
        >>> records = hg.fit(network, data, epochs=10, seed=0)
        >>> network.predict(data.test.inputs[:5])
        array([1, 0, 6, 5, 8])
        >>> data.test.labels[:5]
        array([1, 0, 6, 5, 8], dtype=uint8)
        """
        logits, classes = self._classify(self._check_inputs(raw), finite=True)
        return self.decide(logits) if self.task in ("multilabel", "regression") else classes

    def predict_proba(self, raw: ArrayLike) -> Floats:
        """Compute the probability of each class or label.

        Parameters
        ----------
        raw : array-like of shape (N, I) or (N, ...), or sparse matrix
            Values as the data set has them, e.g. 0–255 for images.

        Returns
        -------
        array of shape (N, C)
            Probabilities from 0 to 1. Those of classes sum to 1.

        Raises
        ------
        HandgradError
            If the network is for a regression, the shape does not fit, or a value is not a finite number.
        """
        if self.task == "regression":
            raise HandgradError("a regression has no probabilities; use predict")
        logits = self._classify(self._check_inputs(raw), finite=True)[0]
        return kernels.sigmoid(logits) if self.task == "multilabel" else kernels.softmax(logits)

    def logits(self, raw: ArrayLike) -> Floats:
        """Compute the outputs of the last layer: scores before softmax or sigmoid, or scaled targets.

        Parameters
        ----------
        raw : array-like of shape (N, I) or (N, ...), or sparse matrix
            Values as the data set has them, e.g. 0–255 for images.

        Returns
        -------
        array of shape (N, C)
            Outputs of the last layer.

        Raises
        ------
        HandgradError
            If the shape does not fit, or a value is not a finite number.
        """
        return self._classify(self._check_inputs(raw))[0]

    def decide(self, logits: Floats) -> NDArray[Any]:
        """Return the predictions for outputs of the last layer.

        Parameters
        ----------
        logits : array of shape (N, C)
            Outputs of the last layer.

        Returns
        -------
        array
            Predictions, as `predict` returns them.
        """
        if self.task == "multilabel":
            return (logits > 0).astype(np.uint8)
        if self.task == "regression":
            return self.target_scaling.inverse(logits) if self.target_scaling else logits.astype(np.float64)
        return logits.argmax(axis=1)

    def scale(self, raw: Any) -> Any:
        """Scale values of the data set to inputs of `forward`.

        Parameters
        ----------
        raw : array of shape (N, I) or sparse rows
            Values of the data set.

        Returns
        -------
        array or sparse rows
            Scaled values. Bytes stay bytes where `forward` scales them. Sparse rows stay sparse where the scaling
            only divides.
        """
        if not self.scaling:
            return raw.astype(self.dtype)
        return raw if raw.dtype == np.uint8 and self.scaling.for_bytes else self.scaling(raw, self.dtype)

    def scale_targets(self, labels: NDArray[Any]) -> NDArray[Any]:
        """Return labels of a data set as losses take them.

        Parameters
        ----------
        labels : array
            Labels or targets of a data set.

        Returns
        -------
        array
            The labels. Targets of a regression are scaled.
        """
        if self.task != "regression":
            return labels
        with np.errstate(over="ignore"):  # the loss shows an overflow
            return (
                self.target_scaling(labels, self.dtype) if self.target_scaling else labels.astype(self.dtype)
            )

    def entries(self, raw: Any) -> float | None:
        """Return the mean number of inputs that are not zero, if the first layer skips the others.

        Parameters
        ----------
        raw : array of shape (N, I) or sparse rows
            Values of the data set.

        Returns
        -------
        float or None
            Inputs per example; None if zeros are not skipped.
        """
        centred = self.scaling is not None and self.scaling.shift.any()
        if centred or not isinstance(raw, SparseRows) or not self.layers[0].takes_sparse:
            return None
        return len(raw.values) / max(1, len(raw))

    def _classify(self, raw: NDArray[Any], finite: bool = False) -> tuple[Floats, Integers]:
        """Compute logits and classes: of few examples at once, of many chunk by chunk on threads."""
        if len(raw) <= FEW and raw.dtype == np.uint8:  # the fastest answer for a few images
            return self._classify_scaled(self.scale(raw))
        if len(raw) <= FEW:
            logits, classes = self._classify_chunk(raw)
        else:
            threads = choose_threads()
            size = self.chunk_size(len(raw), threads, self.entries(raw))
            chunks = [raw[start : start + size] for start in range(0, len(raw), size)]
            with one_blas_thread(), Workers(threads) as workers:
                parts = workers.map(self._classify_chunk, chunks)
            logits, classes = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        if finite and raw.dtype != np.uint8 and not np.isfinite(logits).all():
            raise HandgradError("the inputs are too large: the scores of an example are not finite numbers")
        return logits, classes

    def _classify_chunk(self, raw: NDArray[Any]) -> tuple[Floats, Integers]:
        with np.errstate(over="ignore", invalid="ignore"):  # of this thread
            return self._classify_scaled(self.scale(raw))

    def _check_inputs(self, values: ArrayLike) -> NDArray[Any]:
        """Return inputs (N, I), or raise HandgradError."""
        raw: Any = SparseRows.of(values) if is_sparse(values) else as_array(values, "inputs")
        if raw.ndim > 2:
            raw = raw.reshape(len(raw), prod(raw.shape[1:]))
        if raw.ndim != 2 or raw.shape[1] != self.inputs:
            got = f"got an array of shape {np.shape(values)}"
            raise HandgradError(f"the model takes (N, {self.inputs}) inputs; {got}")
        kind = raw.dtype.kind
        numbers = raw.values if isinstance(raw, SparseRows) else raw
        if kind != "u" and (kind not in "ifb" or (kind == "f" and not np.isfinite(numbers).all())):
            raise HandgradError("the inputs hold values that are not finite numbers; remove or replace them")
        return raw

    def _classify_scaled(self, x: Any) -> tuple[Floats, Integers]:
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
