"""Every command and program of docs/tutorial.md, which must give the same predictions everywhere."""

import os
import re
import sys
from pathlib import Path

import pytest

from c_compiler import compiler
from documents import ROOT, all_blocks, output

BLOCKS = all_blocks("docs/tutorial.md")
COMMANDS = "".join(block for language, block in BLOCKS if language == "sh")


@pytest.mark.slow
def test_every_step_of_the_tutorial(tmp_path: Path) -> None:
    programs = tmp_path / "programs"  # with which `uv run` finds this Python, and `cc` a compiler
    programs.mkdir()
    for name, what in (
        ("uv", '[ "$1" = run ] && shift && exec "$@"'),
        ("python", f'exec "{sys.executable}" "$@"'),
        ("handgrad", f'exec "{sys.executable}" -m handgrad "$@"'),
    ):
        (programs / name).write_text(f"#!/bin/sh\n{what}\n")
        (programs / name).chmod(0o755)
    (programs / "cc").symlink_to(compiler())
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    folder, printed = tmp_path / "tutorial", ""
    for language, block in BLOCKS:
        if language in ("python", "c"):
            (folder / block.split()[1]).write_text(block, "utf-8")
            assert block.split()[1] in COMMANDS
        elif language == "text":
            assert (folder / "plants" / "train.csv").read_text("utf-8").startswith(block)
        else:
            for command in block.splitlines():
                here, path = folder if folder.exists() else tmp_path, f"{programs}:{os.environ['PATH']}"
                printed += f"$ {command}\n" + output("bash", "-ec", command, folder=here, PATH=path)

    def after(command: str) -> str:
        """Return what a command printed."""
        return printed.partition(f"$ {command}")[2].partition("\n")[2].partition("\n$ ")[0]

    assert folder.joinpath("runs/plants/plots/confusion.svg").exists()
    assert folder.joinpath("runs/shapes/plots/mistakes.svg").exists()
    assert "soil=sand" in after("uv run handgrad explain runs/plants")
    shapes = after("uv run handgrad predict runs/shapes").splitlines()[1:]
    assert [line.split()[1] for line in shapes] == ["circle", "square"]
    for kind, files in (("plants", "plants/new.csv"), ("shapes", "shapes/test/circle/0.png")):
        tuned = after(f"uv run python tune_{kind}.py")
        evaluated = after(f"uv run handgrad evaluate {kind}.safe")
        same = after(f"uv run python same_{kind}.py")
        score = tuned.splitlines()[-1]
        assert float(score.rstrip("%")) > 85
        assert f" {score} of " in evaluated  # scikit-learn and handgrad
        assert f"{score}" in same  # and onnxruntime
        assert "True" in same.splitlines()
        predicted = after(f"uv run handgrad predict {kind}.safetensors {files}")
        assert predicted
        assert after(f"uv run handgrad predict {kind}.onnx {files}") == predicted
    first = after("uv run handgrad predict plants.safetensors").splitlines()[1].split()
    assert set(after("./plant").split()) < set(first)
    same = after("uv run python same_shapes.py")
    in_c, in_onnx = (float(re.findall(rf"(\S+)% in {name}", same)[0]) for name in ("C", "onnx"))
    assert abs(in_c - in_onnx) < 0.7  # one image of 150
