"""Two hundred clients at a time on a real server; ``bench/serve.py`` measures how fast they are answered."""

import asyncio
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest

from handgrad.data.strokes import generate
from handgrad.model.files import save_model
from served import TIMEOUT, serving, small_network

CLIENTS, REQUESTS = 200, 25


@pytest.mark.slow
def test_each_of_two_hundred_clients_gets_its_answer(tmp_path: Path) -> None:
    network, digits = small_network(), generate(CLIENTS, 1)[0]
    save_model(network, tmp_path / "model.safetensors")
    expected, bodies = network.predict_proba(digits), digits.tolist()

    async def ask(client: httpx2.AsyncClient, number: int) -> None:
        for request in range(REQUESTS):
            index = (number + 7 * request) % CLIENTS
            answer = await client.post("/predict", json={"pixels": bodies[index]})
            assert answer.status_code == 200, answer.text
            probabilities = answer.json()["predictions"][0]["probabilities"]
            np.testing.assert_allclose([*probabilities.values()], expected[index], rtol=1e-4, atol=1e-7)
            if request % 10 == 3:
                assert (await client.post("/predict", json={"pixels": [1]})).status_code == 422

    async def ask_all(address: str) -> None:
        limits: Any = httpx2.Limits(max_connections=CLIENTS, max_keepalive_connections=CLIENTS)
        async with httpx2.AsyncClient(base_url=address, limits=limits, timeout=TIMEOUT) as client:
            await asyncio.gather(*(ask(client, number) for number in range(CLIENTS)))

    with serving(tmp_path, "model.safetensors") as server:
        asyncio.run(ask_all(server.address))
        assert server.end() == 0
    assert "Traceback" not in "".join(server.output)
