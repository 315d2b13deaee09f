"""The commands of the program."""

from typing import Any

from typer.main import get_command

from handgrad.cli.main import app


def commands() -> dict[str, Any]:
    """Return all commands by their names, e.g. ``data list``."""
    groups = get_command(app).commands  # type: ignore[attr-defined]
    return {
        f"{name} {below}".strip(): command
        for name, group in groups.items()
        for below, command in getattr(group, "commands", {"": group}).items()
    }
