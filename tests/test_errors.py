"""Error lines: printable, and short with what matters."""

import handgrad as hg
from handgrad.errors import one_line, quoted


def test_a_line_keeps_file_name_and_reason() -> None:
    path = f"/folder{'/long' * 60}/table.csv"
    line = one_line(f"{path} is not valid:\n  {'x ' * 40}; correct it")
    assert line.isprintable()
    assert len(line) <= 290
    assert "/table.csv is not valid: x x" in line
    assert line.endswith("x ; correct it")
    assert len(one_line("word " * 1000)) == 290


def test_names_are_kept_and_commands_to_a_terminal_are_not() -> None:
    assert one_line(" a  b\u200cc\x1b[0m\u202e\n d\u2028e\xa0f") == "a  b\u200cc\ufffd[0m\ufffd d e f"
    assert str(hg.HandgradError(ValueError("cause"))) == "cause"
    assert quoted("x" * 99) == f"'{'x' * 29}…'"
