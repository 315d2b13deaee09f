"""The server behind ``handgrad serve``: predictions, trainings and data over HTTP; needs the extra ``web``."""

from importlib.util import find_spec

from handgrad.errors import HandgradError


def require_web() -> None:
    """Raise HandgradError, with the command that mends it, where FastAPI or uvicorn are not installed."""
    missing = [name for name in ("fastapi", "uvicorn", "python_multipart") if find_spec(name) is None]
    if missing:
        raise HandgradError(
            f"the server needs {missing[0].replace('_', '-')}, which is not installed: pip install 'handgrad[server]'"
        )
