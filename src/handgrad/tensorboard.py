"""Records as files that TensorBoard shows; needs the extra ``tensorboard``."""

from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path

from handgrad.errors import HandgradError
from handgrad.training.records import Record


def require_tensorboard() -> None:
    """Raise HandgradError, with the command that mends it, where tensorboardX is not installed."""
    if find_spec("tensorboardX") is None:
        raise HandgradError(
            "TensorBoard files need tensorboardX, which is not installed: pip install 'handgrad[tensorboard]'"
        )


def with_tensorboard(records: Iterable[Record], folder: Path) -> Iterator[Record]:
    """Pass records on, and write each down for ``tensorboard --logdir FOLDER``.

    Parameters
    ----------
    records : iterable of Record
        Such as `handgrad.train` gives.
    folder : Path
        Where the event files go; those of an earlier session stay, and what it logged beyond the first of these
        records is hidden.

    Yields
    ------
    Record

    Raises
    ------
    HandgradError
        If tensorboardX is not installed.
    """
    require_tensorboard()
    from tensorboardX import SummaryWriter

    writer = None
    try:
        for record in records:
            if writer is None:
                writer = SummaryWriter(str(folder), purge_step=record.step)
            for name, value in record.as_dict().items():
                if name not in ("step", "epoch") and value is not None:
                    writer.add_scalar(name, value, record.step)
            writer.flush()
            yield record
    finally:
        if writer is not None:
            writer.close()
