"""Training in an exported page, in a browser: seconds, and the accuracy that Python measures with the model.

    HANDGRAD_BROWSER=chromium uv run --group dev python -m bench.page [--rounds N]

An untrained `mlp` is exported as a page, which opens from disk. It gets MNIST's files, trains 784-128-10 on 54,000
images with the settings of the page and validates on 6,000; Python reads the resulting model. Then the page
fine-tunes a model on ten digits. At the end the mouse draws lines while the page trains, and the times between frames
are measured. MNIST is looked for in `$HANDGRAD_DATA/mnist`.
"""

import argparse
import os
import shutil
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from bench.machine import describe
from playwright.sync_api import Browser, Page, sync_playwright

import handgrad as hg

FILES = ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz")
ADD = """async (input) => {
    for (const file of input.files) await window.handgrad.backend.addFile(file);
}"""
TRAIN = """async (settings) => {
    const { backend } = window.handgrad;
    const begin = performance.now();
    const { name } = await backend.start(settings);
    await new Promise((resolve, reject) => backend.follow(name, {
        record() {},
        state: ({ state, error }) => (state === "finished" ? resolve() : error && reject(new Error(error))),
    }));
    const seconds = (performance.now() - begin) / 1000;
    return { seconds, model: Array.from(new Uint8Array(await backend.model(name))) };
}"""
FRAMES = """() => {
    window.spans = [];
    let last = performance.now();
    requestAnimationFrame(function frame(now) {
        window.spans.push(now - last);
        last = now;
        requestAnimationFrame(frame);
    });
}"""
COLLECT = """(strokes) => Promise.all(strokes.map((stroke, label) =>
    window.handgrad.backend.collections.add("ten", { width: 0.08, strokes: [stroke], label: String(label) })))"""


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    test, machine = hg.load_data("mnist").test, describe()
    assert test is not None
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        name = os.environ.get("HANDGRAD_BROWSER") or "chromium"
        kind, channel = (
            (playwright.firefox, "moz-firefox") if "firefox" in name else (playwright.chromium, None)
        )
        with kind.launch(executable_path=shutil.which(name), channel=channel) as browser:
            page = open_page(browser, Path(folder) / "page.html")
            print(
                f"{machine['processor']}, {machine['cores']} cores; {name} {browser.version}; {rounds} rounds\n"
            )
            print("| work | seconds | accuracy on MNIST's test images |\n|---|---:|---:|")
            for work, settings in {
                "784-128-10 on MNIST": {"recipe": "mlp", "data": "mnist"},
                "784-128-10 on `strokes:20000`": {"recipe": "mlp", "data": "strokes:20000"},
                "fine-tuning of an untrained model on ten digits": {"start": True, "data": "digits/ten"},
            }.items():
                found = [train(page, Path(folder), test, settings, seed) for seed in range(rounds)]
                seconds, accuracies = zip(*found, strict=True)
                spread = f"{min(seconds):.2f} to {max(seconds):.2f}"
                share = "" if "ten" in work else f"{np.mean(accuracies):.2%} ± {np.std(accuracies):.2%}"
                print(f"| {work} | {median(seconds):.2f} ({spread}) | {share} |", flush=True)
            idle, busy = frames(page), frames(page, training=True)
            print(
                f"\nFrames while drawing: 99 % in {idle[0]:.1f} ms, longest {idle[1]:.1f} ms; "
                f"during a training 99 % in {busy[0]:.1f} ms, longest {busy[1]:.1f} ms"
            )


def open_page(browser: Browser, path: Path) -> Page:
    """Export a page, open it, and give it MNIST's files and ten lines as digits."""
    network = hg.load_recipe("mlp").build_network((1, 28, 28))
    network.scaling, network.framing = hg.Scaling.of_bytes(), "digit"
    hg.export(network, path)
    page = browser.new_page()
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-ready]")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<input type=file multiple id=given>')")
    folder = Path(os.environ.get("HANDGRAD_DATA", "."), "mnist")
    page.set_input_files("#given", [folder / name for name in FILES])
    page.locator("#given").evaluate(ADD)
    page.evaluate(COLLECT, [[[0.1 * k, 0.1], [0.5, 0.9 - 0.05 * k]] for k in range(10)])
    return page


def train(
    page: Page, folder: Path, test: hg.Dataset, settings: dict[str, Any], seed: int
) -> tuple[float, float]:
    """Train once, and return the seconds and the accuracy of the model."""
    found = page.evaluate(TRAIN, {**settings, "seed": seed})
    (folder / "model.safetensors").write_bytes(bytes(found["model"]))
    network = hg.load_model(folder / "model.safetensors")
    return found["seconds"], float(np.mean(network.predict(test.inputs) == test.labels))


def frames(page: Page, training: bool = False) -> tuple[float, float]:
    """Draw for some seconds, and return the 99th percentile and the maximum of the milliseconds between frames."""
    if training:
        settings = {"recipe": "mlp", "data": "strokes:20000", "epochs": 1000}
        page.evaluate("(settings) => void window.handgrad.backend.start(settings)", settings)
        page.wait_for_timeout(3000)
    page.evaluate(FRAMES)
    for k in range(20):
        page.mouse.move(100 + 10 * k, 150)
        page.mouse.down()
        page.mouse.move(250, 350, steps=20)
        page.mouse.up()
    times = page.evaluate("window.spans")
    return float(np.percentile(times, 99)), float(np.max(times))


if __name__ == "__main__":
    main()
