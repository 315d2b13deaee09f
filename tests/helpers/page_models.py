"""The page's modules in a real browser, and what tests do with them there."""

import threading
from base64 import b64decode
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page

from handgrad.frontend import page_files
from handgrad.model.files import Recipe, model_tensors, serialize_tensors
from handgrad.model.network import Network

Picture: TypeAlias = NDArray[np.uint8]

SHELL = """<!doctype html><title>models</title>
<script type="importmap">{"imports": {"handgrad/": "./static/"}}</script>
<script type="module">
import { frameDigit } from "handgrad/model/framing.js";
import { readModel } from "handgrad/model/network.js";
const bytes = async (name) => (await fetch(`./given/${name}`)).arrayBuffer();
const inBase64 = ({ buffer }) => {
  const text = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(text);
};
Object.assign(window, { frameDigit, readModel, bytes, inBase64, ready: true });
</script>"""


class Models:
    """A page that runs the modules on what a test gives it.

    Parameters
    ----------
    page : Page
    given : dict of bytes
        What the server gives the page by its name.
    """

    def __init__(self, page: Page, given: dict[str, bytes]) -> None:
        self.page = page
        self.given = given

    def run(self, program: str, **given: bytes) -> Any:
        """Run JavaScript, in which each thing that is given is an ArrayBuffer by its name."""
        self.given.update(given)
        reading = "".join(f"const {name} = await bytes('{name}');\n" for name in given)
        return self.page.evaluate(f"async () => {{\n{reading}{program}\n}}")

    def numbers(self, program: str, **given: bytes) -> NDArray[np.float32]:
        """Run JavaScript that gives a Float32Array."""
        told = self.run(f"return inBase64((() => {{ {program} }})());", **given)
        return np.frombuffer(b64decode(told), np.float32)

    def predict_proba(self, network: Network, raw: NDArray[Any]) -> NDArray[np.float32]:
        """Compute (N, C) probabilities in the page, of bytes or float32."""
        values = _values(raw)
        program = f"return readModel(model).predictProba({values}, {len(raw)});"
        return self.numbers(program, model=model_bytes(network), raw=raw.tobytes()).reshape(len(raw), -1)

    def input_gradients(
        self, network: Network, raw: NDArray[Any], dlogits: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Compute in the page, one example after the other, the gradient (N, I) that `dlogits` (N, C) become."""
        program = f"""
            const network = readModel(model), values = {_values(raw)}, slopes = new Float32Array(dlogits);
            const [n, classes] = [{len(raw)}, network.classes.length], inputs = values.length / n;
            const dx = new Float32Array(values.length);
            for (let k = 0; k < n; k++) {{
                const trace = network.forward(values.subarray(k * inputs, (k + 1) * inputs));
                dx.set(trace.backward(slopes.subarray(k * classes, (k + 1) * classes)), k * inputs);
            }}
            return dx;"""
        given = {"model": model_bytes(network), "raw": raw.tobytes(), "dlogits": dlogits.tobytes()}
        return self.numbers(program, **given).reshape(len(raw), -1)

    def frame(self, pictures: Sequence[Picture]) -> list[Picture | None]:
        """Frame grey pictures in the page; None for blank ones."""
        program = f"""
            const all = new Uint8Array(pixels), framed = [];
            let start = 0;
            for (const [height, width] of {[list(picture.shape) for picture in pictures]}) {{
                const grey = all.subarray(start, start += height * width);
                const digit = frameDigit(grey, height, width);
                framed.push(digit && inBase64(digit));
            }}
            return framed;"""
        framed = self.run(program, pixels=b"".join(picture.tobytes() for picture in pictures))
        return [digit and np.frombuffer(b64decode(digit), np.uint8).reshape(28, 28) for digit in framed]


@pytest.fixture(scope="module")
def models(browser: Browser) -> Iterator[Models]:
    """The page's models in the browser."""
    given: dict[str, bytes] = {}
    files = page_files()

    class Handler(BaseHTTPRequestHandler):
        """Gives out modules, and what tests give."""

        def do_GET(self) -> None:
            folder, _, path = self.path.removeprefix("/").partition("/")
            body = {"": SHELL, "static": files.get(path, "")}.get(folder, "").encode() or given.get(path, b"")
            self.send_response(200)
            self.send_header("Content-Type", "text/javascript" if folder == "static" else "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            page = browser.new_page()
            page.goto(f"http://127.0.0.1:{server.server_port}/")
            page.wait_for_function("window.ready")
            yield Models(page, given)
            page.close()
        finally:
            server.shutdown()
            thread.join()


def _values(raw: NDArray[Any]) -> str:
    return f"new {'Uint8Array' if raw.dtype == np.uint8 else 'Float32Array'}(raw)"


def model_bytes(network: Network, recipe: Recipe | None = None) -> bytes:
    return serialize_tensors(*model_tensors(network, recipe))
