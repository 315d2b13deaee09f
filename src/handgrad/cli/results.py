"""The result of an evaluation as text and as JSON, for each task."""

from collections.abc import Sequence
from typing import Any

from handgrad.cli.output import LINE, significant, table
from handgrad.training.results import AnyEvaluation, Evaluation, MultilabelEvaluation, RegressionEvaluation

MOST_OUTPUTS, MOST_IN_JSON = 20, 1_000
"""Classes, labels or targets up to which each is printed and, in JSON, not null."""
PARTS = {True: ("r2", "mae", "rmse"), False: ("precision", "recall", "f1")}
"""The metrics of single outputs, where the task is regression or another."""


def summary(result: AnyEvaluation) -> str:
    """Return the metrics in one line."""
    count = f"of {result.examples:,}"
    match result:
        case RegressionEvaluation():
            means = result.metrics()
            return f"R² {means['r2']:.4f}, MAE {significant(means['mae'])}, RMSE {significant(means['rmse'])} {count}"
        case MultilabelEvaluation():
            exact = f"all labels correct {result.exact_match:.2%} {count}"
            return f"labels correct {result.accuracy:.2%}, {exact}, cross-entropy {result.loss:.4f}"
    return f"accuracy {result.accuracy:.2%} {count}, cross-entropy {result.loss:.4f}"


def details(result: AnyEvaluation, names: Sequence[str]) -> str:
    """Return a table with a row for each class, label or target; an empty text where there are too many."""
    regression = isinstance(result, RegressionEvaluation)
    if len(names) > MOST_OUTPUTS or (regression and len(names) == 1):
        return ""
    form = significant if regression else "{:.3f}".format
    columns = [[form(value) for value in getattr(result, part)] for part in PARTS[regression]]
    header = ["target", "R²", "MAE", "RMSE"] if regression else ["label", "precision", "recall", "F1"]
    rows = [list(row) for row in zip(names, *columns, strict=True)]
    if isinstance(result, Evaluation):
        first, parts = ["true \\ predicted", *names], header[1:]
        counts = [
            [name, *(f"{count or '·'}" for count in row)]
            for name, row in zip(names, result.confusion, strict=True)
        ]
        joined = [[*line, *row[1:]] for line, row in zip(counts, rows, strict=True)]
        text = table([*first, *parts], joined)
        return (
            text
            if text.index("\n") <= LINE
            else f"{table(first, counts)}\n\n{table(['class', *parts], rows)}"
        )
    return table(header, rows)


def as_json(result: AnyEvaluation, names: Sequence[str]) -> dict[str, Any]:
    """Return loss, metrics, and those of each class, label or target."""
    parts = PARTS[isinstance(result, RegressionEvaluation)]
    few = len(names) <= MOST_IN_JSON
    columns = {part: getattr(result, part).tolist() for part in parts} if few else {}
    each = {name: {part: columns[part][k] for part in parts} for k, name in enumerate(names)} if few else None
    facts: dict[str, Any] = {"loss": result.loss, **result.metrics(), "outputs": each}
    if isinstance(result, Evaluation):
        facts |= {"classes": names, "confusion": result.confusion.tolist() if few else None}
    return facts
