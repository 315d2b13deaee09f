"""The table of the benchmarks comes from published results."""

import json
import re
from importlib import import_module

import pytest

from documents import ROOT

README = (ROOT / "bench" / "README.md").read_text("utf-8")
PUBLISHED = [
    (name, json.loads((ROOT / "bench" / "results" / f"{name}.json").read_text("utf-8")))
    for name in re.findall(r"<!-- results: (\S+) -->", README)
]


@pytest.fixture(autouse=True)
def _bench_can_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT))


def test_the_table_has_every_contestant_with_its_best_number_of_threads() -> None:
    from bench.contest import Result, rate
    from bench.report import overview

    seconds = [("handgrad", 2, 0.01), ("handgrad, v3", 2, 0.011), ("PyTorch", 1, 0.07), ("PyTorch", 2, 0.08)]
    results = [
        *(Result(name, threads, turns=[{"seconds": s}, {"seconds": 2 * s}]) for name, threads, s in seconds),
        Result("NumPy", 1, missing="numpy"),
    ]
    rate(results, "handgrad")
    written = {"machine": PUBLISHED[0][1]["machine"], "rounds": 2, "scaling": {}}
    written["rows"] = {"classic": json.loads(json.dumps([result.as_dict() for result in results]))}
    row = overview(written).splitlines()[-1]
    ours, peer = "`classic`, one full-batch iteration | 15 ms | 16.5 ms, 1.1×", "PyTorch 105 ms | 7×"
    assert row == f"| {ours} | {peer} |"


def test_the_readme_shows_the_results_that_it_names_and_publishing_replaces_them() -> None:
    from bench.publish import put_into

    for name, results in PUBLISHED:
        assert put_into(README, name, results) == README
    renamed = put_into(README, "two", PUBLISHED[0][1])
    assert renamed != README
    assert put_into(renamed, PUBLISHED[0][0], PUBLISHED[0][1]) == README
    with pytest.raises(ValueError, match="needs the comments"):
        put_into("nothing", *PUBLISHED[0])


def test_targets_of_a_row_name_its_contestants() -> None:
    from bench.rows import ROWS

    for row in ROWS.values():
        module, *numbers = row.work.split()
        names = import_module(f"bench.work.{module}").contestants(*map(int, numbers))
        assert {row.ours, *row.peers, *row.limits} <= set(names)
