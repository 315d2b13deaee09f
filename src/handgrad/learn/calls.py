"""Call a function on a case, and carry what comes out of it from one process to another without pickling."""

import base64
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from handgrad.errors import one_line
from handgrad.learn.exercise import Case, Exercise

NOTHING = "nothing"
"""How None is described."""
LARGEST = 10**5
"""Entries of the largest result that is compared, unless an argument is larger."""


@dataclass(frozen=True)
class Failure:
    """An exception in the learner's code, or the end of its process.

    Parameters
    ----------
    type, message : str
        Class of the exception and its message.
    line : int
        Line of the learner's file, from 1; 0: none.
    text : str
        Source of that line.
    """

    type: str
    message: str
    line: int = 0
    text: str = ""


@dataclass(frozen=True)
class Outcome:
    """What a call has returned and changed.

    Parameters
    ----------
    values : mapping from str to array
        Results and changed arguments by name.
    wrong : mapping from str to str
        Results that are not arrays, by name, with a description.
    modified : list of str
        Arguments that were changed and must not be.
    failure : Failure, optional
        The exception that the call raised.
    """

    values: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    wrong: Mapping[str, str] = field(default_factory=dict)
    modified: list[str] = field(default_factory=list)
    failure: Failure | None = None


def call(function: Callable[..., Any], exercise: Exercise, case: Case) -> Outcome:
    """Call a function with copies of the arguments of a case. Exceptions are raised."""
    signature = exercise.function(case.function)
    arguments = deepcopy(dict(case.arguments))
    largest = max([LARGEST, *map(np.size, case.arguments.values())])
    with np.errstate(all="ignore"):
        result = function(*arguments.values())
    values, wrong = dict[str, NDArray[Any]](), dict[str, str]()
    results = (result,) if len(signature.returns) < 2 else result
    if not isinstance(results, tuple | list) or len(results) != max(1, len(signature.returns)):
        wanted = f"a tuple of {len(signature.returns)}: {', '.join(signature.returns)}"
        wrong[", ".join(signature.returns)] = f"{describe(result)} instead of {wanted}"
        results = ()
    for name, value in zip(signature.returns, results, strict=False):
        if (
            isinstance(value, np.ndarray | np.generic | float | int)
            and np.asarray(value).dtype.kind in "fiub"
            and np.size(value) <= largest
        ):
            values[name] = np.asarray(value)
        else:
            wrong[name] = describe(value)
    modified = []
    for name, value in arguments.items():
        if name in signature.changes and np.size(value) > largest:  # resized
            wrong[name] = describe(value)
        elif name in signature.changes:
            values[name] = value
        elif isinstance(value, np.ndarray) and not np.allclose(
            value,
            case.arguments[name],
            rtol=1e-12,
            atol=1e-12,
            equal_nan=True,  # put back after a change
        ):
            modified.append(name)
    return Outcome(values, wrong, modified)


def describe(value: Any) -> str:
    """Describe a value that is not an array or a number."""
    if value is None:
        return NOTHING
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)}"
    if isinstance(value, np.ndarray | np.generic):
        if value.dtype.kind not in "fiub":
            return f"an array of dtype {value.dtype}"
        if np.size(value) > LARGEST:
            return f"an array of shape {value.shape}"
        return "one array" if np.ndim(value) else "one number"
    return f"a value of the type {type(value).__name__}"


def encode(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as values of JSON."""
    values = {
        name: [value.dtype.str, value.shape, base64.b64encode(value.tobytes()).decode()]
        for name, value in outcome.values.items()
    }
    failure = vars(outcome.failure) if outcome.failure else None
    return {"values": values, "wrong": dict(outcome.wrong), "modified": outcome.modified, "failure": failure}


def decode(fields: dict[str, Any]) -> Outcome:
    """Return the outcome that `encode` has encoded; its texts, which learners may choose, in one printable line."""
    values = {
        name: np.frombuffer(base64.b64decode(data), np.dtype(dtype)).reshape(shape)
        for name, (dtype, shape, data) in fields["values"].items()
    }
    wrong = {one_line(name): one_line(text) for name, text in fields["wrong"].items()}
    failed, failure = fields["failure"], None
    if failed:
        texts = [one_line(failed[name]) for name in ("type", "message", "text")]
        failure = Failure(texts[0], texts[1], int(failed["line"]), texts[2])
    return Outcome(values, wrong, [*map(one_line, fields["modified"])], failure)
