"""Numbers as the command line prints them."""

import pytest

from handgrad.cli.output import significant


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-52.0, "-52"),
        (0.99999, "1"),
        (0.00123456, "0.001235"),
        (2004.0, "2004"),
        (12345.678, "12,346"),
        (1234567.8, "1,234,568"),
        (99999999.0, "1e+08"),
        (1e-9, "1e-09"),
        (float("nan"), "nan"),
    ],
)
def test_four_digits_without_an_exponent_where_people_write_none(value: float, text: str) -> None:
    assert significant(value) == text
    assert significant(-value, sign="+").lstrip("+-") == text.lstrip("-")
