"""Derive one entry of an array term by term, from an index formula such as ``dx[n,i] = Σ[o] dy[n,o] * w[o,i]``."""

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from handgrad.errors import HandgradError

Numbers: TypeAlias = Any  # an array, or a number
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "exp": np.exp,
    "log": np.log,
    "tanh": np.tanh,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "max": np.maximum,
    "min": np.minimum,
}
OPERATORS: dict[type, tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Add: (" + ", np.add),
    ast.Sub: (" − ", np.subtract),
    ast.Mult: (" · ", np.multiply),
    ast.Div: (" / ", np.true_divide),
    ast.Pow: ("^", np.power),
    ast.Gt: (" > ", np.greater),
    ast.GtE: (" ≥ ", np.greater_equal),
    ast.Lt: (" < ", np.less),
    ast.LtE: (" ≤ ", np.less_equal),
    ast.Eq: (" = ", np.equal),
}


@dataclass(frozen=True)
class Derivation:
    """How one entry of an array is computed.

    Parameters
    ----------
    name : str
        Name of the array.
    index : tuple of int
        The entry.
    formula : str
        The right side of the formula.
    value : float
        The entry.
    terms : tuple of (str, str, float)
        Terms of the sum that are not left out: the letters with their values, the term with its numbers, its value.
        Without a sum, the only term.
    rest : (str, float), optional
        What is added to the sum, with its numbers, and its value.
    """

    name: str
    index: tuple[int, ...]
    formula: str
    value: float
    terms: tuple[tuple[str, str, float], ...]
    rest: tuple[str, float] | None = None

    def lines(self, most: int = 8) -> list[str]:
        """Return the derivation as lines of text.

        Parameters
        ----------
        most : int
            Number of the terms that are shown, of more the largest in magnitude.

        Returns
        -------
        list of str
            The formula, its terms with numbers, and the value.
        """
        entry = f"{self.name}[{', '.join(map(str, self.index))}]" if self.index else self.name
        lines = [f"{entry} = {self.formula}"]
        if len(self.terms) == 1 and not self.terms[0][0]:
            return [*lines, f"  = {self.terms[0][1]}", f"  = {number(self.value)}"]
        shown = sorted(self.terms, key=lambda term: -abs(term[2]))[:most]
        shown = [term for term in self.terms if term in shown]
        width = max((len(letters) for letters, _, _ in shown), default=0)
        inner = max((len(text) for _, text, _ in shown), default=0)
        lines += [
            f"  {letters:<{width}}   {text:<{inner}} = {number(value)}" for letters, text, value in shown
        ]
        if len(self.terms) > len(shown):
            others = sum(value for _, _, value in self.terms) - sum(value for _, _, value in shown)
            lines.append(f"  and {len(self.terms) - len(shown):,} more terms, together {number(others)}")
        if self.rest:
            text, value = self.rest
            lines.append(f"  plus {text}" if text == number(value) else f"  plus {text} = {number(value)}")
        return [*lines, f"  {'sum':<{width}}   {number(self.value)}"]


def number(value: float) -> str:
    """Return a number with four significant digits, and a minus sign."""
    return f"{value + 0.0:.4g}".replace("-", "−")


def derive(name: str, formula: str, arrays: Mapping[str, Numbers], index: tuple[int, ...]) -> Derivation:
    """Derive one entry of an array.

    Parameters
    ----------
    name : str
        The array.
    formula : str
        An index formula, e.g. ``"y[n,o] = Σ[i] x[n,i] * weights[o,i] + biases[o]"``. ``Σ[a,b]`` sums the product that
        follows over letters, whose ranges are those of the axes that they index. Entries outside of an array, and
        indices that are not integers, contribute nothing. There are `exp`, `log`, `tanh`, `sqrt`, `abs`, `max` and
        `min`.
    arrays : mapping from str to array or number
        What the formula names.
    index : tuple of int
        The entry, from 0.

    Returns
    -------
    Derivation
        The entry with its terms.

    Raises
    ------
    HandgradError
        If the formula cannot be read, or names something that is not in `arrays`.
    """
    left, _, right = formula.partition("=")
    letters = re.findall(r"\w+", left.partition("[")[2])
    if len(letters) != len(index):
        raise HandgradError(f"{name} has {len(letters)} indices, {', '.join(letters)}; got {len(index)}")
    try:
        tree = ast.parse(re.sub(r"Σ(\[[^]]*\])", r"SUM\1 @", right.strip()), mode="eval").body
        return _derive(name, right.strip(), tree, arrays, dict(zip(letters, index, strict=True)))
    except (SyntaxError, KeyError, TypeError) as error:
        raise HandgradError(f"cannot read the index formula {formula!r}: {error}") from error


def _derive(
    name: str, right: str, tree: ast.expr, arrays: Mapping[str, Numbers], bound: dict[str, Any]
) -> Derivation:
    index = tuple(bound.values())
    parts, signs = [tree], [1]
    while isinstance(parts[0], ast.BinOp) and isinstance(parts[0].op, ast.Add | ast.Sub):  # top-level sum
        first = parts[0]
        parts[:1], signs[:1] = (
            [first.left, first.right],
            [signs[0], 1 if isinstance(first.op, ast.Add) else -1],
        )
    summed = next((place for place, part in enumerate(parts) if _sum_of(part)), None)
    value, _ = _value(tree, arrays, bound)
    if summed is None:
        return Derivation(name, index, right, float(value), (("", _text(tree, arrays, bound), float(value)),))
    over, term = _sum_of(parts[summed]) or ([], tree)
    grid = _grid(over, term, arrays, bound)
    values, valid = _value(term, arrays, {**bound, **grid})
    shape = np.broadcast_shapes(*(axis.shape for axis in grid.values()))
    values, valid = np.broadcast_to(values, shape), np.broadcast_to(valid, shape)
    terms = []
    for place in np.argwhere(valid).tolist():
        chosen = dict(zip(over, place, strict=True))
        label = ", ".join(f"{letter}={at}" for letter, at in chosen.items())
        terms.append(
            (label, _text(term, arrays, {**bound, **chosen}), signs[summed] * float(values[tuple(place)]))
        )
    others = [
        (sign, part) for place, (sign, part) in enumerate(zip(signs, parts, strict=True)) if place != summed
    ]
    rest = None
    if others:
        text = " ".join(f"{'−' if sign < 0 else '+'} {_text(part, arrays, bound)}" for sign, part in others)
        total = sum(sign * float(_value(part, arrays, bound)[0]) for sign, part in others)
        rest = text.removeprefix("+ "), total
    return Derivation(name, index, right, float(value), tuple(terms), rest)


def _sum_of(node: ast.expr) -> tuple[list[str], ast.expr] | None:
    """Return the letters and the term of a sum, or None: ``Σ[i] a * b`` has been read as ``(SUM[i] @ a) * b``."""
    if not isinstance(node, ast.BinOp):
        return None
    if isinstance(node.op, ast.MatMult) and isinstance(node.left, ast.Subscript):
        return [letter.id for letter in _indices(node.left) if isinstance(letter, ast.Name)], node.right
    if isinstance(node.op, ast.Mult | ast.Div):
        inner = _sum_of(node.left)
        return inner and (inner[0], ast.BinOp(inner[1], node.op, node.right))
    return None


def _indices(node: ast.Subscript) -> list[ast.expr]:
    return node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]


def _grid(
    over: list[str], term: ast.expr, arrays: Mapping[str, Numbers], bound: dict[str, Any]
) -> dict[str, Any]:
    """Return arrays of the values of letters, with an axis for each; their ranges are those of axes of arrays."""
    sizes = {
        letter.id: np.shape(arrays[node.value.id])[axis]
        for node in ast.walk(term)
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id in arrays
        for axis, letter in enumerate(_indices(node))
        if isinstance(letter, ast.Name) and letter.id in over
    }
    return dict(zip(over, np.indices([sizes[letter] for letter in over], sparse=True), strict=True))


def _value(node: ast.expr, arrays: Mapping[str, Numbers], bound: dict[str, Any]) -> tuple[Any, Any]:
    """Compute an expression for all values of the letters at once, and whether its entries exist."""
    if summed := _sum_of(node):
        over, term = summed
        axes = tuple(range(-len(over), 0))
        outer = {letter: np.expand_dims(value, axes) for letter, value in bound.items()}
        grid = _grid(over, term, arrays, bound)
        value, valid = _value(term, arrays, {**outer, **grid})
        shape = np.broadcast_shapes(
            np.shape(value), np.broadcast_shapes(*(axis.shape for axis in grid.values()))
        )
        return (np.broadcast_to(value, shape) * valid).sum(axis=axes), True
    match node:
        case ast.Constant(value=int() | float()):
            return node.value, True
        case ast.Name():
            return (bound[node.id] if node.id in bound else arrays[node.id]), True
        case ast.UnaryOp(op=ast.USub()):
            value, valid = _value(node.operand, arrays, bound)
            return -value, valid
        case ast.Subscript(value=ast.Name(id=name)):
            return _entry(np.asarray(arrays[name]), [_value(at, arrays, bound)[0] for at in _indices(node)])
        case ast.Call(func=ast.Name(id=name)):
            values = [_value(argument, arrays, bound) for argument in node.args]
            return FUNCTIONS[name](*(value for value, _ in values)), np.all([v for _, v in values], axis=0)
        case ast.BinOp() | ast.Compare():
            left = node.left
            right = node.right if isinstance(node, ast.BinOp) else node.comparators[0]
            operator = OPERATORS[type(node.op if isinstance(node, ast.BinOp) else node.ops[0])][1]
            (a, first), (b, second) = _value(left, arrays, bound), _value(right, arrays, bound)
            with np.errstate(all="ignore"):
                return operator(a, b), np.logical_and(first, second)
    raise TypeError(f"{ast.unparse(node)} is not supported")


def _entry(array: Any, index: list[Any]) -> tuple[Any, Any]:
    """Return entries of an array, 0 where an index is not an integer or outside."""
    whole = [np.asarray(np.rint(at), int) for at in index]
    valid = np.all(
        np.broadcast_arrays(
            *(
                (at == near) & (near >= 0) & (near < size)
                for at, near, size in zip(index, whole, array.shape, strict=True)
            )
        ),
        axis=0,
    )
    inside = tuple(np.clip(near, 0, size - 1) for near, size in zip(whole, array.shape, strict=True))
    return np.where(valid, array[inside], 0), valid


def _text(node: ast.expr, arrays: Mapping[str, Numbers], bound: dict[str, Any]) -> str:
    """Write an expression with its numbers put in."""

    def inner(part: ast.expr, loose: tuple[type, ...]) -> str:
        """Write an operand, in brackets where it is a negative number or binds less."""
        text = _text(part, arrays, bound)
        wraps = text.startswith("−") or (isinstance(part, ast.BinOp) and isinstance(part.op, loose))
        return f"({text})" if wraps else text

    match node:
        case ast.Subscript() | ast.Name() | ast.Constant():
            return number(float(_value(node, arrays, bound)[0]))
        case ast.UnaryOp():
            return f"−{inner(node.operand, (ast.Add, ast.Sub))}"
        case ast.Compare():
            sign = OPERATORS[type(node.ops[0])][0]
            return f"[{_text(node.left, arrays, bound)}{sign}{_text(node.comparators[0], arrays, bound)}]"
        case ast.Call(func=ast.Name(id=name)):
            return f"{name}({', '.join(_text(part, arrays, bound) for part in node.args)})"
        case ast.BinOp() if _sum_of(node):
            return number(float(_value(node, arrays, bound)[0]))
        case ast.BinOp():
            sums: tuple[type, ...] = (ast.Add, ast.Sub)
            products: tuple[type, ...] = (*sums, ast.Mult, ast.Div)
            sign, right = OPERATORS[type(node.op)][0], node.right
            if isinstance(node.op, ast.Pow):
                power = (
                    "²"
                    if isinstance(right, ast.Constant) and right.value == 2
                    else f"^{inner(right, products)}"
                )
                return f"{inner(node.left, products)}{power}"
            if isinstance(node.op, ast.Mult | ast.Div):
                return f"{inner(node.left, sums)}{sign}{inner(right, products)}"
            return f"{_text(node.left, arrays, bound)}{sign}{inner(right, sums)}"
    raise TypeError(f"{ast.unparse(node)} is not supported")
