"""The requests in docs/serving.md are sent to a server, in their order."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from documents import ROOT, blocks
from handgrad.cli.main import main
from handgrad.data.strokes import generate
from served import serving

GUIDE = "docs/serving.md"
PLACE = "http://127.0.0.1:8000/"


@pytest.mark.slow
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

        def run(*command: str) -> str:
            return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout

        for line in lines:
            if line.startswith("curl"):
                answer = run(*shlex.split(line.replace(PLACE, server.address)), "--fail-with-body")
                if "from" in line:
                    found = server.await_state(json.loads(answer)["name"], "finished", "failed")
                    assert found["state"] == "finished", found
                elif "/predict" in line:
                    (prediction,) = json.loads(answer)["predictions"]
                    (shown,) = json.loads(blocks(GUIDE, "json")[0])["predictions"]
                    assert prediction.keys() == shown.keys()
                    assert prediction["class"] == shown["class"]
        assert (tmp_path / "newest.safetensors").stat().st_size > 50_000
        for block in blocks(GUIDE, "python"):
            printed = run(sys.executable, "-c", block.replace(PLACE, server.address))
            assert re.match(r"\['\d', '\d', '\d', '\d', '\d'\] \[", printed)
