"""``handgrad check``."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from handgrad.cli.options import Json
from handgrad.cli.output import emit

if TYPE_CHECKING:
    from handgrad.training.gradient_check import Check


def check(
    recipe: Annotated[
        str,
        typer.Argument(
            help="A built-in recipe, a TOML file, or a Python file with a network or loss of one's own.",
            metavar="RECIPE",
        ),
    ] = "classic",
    json: Json = False,
) -> int:
    """Compare every gradient with a numerical one."""
    import json as json_format
    from dataclasses import asdict

    from handgrad.cli.main import FAILED
    from handgrad.kernels.backend import kernels
    from handgrad.training.gradient_check import TOLERANCE

    results = _check_own(Path(recipe)) if Path(recipe).suffix == ".py" else _check_recipe(recipe)
    if not json:
        emit(f"{'layer':<18}{'parameter':<12}{'shape':<14}{'compared':>10}{'largest error':>16}  verdict")
    wrong = 0
    for result in results:
        wrong += not result.passed
        if json:
            emit(json_format.dumps({**asdict(result), "passed": result.passed, "kernels": kernels.name}))
            continue
        shape = "×".join(map(str, result.shape))
        emit(
            f"{result.layer:<18}{result.parameter:<12}{shape:<14}{result.entries:>10,}{result.error:>16.1e}  "
            f"{'right' if result.passed else 'WRONG'}",
        )
    if not json:
        verdict = f"{wrong} gradients are wrong" if wrong else "every gradient is right"
        emit(
            f"\n{verdict}: relative errors are compared with {TOLERANCE:.0e}; kernels: {kernels.name}, float64"
        )
    return FAILED if wrong else 0


def _check_recipe(name: str) -> "Iterator[Check]":
    import numpy as np

    from handgrad.model.scaling import Scaling
    from handgrad.recipes.loading import load_recipe
    from handgrad.training.gradient_check import check_gradients

    recipe = load_recipe(name)
    network = recipe.build_network(dtype=np.float64)
    network.scaling = Scaling.of_bytes()
    return check_gradients(network, loss=recipe.build_loss())


def _check_own(path: Path) -> "Iterator[Check]":
    from itertools import chain

    from handgrad.training.gradient_check import check_gradients, check_loss
    from handgrad.training.user_code import load_own

    networks, losses = load_own(path)
    return chain(*map(check_gradients, networks), map(check_loss, losses))
