"""Formulas as MathML, which browsers draw without a script: TeX is converted when the site is built."""

from html import unescape
from typing import Any
from xml.etree.ElementTree import Element, tostring

from docutils import nodes
from latex2mathml.converter import convert_to_element

LIMITS = {"∑", "∏", "max", "min", "lim"}
"""Operators whose limits are above and below them in a displayed formula, and beside them in a line of text."""
ABOVE_AND_BELOW = {"msub": "munder", "msup": "mover", "msubsup": "munderover"}


def mathml(tex: str, display: str) -> str:
    """Convert a formula; `display` is "inline" or "block"."""
    root = convert_to_element(tex, display=display)
    del root.attrib["xmlns"]
    for element in root.iter():
        element.text = unescape(element.text) if element.text else None  # the converter writes entities
    correct(root)
    return tostring(root, encoding="unicode")


def correct(parent: Element) -> None:
    """Correct what the converter does differently from TeX, in all children of an element."""
    for child in parent:
        correct(child)
        if child.tag in ABOVE_AND_BELOW and child[0].text in LIMITS:
            child.tag = ABOVE_AND_BELOW[child.tag]
            child[0].set("movablelimits", "true")
        letters = list(child)
        if (
            child.tag == "mrow"
            and letters
            and all(letter.get("mathvariant") == "normal" for letter in letters)
        ):
            child.tag, child.text = (
                "mi",
                "".join(letter.text or "" for letter in letters),
            )  # a word of \mathrm
            for letter in letters:
                child.remove(letter)
        if child.text == "~":  # \sim
            child.tag, child.text = "mo", "∼"
        if child.tag == "mo" and child.text in ("|", "‖") and "form" not in child.attrib:
            child.attrib |= {"stretchy": "false", "lspace": "0", "rspace": "0"}  # a bracket, not an operator
    row = len(parent) if parent.tag in ("math", "mrow") else 0
    for index in reversed(range(1, row)):  # thin spaces around the name of a function
        before, after = parent[index - 1], parent[index]
        if (is_name(before) or is_name(after)) and "mo" not in (before.tag, after.tag):
            parent.insert(index, Element("mspace", width="0.17em"))


def is_name(element: Element) -> bool:
    """Whether an element is a name of several letters, e.g. tanh."""
    return element.tag == "mi" and len(element.text or "") > 1


def visit_inline(writer: Any, node: nodes.Element) -> None:
    """Write a formula of a line of text."""
    writer.body.append(mathml(node.astext(), "inline"))
    raise nodes.SkipNode


def visit_block(writer: Any, node: nodes.Element) -> None:
    """Write a displayed formula, which scrolls where the window is narrow."""
    writer.body.append(f'<div class="formula">{mathml(node.astext(), "block")}</div>\n')
    raise nodes.SkipNode


def setup(app: Any) -> dict[str, bool]:
    """Register the renderer under the name "mathml"."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
