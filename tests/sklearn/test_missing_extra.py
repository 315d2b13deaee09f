"""Without scikit-learn, or with an old one, the rest of the library works, and the error names the extra."""

import subprocess
import sys

import pytest

MISSING = "sys.modules['sklearn'] = None"
OLD = "import sklearn.utils.validation as validation; del validation.validate_data"


@pytest.mark.parametrize("state", [MISSING, OLD])
def test_missing_extra_is_named(state: str) -> None:
    program = f"import sys; {state}\nfrom handgrad import *\nDense(3)\n"
    program += "try: HandgradClassifier(hidden=(8,))\nexcept HandgradError as error: print(error)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.count("\n") == 1
    assert "pip install 'handgrad[sklearn]'" in done.stdout
