"""``mpiexec -n N handgrad train``: one of the ranks writes and prints, and the run is that of one process."""

import json
import subprocess
from pathlib import Path

import pytest

from fixture_types import Cli
from handgrad.training.records import load_records
from rank_fixtures import HANDGRAD, RECIPE, Begin, Mpi, apart, files, losses

THREE = [*RECIPE, "--epochs", "3"]


@pytest.fixture(scope="module")
def whole(mpiexec: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A run on two ranks, and what was printed."""
    place = tmp_path_factory.mktemp("whole")
    done = subprocess.run(
        [mpiexec, "-n", "2", *HANDGRAD, *THREE, "--threads", "1", "--out", "RUN"],
        cwd=place,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return place / "RUN", done.stdout


def test_two_ranks_leave_the_run_of_one_process(whole: tuple[Path, str], cli: Cli, tmp_path: Path) -> None:
    alone = cli(*THREE, "--out", "RUN")
    folder, printed = whole
    told = [line for line in printed.splitlines() if line]
    assert len(set(told)) == len(told)  # by one rank
    assert told[:2] == alone.stdout.splitlines()[:2]
    assert "2 ranks of 1 thread" in printed
    assert told[-1] == "saved    RUN"
    assert files(folder).keys() == files(tmp_path / "RUN").keys()
    assert files(folder)["recipe.toml"] == files(tmp_path / "RUN")["recipe.toml"]
    assert losses(folder) == pytest.approx(losses(tmp_path / "RUN"), rel=1e-4)
    assert len(losses(folder)) == 6


@pytest.mark.slow
def test_what_is_stopped_and_resumed_on_as_many_ranks_comes_out_the_same(
    whole: tuple[Path, str], mpi: Mpi, tmp_path: Path
) -> None:
    first = mpi(2, *THREE, "--threads", "1", "--time-limit", "0.001s", "--out", "RUN")
    assert (first.returncode, first.stderr) == (0, "")
    assert "at the time limit after" in first.stdout
    assert "; resume with: mpiexec -n 2 handgrad resume RUN\n" in first.stdout
    second = mpi(2, "resume", "RUN", "--threads", "1", "--json")
    assert (second.returncode, second.stderr) == (0, "")
    assert files(tmp_path / "RUN") == files(whole[0])
    *records, result = [json.loads(line) for line in second.stdout.splitlines()]
    assert [record["epoch"] for record in records] == [1, 2, 3]
    assert result["test_examples"] == 200


@pytest.mark.slow
def test_the_same_ranks_and_threads_leave_the_same_bits(mpi: Mpi, tmp_path: Path) -> None:
    for name in ("RUN", "AGAIN"):
        done = mpi(2, *THREE, "--threads", "2", "--out", name)
        assert (done.returncode, done.stderr) == (0, "")
    assert files(tmp_path / "AGAIN") == files(tmp_path / "RUN")
    assert losses(tmp_path / "AGAIN") == losses(tmp_path / "RUN")


@pytest.mark.slow
def test_a_run_goes_on_on_another_number_of_ranks(mpi: Mpi, cli: Cli, tmp_path: Path) -> None:
    whole = cli(*THREE, "--out", "WHOLE")
    assert whole.returncode == 0
    assert mpi(2, *THREE, "--time-limit", "0.001s", "--out", "RUN").returncode == 0
    second = mpi(4, "resume", "RUN", "--time-limit", "0.001s")
    assert (second.returncode, second.stderr) == (0, "")
    assert cli("resume", "RUN").returncode == 0
    assert losses(tmp_path / "RUN")[-2:] == pytest.approx(losses(tmp_path / "WHOLE")[-2:], rel=1e-3)


@pytest.mark.slow
def test_only_rank_0_needs_the_run_folder(mpi: Mpi, tmp_path: Path) -> None:
    (there := tmp_path / "there").mkdir()
    assert apart(mpi, [*THREE, "--time-limit", "0.001s", "--out", "RUN"], THREE, there).returncode == 0
    done = apart(mpi, ["resume", "RUN"], ["resume", "RUN"], there)
    assert (done.returncode, done.stderr) == (0, "")
    assert load_records(tmp_path / "RUN")[-1].epoch == 3
    assert not list(there.iterdir())


@pytest.mark.slow
def test_without_data_and_a_folder_it_is_told_once_and_one_is_made(mpi: Mpi, tmp_path: Path) -> None:
    done = mpi(2, "train", "classic", "--steps", "2", "--tensorboard")
    assert done.returncode == 0
    (notice,) = done.stderr.splitlines()
    assert "strokes" in notice
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["classic-1"]
    assert len(list((tmp_path / "runs").rglob("events.*"))) == 1


@pytest.mark.slow
def test_ranks_start_from_a_model(mpi: Mpi, cli: Cli, tmp_path: Path) -> None:
    assert cli(*RECIPE, "--epochs", "1", "--out", "FIRST").returncode == 0
    going_on = ["train", "--from", "FIRST", "--seed", "5"]
    assert cli(*going_on, "--out", "ALONE").returncode == 0
    done = mpi(2, *going_on, "--out", "RUN")
    assert (done.returncode, done.stderr) == (0, "")
    assert losses(tmp_path / "RUN") == pytest.approx(losses(tmp_path / "ALONE"), rel=1e-4)
    assert losses(tmp_path / "RUN")[0] < losses(tmp_path / "FIRST")[0]


@pytest.mark.slow
def test_ranks_that_start_from_other_models_are_refused(mpi: Mpi, cli: Cli, tmp_path: Path) -> None:
    for seed, folder in (("1", "."), ("2", "there")):
        (tmp_path / folder).mkdir(exist_ok=True)
        command = [*RECIPE, "--epochs", "1", "--seed", seed, "--out", f"{folder}/FIRST"]
        assert cli(*command).returncode == 0
    program = [*HANDGRAD, "train", "mlp", "--from", "FIRST", "--data", "strokes:300", "--out", "RUN"]
    done = mpi(["-n", "1", *program, ":", "-n", "1", "-wdir", str(tmp_path / "there"), *program])
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "rank 1 differs from rank 0 in its parameters;" in line
    assert not (tmp_path / "RUN").exists()
    for path in (tmp_path / "there" / "FIRST").glob("*.safetensors"):
        path.unlink()
    done = mpi(["-n", "1", *program, ":", "-n", "1", "-wdir", str(tmp_path / "there"), *program])
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("handgrad: rank 1: ")
    assert str(tmp_path / "there" / "FIRST") in line


@pytest.mark.slow
def test_no_second_program_works_in_the_folder_and_the_end_of_input_stops_all(
    mpi: Mpi, begin: Begin, cli: Cli, tmp_path: Path
) -> None:
    process = begin(2, "--epochs", "4000", "--attached")
    for second in (cli("resume", "RUN"), mpi(2, "resume", "RUN")):
        assert second.returncode == 1
        (line,) = second.stderr.splitlines()
        assert "another program is at work in RUN" in line
    assert process.poll() is None  # other ranks have no input, which is no wish of theirs
    _, stderr = process.communicate(timeout=60)  # closes the input
    assert process.returncode == 130
    (line,) = stderr.splitlines()
    assert "saved in RUN; resume with: mpiexec -n 2 handgrad resume RUN" in line
    assert len(load_records(tmp_path / "RUN")) >= 2


def test_other_commands_answer_once(mpi: Mpi, cli: Cli) -> None:
    done = mpi(2, "recipes", "list")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == cli("recipes", "list").stdout


@pytest.mark.slow
def test_tests_of_ranks_are_skipped_only_where_nobody_demands_them(tmp_path: Path) -> None:
    """Where there is no mpiexec beside Python."""
    tests = Path(__file__).parent.parent
    (tmp_path / "python").symlink_to(HANDGRAD[0])
    command = [HANDGRAD[0], "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "elsewhere"]
    command += [str(tests / "cli" / "test_training_on_ranks.py"), "-k", "other_commands"]
    (tmp_path / "elsewhere.py").write_text(f"import sys; sys.executable = {str(tmp_path / 'python')!r}")
    for demanded, expected in (("", "1 skipped"), ("1", "mpi4py and mpich are not installed")):
        done = subprocess.run(
            command,
            cwd=tests.parent,
            env={"PATH": "", "PYTHONPATH": str(tmp_path), "HANDGRAD_REQUIRE_MPI": demanded},
            capture_output=True,
            text=True,
        )
        assert (done.returncode != 0) == bool(demanded), done.stdout
        assert expected in done.stdout
        assert "mpi4py and mpich are not installed: uv sync --extra mpi" in done.stdout
