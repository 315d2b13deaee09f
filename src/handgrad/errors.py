"""The errors of the library: one line with what is wrong, where, and what to do."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from importlib.util import find_spec
from unicodedata import category

LONGEST = 290
"""Characters of a message; with the name of the program, a line has at most 300."""
KEPT = "\n\u200c\u200d"
"""Control characters of printable texts; two join or part letters, e.g. in Persian."""


class HandgradError(ValueError):
    """A problem that the user can fix, in one line: what is wrong, where, and what to do.

    Parameters
    ----------
    message : object
        The message. Line breaks and control characters are replaced, and a long message is shortened.

    Examples
    --------
    >>> import handgrad as hg
    >>> try:
    ...     hg.Network([hg.Dense(10)], input_shape=(1, 28, 28))
    ... except hg.HandgradError as error:
    ...     print(error)
    Dense takes flat inputs (I,); got (1, 28, 28): put a Flatten before it
    """

    def __init__(self, message: object = "") -> None:
        super().__init__(one_line(str(message)))


def printable(text: str) -> str:
    """Replace control characters, which could command a terminal, with U+FFFD. Line feeds and joiners are kept."""
    return "".join(char if char in KEPT or category(char)[0] != "C" else "\ufffd" for char in text)


def one_line(text: str) -> str:
    """Put a text into one printable line; of a long one, long words such as paths are shortened, then its middle."""
    line = printable(re.sub(r" *[^\S ]\s*", " ", text.strip()))  # line breaks, tabs and other spaces
    if len(line) > LONGEST:
        line = re.sub(r"\S{80,}", lambda word: f"{word[0][:20]}…{word[0][-50:]}", line)
    half = LONGEST // 2
    return line if len(line) <= LONGEST else f"{line[: half - 1]}…{line[-half:]}"


def quoted(text: str) -> str:
    """Quote a text of a file, of which a long one is cut."""
    return repr(text if len(text) <= 30 else f"{text[:29]}…")


def suggest(name: str, known: Iterable[str], prefix: str = "") -> str:
    """Return the end of a sentence, e.g. ``"; did you mean 'classic'?"``: the nearest known name, or all of them.

    `prefix` is written before the nearest name.
    """
    known = list(known)
    folded = {candidate.casefold(): candidate for candidate in known}
    near = get_close_matches(name.casefold(), folded, n=1)
    if near:
        return f"; did you mean '{prefix}{folded[near[0]]}'?"
    return f"; choose from {', '.join(known)}" if known else ""


def require(need: str, extra: str, *modules: str) -> None:
    """Raise HandgradError if a module of an extra is not installed; `need` begins it, e.g. ``"figures need"``."""
    for module in modules:
        if find_spec(module) is None:
            package = module.replace("_", "-")
            raise HandgradError(f"{need} {package}, which is not installed: {installation(extra)}")


def installation(extra: str) -> str:
    """Return the command that installs an extra: in a clone that uv runs, or into the environment in use."""
    import json
    from importlib.metadata import PackageNotFoundError, distribution  # slow to import, and rarely needed

    try:
        handgrad = distribution("handgrad")
    except PackageNotFoundError:  # a folder of sources on the path
        return f"pip install 'handgrad[{extra}]'"
    by_uv = (handgrad.read_text("INSTALLER") or "").strip() == "uv"
    source = json.loads(handgrad.read_text("direct_url.json") or "{}")
    if by_uv and source.get("dir_info", {}).get("editable"):
        return f"uv sync --inexact --extra {extra}"
    return f"{'uv ' if by_uv else ''}pip install 'handgrad[{extra}]'"
