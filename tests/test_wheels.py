"""The wheels: their tags, contents and libraries, and a training with each installed version of Python."""

import ctypes
import os
import shutil
import subprocess
from pathlib import Path
from zipfile import ZipFile

import pytest

import build_wheels
import native_build
import try_wheel
from documents import ROOT
from handgrad.kernels.native import library


def build(tree: Path, **environment: str) -> Path:
    """Build a wheel in a folder that is empty before."""
    shutil.rmtree(tree / "dist", ignore_errors=True)
    command = ["uv", "build", "--quiet", "--wheel", "--out-dir", str(tree / "dist"), str(tree)]
    inherited = {key: value for key, value in os.environ.items() if key != "HANDGRAD_BUILD_TARGET"}
    subprocess.run(command, env={**inherited, **environment}, check=True)
    return next((tree / "dist").glob("*.whl"))


def installed_pythons(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the supported versions of Python that uv finds on this machine."""
    versions = sorted(path.name for path in Path.home().glob(".pyenv/versions/*"))
    if versions:  # pyenv hides those that are not active
        monkeypatch.setenv("PYENV_VERSION", ":".join(versions))
    find = ["uv", "python", "find", "--system", "--no-python-downloads"]
    return [
        version
        for version in try_wheel.supported()
        if not subprocess.run([*find, version], capture_output=True, check=False).returncode
    ]


@pytest.mark.slow
def test_wheels_have_libraries_that_load_or_the_reason_why_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree, target = tmp_path / "tree", native_build.local_target()
    for folder in ("src", "tools"):
        ignored = shutil.ignore_patterns("libhandgrad_*", "*.wasm", "__pycache__")
        shutil.copytree(ROOT / folder, tree / folder, ignore=ignored)
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", ".gitignore"):
        shutil.copy(ROOT / name, tree)
    wheel = build(tree)
    build_wheels.check_size(wheel)
    build_wheels.check_wheel(wheel, target)
    assert target
    with ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    for name in library.suitable():
        path = tmp_path / "site/handgrad/kernels/native" / f"libhandgrad_{name}{target.suffix}"
        loaded = ctypes.CDLL(str(path))
        assert all(loaded[f"{function}_{kind}"] for function in library.SIGNATURES for kind in ("f32", "f64"))
    pythons = installed_pythons(monkeypatch)
    assert pythons
    for python in pythons:
        trained = try_wheel.install_and_train(python, wheel.parent)
        assert f"Python {python}." in trained
        assert f"kernels {', '.join(library.suitable())}:" in trained
    build_wheels.check_wheel(build(tree, HANDGRAD_BUILD_TARGET="none"), None)

    (tree / "src/handgrad/kernels/native/dense.c").write_text("#error no dense layers today\n")
    wheel = build(tree)
    assert wheel.name.endswith("-py3-none-any.whl")
    with ZipFile(wheel) as archive:
        reason = archive.read("handgrad/kernels/native/libhandgrad_error.txt").decode()
    assert "no dense layers today" in reason
    with pytest.raises(subprocess.CalledProcessError):  # a target that is named must compile
        build(tree, HANDGRAD_BUILD_TARGET="manylinux_2_17_x86_64")
