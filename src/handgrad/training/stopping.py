"""Early stopping: when to stop before the end, and which parameters to keep."""

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, get_args

from numpy.typing import NDArray

from handgrad.config import Configurable, one_of, within
from handgrad.training.state import TrainingState

Monitor: TypeAlias = Literal["validation_loss", "validation_accuracy"]


@dataclass(frozen=True)
class EarlyStopping(Configurable):
    """Stop training when validation stops improving, and keep the best parameters.

    Parameters
    ----------
    patience : int, default 10
        Number of successive records without improvement after which training stops, at least 1.
    monitor : {"validation_loss", "validation_accuracy"}, default "validation_loss"
        Criterion: the smallest loss or the largest accuracy.

    Raises
    ------
    HandgradError
        If a value is out of range, or the criterion is unknown.

    See Also
    --------
    train : Its argument `early_stopping`.
    ReduceOnPlateau : Reduce the learning rate when the loss stops improving.

    Notes
    -----
    This is the criterion UP of [1]_.

    References
    ----------
    .. [1] Prechelt, "Early stopping — but when?", Neural Networks: Tricks of the Trade, 1998.

    Examples
    --------
    Random labels cannot be predicted, so validation soon stops improving.

    >>> import numpy as np
    >>> import handgrad as hg
    >>> rng = np.random.default_rng(0)
    >>> inputs = rng.normal(size=(200, 10))
    >>> data = hg.Splits(hg.Dataset(inputs, rng.integers(2, size=200)))
    >>> splits = data.split_validation(100, rng)
    >>> layers = [hg.Dense(32), hg.ReLU(), hg.Dense(2)]
    >>> network = hg.Network(layers, input_shape=10, rng=0)
    >>> options = {"optimizer": hg.Adam(0.01), "epochs": 100, "seed": 0}
    >>> stopping = hg.EarlyStopping(patience=5)
    >>> len(hg.fit(network, splits, early_stopping=stopping, **options))
    11
    """

    patience: int = field(default=10, metadata=within(1, whole=True))
    monitor: Monitor = field(default="validation_loss", metadata=one_of(*get_args(Monitor)))

    def observe(
        self, loss: float, accuracy: float | None, parameters: NDArray[Any], state: TrainingState
    ) -> None:
        """Keep the parameters if they are better than all before; else count the record.

        Parameters
        ----------
        loss : float
            Validation loss.
        accuracy : float or None
            Validation accuracy; None for a regression.
        parameters : array of shape (P,)
            Parameters of the network.
        state : TrainingState
            State of the training, which changes in place.
        """
        score = -loss if self.monitor == "validation_loss" or accuracy is None else accuracy
        if state.best_score is None or score > state.best_score:
            state.best, state.best_score, state.waited = parameters.copy(), score, 0
        else:
            state.waited += 1
