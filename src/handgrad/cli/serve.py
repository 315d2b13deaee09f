"""``handgrad serve``."""

from contextlib import suppress
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from handgrad.cli.options import option
from handgrad.cli.output import emit
from handgrad.errors import HandgradError, require

if TYPE_CHECKING:
    from handgrad.server.models import ServedModel

MODEL_HELP = "A run folder or a model file. Default: the newest finished run."
HOST_HELP = "Address to serve on; others than 127.0.0.1 need a token."
TOKEN_HELP = "Token that clients must send. Default: random, if HOST needs one."
PIXELS_HELP = "Largest number of pixels of an image that a client sends."
DATA_HELP = "Folder in which digits/ holds the digits drawn on the page."
QUOTA_HELP = "Disk space for runs and digits, in gigabytes."


def serve(
    model: Annotated[Path | None, typer.Argument(help=MODEL_HELP, metavar="MODEL")] = None,
    host: Annotated[str, option("--host", HOST_HELP, "HOST")] = "127.0.0.1",
    port: Annotated[int, option("--port", "Port; 0 chooses a free one.", "N", min=0, max=65535)] = 8000,
    runs: Annotated[Path, option("--runs", "Folder of the runs.", "DIR")] = Path("runs"),
    data_folder: Annotated[Path, option("--data-folder", DATA_HELP, "DIR")] = Path(),
    token: Annotated[str | None, option("--token", TOKEN_HELP, "TOKEN")] = None,
    weak_token: Annotated[bool, option("--weak-token", "Accept a token that can be guessed.")] = False,
    max_pixels: Annotated[int, option("--max-pixels", PIXELS_HELP, "N", min=784)] = 4_000_000,
    quota: Annotated[float, option("--quota", QUOTA_HELP, "GB", min=0)] = 10.0,
) -> None:
    """Serve the page and the HTTP API.

    Draw digits, watch a network classify them, and train it in the browser.
    """
    import re
    from secrets import token_urlsafe

    require("the server needs", "server", "fastapi", "uvicorn", "httptools", "sse_starlette")
    from handgrad.server.app import Settings, create_app
    from handgrad.server.models import ModelInUse, ServedModel
    from handgrad.server.security import LOOPBACK, is_strong
    from handgrad.server.server import Server, address, bind

    if not isfinite(quota):
        raise typer.BadParameter("it is not a number of gigabytes", param_hint="--quota")
    if token is not None and not re.fullmatch(r"[A-Za-z0-9._~-]{1,200}", token):
        raise typer.BadParameter("--token may hold letters, digits and - . _ ~")
    if token is not None and not (weak_token or is_strong(token)):
        raise typer.BadParameter("--token is easy to guess: give 22 random characters, or add --weak-token")
    if token is None and host not in LOOPBACK:
        token = token_urlsafe(16)
    served = ServedModel.read(model) if model else newest_finished(runs)
    settings = Settings(runs.absolute(), data_folder.absolute(), host, token, max_pixels, int(quota * 10**9))
    with bind(host, port) as bound:
        app = create_app(settings, ModelInUse(served), emit)
        if not served:
            emit("there is no model yet: train one on the page, or name one: handgrad serve MODEL")
        line = f"serving  {address(host, bound.getsockname()[1], token)}  (Ctrl-C ends)"
        with suppress(KeyboardInterrupt):
            Server(app, ready=lambda: emit(line)).run(sockets=[bound])


def newest_finished(runs: Path) -> "ServedModel | None":
    """Load the finished run that was started or resumed last; damaged models are skipped."""
    from handgrad.server.models import ServedModel
    from handgrad.server.run_folders import find_runs, status

    for folder in find_runs(runs):
        with suppress(HandgradError):
            if status(folder).state == "finished":
                return ServedModel.read(folder)
    return None
