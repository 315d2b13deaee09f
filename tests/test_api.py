"""The API reference: every public name is listed once, documented by numpydoc, and its examples run."""

import doctest
import re
from collections import Counter
from pathlib import Path

import pytest
from numpydoc.validate import validate

import handgrad as hg
from documents import ROOT
from outputs import difference
from public_names import public_members, public_names

NAMES = public_names()
MEMBERS = [f"{name}.{member}" for name, found in NAMES.items() for member in public_members(found)]
OPTIONAL = {"GL01", "ES01", "SA01"}
"""Sections that not every docstring needs, and the line on which it begins."""


class Close(doctest.OutputChecker):
    """Accept numbers that differ by one in the last decimal, as those of another processor may."""

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        return super().check_output(want, got, optionflags) or not difference(want, got, 0.0)


def test_every_public_name_is_listed_once() -> None:
    pages = "".join(page.read_text("utf-8") for page in (ROOT / "docs" / "api").glob("*.md"))
    assert Counter(re.findall(r"^   (\w[\w.]*)$", pages, re.MULTILINE)) == Counter([*NAMES])
    namespaces = {*hg.__all__} - {*NAMES} - {"__version__"}
    assert Counter(re.findall(r"`hg\.(\w+)`:", pages)) == Counter(namespaces)


@pytest.mark.parametrize("path", [*NAMES, *MEMBERS])
def test_docstring_is_complete(path: str) -> None:
    optional = OPTIONAL if path in NAMES else {*OPTIONAL, "EX01"}
    errors = validate(f"handgrad.{path}")["errors"]
    assert [error for error in errors if error[0] not in optional] == []


@pytest.mark.parametrize("name", NAMES)
def test_examples_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = NAMES[name]
    for member in ("", *public_members(found)):
        documented = getattr(found, member) if member else found
        for test in doctest.DocTestFinder(recurse=False).find(documented, f"{name}.{member}", globs={}):
            printed: list[str] = []
            doctest.DocTestRunner(Close(), optionflags=doctest.ELLIPSIS).run(test, out=printed.append)
            assert not printed, "".join(printed)
