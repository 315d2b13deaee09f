"""The page's modules in a browser, compared with the library."""

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page

import handgrad as hg
from handgrad.model.files import model_bytes

MODULES = """async () => {
    const { pixelsOf } = await import("handgrad/draw/strokes.js");
    const { fromBase64 } = await import("handgrad/elements.js");
    const { readModel } = await import("handgrad/model/network.js");
    Object.assign(window, { fromBase64, pixelsOf, readModel });
}"""


class Models:
    """Functions of the page's modules, as globals of the page of a server."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        page.goto(address)
        page.wait_for_selector("html[data-ready]")
        page.evaluate(MODULES)

    def run(self, program: str, **inputs: bytes) -> Any:
        """Run JavaScript in which each input is an ArrayBuffer of its name."""
        encoded = {name: base64.b64encode(content).decode() for name, content in inputs.items()}
        reading = "".join(f"const {name} = fromBase64(encoded.{name}).buffer;\n" for name in inputs)
        return self.page.evaluate(f"async (encoded) => {{\n{reading}{program}\n}}", encoded)

    def predict(self, network: hg.Network, raw: NDArray[Any]) -> NDArray[np.float64]:
        """Compute the predictions (N, C) for bytes or float32: probabilities, or targets."""
        program = f"return Array.from(readModel(model).predict({_values(raw)}, {len(raw)}));"
        found = self.run(program, model=model_bytes(network), raw=raw.tobytes())
        return np.array(found).reshape(len(raw), -1)

    def input_gradients(self, network: hg.Network, raw: NDArray[Any], dlogits: NDArray[Any]) -> NDArray[Any]:
        """Compute the gradients (N, I) with respect to the inputs, from `dlogits` (N, C)."""
        program = f"""
            const network = readModel(model), values = {_values(raw)};
            const inputs = values.length / {len(raw)};
            return {dlogits.tolist()}.map((slopes, k) => {{
                return Array.from(network.inputGradient(values.subarray(k * inputs, (k + 1) * inputs), slopes));
            }});"""
        return np.array(self.run(program, model=model_bytes(network), raw=raw.tobytes()))

    def pixels(self, drawings: Sequence[Any], framing: str = "digit") -> NDArray[np.uint8]:
        """Render and frame drawings: (N, 28, 28)."""
        program = "([drawings, framing]) => drawings.map((each) => Array.from(pixelsOf(each, framing)))"
        return np.array(self.page.evaluate(program, [drawings, framing]), np.uint8).reshape(-1, 28, 28)


def _values(raw: NDArray[Any]) -> str:
    return f"new {'Uint8Array' if raw.dtype == np.uint8 else 'Float32Array'}(raw)"
