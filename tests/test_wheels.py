"""The wheels: their tags and contents, and that the libraries inside can be loaded."""

import ctypes
import os
import shutil
import subprocess
from pathlib import Path
from zipfile import ZipFile

import pytest

import build_wheels
import native_build
from handgrad.kernels.native import library

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.slow


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what wheels are built from."""
    tree = tmp_path / "tree"
    ignored = shutil.ignore_patterns("libhandgrad_*", "__pycache__")
    for folder in ("src", "tools"):
        shutil.copytree(ROOT / folder, tree / folder, ignore=ignored)
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", ".gitignore"):
        shutil.copy(ROOT / name, tree)
    return tree


def build(tree: Path, **environment: str) -> Path:
    command = ["uv", "build", "--quiet", "--wheel", "--out-dir", str(tree / "dist"), str(tree)]
    inherited = {key: value for key, value in os.environ.items() if key != "HANDGRAD_BUILD_TARGET"}
    subprocess.run(command, env={**inherited, **environment}, check=True)
    return next((tree / "dist").glob("*.whl"))


def test_the_local_wheel_has_libraries_that_load(tree: Path, tmp_path: Path) -> None:
    wheel, target = build(tree), native_build.local_target()
    build_wheels.check_size(wheel)
    build_wheels.check_wheel(wheel, target)
    assert target
    with ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    for name in library.suitable():
        path = tmp_path / "site/handgrad/kernels/native" / f"libhandgrad_{name}{target.suffix}"
        loaded = ctypes.CDLL(str(path))
        for function in library.SIGNATURES:
            assert loaded[f"{function}_f32"]
            assert loaded[f"{function}_f64"]


def test_the_pure_wheel_has_none(tree: Path) -> None:
    build_wheels.check_wheel(build(tree, HANDGRAD_BUILD_TARGET="none"), None)


def test_kernels_that_do_not_compile_leave_a_pure_wheel_with_the_reason(tree: Path) -> None:
    (tree / "src/handgrad/kernels/native/dense.c").write_text("#error no dense layers today\n")
    wheel = build(tree)
    assert wheel.name.endswith("-py3-none-any.whl")
    with ZipFile(wheel) as archive:
        reason = archive.read("handgrad/kernels/native/libhandgrad_error.txt").decode()
    assert "no dense layers today" in reason
    with pytest.raises(subprocess.CalledProcessError):  # a target that is named must compile
        build(tree, HANDGRAD_BUILD_TARGET="manylinux_2_17_x86_64")
