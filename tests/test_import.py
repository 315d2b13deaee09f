"""The package imports lightly, and everything it promises is there."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import handgrad as hg
from documents import output
from handgrad.errors import installation

HEAVY = {"matplotlib", "numpy", "polars", "pydantic", "PIL", "safetensors"}
EVERYTHING = "import handgrad as hg; [getattr(hg, name) for name in hg.__all__]; hg.load_data('strokes:10')"


def test_public_names_are_there_and_families_have_namespaces() -> None:
    assert all(getattr(hg, name) is not None for name in hg.__all__)
    assert hg.layers.Dense is hg.Dense
    assert hg.losses.CrossEntropy is hg.CrossEntropy
    assert hg.optimizers.Adam is hg.Adam
    assert hg.schedules.Cosine is hg.Cosine
    assert len(hg.__all__) == len(set(hg.__all__)) > 70
    with pytest.raises(AttributeError, match="no attribute 'Danse'"):
        hg.Danse  # type: ignore[attr-defined]  # noqa: B018


@pytest.mark.parametrize(
    ("code", "unwanted"),
    [
        ("import handgrad", {*HEAVY, "rich"}),
        ("import handgrad.cli.main", {*HEAVY, "rich"}),
        ("import handgrad.cli.main; handgrad.cli.main.main(['--help'])", HEAVY),
        (
            "import handgrad.server.run_folders",
            {"fastapi", "starlette", "uvicorn"},
        ),  # `handgrad export` uses it
        (EVERYTHING, {"torch", "tensorflow", "jax"}),
        ("import handgrad; handgrad.init_distributed()", {"mpi4py"}),
    ],
)
def test_nothing_heavy_is_imported_before_it_is_needed(code: str, unwanted: set[str], tmp_path: Path) -> None:
    program = f"{code}\nimport sys; print('imported:', *({unwanted!r} & sys.modules.keys()))"
    assert output(sys.executable, "-c", program, folder=tmp_path).splitlines()[-1] == "imported:"


NETWORK = "hg.Network([hg.Dense(2)], 3)"
MISSING = (
    "sys.modules |= dict.fromkeys("
    "('matplotlib', 'onnx', 'optuna', 'polars', 'scipy', 'sklearn', 'tensorboardX'))"
)
OLD = "import sklearn.utils.validation as validation; del validation.validate_data"
ESTIMATOR = ("sklearn", "hg.HandgradClassifier(hidden=(8,))")
CALLS = (
    ESTIMATOR,
    ("onnx", f"hg.export({NETWORK}, 'model.onnx')"),
    ("plot", f"hg.plots.plot_weights({NETWORK})"),
    ("tables", "hg.load_data('table.csv')"),
    ("tables", f"from handgrad.cli.models import *; read_examples({NETWORK}, Path('table.csv'), None)"),
    ("tensorboard", "from handgrad.tensorboard import *; list(log_to_tensorboard([], 'logs', 0))"),
    ("tensorboard", "from handgrad.cli.train import train; train('mlp', 'strokes:9', tensorboard=True)"),
    ("tune", "from handgrad.cli.tune import tune; tune('strokes:9')"),
    (
        "tune",
        "from handgrad.tuning import *; next(tune(hg.load_recipe('mlp'), hg.load_data('strokes:9'), 1))",
    ),
)


@pytest.mark.parametrize(("state", "calls"), [(MISSING, CALLS), (OLD, [ESTIMATOR])])
def test_without_an_extra_the_rest_works_and_the_error_names_it(
    state: str, calls: Sequence[tuple[str, str]], tmp_path: Path
) -> None:
    (tmp_path / "table.csv").write_text("label,a\n1,2\n")
    program = f"import sys; {state}\nimport handgrad as hg\nhg.Dense(3)\n"
    for _, call in calls:
        program += f"try: {call}\nexcept hg.HandgradError as error: print(error)\n"
    lines = output(sys.executable, "-c", program, folder=tmp_path).splitlines()
    for line, (extra, _) in zip(lines, calls, strict=True):
        assert line.endswith(f": {installation(extra)}")
        assert "scipy" not in line


WITHOUT_EXTRAS = """
import sys
sys.modules |= dict.fromkeys(("matplotlib", "mpi4py", "onnx", "optuna", "polars", "pydantic", "sklearn"))
import handgrad as hg
import handgrad.runs, handgrad.server.run_folders
from handgrad.cli.main import main
hg.load_recipe("best")
del sys.modules["pydantic"]  # which typer 0.29 imports
for command in (
    "train --data strokes:300 --steps 3 --out run",
    "train --data strokes:300 --epochs 1 --from run --out another",
    "evaluate run/final_config --data strokes:300",
    "export run model.html",
):
    assert main(command.split()) == 0, command
assert len(hg.load_records("run")) == 2
assert (hg.load_model("run/final_config").flat_parameters == hg.load_model("run").flat_parameters).all()
"""


@pytest.mark.slow
def test_training_needs_no_extra(tmp_path: Path) -> None:
    assert "accuracy" in output(sys.executable, "-c", WITHOUT_EXTRAS, folder=tmp_path)
