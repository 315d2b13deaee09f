"""The server under load: 200 clients that predict one digit after another, beside onnxruntime behind the same server.

    uv run --extra server python -m bench.serve [MODEL] [--seconds 60] [--clients 200] [--rounds 2]

MODEL defaults to `mlp`, which is trained on MNIST first. Needs onnxruntime and onnx. Clients and server share the
machine. Clients keep their connection and wait for an answer before the next request. Every answer is checked.
The two take turns, so that other load on the machine affects both alike.
"""

import asyncio
import json
import re
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

import handgrad as hg

COMPUTING = ("handgrad", "onnxruntime")


def main() -> None:
    parser = ArgumentParser()
    parser.add_argument("model", nargs="?")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--computing", choices=COMPUTING, help="for the process that serves")
    options = parser.parse_args()
    if options.computing:
        serve(options.model, options.computing)
        return
    with TemporaryDirectory() if options.model is None else nullcontext() as folder:
        if folder:
            train = ["train", "mlp", "--data", "mnist", "--quiet", "--no-test", "--out", f"{folder}/mlp"]
            subprocess.run([sys.executable, "-m", "handgrad", *train], check=True)
        model = options.model or f"{folder}/mlp"
        digits = hg.load_data("mnist").test.inputs[:1000]
        answers = hg.load_model(model).predict(digits)
        print("| computing | answers | errors | answers/s | median | 99 % | longest |")
        print("|---|---:|---:|---:|---:|---:|---:|")
        for computing in COMPUTING * options.rounds:
            print(measured(model, computing, digits, answers, options), flush=True)


def serve(model: str, computing: str) -> None:
    """Serve a model on a free port; as `handgrad serve` does, or with onnxruntime in the network's place."""
    from handgrad.server.app import Settings, create_app
    from handgrad.server.models import ModelInUse, ServedModel
    from handgrad.server.server import Server, bind

    served = ServedModel.read(Path(model))
    if computing == "onnxruntime":
        served.network.predict_proba = by_onnxruntime(served.network)  # type: ignore[method-assign]
    with TemporaryDirectory() as folder, bind("127.0.0.1", 0) as bound:
        app = create_app(Settings(Path(folder), Path(folder)), ModelInUse(served))
        print(f"http://127.0.0.1:{bound.getsockname()[1]}/", flush=True)
        Server(app).run(sockets=[bound])


def by_onnxruntime(network: hg.Network) -> Callable[[Any], Any]:
    import onnxruntime

    with TemporaryDirectory() as folder:
        hg.export(network, Path(folder) / "m.onnx", "onnx")
        session = onnxruntime.InferenceSession(Path(folder) / "m.onnx")
    return lambda raw: session.run(["probabilities"], {"input": raw})[0]


def measured(model: str, computing: str, digits: Any, answers: Any, options: Any) -> str:
    """Measure one server, and return a row of the table."""
    command = [sys.executable, "-m", "bench.serve", model, "--computing", computing]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(re.search(r":(\d+)/", process.stdout.readline())[1])  # type: ignore[index]
        requests = [request(row) for row in digits.tolist()]
        asyncio.run(load(port, requests, answers, 10, 2))  # warm
        times, errors = asyncio.run(load(port, requests, answers, options.clients, options.seconds))
        process.terminate()
    median, most, longest = np.percentile(times, [50, 99, 100]) * 1000
    cells = f"{len(times):,} | {errors} | {len(times) / options.seconds:,.0f}"
    return f"| {computing} | {cells} | {median:.0f} ms | {most:.0f} ms | {longest:.0f} ms |"


def request(pixels: list[int]) -> bytes:
    body = json.dumps({"pixels": pixels}).encode()
    head = "POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def load(
    port: int, requests: list[bytes], answers: Any, clients: int, seconds: float
) -> tuple[list[float], int]:
    """Send requests from many clients; return the seconds of each correct answer, and the number of errors."""
    times: list[float] = []
    errors = 0
    end = time.perf_counter() + seconds

    async def client(number: int) -> None:
        nonlocal errors
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (start := time.perf_counter()) < end:
            number = (number + 1) % len(requests)
            writer.write(requests[number])
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(re.search(rb"content-length: (\d+)", head)[1])  # type: ignore[index]
            body = await reader.readexactly(length)
            correct = head.startswith(b"HTTP/1.1 200") and f'"class":"{answers[number]}"'.encode() in body
            errors += not correct
            if correct:
                times.append(time.perf_counter() - start)
        writer.close()

    found = await asyncio.gather(*(client(17 * number) for number in range(clients)), return_exceptions=True)
    return times, errors + sum(isinstance(outcome, BaseException) for outcome in found)


if __name__ == "__main__":
    main()
