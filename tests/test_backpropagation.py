"""docs/backpropagation.md: its examples print what it shows, its code is ours, its formulas can be typeset."""

import inspect
import io
import re
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.mathtext import MathTextParser

from handgrad.kernels import activations, convolution, dense, losses, normalization, pooling, softmax

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs" / "backpropagation.md").read_text("utf-8")
PROSE = re.sub(r"^```.*?^```$", "", TEXT, flags=re.MULTILINE | re.DOTALL)
MATHS = re.findall(r"\$\$(.+?)\$\$|(?<!\$)\$([^$\n]+)\$(?!\$)", PROSE)
FORMULAS = sorted({display or inline for display, inline in MATHS})
KERNELS = (activations, dense, convolution, pooling, normalization, softmax, losses)


def quotations() -> Iterator[tuple[Path, str]]:
    """Find the cells of code in the tables, each with the file that the table's head names."""
    source = None
    for line in TEXT.splitlines():
        head = re.fullmatch(r"\| formula \| \[`.*`\]\((.+\.py)\) \|", line)
        if head:
            source = ROOT / "docs" / head[1]
        elif not line.startswith("|"):
            source = None
        elif source is not None and not line.startswith("|---"):
            cell = re.fullmatch(r"\|.*\| `([^`|]+)` \|", line)
            assert cell is not None, f"a row without a line of code: {line}"
            yield source, cell[1]


def test_the_examples_print_what_is_shown() -> None:
    pairs = re.findall(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```$)?", TEXT, re.MULTILINE | re.DOTALL)
    assert len(pairs) > 10
    names: dict[str, Any] = {}
    with np.printoptions():
        for code, shown in pairs:
            with redirect_stdout(io.StringIO()) as printed:
                exec(code, names)
            assert printed.getvalue() == shown


def test_every_quoted_line_is_a_line_of_its_file() -> None:
    quoted = list(quotations())
    assert len(quoted) > 50
    for source, line in quoted:
        lines = [text.strip() for text in source.read_text("utf-8").splitlines()]
        assert line in lines, f"{source.name} has no line: {line}"


def test_every_function_and_derivative_is_quoted() -> None:
    quoted = {line for _, line in quotations()}
    for kernels in KERNELS:
        for name, function in inspect.getmembers(kernels, inspect.isfunction):
            if function.__module__ == kernels.__name__ and name.endswith("_backward"):
                for half in (name, name.removesuffix("_backward")):
                    body = map(str.strip, inspect.getsource(getattr(kernels, half)).splitlines())
                    assert quoted & set(body), f"nothing of {half} is shown"


@pytest.mark.parametrize("formula", FORMULAS)
def test_every_formula_can_be_typeset_and_is_not_changed_by_markdown(formula: str) -> None:
    MathTextParser("path").parse(f"${formula}$")
    assert not re.search(r"\\[^A-Za-z]", formula), "an escape"
    assert not re.search(r"[^\w\s]_", formula), "emphasis"
    assert not re.search(r"[*`]|<\w", formula), "Markdown"


def test_github_finds_every_formula() -> None:
    assert len(FORMULAS) > 100
    for line in PROSE.splitlines():
        assert line.count("$") % 2 == 0, f"a formula does not end: {line}"
        for inline in re.finditer(r"(?<!\$)\$([^$]+)\$(?!\$)", line):
            before, after = line[: inline.start()][-1:], line[inline.end() :][:1]
            assert before in ("", " ", "("), f"GitHub sees no formula in {line}"
            assert after == "" or after in " .,;:)", f"GitHub sees no end of the formula in {line}"
            assert inline[1] == inline[1].strip()
            assert "|" not in inline[1] or not line.startswith("|")


def test_the_contents_lead_to_the_headings() -> None:
    headings = re.findall(r"^## (.+)$", TEXT, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    targets = re.findall(r"\]\(#([^)]+)\)", TEXT)
    assert len(targets) == len(headings) - 1  # all but the sources
    assert set(targets) <= anchors
