"""docs/guide/exports.md: its commands and programs, and damaged images for the program in C."""

import subprocess
from pathlib import Path

import pytest

from walk import Walk


@pytest.mark.slow
def test_commands_and_programs_of_the_guide(mnist_place: dict[str, str], tmp_path: Path) -> None:
    walk = Walk("docs/guide/exports.md", tmp_path, **mnist_place)
    assert not walk.differences, "\n".join(walk.differences)
    image = (tmp_path / "digit.pgm").read_bytes()[-784:]
    headers = (b"P5 27 28 255\n", b"P5 28 28 65535\n", b"P5 99999999999999999999 28 255\n", b"P2 28 28 255\n")
    for content in (b"", b"P5 ", image[1:], image + b"7", *(header + image for header in headers)):
        (tmp_path / "digit.pgm").write_bytes(content)
        done = subprocess.run(["./predict", "digit.pgm"], cwd=tmp_path, capture_output=True, text=True)
        assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
