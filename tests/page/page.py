"""The page's modules in a real browser, and what tests do with them there."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page, Route

from browser import open_browser
from handgrad.learning.checkpoints import written_down
from handgrad.learning.tensor_files import serialized
from handgrad.model.network import Network
from handgrad.page import page_files

HOME = "http://page.test/"
SHELL = """<!doctype html><title>models</title>
<script type="importmap">{"imports": {"handgrad/": "./static/"}}</script>
<script type="module">
import { frameDigit } from "handgrad/model/framing.js";
import { readModel } from "handgrad/model/network.js";
const bytes = async (name) => (await fetch(`./given/${name}`)).arrayBuffer();
const answer = (array) => Array.from(array);
Object.assign(window, { frameDigit, readModel, bytes, answer, ready: true });
</script>"""


class Models:
    """A page without a server that runs the modules on what a test gives it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.given: dict[str, bytes] = {}
        self.files = page_files()
        page.route("**/*", self._answer)
        page.goto(HOME)
        page.wait_for_function("window.ready")

    def run(self, program: str, **given: bytes) -> Any:
        """Run JavaScript, in which each thing that is given is an ArrayBuffer by its name."""
        self.given = given
        reading = "".join(f"const {name} = await bytes('{name}');\n" for name in given)
        return self.page.evaluate(f"async () => {{\n{reading}{program}\n}}")

    def predict_proba(self, network: Network, raw: NDArray[Any]) -> NDArray[np.float64]:
        """Compute (N, C) probabilities in the page, of bytes or float32."""
        array = "Uint8Array" if raw.dtype == np.uint8 else "Float32Array"
        program = f"return answer(readModel(model).predictProba(new {array}(raw), {len(raw)}));"
        numbers = self.run(program, model=model_bytes(network), raw=raw.tobytes())
        return np.array(numbers).reshape(len(raw), -1)

    def _answer(self, route: Route) -> None:
        path = route.request.url.removeprefix(HOME)
        if path == "":
            route.fulfill(body=SHELL, content_type="text/html")
        elif path.startswith("static/") and path.removeprefix("static/") in self.files:
            route.fulfill(body=self.files[path.removeprefix("static/")], content_type="text/javascript")
        elif path.removeprefix("given/") in self.given:
            route.fulfill(body=self.given[path.removeprefix("given/")])
        else:
            route.fulfill(status=404)


@contextmanager
def open_models() -> Iterator[Models]:
    with open_browser() as browser:
        yield Models(browser.new_page())


def model_bytes(network: Network) -> bytes:
    return serialized(*written_down(network))


def javascript(value: Any) -> str:
    return json.dumps(value)
