"""The server is asked everything that its OpenAPI document allows, and much that it does not."""

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
CONFIG = """
[parameters]
"path.name" = "one"
"""
"""A run and a collection of that name are there."""


@pytest.mark.slow
def test_schemathesis_finds_nothing(tmp_path: Path) -> None:
    save_model(small_network(), tmp_path / "model.safetensors")
    data, out = ("--data", "strokes:300:1"), ("--out", str(tmp_path / "runs" / "one"))
    assert main(["train", "classic", *data, "--steps", "2", *out, "--quiet"]) == 0
    add_to_collection(tmp_path / "digits" / "one.npz", *generate(50, 1)[:1], [*"0123456789"] * 5)
    before = (tmp_path / "runs" / "one" / "model.safetensors").read_bytes()
    (tmp_path / "schemathesis.toml").write_text(CONFIG)
    with serving(tmp_path, "model.safetensors") as server:
        program = "from schemathesis.cli import schemathesis; schemathesis()"
        arguments = [
            "--config-file",
            "schemathesis.toml",
            "run",
            f"{server.address}openapi.json",
            "--no-color",
        ]
        arguments += [
            "--checks",
            CHECKS,
            "--phases",
            "coverage,fuzzing",
            "--max-examples",
            "60",
            "--seed",
            "1",
        ]
        asked = subprocess.run(
            [sys.executable, "-c", program, *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=500,
        )
        assert asked.returncode == 0, asked.stdout + asked.stderr
        assert server.get("/health")["status"] == "ok"
        server.end()
    assert "Traceback" not in "".join(server.output)
    assert (tmp_path / "runs" / "one" / "model.safetensors").read_bytes() == before
    known = {"model.safetensors", "runs", "digits", "schemathesis.toml", ".hypothesis", ".schemathesis"}
    assert {path.name for path in tmp_path.iterdir()} <= known
