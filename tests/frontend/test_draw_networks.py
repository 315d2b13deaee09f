"""The Draw section with networks of every kind: each is read, drawn for, and shown layer by layer."""

from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

import handgrad as hg
from drawing_board import Board, strokes_of
from handgrad.model.files import model_tensors, serialize_tensors
from page_fixtures import Open
from page_server import Site

pytestmark = pytest.mark.slow

FLAT, IMAGE = (784,), (1, 28, 28)
NETWORKS: dict[str, tuple[list[Any], tuple[int, ...], list[str]]] = {
    "no hidden layer": ([hg.Dense(10)], FLAT, ["What each output added up"]),
    "images into a dense layer": (
        [hg.Flatten(), hg.Dense(12), hg.Tanh(), hg.Dense(10)],
        IMAGE,
        ["Layer 1: Dense, Tanh", "What each output added up"],
    ),
    "deep": (
        [hg.Dense(300), hg.GELU(), hg.Dropout(0.2), hg.Dense(20), hg.Sigmoid(), hg.Dense(10)],
        FLAT,
        ["Layer 1: Dense, GELU", "Layer 2: Dense, Sigmoid", "What each output added up"],
    ),
    "maxout": (
        [hg.Dense(30), hg.Maxout(3), hg.Dense(10)],
        FLAT,
        ["Layer 1: Dense, Maxout", "What each output added up"],
    ),
    "convolution": (
        [hg.AvgPool2D(), hg.Conv2D(6), hg.BatchNorm(), hg.LeakyReLU(), hg.Flatten(), hg.Dense(10)],
        IMAGE,
        [
            "Layer 1: AvgPool2D",
            "Layer 2: Conv2D 3×3, BatchNorm, LeakyReLU",
            "What each output added up",
        ],
    ),
    "something behind the outputs": (
        [hg.Dense(10), hg.Tanh(), hg.Dense(10), hg.Tanh()],
        FLAT,
        ["Layer 1: Dense, Tanh", "What each output added up, before Tanh"],
    ),
}


def file_of(layers: list[Any], shape: tuple[int, ...], **settings: Any) -> bytes:
    network = hg.Network(layers, input_shape=shape, rng=np.random.default_rng(0))
    for name, value in settings.items():
        setattr(network, name, value)
    return serialize_tensors(*model_tensors(network))


def use(board: Board, site: Site, content: bytes) -> None:
    """Give the page another network, as training does."""
    site.model = content
    board.page.evaluate(
        """async () => {
            const { readModel } = await import("handgrad/model/network.js");
            const response = await fetch("./model/file", { cache: "no-store" });
            window.handgrad.setNetwork(readModel(await response.arrayBuffer()), "another");
        }"""
    )
    board.settle()


def test_networks_of_every_kind_are_shown(
    open_board: Open, site: Site, reader: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site, "model", reader)
    board = open_board()
    board.draw(strokes_of("3"))
    for name, (layers, shape, panels) in NETWORKS.items():
        use(board, site, file_of(layers, shape))
        headings = board.page.locator(".inside h2").all_text_contents()
        assert headings == panels, name
        assert "–" not in board.probabilities(), name
    use(board, site, file_of([hg.Dense(2000), hg.ReLU(), hg.Dense(10)], FLAT))
    expect(board.page.locator(".inside")).to_contain_text("The 192 of 2,000 with the largest weights.")


def test_the_last_layer_of_a_network_without_hidden_layers_adds_up_pixels(
    open_board: Open, site: Site, reader: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site, "model", reader)
    board = open_board()
    use(board, site, file_of([hg.Dense(10)], FLAT))
    board.draw(strokes_of("3"))
    assert len(board.page.locator(".top-units li").all_text_contents()) == 6


def test_many_classes_with_long_names(
    open_board: Open, site: Site, reader: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site, "model", reader)
    board = open_board(viewport={"width": 360, "height": 740})
    classes = tuple(f"{letter} as in {letter * 9}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    use(board, site, file_of([hg.Dense(8), hg.ReLU(), hg.Dense(26)], FLAT, classes=classes))
    board.draw(strokes_of("3"))
    assert len(board.probabilities()) == 26
    assert board.page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_network_of_other_pictures_gets_the_drawing_as_it_is(
    open_board: Open, site: Site, reader: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site, "model", reader)
    board = open_board()
    use(board, site, file_of([hg.Dense(10)], FLAT, framing="plain"))
    board.draw([[[0.1, 0.1], [0.3, 0.1]]])
    rows, columns = np.nonzero(board.pixels() > 127)
    assert (rows.min(), rows.max()) == (2, 3)
    assert (columns.min(), columns.max()) == (2, 8)
    expect(board.page.get_by_text("as you draw it")).to_be_visible()


def test_a_network_of_tables_cannot_read_drawings(
    open_board: Open, site: Site, reader: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site, "model", file_of([hg.Dense(3)], (4,)))
    board = open_board()
    expect(board.page.locator("#draw .problem")).to_contain_text("takes 4 numbers")
    board.draw(strokes_of("3"))
    use(board, site, reader)
    board.reads("3")
