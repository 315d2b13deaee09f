"""``handgrad check``."""

from typing import Annotated

import typer

from handgrad.cli.options import Json
from handgrad.cli.output import emit


def check(
    recipe: Annotated[
        str, typer.Argument(help="A built-in recipe or a TOML file.", metavar="RECIPE")
    ] = "classic",
    json: Json = False,
) -> int:
    """Compare every gradient with a numerical one."""
    import json as json_format
    from dataclasses import asdict

    import numpy as np

    from handgrad.cli.main import FAILED
    from handgrad.learning.gradient_check import TOLERANCE, check_gradients
    from handgrad.model.scaling import Scaling
    from handgrad.recipes.loading import load_recipe

    network = load_recipe(recipe).build_network(dtype=np.float64)
    network.scaling = Scaling.of_bytes()
    if not json:
        emit(f"{'layer':<14}{'parameter':<12}{'shape':<14}{'compared':>10}{'largest error':>16}  verdict")
    wrong = 0
    for result in check_gradients(network):
        wrong += not result.passed
        if json:
            emit(json_format.dumps({**asdict(result), "passed": result.passed}))
            continue
        shape = "×".join(map(str, result.shape))
        emit(
            f"{result.layer:<14}{result.parameter:<12}{shape:<14}{result.entries:>10,}{result.error:>16.1e}  "
            f"{'right' if result.passed else 'WRONG'}",
        )
    if not json:
        verdict = f"{wrong} gradients are wrong" if wrong else "every gradient is right"
        emit(f"\n{verdict}: relative errors are compared with {TOLERANCE:.0e}")
    return FAILED if wrong else 0
