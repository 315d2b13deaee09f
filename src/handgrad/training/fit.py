"""Training to the end, with a progress bar."""

from typing import Any

from handgrad.data.dataset import Dataset
from handgrad.data.progress import progress_bar
from handgrad.data.splits import Splits
from handgrad.errors import HandgradError
from handgrad.model.network import Network
from handgrad.training.records import Record
from handgrad.training.state import count_steps
from handgrad.training.train import train


def fit(
    network: Network, data: Splits | Dataset, *, progress: bool | str = "auto", **arguments: Any
) -> list[Record]:
    """Train a network, in place, to the end, and return all records.

    Parameters
    ----------
    network : Network
        Network to train.
    data : Splits or Dataset
        Data; the validation split is evaluated after each epoch, and the test split is never opened.
    progress : bool or "auto", default "auto"
        Whether to show a progress bar. "auto" shows one on a terminal, and in a notebook with ipywidgets.
    **arguments : object
        Keyword arguments of `train`, e.g. `optimizer`, `epochs` and `seed`.

    Returns
    -------
    list of Record
        One record for each epoch.

    Raises
    ------
    HandgradError
        As for `train`.

    See Also
    --------
    train : Return an iterator, for code that acts after each epoch.
    evaluate : Measure loss and accuracy, e.g. on the test split.

    Examples
    --------
    Learn whether a point lies inside a circle.

    >>> import numpy as np
    >>> import handgrad as hg
    >>> points = np.random.default_rng(0).normal(size=(300, 2))
    >>> data = hg.Dataset(points, np.hypot(*points.T) < 1)
    >>> layers = [hg.Dense(16), hg.ReLU(), hg.Dense(2)]
    >>> network = hg.Network(layers, input_shape=2, rng=0)
    >>> adam = hg.Adam(0.01)
    >>> records = hg.fit(network, data, optimizer=adam, epochs=80, seed=0)
    >>> [f"{record.train_accuracy:.0%}" for record in records[::20]]
    ['61%', '95%', '99%', '99%']
    """
    if progress not in (True, False, "auto"):
        raise HandgradError(f"progress must be True, False or 'auto'; got {progress!r:.60}")
    records = train(network, data, **arguments)
    if not progress:
        return list(records)
    lengths = {name: arguments.get(name) for name in ("batch_size", "epochs", "steps")}
    total = count_steps(len(data if isinstance(data, Dataset) else data.train), **lengths)
    taken: list[Record] = []
    with progress_bar("training", total, shown=progress, keep=True) as show:
        for record in records:
            taken.append(record)
            show(record.step + 1, f"epoch {record.epoch}, loss {record.loss:.4f}")
    return taken
