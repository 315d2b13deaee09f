"""The package imports lightly, and everything it promises is there."""

import sys
from pathlib import Path

import pytest

import handgrad as hg
from documents import output

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


TENSORBOARD = "from handgrad.tensorboard import log_to_tensorboard as log; list(log([], 'logs', 0))"
NETWORK = "Network([Dense(2)], 3)"
OLD = "import sklearn.utils.validation as validation; del validation.validate_data"


MISSING = "sys.modules |= dict.fromkeys(('sklearn', 'onnx', 'matplotlib', 'tensorboardX'))"
CALLS = {
    "sklearn": "HandgradClassifier(hidden=(8,))",
    "onnx": f"export({NETWORK}, 'model.onnx')",
    "plot": f"plots.plot_weights({NETWORK})",
    "tensorboard": TENSORBOARD,
}


@pytest.mark.parametrize(("state", "extras"), [(MISSING, [*CALLS]), (OLD, ["sklearn"])])
def test_without_an_extra_the_rest_works_and_the_error_names_it(
    state: str, extras: list[str], tmp_path: Path
) -> None:
    program = f"import sys; {state}\nfrom handgrad import *\nDense(3)\n"
    for extra in extras:
        program += f"try: {CALLS[extra]}\nexcept HandgradError as error: print(error)\n"
    lines = output(sys.executable, "-c", program, folder=tmp_path).splitlines()
    for line, extra in zip(lines, extras, strict=True):
        assert f"pip install 'handgrad[{extra}]'" in line
