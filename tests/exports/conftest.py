"""Fixtures for exports: a browser that opens HTML exports, and a network that reads drawings."""

from page_fixtures import browser, reader

__all__ = ["browser", "reader"]
