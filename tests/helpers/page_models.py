"""The page without a server: the requests of a browser are answered from memory."""

import base64
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlparse

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, Route

from handgrad.data.dataset import Dataset
from handgrad.frontend import page_files
from handgrad.model.files import model_bytes
from handgrad.model.network import Network

HOME = "http://localhost/"
FILES = {f"/static/{name}": content for name, content in page_files().items()}
KINDS = {"": "text/html", "html": "text/html", "css": "text/css", "js": "text/javascript"}
STUB = "export default function mount(section) { section.textContent = 'not part of this test'; }"


class Site:
    """Answers to requests: the page's files, and `answers` by path.

    An answer is bytes, a text, values for JSON, a function that returns one from a query, or None: status 404.
    """

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = {"/": FILES["/static/index.html"], **FILES, **answers}

    def answer(self, route: Route) -> None:
        url = urlparse(route.request.url)
        found = self.answers.get(url.path)
        if callable(found):
            found = found(dict(parse_qsl(url.query)))
        if found is None:
            route.fulfill(status=404, json={"detail": "not here"})
        elif isinstance(found, bytes):
            route.fulfill(body=found, content_type="application/octet-stream")
        elif isinstance(found, str):
            route.fulfill(body=found, content_type=KINDS[url.path.rpartition(".")[2].strip("/")])
        else:
            route.fulfill(json=found)


def draw_site(model: bytes, examples: Dataset) -> Site:
    """Return a site with the Draw section: a model named pen, and examples."""

    def page_of_examples(query: dict[str, str]) -> dict[str, Any]:
        part = examples.take(slice(int(query["offset"]), int(query["offset"]) + int(query["limit"])))
        return {
            "inputs": base64.b64encode(part.inputs.tobytes()).decode(),
            "labels": part.labels.tolist(),
            "total": len(examples),
            "input_shape": [1, 28, 28],
            "classes": examples.classes,
        }

    sets = [("strokes:3000", [1, 28, 28]), ("table", [4])]
    return Site(
        {
            "/model": {"name": "pen"},
            "/model/file": model,
            "/runs": [{"name": "pen"}],
            "/runs/pen": {"validated": {"validation_accuracy": 0.9731}},
            "/data": [{"name": name, "input_shape": shape} for name, shape in sets],
            "/data/examples": page_of_examples,
            "/static/train/train.js": STUB,
            "/static/digits/digits.js": STUB,
        }
    )


MODULES = """<!doctype html><title>modules</title>
<script type="importmap">{"imports": {"handgrad/": "./static/"}}</script>
<script type="module">
import { pixelsOf } from "handgrad/draw/draw.js";
import { fromBase64 } from "handgrad/elements.js";
import { readModel } from "handgrad/model/network.js";
Object.assign(window, { fromBase64, pixelsOf, readModel, ready: true });
</script>"""


class Models:
    """The page's modules in a browser, without the page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def run(self, program: str, **inputs: bytes) -> Any:
        """Run JavaScript in which each input is an ArrayBuffer of its name."""
        encoded = {name: base64.b64encode(content).decode() for name, content in inputs.items()}
        reading = "".join(f"const {name} = fromBase64(encoded.{name}).buffer;\n" for name in inputs)
        return self.page.evaluate(f"async (encoded) => {{\n{reading}{program}\n}}", encoded)

    def predict_proba(self, network: Network, raw: NDArray[Any]) -> NDArray[np.float64]:
        """Compute (N, C) probabilities of bytes or float32."""
        program = f"return Array.from(readModel(model).predictProba({_values(raw)}, {len(raw)}));"
        found = self.run(program, model=model_bytes(network), raw=raw.tobytes())
        return np.array(found).reshape(len(raw), -1)

    def input_gradients(
        self, network: Network, raw: NDArray[Any], dlogits: NDArray[np.float32]
    ) -> NDArray[np.float64]:
        """Compute the gradients (N, I) with respect to the inputs, from `dlogits` (N, C)."""
        program = f"""
            const network = readModel(model), values = {_values(raw)};
            const inputs = values.length / {len(raw)};
            return {dlogits.tolist()}.map((slopes, k) => {{
                const trace = network.forward(values.subarray(k * inputs, (k + 1) * inputs));
                return Array.from(trace.backward(Float32Array.from(slopes)));
            }});"""
        return np.array(self.run(program, model=model_bytes(network), raw=raw.tobytes()))

    def pixels(self, drawings: Sequence[Any], framing: str = "digit") -> NDArray[np.uint8]:
        """Render and frame drawings: (N, 28, 28)."""
        program = "([drawings, framing]) => drawings.map((each) => Array.from(pixelsOf(each, framing)))"
        return np.array(self.page.evaluate(program, [drawings, framing]), np.uint8).reshape(-1, 28, 28)


def _values(raw: NDArray[Any]) -> str:
    return f"new {'Uint8Array' if raw.dtype == np.uint8 else 'Float32Array'}(raw)"


@contextmanager
def open_models(browser: Browser) -> Iterator[Models]:
    """Open a page with the modules."""
    with browser.new_page() as page:
        page.route("**/*", Site({"/": MODULES}).answer)
        page.goto(HOME)
        page.wait_for_function("window.ready")
        yield Models(page)
