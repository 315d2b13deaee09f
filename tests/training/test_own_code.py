"""Files of one's own: what is found in them, and what is said of those that fail."""

from pathlib import Path

import numpy as np
import pytest

from handgrad.errors import HandgradError
from handgrad.model.layers import Dense
from handgrad.model.losses import CrossEntropy
from handgrad.training.user_code import load_own

FILE = """
import handgrad as hg

loss = hg.CrossEntropy(label_smoothing=0.1)
network = hg.Network([hg.Dense(3)], input_shape=(4,))

def hidden():
    return hg.Network([hg.Dense(2)], input_shape=(4,))
"""


def test_networks_and_losses_are_found_and_made_exact(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(FILE)
    (network,), (loss,) = load_own(tmp_path / "mine.py")
    assert network.layers == (Dense(3),)
    assert network.dtype == np.float64
    assert loss == CrossEntropy(0.1)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x = 1\n", "makes no network and no loss; to check a layer"),
        ("x = 1\ny = x / 0\n", "line 2: ZeroDivisionError: division by zero"),
        ("def f():\n    return 1 / 0\n\nf()\n", "line 2: ZeroDivisionError"),
        ("x = (\n", "line 1: SyntaxError"),
        ("import handgrad as hg\nhg.Dense(0)\n", "line 2: HandgradError: Dense units must be"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "mine.py"
    path.write_text(text)
    with pytest.raises(HandgradError) as error:
        load_own(path)
    assert told in str(error.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(HandgradError, match="cannot read"):
        load_own(tmp_path / "none.py")
