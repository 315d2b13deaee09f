"""The script of a release: the version in all files, and the notes from the changelog."""

import pytest

import release
from documents import ROOT

CHANGELOG = """# Changelog

## [Unreleased]

- later

## [0.2.0] - 2027-01-31

### Added

- new

## [0.1.0] - 2026-12-01

- first

[0.2.0]: https://example.org
"""


@pytest.mark.parametrize(("version", "expected"), [("0.2.0", "### Added\n\n- new"), ("0.1.0", "- first")])
def test_the_notes_are_the_section_of_the_version(version: str, expected: str) -> None:
    assert release.notes(CHANGELOG, version) == expected


@pytest.mark.parametrize(
    "text", [CHANGELOG, CHANGELOG.replace("[0.1.0] - 2026-12-01", "[0.3.0] - unreleased")]
)
def test_a_version_without_a_dated_section_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"0\.3\.0"):
        release.notes(text, "0.3.0")


def test_all_files_name_the_same_version() -> None:
    version = release.version()
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text("utf-8")
    assert f"\n## [{version}] - " in (ROOT / "CHANGELOG.md").read_text("utf-8")
