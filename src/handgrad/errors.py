"""The errors of the library: one line with what is wrong, where, and what to do."""

from collections.abc import Iterable
from difflib import get_close_matches
from importlib.util import find_spec


class HandgradError(ValueError):
    """A problem that the user can fix, in one line."""


def suggest(name: str, known: Iterable[str]) -> str:
    """Return the end of a sentence, e.g. ``"; did you mean 'classic'?"``: the nearest known name, or all of them."""
    known = list(known)
    folded = {candidate.casefold(): candidate for candidate in known}
    near = get_close_matches(name.casefold(), folded, n=1)
    if near:
        return f"; did you mean '{folded[near[0]]}'?"
    return f"; choose from {', '.join(known)}" if known else ""


def require(need: str, extra: str, *modules: str) -> None:
    """Raise HandgradError if a module of an extra is not installed; `need` begins it, e.g. ``"figures need"``."""
    for module in modules:
        if find_spec(module) is None:
            package = module.replace("_", "-")
            raise HandgradError(f"{need} {package}, which is not installed: {installation(extra)}")


def installation(extra: str) -> str:
    """Return the commands that install an extra."""
    return f"pip install 'handgrad[{extra}]', or in a clone: uv sync --inexact --extra {extra}"
