"""``handgrad serve``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from handgrad.cli.options import parse_path
from handgrad.cli.output import emit

if TYPE_CHECKING:
    from handgrad.server.models import ServedModel


def serve(
    model: Annotated[
        Path | None,
        typer.Argument(
            help="A run folder or a model file; default: the newest finished run.", metavar="MODEL"
        ),
    ] = None,
    host: Annotated[
        str,
        typer.Option(
            "--host", metavar="HOST", help="Address to serve on; others than 127.0.0.1 need a token."
        ),
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", metavar="N", min=0, max=65535, help="Port; 0 chooses a free one.")
    ] = 8000,
    runs: Annotated[
        Path, typer.Option("--runs", metavar="DIR", parser=parse_path, help="Folder of the runs.")
    ] = Path("runs"),
    data_folder: Annotated[
        Path, typer.Option("--data-folder", metavar="DIR", help="Folder that holds digits/.")
    ] = Path(),
    token: Annotated[
        str | None,
        typer.Option(
            "--token",
            metavar="TOKEN",
            help="Token that clients must send; default: random, if HOST needs one.",
        ),
    ] = None,
    weak_token: Annotated[
        bool, typer.Option("--weak-token", help="Accept a token that can be guessed.")
    ] = False,
    max_pixels: Annotated[
        int,
        typer.Option("--max-pixels", metavar="N", min=784, help="Pixels of an image that a client sends."),
    ] = 4_000_000,
    quota: Annotated[
        float, typer.Option("--quota", metavar="GB", min=0, help="Disk space for runs and digits.")
    ] = 10.0,
) -> int:
    """Serve the page to draw, watch and train on, and the HTTP API."""
    import re
    from contextlib import suppress
    from secrets import token_urlsafe
    from threading import Event

    from handgrad.errors import require

    require("the server needs", "server", "fastapi", "uvicorn", "httptools", "python_multipart")
    from handgrad.server.app import Settings, create_app
    from handgrad.server.models import ModelInUse, ServedModel
    from handgrad.server.security import LOOPBACK, is_strong
    from handgrad.server.server import Server, address, bind

    if token is not None and not re.fullmatch(r"[A-Za-z0-9._~-]{1,200}", token):
        raise typer.BadParameter("--token may hold letters, digits and - . _ ~")
    if token is not None and not (weak_token or is_strong(token)):
        raise typer.BadParameter("--token is easy to guess: give 22 random characters, or add --weak-token")
    if token is None and host not in LOOPBACK:
        token = token_urlsafe(16)
    served = ServedModel.read(model) if model else newest_finished(runs)
    closing = Event()
    settings = Settings(runs.absolute(), data_folder.absolute(), host, token, max_pixels, int(quota * 10**9))
    with bind(host, port) as bound:
        app = create_app(settings, ModelInUse(served), closing, emit)
        if not served:
            emit("there is no model yet: train one on the page, or name one: handgrad serve MODEL")
        emit(f"serving  {address(host, bound.getsockname()[1], token)}  (Ctrl-C ends)")
        with suppress(KeyboardInterrupt):
            Server(app, closing.set).run(sockets=[bound])
    return 0


def newest_finished(runs: Path) -> "ServedModel | None":
    """Load the finished run whose model was written last; damaged models are skipped."""
    from contextlib import suppress

    from handgrad.errors import HandgradError
    from handgrad.exports.formats import MODEL_FILE
    from handgrad.server.models import ServedModel
    from handgrad.server.run_folders import run_names, status

    finished = [runs / name for name in run_names(runs) if status(runs / name).state == "finished"]
    for folder in sorted(finished, key=lambda folder: -(folder / MODEL_FILE).stat().st_mtime_ns):
        with suppress(HandgradError):
            return ServedModel.read(folder)
    return None
