"""Requests generated from the OpenAPI document, valid and invalid, against a real server."""

import subprocess
import sys
from pathlib import Path

import pytest

from handgrad.cli.main import main
from handgrad.data.collection import add_to_collection
from handgrad.data.strokes import generate
from handgrad.model.files import save_model
from served import serving, small_network

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
OPTIONS = (
    f"--no-color --checks {CHECKS} --phases coverage,fuzzing --max-examples 60 --seed 1 --request-timeout 60"
)
CONFIG = '[parameters]\n"path.name" = "one"\n'  # the name of a run and of a collection


@pytest.mark.slow
def test_generated_requests_find_no_error(tmp_path: Path) -> None:
    save_model(small_network(), tmp_path / "model.safetensors")
    run = tmp_path / "runs" / "one"
    assert main(["train", "classic", "--data=strokes:300:1", "--steps=2", f"--out={run}", "--quiet"]) == 0
    add_to_collection(tmp_path / "digits" / "one.npz", *generate(50, 1)[:1], [*"0123456789"] * 5)
    before = (run / "model.safetensors").read_bytes()
    (tmp_path / "schemathesis.toml").write_text(CONFIG)
    with serving(tmp_path, "model.safetensors") as server:
        program = "from schemathesis.cli import schemathesis; schemathesis()"
        arguments = ["--config-file", "schemathesis.toml", "run", f"{server.address}openapi.json"]
        done = subprocess.run(
            [sys.executable, "-c", program, *arguments, *OPTIONS.split()],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=500,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert server.get("/health")["status"] == "ok"
        server.end()
    assert "Traceback" not in "".join(server.output)
    assert (run / "model.safetensors").read_bytes() == before
    known = {"model.safetensors", "runs", "digits", "schemathesis.toml", ".hypothesis", ".schemathesis"}
    assert {path.name for path in tmp_path.iterdir()} <= known
