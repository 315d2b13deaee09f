"""TensorBoard files of a training; needs the extra ``tensorboard``."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

from handgrad.errors import require
from handgrad.training.records import Record


def log_to_tensorboard(records: Iterable[Record], folder: Path, step: int) -> Iterator[Record]:
    """Yield records, and write each into event files in a folder, for ``tensorboard --logdir FOLDER``.

    Files of an earlier session stay, and what it logged from `step` on is hidden. Nothing is written before the first
    record. HandgradError is raised if tensorboardX is not installed.
    """
    require("TensorBoard files need", "tensorboard", "tensorboardX")
    from tensorboardX import SummaryWriter

    with ExitStack() as stack:
        writer = None
        for record in records:
            if writer is None:
                writer = stack.enter_context(SummaryWriter(str(folder), purge_step=step))
            for name, value in record.as_dict().items():
                if name not in ("step", "epoch") and value is not None:
                    writer.add_scalar(name, value, record.step)
            writer.flush()
            yield record
