"""Fixtures for the page: a browser, its modules alone, the page on a small server, and the page on the real one."""

from page_fixtures import board, browser, open_board, reader, site, written
from page_models import models
from training_fixtures import open_window, runs_folder, server, trained

__all__ = [
    "board",
    "browser",
    "models",
    "open_board",
    "open_window",
    "reader",
    "runs_folder",
    "server",
    "site",
    "trained",
    "written",
]
