"""The documentation site: ``uv run --group docs sphinx-build -W --keep-going docs docs/_build``."""

import html
import inspect
import re
import subprocess
import sys
from functools import reduce
from importlib import import_module
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

from docutils.nodes import image as images
from docutils.nodes import reference
from numpydoc.xref import DEFAULT_LINKS

import handgrad
from handgrad.learn.catalog import CHAPTERS, as_markdown, exercises, number

DOCS = Path(__file__).parent
GALLERY = DOCS.parent / "examples" / "gallery"
LAST = ["adopt", "calibrate", "decide", "entries", "named_arrays", "scale_targets", "views", "chunk_size"]
"""Members that few programs need; pages of classes list them last."""
sys.path.insert(0, str(DOCS.parent / "tools"))

from public_names import public_base, public_members, public_names  # noqa: E402


def directives(kind: type) -> dict[str, str]:
    """Return the directive for each public member of a class: for methods, properties, and those of `LAST`."""
    found = {name: "automethod" for name in public_members(kind) if callable(getattr(kind, name))}
    found |= {name: "autoproperty" for name in public_members(kind) if name not in found}
    return dict(sorted(found.items(), key=lambda item: item[0] in LAST))


about = metadata("handgrad")
REPOSITORY = dict(url.split(", ") for url in about.get_all("Project-URL") or [])["Source"]

project, release = "handgrad", about["Version"]
author = "the handgrad developers"
copyright = "the handgrad developers, MIT licence"
html_title = f"handgrad {release}"
extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.linkcode",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "live_demo",
    "mathml",
]
exclude_patterns = ["_build", "gallery/**/*.ipynb", "gallery/**/*.py"]
myst_enable_extensions = ["colon_fence", "dollarmath", "html_image"]
myst_heading_anchors = 4
smartquotes = False
nitpicky = False
templates_path = ["_templates"]

default_role = "py:obj"  # `Network` in a docstring becomes a link
autosummary_generate = True
# beside that of `calibration`, where the case of file names does not count
autosummary_filename_map = {"handgrad.Calibration": "handgrad.Calibration-class"}
names = public_names()
classes = {name.removeprefix("tuning."): kind for name, kind in names.items() if inspect.isclass(kind)}
autosummary_context = {
    "bases": {name: base.__name__ for name, kind in classes.items() if (base := public_base(kind))},
    "documented": {name: directives(kind) for name, kind in classes.items()},
}
autodoc_typehints = "none"  # numpydoc sections have the types
autodoc_preserve_defaults = True
maximum_signature_line_length = 88
toc_object_entries_show_parents = "hide"
numpydoc_show_class_members = False  # the template lists them
numpydoc_xref_param_type = True
# without links to other sites, which would be needed during the build
numpydoc_xref_aliases = {word: word for word in DEFAULT_LINKS} | {
    name.removeprefix("tuning."): f"handgrad.{name}" for name in names
}
numpydoc_xref_ignore = "all"
copybutton_prompt_text = r">>> |\.\.\. "
copybutton_prompt_is_regexp = True

sphinx_gallery_conf = {
    "examples_dirs": "../examples/gallery",
    "gallery_dirs": "gallery",
    "filename_pattern": r"\.py$",
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_memory": False,
    "show_signature": False,
    "write_computation_times": False,
    "image_srcset": ["2x"],
    "reset_modules": ("matplotlib", "gallery_style.use_style"),
    "subsection_order": [
        f"../examples/gallery/{name}" for name in ("training", "understanding", "data", "extending")
    ],
    "within_subsection_order": "ExampleTitleSortKey",
    "abort_on_example_error": True,
    "backreferences_dir": "gallery/uses",
    "doc_module": ("handgrad",),
}

html_theme = "pydata_sphinx_theme"
html_math_renderer = "mathml"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_favicon = "_static/favicon.svg"
html_show_sourcelink = False
html_sidebars = {"index": [], "reference/commands": []}
html_theme_options = {
    "github_url": REPOSITORY,
    "logo": {
        "text": "handgrad",
        "alt_text": "handgrad: home",
        "image_light": "_static/logo.svg",
        "image_dark": "_static/logo-dark.svg",
    },
    "header_links_before_dropdown": 8,
    "navbar_align": "left",
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}


def write_command_reference(app: Any) -> None:
    """Write the reference of the command line from the program itself."""
    command = [sys.executable, "-m", "typer", "handgrad.cli.main", "utils", "docs", "--name", "handgrad"]
    text = html.unescape(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    text = re.sub(r" <[^|>]*>`", "`", text)  # types of Python
    text = text.replace("\n### ", "\n## ")  # so that "On this page" has all commands
    (DOCS / "reference").mkdir(exist_ok=True)
    page = DOCS / "reference" / "commands.md"
    page.write_text(text.replace("# `handgrad`", "# Command-line reference", 1), "utf-8")


def write_exercises(app: Any) -> None:
    """Write a page for each chapter of the exercises."""
    folder = DOCS / "learn" / "exercises"
    folder.mkdir(exist_ok=True)
    for chapter, title in CHAPTERS.items():
        chosen = [exercise for exercise in exercises().values() if exercise.chapter == chapter]
        parts = [f"# Chapter {chapter}: {title}"]
        for exercise in chosen:
            anchor = f"[{exercise.section.replace('-', ' ')}](../backpropagation.md#{exercise.section})"
            about = f"`{exercise.name}.py`, {exercise.minutes} minutes. Derivation: {anchor}."
            heading, _, text = as_markdown(exercise).partition("\n")
            parts.append(f"## {number(exercise.name)}. {heading}\n\n{about}\n{text}")
        (folder / f"chapter{chapter}.md").write_text("\n\n".join(parts) + "\n", "utf-8")


def link_to_repository(app: Any, name: str, source: list[str]) -> None:
    """Include files, and replace links that work in the repository by links of the site."""
    folder = (DOCS / name).parent

    def included(match: re.Match[str]) -> str:
        text = (folder / match[1]).read_text("utf-8")
        return re.sub(r"\]\((?!https?:|#)", f"]({Path(match[1]).parent.as_posix()}/", text)

    def address(match: re.Match[str]) -> str:
        path = (folder / match[1]).resolve()
        if path.is_relative_to(GALLERY) and path.suffix == ".py":
            return f"](/gallery/{path.relative_to(GALLERY).with_suffix('.rst').as_posix()}"
        if path.is_relative_to(DOCS) and not path.is_dir():
            return match[0]
        return f"]({REPOSITORY}/{'tree' if path.is_dir() else 'blob'}/main/{path.relative_to(DOCS.parent)}"

    source[0] = re.sub(r"```\{include\} (\S+)\n```", included, source[0])
    source[0] = re.sub(r"\]\((\.\./[^)#\s]+)", address, source[0])


def pair_images(app: Any, document: Any) -> None:
    """Show images of which there is a dark version, NAME-dark.png, in the mode of the site."""
    folder = Path(document["source"]).parent
    for image in list(document.findall(images)):
        dark = image["uri"].replace(".png", "-dark.png")
        if (folder / dark).exists() and not {"only-light", "only-dark"} & {*image["classes"]}:
            shown = image.parent if isinstance(image.parent, reference) else image
            other = shown.deepcopy()
            for copy in other.findall(images):
                copy["uri"] = dark
                copy["classes"].append("only-dark")
            image["classes"].append("only-light")
            shown.parent.insert(shown.parent.index(shown) + 1, other)


def linkcode_resolve(domain: str, info: dict[str, str]) -> str:
    """Return the address of the source of a public name."""
    found = reduce(getattr, info["fullname"].split("."), import_module(info["module"]))
    found = inspect.unwrap(getattr(found, "fget", None) or getattr(found, "func", None) or found)
    file = Path(inspect.getfile(found)).relative_to(Path(handgrad.__file__).parent)
    lines, first = inspect.getsourcelines(found)
    return f"{REPOSITORY}/blob/main/src/handgrad/{file}#L{first}-L{first + len(lines) - 1}"


def setup(app: Any) -> None:
    """Connect the functions above to the events of Sphinx."""
    app.connect("builder-inited", write_command_reference)
    app.connect("builder-inited", write_exercises)
    app.connect("source-read", link_to_repository)
    app.connect("doctree-read", pair_images, priority=400)  # before Sphinx collects the images
