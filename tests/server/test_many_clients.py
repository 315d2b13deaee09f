"""Two hundred clients at once, through a real server; `bench/serve.py` measures how fast it answers them."""

import asyncio
from pathlib import Path

import httpx2
import numpy as np
import pytest

from handgrad.data.strokes import generate
from handgrad.model.files import save_model
from served import TIMEOUT, Process, serving, small_network

CLIENTS, TIMES = 200, 25


@pytest.mark.slow
def test_two_hundred_clients_get_each_their_own_answers(tmp_path: Path) -> None:
    network = small_network()
    save_model(network, tmp_path / "model.safetensors")
    digits, _ = generate(CLIENTS, 1)
    expected = network.predict_proba(digits)
    with serving(tmp_path, "model.safetensors") as server:
        asyncio.run(ask_all(server, digits.tolist(), expected))
        assert server.get("/health")["status"] == "ok"
        assert server.end() == 0
    assert "Traceback" not in "".join(server.output)


async def ask_all(server: Process, digits: list[list[int]], expected: np.ndarray) -> None:
    limits = httpx2.Limits(max_connections=CLIENTS, max_keepalive_connections=CLIENTS)
    async with httpx2.AsyncClient(base_url=server.address, limits=limits, timeout=TIMEOUT) as client:
        await asyncio.gather(*(ask(client, number, digits, expected) for number in range(CLIENTS)))


async def ask(client: httpx2.AsyncClient, number: int, digits: list[list[int]], expected: np.ndarray) -> None:
    """Ask for one digit after another, and now and then for what is none."""
    for time in range(TIMES):
        index = (number + 7 * time) % len(digits)
        answer = await client.post("/predict", json={"pixels": digits[index]})
        assert answer.status_code == 200, answer.text
        probabilities = answer.json()["predictions"][0]["probabilities"]
        np.testing.assert_allclose([*probabilities.values()], expected[index], rtol=1e-4, atol=1e-7)
        if time % 10 == 3:
            refused = await client.post("/predict", json={"pixels": digits[index][:-1]})
            assert (refused.status_code, "784 numbers" in refused.text) == (422, True)
