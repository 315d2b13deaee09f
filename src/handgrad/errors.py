"""The one error that users meet: a line that says what is wrong, where, and what to do."""

from collections.abc import Iterable
from difflib import get_close_matches


class HandgradError(ValueError):
    """Something that the user can mend, told in one line."""


class Interrupted(HandgradError):
    """Work that was stopped on request; the line says what was saved, and where."""


def suggest(name: str, known: Iterable[str]) -> str:
    """Tell the known name nearest to a wrong one, or all of them where none is near.

    Returns
    -------
    str
        The end of a sentence, such as ``"; did you mean 'classic'?"``.
    """
    known = list(known)
    folded = {candidate.casefold(): candidate for candidate in known}
    near = get_close_matches(name.casefold(), folded, n=1)
    if near:
        return f"; did you mean '{folded[near[0]]}'?"
    return f"; choose from {', '.join(known)}" if known else ""
