"""``handgrad explain``."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from handgrad.cli.models import open_split, read_examples, trained_targets
from handgrad.cli.options import Json, Model, OtherData, OtherTarget, Split, option, usage_errors
from handgrad.cli.output import emit, emit_json, significant
from handgrad.errors import HandgradError, suggest

TRACE_HELP = "Print only the sum behind a number, e.g. dweights1[5,300]. May be repeated."
EXAMPLE_HELP = "An image, a table of one row, or the index of an example of the data, from 0."
LABEL_HELP = (
    "Class or label whose loss is explained, or target. Default: that of the example, or the predicted one."
)


def explain(
    model: Model,
    example: Annotated[str, typer.Argument(metavar="EXAMPLE", help=EXAMPLE_HELP)],
    data: OtherData = None,
    target: OtherTarget = None,
    split: Split = None,
    label: Annotated[str | None, option("--label", LABEL_HELP, "CLASS")] = None,
    trace: Annotated[list[str] | None, option("--trace", TRACE_HELP, "ENTRY")] = None,
    json: Json = False,
) -> None:
    """Explain one example step by step.

    Print every array from the input to the loss, every gradient back to the input, and their formulas.
    """
    import numpy as np

    from handgrad.cli.explanation import as_text
    from handgrad.exports.formats import load_model, load_model_recipe
    from handgrad.model.explain import explain as explain_example
    from handgrad.model.explanation import parse_entry

    with usage_errors():
        for entry in trace or []:
            parse_entry(entry)
    network = load_model(model)
    if label is not None and label not in network.classes:
        unknown = f"the model has no class '{label:.40}'{suggest(label, network.classes)}"
        raise typer.BadParameter(unknown, param_hint="--label")
    if example.isdecimal():
        name, split, dataset = open_split(network, model, data, split, target)
        index, features = int(example[:20]), dataset.features
        title = f"{name}, {split}, example {index}"
        if index >= len(dataset):
            raise HandgradError(f"{name}, {split}, has {len(dataset):,} examples, from 0; got {index}")
        raw, true = dataset.inputs[index : index + 1][0], dataset.labels[index]
        known = network.classes[true] if dataset.task == "classification" else None
    elif data or split or target:
        raise typer.BadParameter(
            f"{example:.80} is a file, not an index", param_hint="--data, --target or --split"
        )
    else:
        targets = trained_targets(load_model_recipe(model))
        inputs, found, features = read_examples(network, Path(example), targets)
        if len(inputs) != 1:
            raise HandgradError(f"{example} holds {len(inputs):,} rows where one is expected; leave one")
        raw, true, title = inputs[0], found[0], example
        known = true if network.task in (None, "classification") else None
        if known is not None and known not in network.classes:
            raise HandgradError(f"{title}: the model has no class '{known:.40}'")
    if network.task == "regression" and true is not None:
        title += "".join(
            f", {name} {significant(value, 6)}" for name, value in zip(network.classes, true, strict=True)
        )
    elif network.task == "multilabel" and true is not None:
        title += f", labelled {', '.join(np.array(network.classes)[np.array(true) > 0]) or 'with nothing'}"
    chosen = known if label is None else label
    explanation = explain_example(network, raw, None if chosen is None else network.classes.index(chosen))
    if trace:
        with usage_errors():
            derivations = [explanation.trace(entry) for entry in trace]
        for derivation in derivations:
            if json:
                emit_json(asdict(derivation))
            else:
                emit("\n".join(derivation.lines()))
        return
    if json:
        label, predicted = (network.classes[k] for k in (explanation.label, explanation.predicted))
        emit_json({"example": title, "label": label, "predicted": predicted, "value": explanation.value})
        for step in explanation.steps:
            fields = {name: value for name, value in vars(step).items() if name != "entry"}
            emit_json({**fields, "values": step.values.tolist()})
    else:
        title = title if known is None else f"{title}, labelled {known}"
        emit(as_text(network, explanation, title, features))
