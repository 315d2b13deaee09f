"""Index formulas such as ``Σ[o] dy[n,o] * w[o,i]``, parsed by Python: their value, and their text with numbers."""

import ast
from collections.abc import Callable, Mapping
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


def number(value: float) -> str:
    """Return a number with four significant digits, and a minus sign."""
    return f"{value + 0.0:.4g}".replace("-", "−")


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


def with_numbers(node: ast.expr, arrays: Mapping[str, Numbers], bound: dict[str, Any]) -> str:
    """Write an expression with its numbers put in."""

    def inner(part: ast.expr, loose: tuple[type, ...]) -> str:
        """Write an operand, in brackets where it is a negative number or binds less."""
        text = with_numbers(part, arrays, bound)
        wraps = text.startswith("−") or (isinstance(part, ast.BinOp) and isinstance(part.op, loose))
        return f"({text})" if wraps else text

    match node:
        case ast.Subscript() | ast.Name() | ast.Constant():
            return number(float(evaluate(node, arrays, bound)[0]))
        case ast.UnaryOp():
            return f"−{inner(node.operand, (ast.Add, ast.Sub))}"
        case ast.Compare():
            sides = [with_numbers(side, arrays, bound) for side in (node.left, node.comparators[0])]
            return f"[{OPERATORS[type(node.ops[0])][0].join(sides)}]"
        case ast.Call(func=ast.Name(id=name)):
            return f"{name}({', '.join(with_numbers(part, arrays, bound) for part in node.args)})"
        case ast.BinOp() if find_reduction(node):
            return number(float(evaluate(node, arrays, bound)[0]))
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
            return f"{with_numbers(node.left, arrays, bound)}{sign}{inner(right, sums)}"
    raise TypeError(f"{ast.unparse(node)} is not supported")
