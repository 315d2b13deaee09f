"""Index formulas such as ``Σ[o] dy[n,o] * w[o,i]``, parsed by Python: their value, and their text with numbers."""

import ast
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any, NamedTuple, TypeAlias

import numpy as np

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


def number(value: float, digits: int = 4) -> str:
    """Return a number with significant digits, and a minus sign."""
    text = f"{value + 0.0:.{digits}g}"
    return (f"{value:,.0f}" if "e+" in text and abs(value) < 1e7 else text).replace("-", "−")


class Reduction(NamedTuple):
    """A sum or a maximum over letters: ``Σ[i] a * b`` has been read as ``(Σ[i] @ a) * b``."""

    symbol: str
    over: dict[str, ast.expr | None]
    """The letters, with their ranges where these are given."""
    term: ast.expr


def find_reduction(node: ast.expr) -> Reduction | None:
    """Return the sum or maximum that an expression is, or None."""
    if not isinstance(node, ast.BinOp):
        return None
    if isinstance(node.op, ast.MatMult) and isinstance(node.left, ast.Subscript):
        over = dict(map(_letter, _indices(node.left)))
        return Reduction(ast.unparse(node.left.value), over, node.right)
    if isinstance(node.op, ast.Mult | ast.Div):
        inner = find_reduction(node.left)
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


def grid_of(found: Reduction, arrays: Mapping[str, Numbers], bound: dict[str, Any]) -> dict[str, Any]:
    """Return arrays of the values of the letters, with an axis for each."""
    sizes = {
        letter.id: np.shape(arrays[node.value.id])[axis]
        for node in ast.walk(found.term)
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id in arrays
        for axis, letter in enumerate(_indices(node))
        if isinstance(letter, ast.Name)
    }
    sizes |= {
        letter: int(evaluate(limit, arrays, bound)[0])
        for letter, limit in found.over.items()
        if limit is not None
    }
    grid = np.indices([sizes[letter] for letter in found.over], sparse=True)
    return dict(zip(found.over, grid, strict=True))


def evaluate(node: ast.expr, arrays: Mapping[str, Numbers], bound: dict[str, Any]) -> tuple[Any, Any]:
    """Compute an expression for all values of the letters at once, and whether its entries exist."""
    if found := find_reduction(node):
        axes = tuple(range(-len(found.over), 0))
        grid = grid_of(found, arrays, bound)
        outer = {letter: np.expand_dims(value, axes) for letter, value in bound.items()}
        value, valid = np.broadcast_arrays(*evaluate(found.term, arrays, {**outer, **grid}), *grid.values())[
            :2
        ]
        if found.symbol == "Σ":
            return np.where(valid, value, 0).sum(axis=axes), True
        return np.where(valid, value, -np.inf).max(axis=axes), True
    match node:
        case ast.Constant(value=int() | float()):
            return node.value, True
        case ast.Name():
            return (bound[node.id] if node.id in bound else arrays[node.id]), True
        case ast.UnaryOp(op=ast.USub()):
            value, valid = evaluate(node.operand, arrays, bound)
            return -value, valid
        case ast.Subscript(value=ast.Name(id=name)):
            return _entry(np.asarray(arrays[name]), [evaluate(at, arrays, bound)[0] for at in _indices(node)])
        case ast.Call(func=ast.Name(id=name)):
            values = [evaluate(argument, arrays, bound) for argument in node.args]
            return FUNCTIONS[name](*(value for value, _ in values)), np.all([v for _, v in values], axis=0)
        case ast.BinOp() | ast.Compare():
            left = node.left
            right = node.right if isinstance(node, ast.BinOp) else node.comparators[0]
            operator = OPERATORS[type(node.op if isinstance(node, ast.BinOp) else node.ops[0])][1]
            (a, first), (b, second) = evaluate(left, arrays, bound), evaluate(right, arrays, bound)
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


def with_numbers(
    node: ast.expr, arrays: Mapping[str, Numbers], bound: dict[str, Any], count: int = 1
) -> list[str]:
    """Write an expression with its numbers put in, for each of `count` values of the letters, which are arrays."""

    def leaf(part: ast.expr) -> list[str]:
        return [number(value) for value in np.broadcast_to(evaluate(part, arrays, bound)[0], count).tolist()]

    return _write(node, leaf)


def with_names(node: ast.expr, arrays: Mapping[str, Numbers], bound: Mapping[str, int]) -> str:
    """Write an expression in the notation of mathematics, with the indices of an entry put in."""
    numbers = {name: value for name, value in arrays.items() if np.asarray(value).dtype.kind in "iu"}

    def leaf(part: ast.expr) -> list[str]:
        if found := find_reduction(part):
            ranges = [
                letter
                if limit is None
                else f"{letter}<{ast.unparse(_Simplify(numbers).visit(deepcopy(limit)))}"
                for letter, limit in found.over.items()
            ]
            return [f"{found.symbol}[{','.join(ranges)}] {with_names(found.term, arrays, bound)}"]
        if isinstance(part, ast.Subscript):
            indices = [_Simplify({**numbers, **bound}).visit(deepcopy(at)) for at in _indices(part)]
            texts = [with_names(at, arrays, bound).replace(" ", "") for at in indices]
            return [f"{ast.unparse(part.value)}[{','.join(texts)}]"]
        if isinstance(part, ast.Constant):
            return with_numbers(part, {}, {})
        name = ast.unparse(part)
        return [str(bound.get(name, name))]

    return _write(node, leaf)[0]


class _Simplify(ast.NodeTransformer):
    """Put numbers into an index, and compute what has only numbers: ``i*stride+k`` becomes ``8+k``."""

    def __init__(self, numbers: Mapping[str, Numbers]) -> None:
        self.numbers = numbers

    def visit_Name(self, node: ast.Name) -> ast.expr:
        value = self.numbers.get(node.id)
        return node if value is None or np.ndim(value) else ast.Constant(int(value))

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        node.slice = self.visit(node.slice)
        at: list[Any] = [index.value for index in _indices(node) if isinstance(index, ast.Constant)]
        array = np.asarray(self.numbers.get(ast.unparse(node.value), 0))
        return ast.Constant(int(array[tuple(at)])) if len(at) == array.ndim > 0 else node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        left, right = (
            side.value if isinstance(side, ast.Constant) else None for side in (node.left, node.right)
        )
        if (type(node.op), right) in {(ast.Add, 0), (ast.Sub, 0), (ast.Mult, 1), (ast.Div, 1)}:
            return node.left
        if (type(node.op), left) == (ast.Add, 0):
            return node.right
        if None not in (left, right) and not isinstance(node.op, ast.Div):
            return ast.Constant(OPERATORS[type(node.op)][1](left, right).item())
        return node


def _write(node: ast.expr, leaf: Callable[[ast.expr], list[str]]) -> list[str]:
    """Write an expression several times, each with its own texts of the leaves: names, entries and reductions."""

    def inner(part: ast.expr, loose: tuple[type, ...]) -> list[str]:
        """Write an operand, in brackets where it is a negative number or binds less."""
        reduced = find_reduction(part)
        wraps = isinstance(part, ast.BinOp) and isinstance(part.op, loose) and not reduced
        texts = _write(part, leaf)
        return [f"({text})" if wraps or text.startswith(("−", "Σ", "Max")) else text for text in texts]

    match node:
        case ast.BinOp() if find_reduction(node):
            return leaf(node)
        case ast.UnaryOp():
            return [f"−{text}" for text in inner(node.operand, (ast.Add, ast.Sub))]
        case ast.Compare():
            sides = zip(_write(node.left, leaf), _write(node.comparators[0], leaf), strict=True)
            return [f"[{OPERATORS[type(node.ops[0])][0].join(pair)}]" for pair in sides]
        case ast.Call(func=ast.Name(id=name)):
            texts = zip(*(_write(part, leaf) for part in node.args), strict=True)
            return [f"{name}({', '.join(arguments)})" for arguments in texts]
        case ast.BinOp():
            sums: tuple[type, ...] = (ast.Add, ast.Sub)
            products: tuple[type, ...] = (*sums, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod)
            sign, right = OPERATORS[type(node.op)][0], node.right
            if isinstance(node.op, ast.Pow):
                lefts, rights = inner(node.left, products), inner(right, products)
                rights = ["²" if power == "2" else f"^{power}" for power in rights]
                return [base + power for base, power in zip(lefts, rights, strict=True)]
            if isinstance(node.op, sums):
                lefts, rights = _write(node.left, leaf), inner(right, sums)
            else:
                lefts, rights = inner(node.left, sums), inner(right, products)
            return [a + sign + b for a, b in zip(lefts, rights, strict=True)]
        case _:
            return leaf(node)
