"""What is documented: requests from the OpenAPI document, and those of docs/guide/serving.md, in order."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from documents import ROOT, all_blocks, blocks
from handgrad.cli.main import main
from handgrad.data.collection import add_to_collection
from handgrad.data.strokes import generate
from handgrad.model.files import save_model
from outputs import difference
from served import serving, small_network

pytestmark = pytest.mark.slow
CHECKS = "not_a_server_error,content_type_conformance,response_schema_conformance"
EXAMPLES = os.environ.get("HANDGRAD_TEST_REQUESTS", "60")  # generated for each route
OPTIONS = f"--no-color --checks {CHECKS} --phases coverage,fuzzing --max-examples {EXAMPLES} --seed 1"
GUIDE = "docs/guide/serving.md"
NAMES = """[parameters]
"path.name" = "one"  # a run and a collection

[[operations]]
include-name = ["POST /runs/{name}/rename", "DELETE /runs/{name}"]
parameters = { "path.name" = "two" }
"""
PLACE = "http://127.0.0.1:8000/"


def printed(folder: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_generated_requests_find_no_error(tmp_path: Path) -> None:
    save_model(small_network(), tmp_path / "model.safetensors")
    run = tmp_path / "runs" / "one"
    assert main(["train", "classic", "--data=strokes:300:1", "--steps=2", f"--out={run}", "--quiet"]) == 0
    add_to_collection(tmp_path / "digits" / "one.csv", *generate(50, 1)[:1], [*"0123456789"] * 5)
    before = (run / "model.safetensors").read_bytes()
    shutil.copytree(run, run.with_name("two"))
    (tmp_path / "schemathesis.toml").write_text(NAMES)
    with serving(tmp_path, "model.safetensors") as server:
        program = "from schemathesis.cli import schemathesis; schemathesis()"
        arguments = ["--config-file", "schemathesis.toml", "run", f"{server.address}openapi.json"]
        printed(tmp_path, sys.executable, "-c", program, *arguments, *OPTIONS.split())
        assert server.get("/runs/one")["state"] == "finished"
        assert not (tmp_path / "runs" / "two").exists()
        server.end()
    assert "Traceback" not in "".join(server.output)
    assert (run / "model.safetensors").read_bytes() == before
    known = {"model.safetensors", "runs", "digits", "schemathesis.toml", ".hypothesis", ".schemathesis"}
    assert {path.name for path in tmp_path.iterdir()} <= known


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
def test_requests_of_the_guide_are_answered(tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    images, labels = generate(12, 5)
    digits = {"name": "mine", "inputs": images.tolist(), "labels": [str(label) for label in labels]}
    (tmp_path / "digits.json").write_text(json.dumps(digits))
    lines = [line for block in blocks(GUIDE, "sh") for line in block.splitlines()]
    first = shlex.split(lines[0].removeprefix("uv run handgrad "))
    assert main([*first[:-1], str(tmp_path / first[-1]), "--quiet", "--no-test"]) == 0
    with serving(tmp_path, *shlex.split(lines[1])[4:]) as server:
        answer = ""
        for block in all_blocks(GUIDE):
            if block.language == "text":
                assert not difference(block.text, answer, block.tolerance)
            elif block.language == "python":
                answer = printed(tmp_path, sys.executable, "-c", block.text.replace(PLACE, server.address))
            for line in filter(re.compile("curl").match, block.commands):
                command = shlex.split(line.replace(PLACE, server.address))
                answer = printed(tmp_path, *command, "--fail-with-body")
                if "from" in line:
                    run = server.await_state(json.loads(answer)["name"], "finished", "failed")
                    assert run["state"] == "finished", run
        assert (tmp_path / "newest.safetensors").stat().st_size > 50_000
