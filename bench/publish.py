"""Publish results: ``python -m bench.publish NAME [FILE]``.

FILE (default: runs/bench/bench.json) is copied to bench/results/NAME.json, and the table in bench/README.md is made
from it. Commit both. ``python -m bench --publish NAME`` measures first.
"""

import json
import sys
from pathlib import Path
from typing import Any

from bench.machine import summary
from bench.report import overview

HERE = Path(__file__).parent
README = HERE / "README.md"
BEGIN, END = "<!-- results: ", "<!-- end of results -->"


def publish(written: dict[str, Any], name: str) -> None:
    """Write the results to bench/results, and their table into bench/README.md."""
    folder = HERE / "results"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(written, indent=1, ensure_ascii=False) + "\n", "utf-8")
    README.write_text(put_into(README.read_text("utf-8"), name, written), "utf-8")


def put_into(text: str, name: str, written: dict[str, Any]) -> str:
    """Replace what stands between the two comments of a document."""
    before, _, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"the document needs the comments {BEGIN}… --> and {END}")
    return f"{before}{BEGIN}{name} -->\n\n{section(name, written)}\n\n{END}{after}"


def section(name: str, written: dict[str, Any]) -> str:
    """Return the paragraph on the machine, and the table."""
    rounds = f"{written['rounds']} rounds. Data: [results/{name}.json](results/{name}.json)."
    return f"{summary(written['machine'])} {rounds}\n\n{overview(written)}"


def main() -> None:
    """Publish a file."""
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    name, *rest = sys.argv[1:]
    publish(json.loads(Path(*(rest or ["runs/bench/bench.json"])).read_text("utf-8")), name)


if __name__ == "__main__":
    main()
