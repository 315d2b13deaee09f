"""How data differ from those that a training was begun with, as far as its checkpoint knows those."""

from typing import Literal

from handgrad.data.dataset import Dataset
from handgrad.data.labels import shown
from handgrad.errors import HandgradError
from handgrad.model.network import Network
from handgrad.training.state import TrainingState


def check_unchanged(
    dataset: Dataset, source: str, network: Network, state: TrainingState, batch_size: int | Literal["all"]
) -> None:
    """Refuse to go on with other data than before.

    Parameters
    ----------
    dataset : Dataset
        To train on.
    source : str
        Where it is from, for the message.
    network, state
        As the checkpoint has them.
    batch_size : int or ``"all"``

    Raises
    ------
    HandgradError
        If the data are others; it says what differs.
    """
    try:
        state.belong_to(dataset)
    except HandgradError as error:
        what, _, advice = str(error).partition("; ")
        different = ", ".join(differences(dataset, network, state, batch_size))
        raise HandgradError(f"{source}: {what}: {different}; {advice}, or train anew") from error


def differences(
    dataset: Dataset, network: Network, state: TrainingState, batch_size: int | Literal["all"]
) -> list[str]:
    """Say what differs, each in a few words."""
    found = []
    examples, inputs = len(dataset), dataset.inputs.shape[1]
    fewest, most = _examples_before(state, batch_size)
    if not fewest <= examples <= (most or examples):
        before = f"{fewest:,}" if fewest == most else f"from {fewest:,} to {most:,}"
        found.append(f"there are {examples:,} examples to train on, and were {before}")
    if dataset.class_names != network.classes:
        now, then = (", ".join(names) for names in (dataset.class_names, network.classes))
        found.append(f"the classes are {now:.60}, and were {then:.60}")
    if inputs != network.inputs:
        found.append(f"an example has {inputs:,} inputs, and had {network.inputs:,}")
    elif dataset.features and network.features:
        for number, (now, then) in enumerate(zip(dataset.features, network.features, strict=True), 1):
            if now != then:
                found.append(f"input {number} is {shown(now)}, and was {shown(then)}")
                break
    same_number = fewest == most == examples
    unseen = "numbers or labels in them" if same_number else "examples, or numbers or labels in them"
    return found or [f"other {unseen}"]


def _examples_before(state: TrainingState, batch_size: int | Literal["all"]) -> tuple[int, int | None]:
    """Tell how many examples there were: between which two numbers, or from 1 on where nothing is known."""
    if state.order is not None:
        return len(state.order), len(state.order)
    if batch_size == "all" or not state.epoch:
        return 1, None
    steps = (state.step - -(-state.position // batch_size)) // state.epoch  # of an epoch
    return (steps - 1) * batch_size + 1, steps * batch_size
