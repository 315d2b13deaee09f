"""The choice of kernels: by environment variable, by the CPU, and by a module of the user."""

import os
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest

import handgrad as hg
from handgrad.errors import HandgradError
from handgrad.kernels import backend, dense
from handgrad.kernels.backend import kernels
from handgrad.kernels.native import library

NAME = "from handgrad.kernels.backend import kernels; kernels.relu; print(kernels.name)"


def run(*arguments: str, kernels: str, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = os.environ | {"HANDGRAD_KERNELS": kernels} | environment
    return subprocess.run([sys.executable, *arguments], env=variables, capture_output=True, text=True)


@pytest.mark.parametrize("name", ["numpy", "native", *library.suitable()])
def test_the_environment_variable_chooses_the_kernels(name: str) -> None:
    done = run("-c", NAME, kernels=name)
    assert (done.stdout.strip(), done.stderr) == (library.suitable()[0] if name == "native" else name, "")


@pytest.mark.parametrize(
    ("name", "command"),
    [("fast", "check"), ("neon" if "v2" in library.suitable() else "v2", "train --data strokes:20")],
)
def test_other_names_and_missing_instruction_sets_are_refused_in_one_line(name: str, command: str) -> None:
    done = run("-m", "handgrad", *command.split(), kernels=name)
    assert (done.returncode, done.stdout) == (1, "")
    assert name in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("damage", ["missing", "corrupt", "cut short"])
def test_without_a_library_numpy_computes_and_one_warning_explains(damage: str, tmp_path: Path) -> None:
    package = tmp_path / "handgrad"
    shutil.copytree(Path(hg.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (package / "kernels" / "native").glob("libhandgrad*"):
        content = path.read_bytes()
        path.unlink()
        if damage != "missing":
            path.write_bytes(b"damaged" if damage == "corrupt" else content[: len(content) // 2])
    (package / "kernels" / "native" / "libhandgrad_error.txt").touch()
    done = run("-c", NAME, kernels="native", PYTHONPATH=str(tmp_path))
    assert done.stdout == "numpy\n"
    assert "uv sync" in done.stderr
    assert done.stderr.count("RuntimeWarning") == 1
    assert ("missing" if damage == "missing" else "cannot be loaded") in done.stderr
    done = run("-m", "handgrad", "check", kernels="native", PYTHONPATH=str(tmp_path))
    assert done.returncode == 0
    assert done.stderr.startswith("handgrad: ")
    assert done.stderr.count("\n") == 1


def test_a_module_of_the_user_replaces_kernels() -> None:
    custom = SimpleNamespace(dense=Mock(wraps=dense.dense), dense_backward=Mock(wraps=dense.dense_backward))
    digits, losses = hg.load_data("strokes:64").train, []
    kernels.load("native")
    before = kernels.compiled
    for choice in (custom, "numpy"):
        with kernels.using(choice):
            network = hg.Network([hg.Dense(12), hg.ReLU(), hg.Dense(10)], (784,), 0)
            settings: Any = {"batch_size": 32, "epochs": 1, "seed": 0, "threads": 1, "progress": False}
            losses.append(hg.fit(network, digits, **settings)[-1].loss)
        assert (kernels.name, kernels.compiled is before) == (library.suitable()[0], True)
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)
    assert custom.dense.call_count >= 4
    assert custom.dense_backward.call_count == 4
    with pytest.raises(HandgradError, match="defines no kernel"), kernels.using(ModuleType("empty")):
        pass


def test_every_compiled_function_has_a_binding_of_the_name_of_a_numpy_kernel() -> None:
    twins = backend.functions_of("handgrad.kernels", backend.MODULES)
    native = backend.functions_of("handgrad.kernels.native", "dense images sparse vectors")
    bound = native.keys() & twins.keys() | {"dense_bytes", "dense_bytes_backward", *backend.FUSED}
    assert bound == library.SIGNATURES.keys()


def test_threads_that_begin_together_all_find_the_kernels() -> None:
    fresh, start = backend.Backend(), threading.Barrier(8)

    def use(number: int) -> list[float]:
        start.wait()
        return list(fresh.relu(np.array([-1.0, number])))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(use, range(8))) == [[0, number] for number in range(8)]
