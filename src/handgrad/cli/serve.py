"""``handgrad serve``."""

from pathlib import Path
from typing import Annotated

import typer

from handgrad.cli.output import emit

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


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
    runs: Annotated[Path, typer.Option("--runs", metavar="DIR", help="Folder of the runs.")] = Path("runs"),
    data_folder: Annotated[
        Path, typer.Option("--data-folder", metavar="DIR", help="Folder in which digits/ is kept.")
    ] = Path(),
) -> None:
    """Open the page on which one draws, watches and trains."""
    from threading import Event

    from handgrad.web import require_web

    require_web()
    from handgrad.web.app import Settings, create_app
    from handgrad.web.model_in_use import ModelInUse, Served
    from handgrad.web.server import Server, bind

    found = model or newest_finished(runs)
    in_use = ModelInUse(Served.read(found) if found else None)
    closing = Event()
    app = create_app(Settings(runs.absolute(), data_folder.absolute()), in_use, closing, emit)
    with bind(host, port) as bound:
        name = f"[{host}]" if ":" in host else host
        if not found:
            emit("there is no model yet: train one on the page, or name one: handgrad serve MODEL")
        emit(f"serving  http://{name}:{bound.getsockname()[1]}/   (Ctrl-C ends)")
        Server(app, closing.set).run(sockets=[bound])


def newest_finished(runs: Path) -> Path | None:
    """Find the finished run whose model was written last."""
    from handgrad.exports.formats import MODEL_FILE
    from handgrad.web.run_folders import run_names, standing

    finished = [runs / name for name in run_names(runs) if standing(runs / name).state == "finished"]
    return max(finished, key=lambda folder: (folder / MODEL_FILE).stat().st_mtime_ns, default=None)
