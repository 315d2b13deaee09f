"""``generated/worker.js``: ``worker/worker.js`` and the modules that it imports, as one.

Import maps do not apply to workers, so that its modules are joined, in the order of their imports: each has its names
for itself, and the page's modules export and import only names in braces.
"""

import re
from collections.abc import Mapping

IMPORT = re.compile(r'^import \{[^}]*\} from "handgrad/([^"]+)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=async|class|const|function)", re.MULTILINE)


def worker_module(files: Mapping[str, str], name: str = "worker/worker.js") -> str:
    """Join a module of `files`, the page's by their paths, and those that it imports, directly or not."""
    joined: dict[str, str] = {}

    def add(path: str) -> None:
        if path in joined:
            return
        joined[path] = ""  # also where modules import each other
        for needed in IMPORT.findall(files[path]):
            add(needed)
        del joined[path]
        joined[path] = EXPORT.sub("", IMPORT.sub("", files[path]))

    add(name)
    return "\n".join(joined.values())
