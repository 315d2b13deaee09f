"""``handgrad serve``."""

from pathlib import Path
from typing import Annotated

import typer

from handgrad.cli.options import parse_place
from handgrad.cli.output import emit


def serve(
    model: Annotated[
        Path | None,
        typer.Argument(
            help="What to draw for: a run folder or a model file; the newest finished run unless given.",
            metavar="MODEL",
        ),
    ] = None,
    host: Annotated[
        str,
        typer.Option(
            "--host", metavar="HOST", help="Address to serve on; others than this machine's own need a token."
        ),
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", metavar="N", min=0, max=65535, help="0 takes a free one.")
    ] = 8000,
    runs: Annotated[
        Path, typer.Option("--runs", metavar="DIR", parser=parse_place, help="Folder of the runs.")
    ] = Path("runs"),
    data_folder: Annotated[
        Path, typer.Option("--data-folder", metavar="DIR", help="Folder in which digits/ is kept.")
    ] = Path(),
    token: Annotated[
        str | None,
        typer.Option(
            "--token",
            metavar="TOKEN",
            help="What others must know; made up if HOST is not this machine alone.",
        ),
    ] = None,
) -> int:
    """Open the page on which one draws, watches and trains."""
    import re
    from contextlib import suppress
    from secrets import token_urlsafe
    from threading import Event

    from handgrad.errors import HandgradError
    from handgrad.server import require_web

    require_web()
    from handgrad.server.app import Settings, create_app
    from handgrad.server.guard import LOOPBACK
    from handgrad.server.model_in_use import ModelInUse, Served
    from handgrad.server.server import Server, address, bind

    if token is not None and not re.fullmatch(r"[A-Za-z0-9._~-]{8,200}", token):
        raise HandgradError("--token must be 8 letters or digits or more; - . _ and ~ may be among them")
    if token is None and host not in LOOPBACK:
        token = token_urlsafe(16)
    found = model or newest_finished(runs)
    in_use, closing = ModelInUse(Served.read(found) if found else None), Event()
    settings = Settings(runs.absolute(), data_folder.absolute(), host, token)
    with bind(host, port) as bound:
        app = create_app(settings, in_use, closing, emit)
        if not found:
            emit("there is no model yet: train one on the page, or name one: handgrad serve MODEL")
        emit(f"serving  {address(host, bound.getsockname()[1], token)}  (Ctrl-C ends)")
        with suppress(KeyboardInterrupt):
            Server(app, closing.set).run(sockets=[bound])
    return 0


def newest_finished(runs: Path) -> Path | None:
    """Find the finished run whose model was written last."""
    from handgrad.exports.formats import MODEL_FILE
    from handgrad.server.run_folders import run_names, standing

    finished = [runs / name for name in run_names(runs) if standing(runs / name).state == "finished"]
    return max(finished, key=lambda folder: (folder / MODEL_FILE).stat().st_mtime_ns, default=None)
