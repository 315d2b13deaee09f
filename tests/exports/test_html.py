"""The HTML export: one file that opens from disk, makes no requests, and recognizes drawn digits."""

import gzip
import json
import re
from base64 import b64decode
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Route, expect

import handgrad as hg
from handgrad.frontend import page_files
from handgrad.model.files import model_bytes
from page_window import strokes_of, windows

ACCURACY = "accuracy 97.9 % on validation data of <mnist>"
MODEL = r'id="model"[^>]*>(.*?)</script>'


@pytest.fixture
def exported(reader: bytes, tmp_path: Path) -> Path:
    """The export of a network that recognizes drawings."""
    (tmp_path / "model.safetensors").write_bytes(reader)
    network = hg.load_model(tmp_path / "model.safetensors")
    recipe = {"name": 'pen & "ink"', "loss": {"label_smoothing": 0.1}, "data": {"source": "/secret"}}
    hg.export(network, tmp_path / "digits.html", recipe=recipe, accuracy=ACCURACY)
    return tmp_path / "digits.html"


def test_drawn_digits_are_recognized_without_a_connection(browser: Browser, exported: Path) -> None:
    with windows(browser, exported.as_uri()) as open_window:
        window, requested = open_window("draw", offline=True), []
        page = window.page
        page.on("request", lambda request: requested.append(request.url.partition("#")[0]))
        window.go()
        for digit in ("3", "7"):
            window.draw(strokes_of(digit))
            window.reads(digit)
            page.get_by_role("button", name="Clear").click()
        assert {"Draw", "Step by step", "Train", "Digits"} <= {*window.sections.all_text_contents()}
        window.tab("Step by step")
        page.get_by_role("button", name="z1", exact=True).click()
        expect(page.get_by_text("The 10 largest of 784 terms")).to_be_visible()
        window.tab("Draw")
        facts = page.locator("#facts").inner_text()
        assert 'pen & "ink"' in facts
        assert ACCURACY in facts
        page.set_viewport_size({"width": 360, "height": 740})  # of a phone
        box = page.get_by_text(ACCURACY).bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 344
    assert {url for url in requested if not url.startswith("data:")} <= {exported.as_uri()}


def test_policy_forbids_every_request(browser: Browser, exported: Path) -> None:
    """The policy in the file forbids requests even with a network connection."""
    page, requests = browser.new_page(), []

    def answer(route: Route) -> None:
        requests.append(route.request.url)
        route.fulfill(body="")

    page.route("http://**/*", answer)
    page.goto(exported.as_uri())
    page.wait_for_selector("html[data-ready]")
    refused = page.evaluate("""async () => {
        const refused = [];
        addEventListener("securitypolicyviolation", (event) => refused.push(event.effectiveDirective));
        await fetch("http://page.test/").catch(() => {});
        await import("http://page.test/other.js").catch(() => {});
        const script = Object.assign(document.createElement("script"), { textContent: "window.injected = true" });
        document.body.append(script, Object.assign(new Image(), { src: "http://page.test/image.png" }));
        await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
        return [...refused, Boolean(window.injected)];
    }""")
    page.close()
    assert requests == []
    assert set(refused) == {"connect-src", "script-src-elem", "img-src", False}


def test_file_is_complete(exported: Path, tmp_path: Path) -> None:
    text = exported.read_text("utf-8")
    assert not re.search(r"""(?:href|src)\s*=\s*["'](?!data:|#)|url\((?!["']?data:)|@import""", text)
    (packed,) = re.findall(r'id="modules">(.*?)</script>', text)
    names = json.loads(gzip.decompress(b64decode(packed)))["imports"]
    urls = {name.removeprefix("handgrad/"): url for name, url in names.items()}
    modules = {name: b64decode(url.split(",")[1]).decode() for name, url in urls.items()}
    assert modules == {name: content for name, content in page_files().items() if name.endswith(".js")}
    for module in modules.values():
        pairs = re.findall(r'\bfrom\s+"handgrad/([^"]+)"|^import\s+"handgrad/([^"]+)"', module, re.MULTILINE)
        assert {name for pair in pairs for name in pair if name} <= set(modules)
    (model,) = re.findall(MODEL, text)
    network = hg.load_model(tmp_path / "model.safetensors")
    content = model_bytes(network, {"name": 'pen & "ink"', "loss": {"label_smoothing": 0.1}})
    assert b64decode(model) == content
    assert 'data-name="pen &amp; &quot;ink&quot;" data-accuracy="' in text


def test_parameters_in_float64_are_written_in_float32(tmp_path: Path) -> None:
    network = hg.load_recipe("mlp").build_network((1, 28, 28), dtype=np.float64)
    network.task = "multilabel"  # which can be drawn for, too
    hg.export(network, tmp_path / "mlp.html")
    text = (tmp_path / "mlp.html").read_text("utf-8")
    assert 'data-name="mlp">' in text  # without an accuracy
    (tmp_path / "m.safetensors").write_bytes(b64decode(re.findall(MODEL, text)[0]))
    found = hg.load_model(tmp_path / "m.safetensors").flat_parameters
    assert found.tobytes() == network.flat_parameters.astype(np.float32).tobytes()


@pytest.mark.parametrize("program", ["CompileError", "Error"])
def test_browsers_without_simd_get_one_line(browser: Browser, exported: Path, program: str) -> None:
    error = "WebAssembly.CompileError" if program == "CompileError" else "Error"
    with browser.new_page() as page:
        page.add_init_script(f"WebAssembly.compile = () => Promise.reject(new {error}('no'))")
        page.goto(exported.as_uri())
        page.wait_for_selector("html[data-ready]")
        assert page.locator(".problem:visible").inner_text().startswith("the networks of this page cannot")
