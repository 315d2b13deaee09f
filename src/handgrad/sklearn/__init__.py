"""Estimators for scikit-learn; needs the extra ``sklearn``."""

from typing import TYPE_CHECKING, Any

from handgrad.errors import HandgradError, installation

if TYPE_CHECKING:
    from handgrad.sklearn.classifier import HandgradClassifier
else:
    try:
        from sklearn.utils.validation import validate_data  # noqa: F401  # new in scikit-learn 1.6
    except ImportError:

        class HandgradClassifier:
            """Raise HandgradError: scikit-learn is not installed."""

            def __init__(self, *_: Any, **__: Any) -> None:
                raise HandgradError(
                    "HandgradClassifier needs scikit-learn 1.6 or newer, which is not installed: "
                    + installation("sklearn")
                )
    else:
        from handgrad.sklearn.classifier import HandgradClassifier

__all__ = ["HandgradClassifier"]
