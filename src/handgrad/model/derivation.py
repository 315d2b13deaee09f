"""Derive one entry of an array term by term, from an index formula such as ``dx[n,i] = Σ[o] dy[n,o] * w[o,i]``."""

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

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
    ast.FloorDiv: (" // ", np.floor_divide),
    ast.Mod: (" mod ", np.mod),
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
    symbol : {"Σ", "Max"}
        Whether the terms are added, or the largest is taken.
    """

    name: str
    index: tuple[int, ...]
    formula: str
    value: float
    terms: tuple[tuple[str, str, float], ...]
    rest: tuple[str, float] | None = None
    symbol: str = "Σ"

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
            rest = sum(value for _, _, value in self.terms) - sum(value for _, _, value in shown)
            together = f", together {number(rest)}" if self.symbol == "Σ" else ""
            lines.append(f"  and {len(self.terms) - len(shown):,} more terms{together}")
        if self.rest:
            text, value = self.rest
            lines.append(f"  plus {text}" if text == number(value) else f"  plus {text} = {number(value)}")
        return [*lines, f"  {'sum' if self.symbol == 'Σ' else 'max':<{width}}   {number(self.value)}"]


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
        An index formula, e.g. ``"y[n,o] = Σ[i] x[n,i] * weights[o,i] + biases[o]"``. ``Σ[a,b]`` adds the product that
        follows over letters, and ``Max[a,b]`` takes its maximum. The range of a letter is that of an axis that it
        indexes, or given as in ``Σ[k:window]``. Entries outside of an array, and indices that are not integers, are
        left out. There are `exp`, `log`, `tanh`, `sqrt`, `abs`, `max` and `min`.
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
        tree = ast.parse(re.sub(r"(Σ|Max)(\[[^]]*\])", r"\1\2 @", right.strip()), mode="eval").body
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
    place, found = next(((p, r) for p, part in enumerate(parts) if (r := _reduction(part))), (0, None))
    value, _ = _value(tree, arrays, bound)
    if found is None:
        return Derivation(name, index, right, float(value), (("", _text(tree, arrays, bound), float(value)),))
    grid = _grid(found, arrays, bound)
    values, valid = np.broadcast_arrays(*_value(found.term, arrays, {**bound, **grid}), *grid.values())[:2]
    terms = []
    for at in np.argwhere(valid).tolist():
        chosen = dict(zip(found.over, at, strict=True))
        label = ", ".join(f"{letter}={number}" for letter, number in chosen.items())
        text = _text(found.term, arrays, {**bound, **chosen})
        terms.append((label, text, signs[place] * float(values[tuple(at)])))
    others = [pair for at, pair in enumerate(zip(signs, parts, strict=True)) if at != place]
    rest = None
    if others:
        text = " ".join(f"{'−' if sign < 0 else '+'} {_text(part, arrays, bound)}" for sign, part in others)
        total = sum(sign * float(_value(part, arrays, bound)[0]) for sign, part in others)
        rest = text.removeprefix("+ "), total
    return Derivation(name, index, right, float(value), tuple(terms), rest, found.symbol)


class Reduction(NamedTuple):
    """A sum or a maximum over letters: ``Σ[i] a * b`` has been read as ``(Σ[i] @ a) * b``."""

    symbol: str
    over: dict[str, ast.expr | None]
    """The letters, with their ranges where these are given."""
    term: ast.expr


def _reduction(node: ast.expr) -> Reduction | None:
    """Return the sum or maximum that an expression is, or None."""
    if not isinstance(node, ast.BinOp):
        return None
    if isinstance(node.op, ast.MatMult) and isinstance(node.left, ast.Subscript):
        over = dict(map(_letter, _indices(node.left)))
        return Reduction(ast.unparse(node.left.value), over, node.right)
    if isinstance(node.op, ast.Mult | ast.Div):
        inner = _reduction(node.left)
        return inner and inner._replace(term=ast.BinOp(inner.term, node.op, node.right))
    return None


def _letter(node: ast.expr) -> tuple[str, ast.expr | None]:
    """Return a letter that is reduced over, and its range, if it is given."""
    return (
        (ast.unparse(node.lower or node), node.upper)
        if isinstance(node, ast.Slice)
        else (ast.unparse(node), None)
    )


def _indices(node: ast.Subscript) -> list[ast.expr]:
    return node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]


def _grid(found: Reduction, arrays: Mapping[str, Numbers], bound: dict[str, Any]) -> dict[str, Any]:
    """Return arrays of the values of the letters, with an axis for each."""
    sizes = {
        letter.id: np.shape(arrays[node.value.id])[axis]
        for node in ast.walk(found.term)
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id in arrays
        for axis, letter in enumerate(_indices(node))
        if isinstance(letter, ast.Name)
    }
    sizes |= {
        letter: int(_value(limit, arrays, bound)[0])
        for letter, limit in found.over.items()
        if limit is not None
    }
    grid = np.indices([sizes[letter] for letter in found.over], sparse=True)
    return dict(zip(found.over, grid, strict=True))


def _value(node: ast.expr, arrays: Mapping[str, Numbers], bound: dict[str, Any]) -> tuple[Any, Any]:
    """Compute an expression for all values of the letters at once, and whether its entries exist."""
    if found := _reduction(node):
        axes = tuple(range(-len(found.over), 0))
        grid = _grid(found, arrays, bound)
        outer = {letter: np.expand_dims(value, axes) for letter, value in bound.items()}
        value, valid = np.broadcast_arrays(*_value(found.term, arrays, {**outer, **grid}), *grid.values())[:2]
        if found.symbol == "Σ":
            return np.where(valid, value, 0).sum(axis=axes), True
        return np.where(valid, value, -np.inf).max(axis=axes), True
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
        case ast.BinOp() if _reduction(node):
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
