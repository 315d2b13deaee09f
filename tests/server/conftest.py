"""The fixture of most tests here: an application in this process, without data sets that were downloaded."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from served import client, small_network


@pytest.fixture
def api(tmp_path: Path, offline: None) -> Iterator[TestClient]:
    """A client of an application with a model, whose runs and digits are below `tmp_path`."""
    with client(tmp_path, small_network()) as found:
        yield found
