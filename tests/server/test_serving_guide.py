"""The requests in docs/serving.md are sent to a server, in their order."""

import json
import re
import shlex
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import httpx2
import pytest

from documents import ROOT, blocks
from handgrad.cli.main import main
from handgrad.data.strokes import generate
from served import Process, serving

GUIDE = "docs/serving.md"
PLACE = "http://127.0.0.1:8000"


def curl(server: Process, line: str, folder: Path) -> httpx2.Response:
    """Send the request of a curl command."""
    parser = ArgumentParser()
    for option in ("-X", "-H", "-F", "-o", "--json", "--data-binary"):
        parser.add_argument(option)
    parser.add_argument("-N", action="store_true")
    parser.add_argument("url")
    options = parser.parse_args(shlex.split(line)[1:])

    def content(text: str) -> bytes:
        return (folder / text[1:]).read_bytes() if text.startswith("@") else text.encode()

    body: dict[str, Any] = {}
    if options.F:
        body = {"files": {"file": content(options.F.partition("=")[2])}}
    elif text := options.json or options.data_binary:
        kind, _, value = (options.H or "Content-Type: application/json").partition(": ")
        body = {"content": content(text), "headers": {kind: value}}
    method = options.X or ("POST" if body else "GET")
    answer = server.client.request(method, options.url.removeprefix(PLACE), **body)
    if options.o:
        (folder / options.o).write_bytes(answer.content)
    return answer


@pytest.mark.slow
def test_requests_of_the_guide_are_answered(tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    images, labels = generate(12, 5)
    digits = {"name": "mine", "inputs": images.tolist(), "labels": [str(label) for label in labels]}
    (tmp_path / "digits.json").write_text(json.dumps(digits))
    lines = [line for block in blocks(GUIDE, "sh") for line in block.splitlines()]
    first = shlex.split(lines[0].removeprefix("uv run handgrad "))
    assert main([*first[:-1], str(tmp_path / first[-1]), "--quiet", "--no-test"]) == 0
    with serving(tmp_path, *shlex.split(lines[1])[4:]) as server:
        for line in lines:
            if line.startswith("curl"):
                answer = curl(server, line, tmp_path)
                assert answer.status_code in (200, 201), f"{line}: {answer.text}"
                if "from" in line:
                    run = server.await_state(answer.json()["name"], "finished", "failed")
                    assert run["state"] == "finished", run
                elif "/predict" in line:
                    (prediction,) = answer.json()["predictions"]
                    (shown,) = json.loads(blocks(GUIDE, "json")[0])["predictions"]
                    assert prediction.keys() == shown.keys()
                    assert prediction["class"] == shown["class"]
        assert (tmp_path / "newest.safetensors").stat().st_size > 50_000
        for block in blocks(GUIDE, "python"):
            code = block.replace(f"{PLACE}/", server.address)
            done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
            assert re.match(r"\['\d', '\d', '\d', '\d', '\d'\] \[", done.stdout)
