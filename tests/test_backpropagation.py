"""docs/learn/backpropagation.md: its examples print what it shows, its code is ours, its formulas can be typeset."""

import inspect
import io
import re
import shlex
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.mathtext import MathTextParser

from documents import ROOT, blocks
from fixture_types import Cli
from handgrad.kernels import (
    activations,
    convolution,
    dense,
    losses,
    normalization,
    optimizers,
    pooling,
    softmax,
)

TEXT = (ROOT / "docs" / "learn" / "backpropagation.md").read_text("utf-8")
PROSE = re.sub(r"^```.*?^```$", "", TEXT, flags=re.MULTILINE | re.DOTALL)
KERNELS = (activations, dense, convolution, pooling, normalization, softmax, losses)


def quotations() -> Iterator[tuple[Path, str]]:
    """Find the cells of code in the tables, each with the file that the table's head names."""
    table = r"^\| formula \| \[`.*`\]\((.+\.py)\) \|\n\|---.*\n((?:\|.*\n)+)"
    for file, rows in re.findall(table, TEXT, re.MULTILINE):
        for row in rows.splitlines():
            cell = re.fullmatch(r"\|.*\| `([^`|]+)` \|", row)
            assert cell is not None, f"a row without a line of code: {row}"
            yield ROOT / "docs" / "learn" / file, cell[1]


def test_the_examples_print_what_is_shown() -> None:
    pairs = re.findall(r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```$)?", TEXT, re.MULTILINE | re.DOTALL)
    assert len(pairs) > 10
    names: dict[str, Any] = {}
    with np.printoptions():
        for code, shown in pairs:
            with redirect_stdout(io.StringIO()) as printed:
                exec(code, names)
            assert printed.getvalue() == shown


@pytest.mark.slow
def test_the_commands_print_the_map_that_is_shown(cli: Cli, mnist_place: dict[str, str]) -> None:
    """Nearly: the signs of very small gradients depend on the processor."""
    (commands,) = blocks("docs/learn/backpropagation.md", "sh")
    for command in commands.splitlines():
        done = cli(*shlex.split(command)[3:], **mnist_place)
        assert done.returncode == 0, done.stderr
    texts = blocks("docs/learn/backpropagation.md", "text")
    shown = next(text for text in texts if "Attribution:" in text).splitlines()[1:]
    printed = done.stdout.splitlines()[-len(shown) :]
    assert printed[0] == shown[0]
    signs, expected = ("".join(f"{line:80}" for line in lines) for lines in (printed, shown))
    assert sum(a != b for a, b in zip(signs, expected, strict=True)) < 0.1 * len(expected)


def test_quoted_lines_are_lines_of_their_files_and_every_derivative_is_quoted() -> None:
    quoted = list(quotations())
    assert len(quoted) > 50
    for source, line in quoted:
        lines = [text.strip() for text in source.read_text("utf-8").splitlines()]
        assert line in lines, f"{source.name} has no line: {line}"
    shown = {line for _, line in quoted}
    for kernels in KERNELS:
        for name, function in inspect.getmembers(kernels, inspect.isfunction):
            if function.__module__ == kernels.__name__ and name.endswith("_backward"):
                for half in (name, name.removesuffix("_backward")):
                    body = map(str.strip, inspect.getsource(getattr(kernels, half)).splitlines())
                    assert shown & set(body), f"nothing of {half} is shown"
    for rule in (optimizers.sgd, optimizers.momentum, optimizers.adam):
        for line in inspect.getsource(rule).splitlines():
            assert not re.match(r"    \w+ [-+*]?= ", line) or line.strip() in shown, f"not shown: {line}"


def test_formulas_can_be_typeset() -> None:
    formulas = re.findall(r"\$\$(.+?)\$\$|(?<!\$)\$([^$\n]+)\$(?!\$)", PROSE)
    assert len(formulas) > 100
    for formula in {display or inline for display, inline in formulas}:
        MathTextParser("path").parse(f"${formula}$")
        assert not re.search(r"\\[^A-Za-z]|[^\w\s]_|[*`]|<\w", formula), f"Markdown changes {formula}"
