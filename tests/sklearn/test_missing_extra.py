"""Without scikit-learn all else works, and whoever asks for the classifier is told what to install."""

import subprocess
import sys

import pytest

MISSING = "sys.modules['sklearn'] = None"
OLD = "import sklearn.utils.validation as validation; del validation.validate_data"


@pytest.mark.parametrize("state", [MISSING, OLD])
def test_a_missing_extra_is_told_with_what_installs_it(state: str) -> None:
    program = f"import sys; {state}\nfrom handgrad import *\nDense(3)\n"
    program += "try: HandgradClassifier(hidden=(8,))\nexcept HandgradError as error: print(error)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == (
        "HandgradClassifier needs scikit-learn 1.6 or newer, which is not installed: "
        "pip install 'handgrad[sklearn]'\n"
    )


@pytest.mark.slow
def test_scikit_learn_is_imported_only_for_the_classifier() -> None:
    program = "import sys, handgrad as hg; hg.Network, hg.train, hg.load; print('sklearn' in sys.modules);"
    program += "hg.HandgradClassifier; print('sklearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
