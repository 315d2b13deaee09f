"""Make a release: ``uv run --group dev python tools/release.py`` on a clean main, then push the tag that it names.

It checks that all files name the same version, builds and tries all wheels, and creates the tag. The workflow
release.yml does the rest when the tag is pushed. ``python tools/release.py notes`` prints the changelog's section.
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def run(*command: str) -> str:
    """Run a command in the repository and return what it prints; it must succeed."""
    return subprocess.run(command, cwd=ROOT, check=True, text=True, stdout=subprocess.PIPE).stdout.strip()


def version() -> str:
    """Return the version of pyproject.toml."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"])


def notes(text: str, name: str) -> str:
    """Return the section of a version in the changelog, without its heading; ValueError if it has none or no date."""
    section = re.search(
        rf"^## \[{re.escape(name)}\] - \d{{4}}-\d\d-\d\d\n(.*?)(?=^## |^\[|\Z)", text, re.M | re.S
    )
    if section is None:
        raise ValueError(f"CHANGELOG.md has no section '## [{name}] - YYYY-MM-DD'")
    return section[1].strip()


def check(name: str) -> None:
    """Raise ValueError unless everything is ready for the release of a version."""
    notes((ROOT / "CHANGELOG.md").read_text("utf-8"), name)
    if f"\nversion: {name}\n" not in (ROOT / "CITATION.cff").read_text("utf-8"):
        raise ValueError(f"CITATION.cff does not have the version {name}")
    if run("git", "status", "--porcelain"):
        raise ValueError("the working tree has changes; commit them first")
    if run("git", "branch", "--show-current") != "main":
        raise ValueError("releases are made on main")
    if run("git", "tag", "--list", f"v{name}"):
        raise ValueError(f"the tag v{name} exists; choose the next version in pyproject.toml")


def main() -> None:
    """Check, build, try and tag."""
    name = version()
    if sys.argv[1:] == ["notes"]:
        print(notes((ROOT / "CHANGELOG.md").read_text("utf-8"), name))
        return
    try:
        check(name)
    except ValueError as error:
        sys.exit(f"no release: {error}")
    for tool in ("build_wheels.py", "try_wheel.py"):
        subprocess.run([sys.executable, f"tools/{tool}"], cwd=ROOT, check=True)
    run("git", "tag", "--annotate", f"v{name}", "--message", f"handgrad {name}")
    print(f"tagged v{name}; publish it: git push origin v{name}")


if __name__ == "__main__":
    main()
