"""A few tabs hold a stream, and who closes one leaves it to another."""

import pytest

from page_server_process import OpenWindow

pytestmark = pytest.mark.slow

CLAIMS = """async (wanted) => {
    const { claim } = await import("handgrad/train/streams.js");
    window.held?.forEach((release) => release?.());
    await new Promise((done) => setTimeout(done));
    window.held = [await claim(), await claim(), await claim(), await claim()];
    return window.held.map(Boolean).join() === wanted;
}"""
"""Asks for four streams, and tells whether it got those that were expected; those of an earlier try go back."""


def test_streams_are_held_by_three_tabs(open_window: OpenWindow, trained: str) -> None:
    window = open_window()
    window.is_("finished")
    window.page.wait_for_function(CLAIMS, arg="true,true,true,false")
    other = open_window(beside=window)
    other.is_("finished")  # heard without a stream of its own
    other.page.wait_for_function(CLAIMS, arg="false,false,false,false")
    window.page.evaluate("window.held[1]()")
    other.page.wait_for_function(CLAIMS, arg="true,false,false,false")
    window.page.close()  # what it held is free
    other.page.wait_for_function(CLAIMS, arg="true,true,true,false")
