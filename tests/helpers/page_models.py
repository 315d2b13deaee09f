"""The page's model modules in a browser, without the page."""

import threading
from base64 import b64decode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page

from handgrad.frontend import page_files
from handgrad.model.files import model_tensors, serialize_tensors
from handgrad.model.network import Network

Image: TypeAlias = NDArray[np.uint8]

SHELL = """<!doctype html><title>models</title>
<script type="importmap">{"imports": {"handgrad/": "./static/"}}</script>
<script type="module">
import { frameDigit } from "handgrad/model/framing.js";
import { readModel } from "handgrad/model/network.js";
const bytes = async (name) => (await fetch(`./inputs/${name}`)).arrayBuffer();
const inBase64 = ({ buffer }) => {
  const text = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(text);
};
Object.assign(window, { frameDigit, readModel, bytes, inBase64, ready: true });
</script>"""


def model_bytes(network: Network, recipe: dict[str, Any] | None = None) -> bytes:
    return serialize_tensors(*model_tensors(network, recipe))


class Models:
    """A page with the model modules.

    Parameters
    ----------
    page : Page
    inputs : dict of bytes
        What the page can fetch, by name.
    """

    def __init__(self, page: Page, inputs: dict[str, bytes]) -> None:
        self.page = page
        self.inputs = inputs

    def run(self, program: str, **inputs: bytes) -> Any:
        """Run JavaScript in which each input is an ArrayBuffer of its name."""
        self.inputs.update(inputs)
        reading = "".join(f"const {name} = await bytes('{name}');\n" for name in inputs)
        return self.page.evaluate(f"async () => {{\n{reading}{program}\n}}")

    def numbers(self, program: str, **inputs: bytes) -> NDArray[np.float32]:
        """Run JavaScript that returns a Float32Array."""
        found = self.run(f"return inBase64((() => {{ {program} }})());", **inputs)
        return np.frombuffer(b64decode(found), np.float32)

    def predict_proba(self, network: Network, raw: NDArray[Any]) -> NDArray[np.float32]:
        """Compute (N, C) probabilities of bytes or float32."""
        program = f"return readModel(model).predictProba({_values(raw)}, {len(raw)});"
        return self.numbers(program, model=model_bytes(network), raw=raw.tobytes()).reshape(len(raw), -1)

    def input_gradients(
        self, network: Network, raw: NDArray[Any], dlogits: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Compute the gradients (N, I) with respect to the inputs, from `dlogits` (N, C)."""
        program = f"""
            const network = readModel(model), values = {_values(raw)}, slopes = new Float32Array(dlogits);
            const [n, classes] = [{len(raw)}, network.classes.length], inputs = values.length / n;
            const dx = new Float32Array(values.length);
            for (let k = 0; k < n; k++) {{
                const trace = network.forward(values.subarray(k * inputs, (k + 1) * inputs));
                dx.set(trace.backward(slopes.subarray(k * classes, (k + 1) * classes)), k * inputs);
            }}
            return dx;"""
        inputs = {"model": model_bytes(network), "raw": raw.tobytes(), "dlogits": dlogits.tobytes()}
        return self.numbers(program, **inputs).reshape(len(raw), -1)

    def frame(self, images: Sequence[Image]) -> list[Image | None]:
        """Frame grey images; None for blank ones."""
        program = f"""
            const all = new Uint8Array(pixels), framed = [];
            let start = 0;
            for (const [height, width] of {[list(image.shape) for image in images]}) {{
                const grey = all.subarray(start, start += height * width);
                const digit = frameDigit(grey, height, width);
                framed.push(digit && inBase64(digit));
            }}
            return framed;"""
        framed = self.run(program, pixels=b"".join(image.tobytes() for image in images))
        return [digit and np.frombuffer(b64decode(digit), np.uint8).reshape(28, 28) for digit in framed]


def _values(raw: NDArray[Any]) -> str:
    return f"new {'Uint8Array' if raw.dtype == np.uint8 else 'Float32Array'}(raw)"


@contextmanager
def open_models(browser: Browser) -> Iterator[Models]:
    """Serve the modules, and open a page with them."""
    inputs: dict[str, bytes] = {}
    files = page_files()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            folder, _, path = self.path.removeprefix("/").partition("/")
            body = {"": SHELL, "static": files.get(path, "")}.get(folder, "").encode() or inputs.get(
                path, b""
            )
            self.send_response(200)
            self.send_header("Content-Type", "text/javascript" if folder == "static" else "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Write no log."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            page = browser.new_page()
            page.goto(f"http://127.0.0.1:{server.server_port}/")
            page.wait_for_function("window.ready")
            yield Models(page, inputs)
            page.close()
        finally:
            server.shutdown()
            thread.join()
