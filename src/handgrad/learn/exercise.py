"""What the file of an exercise defines: its functions, the cases that check them, hints and typical mistakes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Arguments: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class Function:
    """A function that the learner writes.

    Parameters
    ----------
    name : str
        Its name.
    returns : sequence of str
        Names of what it returns, e.g. ``["dx"]``. Several are a tuple.
    changes : sequence of str
        Arguments that it changes in place, e.g. gradients that are added to. All others must not change.
    derivations : mapping from str to str
        Index formulas of results, e.g. ``{"dx": "dx[n,i] = Σ[o] dy[n,o] * weights[o,i]"}``; see
        `handgrad.model.derivation`. The names are those of arguments and results.
    """

    name: str
    returns: Sequence[str]
    changes: Sequence[str] = ()
    derivations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """One call of a function, and the property of the solution that it checks.

    Parameters
    ----------
    property : str
        What the case checks, e.g. ``"a batch of one"``. Credit is given for each property.
    arguments : mapping from str to array or number
        The arguments in their order.
    function : str, optional
        The function. Default: the first of the exercise.
    expected : callable, optional
        Computes results by name from the arguments, e.g. by `differences`. Default: the solution.
    tolerance : float
        Largest difference, relative to 1 or the expected number.
    slow : bool
        Whether it takes much longer than a millisecond. The diagnosis leaves such cases out.
    """

    property: str
    arguments: Arguments
    function: str = ""
    expected: Callable[[Arguments], Mapping[str, Any]] | None = None
    tolerance: float = 1e-7
    slow: bool = False


@dataclass(frozen=True)
class Mistake:
    """A typical mistake: an edit of the solution that makes it.

    Parameters
    ----------
    kind : str
        A name of `handgrad.learn.mistakes.KINDS`.
    sentence : str
        What the learner has done, and why it is wrong.
    edits : sequence of (str, str)
        Texts of the solution, and what replaces them. Each text occurs once in the function.
    function : str, optional
        The function that is edited. Default: the first of the exercise.
    """

    kind: str
    sentence: str
    edits: Sequence[tuple[str, str]]
    function: str = ""


@dataclass(frozen=True)
class Exercise:
    """An exercise; the file's docstring is its text, and what precedes the line ``# --- check`` its solution.

    Parameters
    ----------
    chapter : int
        Number of the chapter, from 1.
    minutes : int
        Typical time that it takes.
    section : str
        Anchor of the section of `docs/learn/backpropagation.md` that derives it.
    functions : sequence of Function
        What the learner writes.
    cases : callable
        Yields the cases from a random generator.
    hints : sequence of str
        From the first nudge to the derivation.
    mistakes : sequence of Mistake
        Typical mistakes. The first that explains an answer is named.
    name, text, source : str
        Filled in when the file is loaded: its name without ``.py``, its docstring, and the solution.
    """

    chapter: int
    minutes: int
    section: str
    functions: Sequence[Function]
    cases: Callable[[np.random.Generator], Iterable[Case]]
    hints: Sequence[str]
    mistakes: Sequence[Mistake] = ()
    name: str = ""
    text: str = ""
    source: str = ""

    @property
    def title(self) -> str:
        """First line of the text."""
        return self.text.partition("\n")[0].rstrip(".")

    @property
    def link(self) -> str:
        """Address of the derivation."""
        return f"https://handgrad.github.io/handgrad/learn/backpropagation.html#{self.section}"

    def function(self, name: str = "") -> Function:
        """Return a function by name; without a name the first."""
        return next(function for function in self.functions if name in ("", function.name))

    def all_cases(self) -> list[Case]:
        """Return the cases, which are always the same."""
        return list(self.cases(np.random.default_rng(0)))


def differences(
    function: Callable[[NDArray[Any]], Any], x: NDArray[Any], dy: Any = 1.0, step: float = 1e-5
) -> NDArray[Any]:
    """Compute the gradient of Σ dy · function(x) with respect to x by central differences.

    Parameters
    ----------
    function : callable
        From an array of the shape of `x` to an array of the shape of `dy`, or a number.
    x : array of float64
        Where the gradient is computed. It is changed during the computation.
    dy : array or float
        The upstream gradient.
    step : float
        The step h.

    Returns
    -------
    array
        The gradient, in the shape of `x`.
    """
    gradient = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        value = x[place]
        x[place] = value + step
        above = np.sum(dy * function(x))
        x[place] = value - step
        gradient[place] = (above - np.sum(dy * function(x))) / (2 * step)
        x[place] = value
    return gradient
