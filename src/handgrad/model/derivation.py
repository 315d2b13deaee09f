"""Derive one entry of an array term by term, from an index formula such as ``dx[n,i] = Σ[o] dy[n,o] * w[o,i]``."""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from textwrap import wrap
from typing import Any

import numpy as np

from handgrad.errors import HandgradError
from handgrad.model.index_formulas import (
    Numbers,
    evaluate,
    find_reduction,
    grid_of,
    number,
    with_names,
    with_numbers,
)

MORE_AXES = ",h,w"
"""The letters that ``…`` stands for."""


@dataclass(frozen=True)
class Derivation:
    r"""One entry of an array, derived term by term.

    Parameters
    ----------
    name : str
        Name of the array.
    index : tuple of int
        The entry.
    formula : str
        The right side of the formula, with the indices of the entry.
    value : float
        The entry.
    terms : tuple of (str, str, float)
        Terms of the sum that are not left out: the letters with their values, the term with its numbers, its value.
        Without a sum, the only term.
    rest : (str, float), optional
        What is added to the sum, with its numbers, and its value.
    symbol : {"Σ", "Max"}
        Whether the terms are added, or the largest is taken.

    See Also
    --------
    Explanation.trace : Derive an entry of an array of a network.

    Examples
    --------
    >>> import numpy as np
    >>> import handgrad as hg
    >>> network = hg.Network([hg.Dense(2)], input_shape=3, rng=0)
    >>> derivation = hg.explain(network, np.ones(3), label=0).trace("z1[0,1]")
    >>> print(*derivation.lines(), sep="\n")
    z1[0,1] = Σ[i] x[0,i] · weights1[1,i] + biases1[1]
      i=0   1 · 0.08565   = 0.08565
      i=1   1 · (−0.4374) = −0.4374
      i=2   1 · 0.2952    = 0.2952
      plus 0
      sum   −0.05648
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
            Number of terms that are shown. If there are more, those of the largest magnitude are shown.

        Returns
        -------
        list of str
            The formula, its terms with numbers, and the value.
        """
        entry = f"{self.name}[{','.join(map(str, self.index))}]" if self.index else self.name
        lines = _wrap(f"{entry} = {self.formula}", "    ")
        if len(self.terms) == 1 and not self.terms[0][0]:
            numbers, result = self.terms[0][1], number(self.value)
            return [*lines, *(_wrap(f"  = {numbers}", "    ") if numbers != result else []), f"  = {result}"]
        shown = sorted(self.terms, key=lambda term: -abs(term[2]))[:most]
        if len(self.terms) > most:
            shown = [term for term in shown if term[2]] or shown[:1]
        shown = [term for term in self.terms if term in shown]
        width = max((len(letters) for letters, _, _ in shown), default=0)
        inner = max((len(text) for _, text, _ in shown), default=0)
        for letters, text, value in shown:
            result = "" if text == number(value) else f" = {number(value)}"
            lines.append(f"  {letters:<{width}}   {text:<{inner}}{result}".rstrip())
        if len(self.terms) > len(shown):
            rest = sum(value for _, _, value in self.terms) - sum(value for _, _, value in shown)
            together = f", together {number(rest)}" if self.symbol == "Σ" else ""
            count = len(self.terms) - len(shown)
            lines.append(f"  and {count:,} more term{'s' if count > 1 else ''}{together}")
        if self.rest:
            text, value = self.rest
            lines.append(f"  plus {text}" if text == number(value) else f"  plus {text} = {number(value)}")
        return [*lines, f"  {'sum' if self.symbol == 'Σ' else 'max':<{width}}   {number(self.value)}"]


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
        left out. ``…`` in ``y[n,i…]`` stands for the remaining axes. There are `exp`, `log`, `tanh`, `sqrt`, `abs`,
        `max` and `min`.
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
    left = formula.partition("=")[0]
    if "…" in left:
        further = len(index) - len(re.findall(r"\w+", left.partition("[")[2]))
        formula = formula.replace("…", MORE_AXES[: 2 * max(0, further)])
    left, _, right = formula.partition("=")
    letters = re.findall(r"\w+", left.partition("[")[2])
    if len(letters) != len(index):
        raise HandgradError(f"{name} has {len(letters)} indices, {', '.join(letters)}; got {len(index)}")
    try:
        tree = parse(right)
        with np.errstate(all="ignore"):
            return _derive(name, tree, arrays, dict(zip(letters, index, strict=True)))
    except (SyntaxError, KeyError, TypeError) as error:
        raise HandgradError(f"cannot read the index formula {formula!r}: {error}") from error


def parse(right: str) -> ast.expr:
    """Parse the right side of an index formula, whose sums become ``(Σ[i] @ a) * b``; see `find_reduction`."""
    return ast.parse(re.sub(r"(Σ|Max)(\[[^]]*\])", r"\1\2 @", right.strip()), mode="eval").body


def _derive(name: str, tree: ast.expr, arrays: Mapping[str, Numbers], bound: dict[str, Any]) -> Derivation:
    index = tuple(bound.values())
    parts, signs = [tree], [1]
    while isinstance(parts[0], ast.BinOp) and isinstance(parts[0].op, ast.Add | ast.Sub):  # top-level sum
        first = parts[0]
        parts[:1], signs[:1] = (
            [first.left, first.right],
            [signs[0], 1 if isinstance(first.op, ast.Add) else -1],
        )
    place, found = next(((p, r) for p, part in enumerate(parts) if (r := find_reduction(part))), (0, None))
    value, right = float(evaluate(tree, arrays, bound)[0]), with_names(tree, arrays, bound)
    if found is None:
        return Derivation(name, index, right, value, (("", with_numbers(tree, arrays, bound)[0], value),))
    grid = grid_of(found, arrays, bound)
    values, valid = np.broadcast_arrays(*evaluate(found.term, arrays, {**bound, **grid}), *grid.values())[:2]
    places = dict(zip(found.over, np.nonzero(valid), strict=True))
    labels = [
        ", ".join(f"{letter}={at}" for letter, at in zip(places, place, strict=True))
        for place in zip(*(ats.tolist() for ats in places.values()), strict=True)
    ]
    texts = with_numbers(found.term, arrays, {**bound, **places}, len(labels))
    terms = tuple(zip(labels, texts, (signs[place] * values[valid]).tolist(), strict=True))
    others = [pair for at, pair in enumerate(zip(signs, parts, strict=True)) if at != place]
    rest = None
    if others:
        text = " ".join(
            f"{'−' if sign < 0 else '+'} {with_numbers(part, arrays, bound)[0]}" for sign, part in others
        )
        total = sum(sign * float(evaluate(part, arrays, bound)[0]) for sign, part in others)
        rest = text.removeprefix("+ "), total
    return Derivation(name, index, right, value, terms, rest, found.symbol)


def _wrap(text: str, indent: str) -> list[str]:
    return wrap(text, 80, subsequent_indent=indent, break_long_words=False)


@dataclass(frozen=True)
class EntryFormula:
    """An index formula of an array of a network, with the arrays that it names.

    Parameters
    ----------
    name : str
        The array.
    formula : str
        Letters of the entry and the right side, e.g. ``"n,i… = dy[n,i…] * (x[n,i…] > 0)"``; ``…`` stands for the
        remaining axes.
    arrays : mapping from str to array or number
        What the formula names.
    shown : mapping from str to str
        Names of these arrays in the network, e.g. ``{"x": "z1"}``.
    """

    name: str
    formula: str
    arrays: Mapping[str, Numbers]
    shown: Mapping[str, str] = field(default_factory=dict)

    def derive(self, index: tuple[int, ...]) -> Derivation:
        """Derive an entry; see `derive`."""
        letters, _, right = self.formula.replace("…", MORE_AXES[: 2 * self._further()]).partition(" = ")
        left = f"entry[{letters}]" if letters else "entry"
        derivation = derive("entry", f"{left} = {right}", self.arrays, index)
        formula = re.sub(r"\w+", lambda word: self.shown.get(word[0], word[0]), derivation.formula)
        return replace(derivation, name=self.name, formula=formula)

    def _further(self) -> int:
        """Return the number of axes that ``…`` stands for: those of the largest array after two."""
        return max(0, max(np.ndim(array) for array in self.arrays.values()) - 2)
