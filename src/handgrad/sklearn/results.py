"""Attributes of a fitted estimator beside its network, under scikit-learn's names."""

from typing import Any

from numpy.typing import NDArray

from handgrad.model.layers import Dense
from handgrad.model.network import Network
from handgrad.training.records import Record
from handgrad.training.state import TrainingState

DOCUMENTED = """
network_ : Network
    Trained network. ``hg.save_model(estimator, "model.safetensors")`` writes it.
n_features_in_ : int
    Number of columns of X.
feature_names_in_ : array of str
    Names of the columns, if X was a DataFrame.
records_ : list of Record
    One record for each epoch.
"""


class Results:
    """The attributes of a fitted estimator that follow from its network and records."""

    network_: Network
    records_: list[Record]
    _scores: list[float | None]
    """The validation score of each record, by the data and loss of its time."""
    _state: TrainingState
    _earlier: int

    @property
    def n_iter_(self) -> int:
        """Number of epochs in the last call of ``fit`` or ``partial_fit``."""
        return len(self.records_) - self._earlier

    @property
    def loss_(self) -> float:
        """Training loss of the last epoch."""
        return self.loss_curve_[-1]

    @property
    def loss_curve_(self) -> list[float]:
        """Training loss of each epoch, including those of earlier calls with a warm start."""
        return [record.loss for record in self.records_]

    @property
    def validation_scores_(self) -> list[float] | None:
        """Validation score after each epoch; None without validation data.

        For a classifier it is the accuracy, for several labels that of the labels. For a regressor it is R², for
        several targets that of all scaled targets together, and None with another loss than the squared error.
        """
        return None if None in self._scores else list(self._scores)  # type: ignore[arg-type]

    def _validation_score(self, record: Record) -> float | None:
        """Return the score of a record of the call of `fit` that is running."""
        return record.validation_accuracy

    @property
    def best_epoch_(self) -> int | None:
        """Epoch, from 1, whose parameters early stopping kept; None without early stopping."""
        return None if self._state.best is None else len(self.records_) - self._state.waited

    @property
    def best_validation_score_(self) -> float | None:
        """Validation score of the parameters that early stopping kept; None without early stopping."""
        epoch, scores = self.best_epoch_, self.validation_scores_
        return scores[epoch - 1] if epoch and scores else None

    @property
    def coefs_(self) -> list[NDArray[Any]]:
        """Weights of each layer (inputs, outputs), for scaled inputs; only of networks of dense layers."""
        return [arrays.weights.T for arrays in self._dense_parameters()]

    @property
    def intercepts_(self) -> list[NDArray[Any]]:
        """Biases of each layer (outputs,), for scaled inputs; only of networks of dense layers."""
        return [arrays.biases for arrays in self._dense_parameters()]

    def _dense_parameters(self) -> list[Any]:
        network = self.network_
        trained = [
            (layer, arrays)
            for layer, arrays in zip(network.layers, network.parameters, strict=True)
            if vars(arrays)
        ]
        other = [layer for layer, _ in trained if type(layer) is not Dense]
        if other:
            raise AttributeError(
                f"the network has parameters of {type(other[0]).__name__}; see network_.parameters"
            )
        return [arrays for _, arrays in trained]
