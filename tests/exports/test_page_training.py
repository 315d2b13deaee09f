"""Training in an exported page: without a server, from a file on disk."""

import gzip
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, expect

import handgrad as hg
from page_window import strokes_of

TRAIN = """async (settings) => {
    const { backend } = window.handgrad, records = [];
    const { name } = await backend.start(settings);
    await new Promise((resolve, reject) => backend.follow(name, {
        record: (record) => records.push(record),
        state: ({ state, error }) => (state === "finished" ? resolve() : error && reject(new Error(error))),
    }));
    return { records, model: Array.from(new Uint8Array(await backend.model(name))) };
}"""
LINE = "(error) => error.message"
ADD_DIGIT = """(label) => window.handgrad.backend.collections.add("mine",
    { width: 0.08, strokes: [[[0.2, 0.2], [0.8, 0.8]]], label })"""
STORED = "handgrad digits"


@pytest.fixture
def page(browser: Browser, reader: bytes, tmp_path: Path) -> Iterator[Page]:
    (tmp_path / "model.safetensors").write_bytes(reader)
    hg.export(hg.load_model(tmp_path / "model.safetensors"), tmp_path / "page.html")
    with browser.new_context() as context:
        page = context.new_page()
        page.goto((tmp_path / "page.html").as_uri())
        page.wait_for_selector("html[data-ready]")
        yield page


def trained(page: Page, tmp_path: Path, **settings: Any) -> tuple[list[dict[str, Any]], hg.Network]:
    """Train in the page, and return the records and the network as Python reads it."""
    found = page.evaluate(TRAIN, settings)
    (tmp_path / "trained.safetensors").write_bytes(bytes(found["model"]))
    return found["records"], hg.load_model(tmp_path / "trained.safetensors")


def accuracy(network: hg.Network, data: hg.Dataset) -> float:
    return float(np.mean(network.predict(data.inputs) == data.labels))


def test_synthetic_digits_are_learned_and_the_model_is_read_by_python(page: Page, tmp_path: Path) -> None:
    records, network = trained(page, tmp_path, recipe="mlp", data="strokes:2000", epochs=6, seed=3)
    assert [record["epoch"] for record in records if record["validation_loss"] is not None] == [*range(1, 7)]
    assert records[-1]["step"] == 6 * 15 - 1  # 1,800 examples in batches of 128
    test = hg.load_data("strokes:2000:9").train  # of Python's generator
    assert accuracy(network, test) > 0.75
    again, same = trained(page, tmp_path, recipe="mlp", data="strokes:2000", epochs=6, seed=3)
    assert same.flat_parameters.tobytes() == network.flat_parameters.tobytes()
    assert again[-1]["validation_loss"] == records[-1]["validation_loss"]


def idx(array: NDArray[np.uint8]) -> bytes:
    return struct.pack(f">I{array.ndim}I", 0x800 + array.ndim, *array.shape) + array.tobytes()


def add(page: Page, tmp_path: Path, name: str, content: bytes) -> Any:
    """Give a file to the page, as its field for files does."""
    (tmp_path / name).write_bytes(content)
    page.evaluate("""() => { const input = document.createElement("input");
        Object.assign(input, { type: "file", id: "given" }); document.body.append(input); }""")
    page.set_input_files("#given", tmp_path / name)
    program = "(e) => e.message"
    call = f"""async () => {{ const input = document.getElementById("given"), [file] = input.files; input.remove();
        return window.handgrad.backend.addFile(file).catch({program}); }}"""
    return page.evaluate(call)


def test_files_of_mnist(page: Page, tmp_path: Path, digits: hg.Splits) -> None:
    images, labels = digits.train.inputs.reshape(-1, 28, 28), digits.train.labels.astype(np.uint8)
    packed = gzip.compress(idx(images))
    assert add(page, tmp_path, "train-images-idx3-ubyte.gz", packed) == {"train": 0, "test": 0}
    assert add(page, tmp_path, "train-labels-idx1-ubyte", idx(labels)) == {"train": len(labels), "test": 0}
    _, network = trained(page, tmp_path, recipe="mlp", data="mnist", epochs=8, hidden=[32])
    assert accuracy(network, digits.split("test")) > 0.6
    for content, words in (
        (packed[:-9], "cut short"),
        (idx(images)[:999], "cut short"),
        (idx(images[:, :14, :14]), "28×28"),
        (b"PNG" * 99, "not an IDX file"),
        (b"", "cut short"),
    ):
        line = add(page, tmp_path, "train-images", content)
        assert line.startswith("train-images: ")
        assert words in line


def test_trainings_that_cannot_start(page: Page, tmp_path: Path, digits: hg.Splits) -> None:
    images, labels = digits.train.inputs.reshape(-1, 28, 28), digits.train.labels.astype(np.uint8)

    def refused(**settings: Any) -> Any:
        start = "(settings) => window.handgrad.backend.start(settings).catch((error) => error.message)"
        return page.evaluate(start, {"recipe": "mlp", "data": "mnist", **settings})

    add(page, tmp_path, "train-images", idx(images))
    assert "600 images and 0 labels" in refused()
    add(page, tmp_path, "train-labels", idx(labels[:99]))
    assert "600 images and 99 labels" in refused()
    add(page, tmp_path, "train-labels", idx(labels + 7))
    assert "not a class of the network" in refused()
    assert "does not fit" in refused(hidden=[0], data="strokes:2000")
    assert "10000 units at most" in refused(hidden=[2_000_000], data="strokes:2000")
    assert "no digits yet" in refused(start=True, data="digits/none")
    page.evaluate(ADD_DIGIT, "cat")
    assert "'cat'" in refused(data="digits/mine")
    assert page.evaluate("window.handgrad.backend.runs()") == []


def test_two_tabs_share_the_digits(page: Page) -> None:
    """Each keeps what the other has added."""
    other = page.context.new_page()
    other.goto(page.url)
    other.wait_for_selector("html[data-ready]")
    stored = (
        "(count) => JSON.parse(localStorage.getItem('handgrad digits') ?? '[[0, []]]')[0][1].length === count"
    )
    for count, (tab, label) in enumerate(((page, "1"), (other, "2"), (page, "3"))):
        tab.wait_for_function(stored, arg=count)  # tabs see a change after a moment
        tab.evaluate(ADD_DIGIT, label)
    other.wait_for_function(stored, arg=3)
    found = other.evaluate("window.handgrad.backend.collections.read('mine')")
    assert [digit["label"] for digit in found] == ["1", "2", "3"]


@pytest.mark.parametrize(
    "stored", ["{", "5", '[["mine", 5]]', '[["mine", [{}, {"strokes": [["x"]], "label": "3"}]]]']
)
def test_damaged_digits_of_the_browser_are_left_out(page: Page, stored: str) -> None:
    errors: list[Any] = []
    page.on("pageerror", lambda error: errors.append(error))
    page.evaluate("([key, text]) => localStorage.setItem(key, text)", [STORED, stored])
    page.goto(page.url + "#digits")
    page.reload()
    page.wait_for_selector("html[data-ready]")
    page.evaluate(ADD_DIGIT, "1")
    found = page.evaluate("window.handgrad.backend.collections.read('mine')")
    assert [digit["label"] for digit in found] == ["1"]
    assert (
        len(page.evaluate("window.handgrad.backend.datasets()")) == 3
    )  # two generated ones, and digits/mine
    assert errors == []


def test_after_a_diverged_training_others_are_shown(page: Page) -> None:
    errors: list[Any] = []
    page.on("pageerror", lambda error: errors.append(error))
    page.goto(page.url + "#train/%ff")
    page.reload()
    page.wait_for_selector("html[data-ready]")
    rate, line = page.locator("#train-learning_rate"), page.locator(".view-line")
    page.locator("#train-length").fill("1")
    for value, text in (("1000000", "finite"), ("0.01", "Finished")):
        rate.fill(value)
        page.get_by_role("button", name="Start").click()
        expect(line).to_contain_text(text)
    page.get_by_role("button", name="Use this model").click()
    expect(page.locator("#facts")).to_contain_text("mlp-2")
    assert errors == []


def test_fine_tuning_begins_with_the_network_of_the_page(page: Page, tmp_path: Path) -> None:
    program = """(strokes) => Promise.all(strokes.map((strokes, label) =>
        window.handgrad.backend.collections.add("mine", { width: 0.08, strokes, label: String(label) })))"""
    page.evaluate(program, [strokes_of(str(label)) for label in range(10)])
    records, network = trained(page, tmp_path, start=True, data="digits/mine")
    assert records[0]["loss"] > records[-1]["loss"]
    assert records[-1]["train_accuracy"] == 1
    before = hg.load_model(tmp_path / "model.safetensors")
    assert 0 < np.abs(network.flat_parameters - before.flat_parameters).max() < 0.1
