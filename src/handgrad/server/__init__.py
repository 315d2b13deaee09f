"""The server behind ``handgrad serve``: predictions, trainings and data over HTTP. It needs the extra ``server``."""

from importlib.util import find_spec

from handgrad.errors import HandgradError, installation


def require_server() -> None:
    """Raise HandgradError, with the command that installs it, if a package of the extra is missing."""
    for module in ("fastapi", "uvicorn", "httptools", "python_multipart"):
        if find_spec(module) is None:
            package = module.replace("_", "-")
            raise HandgradError(
                f"the server needs {package}, which is not installed: {installation('server')}"
            )
