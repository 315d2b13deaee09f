"""Estimators for scikit-learn; needs the extra ``sklearn``."""

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NoReturn

from handgrad.errors import HandgradError, installation

if TYPE_CHECKING:
    from handgrad.sklearn.classifier import HandgradClassifier as HandgradClassifier
    from handgrad.sklearn.regressor import HandgradRegressor as HandgradRegressor
else:
    try:
        from handgrad.sklearn.classifier import HandgradClassifier
        from handgrad.sklearn.regressor import HandgradRegressor
    except ImportError as error:
        REASON = str(error) if find_spec("sklearn") else "it is not installed"

        def HandgradClassifier(*_: Any, **__: Any) -> NoReturn:
            """Raise HandgradError: scikit-learn is not installed, or is too old."""
            need = f"the estimators need scikit-learn 1.6 or newer ({REASON})"
            raise HandgradError(f"{need}: {installation('sklearn')}")

        HandgradRegressor = HandgradClassifier
