"""One entry of an array, derived term by term."""

from typing import Any

import numpy as np
import pytest

from handgrad.errors import HandgradError
from handgrad.kernels.convolution import convolution, convolution_backward
from handgrad.model.derivation import derive

rng = np.random.default_rng(0)
X, W, B = rng.normal(size=(4, 5)), rng.normal(size=(3, 5)), rng.normal(size=3)
IMAGES, FILTERS = rng.normal(size=(2, 2, 5, 4)), rng.normal(size=(3, 2, 3, 3))
DY = rng.normal(size=(2, 3, 3, 2))
SIZES = {"stride": 2, "padding": 1}
DX = convolution_backward(DY, IMAGES, FILTERS, np.zeros_like(FILTERS), np.zeros(3), 2, 1)


@pytest.mark.parametrize(
    ("formula", "arrays", "expected"),
    [
        ("y[n,o] = Σ[i] x[n,i] * w[o,i] + b[o]", {"x": X, "w": W, "b": B}, X @ W.T + B),
        ("y[n,o] = b[o] - Σ[i] x[n,i] * w[o,i]", {"x": X, "w": W, "b": B}, B - X @ W.T),
        ("y[n,i] = x[n,i] * (1 - x[n,i]**2)", {"x": X}, X * (1 - X**2)),
        ("y[n,i] = -x[n,i] * (x[n,i] > 0)", {"x": X}, -X * (X > 0)),
        ("y[n,i…] = 2 * x[n,i…]", {"x": X}, 2 * X),
        ("y[n,i…] = 2 * x[n,i…]", {"x": IMAGES}, 2 * IMAGES),
        ("m[i] = Σ[n] x[n,i] / N", {"x": X, "N": 4}, X.mean(0)),
        ("p[n,i] = exp(x[n,i]) / (Σ[j] exp(x[n,j]))", {"x": X}, np.exp(X) / np.exp(X).sum(1, keepdims=True)),
        ("y[n,i] = x[n,i//2*2+(i+1)%2]", {"x": X[:, :4]}, X[:, [1, 0, 3, 2]]),
        (
            "y[n,i] = Max[k:size] x[n,2*i+k]",
            {"x": X[:, :4], "size": 2},
            X[:, :4].reshape(4, 2, 2).max(2)[:, :2],
        ),
        (
            "s[n] = Σ[i] x[n,i] * (Σ[j] x[n,j] * x[n,j])",
            {"x": X},
            X.sum(1) * (X**2).sum(1),
        ),
        (
            "y[n,o,i,j] = Σ[c,k,l] w[o,c,k,l] * x[n,c,i*stride+k-padding,j*stride+l-padding] + b[o]",
            {"x": IMAGES, "w": FILTERS, "b": B, **SIZES},
            convolution(IMAGES, FILTERS, B, 2, 1),
        ),
        (
            "dx[n,c,p,q] = Σ[o,k,l] dy[n,o,(p-k+padding)/stride,(q-l+padding)/stride] * w[o,c,k,l]",
            {"dy": DY, "w": FILTERS, **SIZES},
            DX,
        ),
    ],
)
def test_entries_are_those_of_the_arrays(formula: str, arrays: dict[str, Any], expected: Any) -> None:
    name = formula.partition("[")[0]
    for index in np.ndindex(expected.shape):
        derivation = derive(name, formula, arrays, index)
        assert derivation.value == pytest.approx(expected[index], rel=1e-9, abs=1e-12)
        parts = [value for _, _, value in derivation.terms]
        total = (sum if derivation.symbol == "Σ" else max)(parts) + (derivation.rest or ("", 0))[1]
        assert total == pytest.approx(expected[index], rel=1e-9, abs=1e-12)


def test_terms_of_padding_and_between_strides_are_left_out() -> None:
    formula = "y[n,o,i,j] = Σ[c,k,l] w[o,c,k,l] * x[n,c,i*stride+k-padding,j*stride+l-padding]"
    corner = derive("y", formula, {"x": IMAGES, "w": FILTERS, **SIZES}, (0, 0, 0, 0))
    assert [label for label, _, _ in corner.terms[:4]] == [
        "c=0, k=1, l=1",
        "c=0, k=1, l=2",
        "c=0, k=2, l=1",
        "c=0, k=2, l=2",
    ]


def test_lines_of_a_short_sum() -> None:
    arrays = {"dy": np.array([[1.0], [0.5]]), "x": np.array([[2.0], [-1.0]])}
    lines = derive("dw", "dw[o,i] = Σ[n] dy[n,o] * x[n,i]", arrays, (0, 0)).lines()
    assert lines == [
        "dw[0,0] = Σ[n] dy[n,0] · x[n,0]",
        "  n=0   1 · 2      = 2",
        "  n=1   0.5 · (−1) = −0.5",
        "  sum   1.5",
    ]


def test_lines_of_a_long_sum_show_the_largest_terms() -> None:
    x = np.arange(100.0)[None]
    lines = derive("s", "s[n] = Σ[i] x[n,i] + b", {"x": x, "b": 3}, (0,)).lines(most=2)
    assert lines[1:] == [
        "  i=98   98",
        "  i=99   99",
        "  and 98 more terms, together 4753",
        "  plus 3",
        "  sum    4953",
    ]


def test_terms_that_are_0_are_not_among_the_largest() -> None:
    x = np.array([[0, 0, 3, 0, 0, 123456]])
    lines = derive("s", "s[n] = Σ[i] 2 * x[n,i]", {"x": x}, (0,)).lines(most=3)
    assert lines[1:] == [
        "  i=2   2 · 3       = 6",
        "  i=5   2 · 123,456 = 246,912",
        "  and 4 more terms, together 0",
        "  sum   246,918",
    ]


def test_a_sum_without_terms_is_0() -> None:
    formula = "y[n,i] = Σ[k:2] x[n,9+k] / 2 + b"
    assert derive("y", formula, {"x": X, "b": 3}, (0, 0)).lines()[1:] == ["  plus 3", "  sum   3"]


def test_lines_fit_80_columns() -> None:
    arrays = {name: np.ones((1, 1)) for name in ("first_array", "second_array", "third_array")}
    product = " * ".join(f"{name}[n,i]" for name in 2 * [*arrays])
    lines = derive("product_of_arrays", f"product_of_arrays[n,i] = {product}", arrays, (0, 0)).lines()
    assert len(lines) == 4
    assert max(map(len, lines)) <= 80


def test_lines_without_a_sum() -> None:
    arrays = {"dy": np.array([0.5]), "y": np.array([-0.5])}
    lines = derive("dx", "dx[i] = dy[i] * (1 - y[i]**2)", arrays, (0,)).lines()
    assert lines == ["dx[0] = dy[0] · (1 − y[0]²)", "  = 0.5 · (1 − (−0.5)²)", "  = 0.375"]


@pytest.mark.parametrize(
    ("formula", "index", "word"),
    [
        ("y[n,i] = x[n,i]", (0,), "2 indices"),
        ("y[n,i] = z[n,i]", (0, 0), "z"),
        ("y[n,i] = x[n,i] +", (0, 0), "cannot read"),
        ("y[n,i] = x.T[n,i]", (0, 0), "cannot read"),
        ("y[n,i] = open(x[n,i])", (0, 0), "cannot read"),
    ],
)
def test_formulas_that_cannot_be_read_are_errors(formula: str, index: tuple[int, ...], word: str) -> None:
    with pytest.raises(HandgradError, match=word):
        derive("y", formula, {"x": X}, index)
