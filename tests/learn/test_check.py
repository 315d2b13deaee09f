"""Checks run a learner's file in another process, and say what is wrong whatever the file does."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic, sleep

import numpy as np
import pytest

from handgrad.errors import HandgradError
from handgrad.learn.calls import call, decode
from handgrad.learn.catalog import FOLDER, exercises, learner_file
from handgrad.learn.check import UNMODIFIED, Report, check
from handgrad.learn.process import end_processes

EXERCISE = exercises()["ex05_dense_backward"]
DEFINITION = FOLDER / "ex05_dense_backward.py"
START = "import numpy as np\ndef dense_backward(dy, x, weights, dweights, dbiases):\n"
SUMS = "    dweights += dy.T @ x\n    dbiases += dy.sum(axis=0)\n"


def run(file: Path, body: str, start: str = START, seconds: float = 10) -> Report:
    file.write_text(start + body, "utf-8")
    return check(EXERCISE, DEFINITION, file, seconds)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ex05_dense_backward.py"


def test_file_with_holes_is_not_started(file: Path) -> None:
    report = run(file, "", learner_file(EXERCISE))
    assert (report.status, report.score) == ("not started", 0)


@pytest.mark.parametrize(
    ("body", "kind", "line"),
    [
        ("    return dy @\n", "SyntaxError", 3),
        ("    return unknown\n", "NameError", 3),
        ("    return dy @ x @ weights\n", "ValueError", 3),
        pytest.param("    exit()\n", "SystemExit", 3, marks=pytest.mark.slow),
        pytest.param("    raise KeyboardInterrupt\n", "KeyboardInterrupt", 3, marks=pytest.mark.slow),
        pytest.param("    return input()\n", "EOFError", 3, marks=pytest.mark.slow),
        ("    import os\n    os._exit(5)\n", "SystemExit", 0),
        pytest.param("    import ctypes\n    ctypes.string_at(0)\n", "Crash", 0, marks=pytest.mark.slow),
        pytest.param(
            "    return dense_backward(dy, x, weights, dweights, dbiases)\n",
            "RecursionError",
            3,
            marks=pytest.mark.slow,
        ),
        ("    np.zeros((10**5, 10**5))[:] = 1\n", "MemoryError", 3),
        pytest.param(
            "    try:\n        return 1 / 0\n    finally:\n        None.x\n",
            "AttributeError",
            6,
            marks=pytest.mark.slow,
        ),
    ],
)
def test_errors_are_reported_with_their_line(file: Path, body: str, kind: str, line: int) -> None:
    report = run(file, body)
    assert report.status == "failed"
    assert report.failure is not None
    assert (report.failure.type, report.failure.line) == (kind, line)
    if line:
        assert report.failure.text == file.read_text("utf-8").splitlines()[line - 1].strip()


def test_infinite_loop_ends_with_its_line(file: Path) -> None:
    report = run(file, "    while True:\n        pass\n", seconds=0.5)
    assert report.failure is not None
    assert report.failure.type == "TimeLimit"
    assert report.failure.line in (3, 4)


@pytest.mark.slow
def test_exceptions_that_are_caught_do_not_extend_the_time(file: Path) -> None:
    body = "    while True:\n        try:\n            dy.sum()\n        except BaseException:\n            pass\n"
    report = run(file, body, seconds=0.5)
    assert report.failure is not None
    assert report.failure.type == "TimeLimit"


@pytest.mark.slow
def test_started_processes_are_killed(file: Path, tmp_path: Path) -> None:
    place = tmp_path / "pid"
    body = (
        "    import subprocess\n"
        "    process = subprocess.Popen(['sleep', '60'])\n"
        f"    open({str(place)!r}, 'w').write(str(process.pid))\n"
    )
    run(file, body)
    state = Path(f"/proc/{place.read_text()}/stat")
    assert not state.exists() or state.read_text().split()[2] == "Z"


@pytest.mark.slow
def test_printing_without_end_is_stopped_and_kept_short(file: Path) -> None:
    report = run(file, "    while True:\n        print('x' * 10000)\n")
    assert report.failure is not None
    assert report.failure.line == 4


def test_prints_are_kept_and_do_not_disturb(file: Path) -> None:
    report = run(file, f"    print('hello')\n{SUMS}    return dy @ weights\n")
    assert report.status == "passed"
    assert "hello" in report.printed


def test_functions_of_other_names_are_reported(file: Path) -> None:
    report = run(file, "", "x = 1\n")
    assert report.failure is not None
    assert "dense_backward" in report.failure.message


@pytest.mark.parametrize(
    ("result", "described"),
    [
        ("None", "nothing"),
        ("'text'", "a value of the type str"),
        ("[1, 2]", "a list of 2"),
        ("dy @ weights, 1", "a tuple of 2"),
    ],
)
def test_results_of_wrong_types_are_described(file: Path, result: str, described: str) -> None:
    report = run(file, f"{SUMS}    return {result}\n")
    assert report.difference is not None
    assert report.difference.got == described


@pytest.mark.parametrize(
    ("body", "kinds"),
    [
        (f"{SUMS}    return (dy @ weights).astype(np.float32)\n", {"wrong-dtype"}),
        pytest.param(f"{SUMS}    return (dy @ weights)[None]\n", {"wrong-shape"}, marks=pytest.mark.slow),
        pytest.param(f"{SUMS}    return -dy @ weights\n", {"sign"}, marks=pytest.mark.slow),
        pytest.param(f"{SUMS}    return 3 * dy @ weights\n", {"wrong-constant"}, marks=pytest.mark.slow),
        pytest.param(f"{SUMS}    return 0 * dy @ weights\n", {"not-computed"}, marks=pytest.mark.slow),
        (f"{SUMS}    r = dy @ weights\n    dy *= 2\n    return r\n", {"modified-input"}),
        (
            "    dweights += dy @ x\n    dbiases += dy.sum(1)\n    return -dy @ weights\n",
            {"missing-transpose", "wrong-axis", "sign"},
        ),
    ],
)
def test_mistakes_of_any_function_are_named(file: Path, body: str, kinds: set[str]) -> None:
    assert {finding.kind for finding in run(file, body).findings} == kinds


def test_credit_is_given_for_each_property(file: Path) -> None:
    report = run(file, "    dweights[:] = dy.T @ x\n    dbiases += dy.sum(axis=0)\n    return dy @ weights\n")
    assert report.properties["random shapes"]
    assert report.properties[UNMODIFIED]
    assert not report.properties["a batch in chunks"]
    assert report.score == pytest.approx(1 - 1 / len(report.properties))


def test_wrong_solutions_get_no_credit_for_what_they_leave(file: Path) -> None:
    assert run(file, "    return dy\n").score == 0


def test_smallest_failing_case_and_first_wrong_entry_are_kept(file: Path) -> None:
    report = run(file, f"{SUMS}    dx = dy @ weights\n    dx[-1, -1] += 1\n    return dx\n")
    difference = report.difference
    assert difference is not None
    assert not isinstance(difference.got, str)
    sizes = [sum(np.size(v) for v in case.arguments.values()) for case in EXERCISE.all_cases()]
    assert sum(np.size(v) for v in difference.case.arguments.values()) == min(sizes)
    assert difference.index == tuple(size - 1 for size in difference.expected.shape)


def test_earlier_exercises_are_those_of_the_library(tmp_path: Path) -> None:
    (tmp_path / "ex03_dense.py").write_text("def dense(*arrays): return None")
    file = tmp_path / "ex05_dense_backward.py"
    start = "import numpy as np\nfrom ex03_dense import dense\n" + START.partition("\n")[2]
    body = f"    assert dense(x, weights, dbiases).shape == dy.shape\n{SUMS}    return dy @ weights\n"
    assert run(file, body, start).status == "passed"


@pytest.mark.parametrize("result", ["w * x, 0.0", "w @ x, 1", "(w @ x)[None], np.ones((1, 1))"])
def test_arrays_in_place_of_numbers_have_no_entry(tmp_path: Path, result: str) -> None:
    file = tmp_path / "ex01_neuron.py"
    file.write_text(f"import numpy as np\ndef neuron(x, w, b, t):\n    return {result}\n", "utf-8")
    difference = check(exercises()["ex01_neuron"], FOLDER / file.name, file).difference
    assert difference is not None
    assert not isinstance(difference.got, str)
    assert (difference.index is None) == (difference.got.shape != difference.expected.shape)


def test_code_beside_the_line_that_raises_is_a_beginning(file: Path) -> None:
    text = learner_file(EXERCISE).replace("    raise", "    dweights += dy.T @ x\n    raise")
    report = run(file, "", text)
    assert report.failure is not None
    assert report.failure.type == "NotImplementedError"


def test_files_that_cannot_be_read_fail(file: Path) -> None:
    with pytest.raises(HandgradError, match=file.name):
        check(EXERCISE, DEFINITION, file)
    for content in (b"\xff\xfe", b"#" * 2**21):
        file.write_bytes(content)
        failure = check(EXERCISE, DEFINITION, file).failure
        assert failure is not None
        assert failure.type == "Unreadable"
    file.unlink()
    file.mkdir()
    failure = check(EXERCISE, DEFINITION, file).failure
    assert failure is not None
    assert failure.type == "Unreadable"


HOSTILE = {
    "other files of the check are written": "    import os\n    os.write(3, b'[]\\n')\n",
    "open files are closed": "    import os\n    os.closerange(3, 50)\n",
    "files are closed by Python": "    import sys\n    sys.stdout.close()\n",
}


@pytest.mark.slow
@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_correct_functions_pass_whatever_they_do_to_files(file: Path, body: str) -> None:
    report = run(file, f"{body}{SUMS}    return dy @ weights\n")
    assert (report.status, report.printed) == ("passed", "")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("    import os, sys\n    os.remove(sys.argv[3])\n    os._exit(0)\n", "SystemExit"),
        (
            "    import sys\n    open(sys.argv[3], 'wb').write(b'\\xff{}\\n[1]\\n')\n    exit()\n",
            "SystemExit",
        ),
        ("    import os\n    os.kill(os.getpid(), 9)\n", "Crash"),
        ("    import json\n    json.dumps = None\n", "SystemExit"),
        ("    class E(Exception):\n        def __str__(self): raise self\n    raise E\n", "E"),
        ("    open(__file__, 'w').close()\n    while True: pass\n", "TimeLimit"),
        (
            "    import faulthandler as f\n    f.cancel_dump_traceback_later()\n    raise SystemExit\n",
            "SystemExit",
        ),
    ],
)
def test_hostile_code_is_a_failure(file: Path, body: str, kind: str) -> None:
    report = run(file, body, seconds=2)
    assert report.failure is not None
    assert report.failure.type == kind
    assert "worker" not in report.printed


@pytest.mark.slow
def test_checks_in_other_threads_can_be_ended(file: Path) -> None:
    start = monotonic()
    with ThreadPoolExecutor() as pool:
        report = pool.submit(run, file, "    while True:\n        pass\n")
        while not report.done() and monotonic() < start + 8:
            end_processes()
            sleep(0.01)
    assert monotonic() < start + 5


def test_texts_of_the_code_are_short_and_printable() -> None:
    failure = {"type": "\x1b[2J", "message": "\x9b\n" * 999, "line": 3, "text": "\u202e"}
    outcome = decode({"values": {}, "wrong": {"y": "a \x1b[2J"}, "modified": [], "failure": failure})
    assert outcome.failure is not None
    for text in (outcome.failure.type, outcome.failure.message, outcome.failure.text, outcome.wrong["y"]):
        assert text.isprintable()
        assert len(text) <= 300


def test_large_results_are_described() -> None:
    large = np.broadcast_to(0.0, (10**6, 10**6))
    outcome = call(lambda *arrays: large, EXERCISE, EXERCISE.all_cases()[0])
    assert outcome.wrong == {"dx": "an array of shape (1000000, 1000000)"}


@pytest.mark.slow
def test_helpers_beside_the_file_are_found_and_replace_nothing(file: Path) -> None:
    (file.parent / "mine.py").write_text("def product(a, b): return a @ b\n")
    (file.parent / "json.py").write_text("raise SystemExit\n")
    body = f"    from mine import product\n{SUMS}    return product(dy, weights)\n"
    assert run(file, body, f"\ufeff{START}").status == "passed"


@pytest.mark.slow
def test_nothing_of_the_library_changes(file: Path) -> None:
    body = "    import handgrad.kernels.dense as d\n    d.dense_backward = None\n    return 0\n"
    run(file, body)
    from handgrad.kernels import dense

    assert dense.dense_backward is not None
