"""The source of the functions that compute the arrays of layers, and the lines that compute one array."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import handgrad
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
from handgrad.model.layers import Layer

PACKAGE = Path(handgrad.__file__).parent
MODULES = (activations, convolution, dense, losses, normalization, optimizers, pooling, softmax)
KERNELS = {
    name: function for module in MODULES for name, function in inspect.getmembers(module, inspect.isfunction)
}


def functions_of(layer: type[Layer]) -> tuple[Any, Any]:
    """Return the NumPy functions that compute the output and the gradients of a layer in inference.

    These are the first kernels that `forward` calls, or else `forward` itself.
    """
    called = re.findall(r"kernels\.(\w+)", inspect.getsource(layer.forward))
    backward = [KERNELS[name] for name in called if name in KERNELS and name.endswith("_backward")]
    if not backward:
        return layer.forward, layer.forward
    return KERNELS[backward[0].__name__.removesuffix("_backward")], backward[0]


def source_of(function: Any) -> dict[str, Any]:
    """Return the file of a function and its numbered lines, without the docstring; long signatures are shortened."""
    lines, tree = _parse(function)
    first = tree.body[1] if ast.get_docstring(tree) else tree.body[0]
    ends = next(at for at, line in enumerate(lines, 1) if line.endswith(":"))
    signature = lines[0] if ends == 1 else f"{lines[0]}…{lines[ends - 1]}"
    start = inspect.getsourcelines(function)[1]
    file = Path(inspect.getfile(function)).relative_to(PACKAGE).as_posix()
    code = [[start + at - 1, line] for at, line in enumerate(lines, 1) if at >= first.lineno]
    return {"file": file, "lines": [[start, signature], *code]}


def lines_of(function: Any, name: str) -> list[int]:
    """Return the numbers of the lines that compute an array: what stores to its name, or else the result."""
    _, tree = _parse(function)
    start = inspect.getsourcelines(function)[1]
    stores = [node for node in _statements(tree.body) if name in _stored(node)]
    if not stores:
        stores = [next(node for node in _statements(tree.body) if isinstance(node, ast.Return))]
    return sorted(
        {start + at - 1 for node in stores for at in range(node.lineno, (node.end_lineno or 0) + 1)}
    )


def _parse(function: Any) -> tuple[list[str], ast.FunctionDef]:
    text = inspect.cleandoc("\n" + inspect.getsource(function))
    tree = ast.parse(text).body[0]
    assert isinstance(tree, ast.FunctionDef)
    return text.splitlines(), tree


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the simple statements of a function."""
    for node in body:
        if isinstance(node, ast.For | ast.If):
            yield from _statements(node.body)
        else:
            yield node


def _stored(node: ast.stmt) -> set[str]:
    """Return the names to which a statement stores more than zeros, or which it passes to a function."""
    match node:
        case ast.Assign(value=ast.Call(func=ast.Attribute(attr="zeros"))):
            return set()
        case ast.Assign(targets=targets):
            stored: list[ast.expr] = list(targets)
        case ast.AugAssign(target=target):
            stored = [target]
        case ast.Expr(value=ast.Call(args=arguments)):
            stored = list(arguments)
        case _:
            return set()
    parts = [part for each in stored for part in (each.elts if isinstance(each, ast.Tuple) else [each])]
    return {_name(part) for part in parts}


def _name(node: ast.expr) -> str:
    """Return the name of an array, also of entries of it."""
    while isinstance(node, ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
