"""The check of the documentation site, and its formulas."""

from pathlib import Path

import pytest

from check_site import problems

PAGE = '<html><link rel="stylesheet" href="style.css"><h1 id="top">A</h1>{}</html>'


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ('<a href="b.html#top">b</a> <a href="#top">a</a> <a href="https://x.org/none">x</a>', None),
        ('<a href="../none.html">none</a>', "links to ../none.html"),
        ('<a href="b.html#none">none</a>', "links to b.html#none"),
        ('<img src="none.png">', "links to none.png"),
        ('<script src="https://x.org/a.js"></script>', "loads https://x.org/a.js"),
        ('<link rel="icon" href="//x.org/a.svg">', "loads //x.org/a.svg"),
    ],
)
def test_links_and_files_of_a_site(tmp_path: Path, content: str, problem: str | None) -> None:
    (tmp_path / "a.html").write_text(PAGE.format(content))
    (tmp_path / "b.html").write_text(PAGE.format(""))
    (tmp_path / "style.css").write_text("p { background: url(a.png) }")
    assert problems(tmp_path) == ([f"a.html {problem}"] if problem else [])


def test_style_sheets_that_load_from_other_hosts(tmp_path: Path) -> None:
    (tmp_path / "style.css").write_text('@import "https://x.org/fonts.css";')
    assert len(problems(tmp_path)) == 1


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        (r"\left(\sum_j x_j\right)", '<munder><mo movablelimits="true">∑</mo><mi>j</mi></munder>'),
        (r"\mathrm{sign} x", '<mi>sign</mi><mspace width="0.17em" /><mi>x</mi>'),
        (r"\mathrm{sign}(x)", '<mi>sign</mi><mo stretchy="false">(</mo>'),
        (r"\cosh^2", "<msup><mi>cosh</mi><mn>2</mn></msup>"),
        ("x < 0", "<mi>x</mi><mo>&lt;</mo><mn>0</mn>"),
        (r"a \sim b", "<mi>a</mi><mo>∼</mo><mi>b</mi>"),
    ],
)
def test_formulas(tex: str, expected: str) -> None:
    pytest.importorskip("latex2mathml")
    from mathml import mathml

    assert expected in mathml(tex, "block")
