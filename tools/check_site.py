"""Check the documentation site: internal links lead to pages and anchors, and nothing is loaded from other hosts.

    python tools/check_site.py [FOLDER]

FOLDER defaults to docs/_build. Prints a line per problem; the exit status is 1 if there are any.
"""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADED = {"stylesheet", "icon", "preload", "modulepreload"}
"""What a browser loads of the ``<link>`` elements."""
REMOTE_CSS = re.compile(r"""(?:url\(|@import)\s*["']?(?:https?:)?//[^)"']+""")


class Page(HTMLParser):
    """The anchors of a page, its links, and the files that it loads."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Collect the addresses of an element."""
        values = {name: value for name, value in attributes if value}
        self.anchors.update(values[name] for name in ("id", "name") if name in values)
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        elif "src" in values:
            self.loaded.append(values["src"])
        elif tag == "link" and LOADED & set(values.get("rel", "").split()):
            self.loaded.append(values["href"])


def problems(site: Path) -> list[str]:
    """Return a line for each link that leads to no file or anchor, and each file that another host would send."""
    paths = [path for path in sorted(site.rglob("*.html")) if "_static" not in path.parts]
    pages = {path.resolve(): Page(path) for path in paths}
    found = []
    for path, page in pages.items():
        name = path.relative_to(site.resolve())
        for address in page.links + page.loaded:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                if address in page.loaded and parts.scheme != "data":
                    found.append(f"{name} loads {address}")
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            anchor = unquote(parts.fragment)
            if not target.is_file() or (anchor and target in pages and anchor not in pages[target].anchors):
                found.append(f"{name} links to {address}")
    for path in sorted(site.rglob("*.css")):
        remote = REMOTE_CSS.findall(path.read_text("utf-8"))
        found += [f"{path.relative_to(site)} loads {address}" for address in remote]
    return found


def main() -> None:
    """Print the problems of a site."""
    found = problems(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/_build"))
    print("\n".join(found) or "all links lead somewhere, and nothing is loaded from other hosts")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
