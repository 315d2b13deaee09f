"""Install the wheel in dist/ into clean environments and train ten steps: ``python tools/try_wheel.py [PYTHON ...]``.

PYTHON is a version such as 3.13; the default is every supported one that uv has or can download. Needs uv.
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = """
import platform, time
start = time.perf_counter()
import handgrad as hg
from handgrad.kernels.native import library
digits = hg.load_data("strokes:600")
network = hg.Network([hg.Dense(32), hg.ReLU(), hg.Dense(10)], input_shape=784, rng=0)
records = hg.fit(network, digits, optimizer=hg.Adam(0.003), batch_size=64, steps=10, seed=0)
assert records[-1].step == 9 and records[-1].loss < 2.2, records
names = ", ".join(library.suitable()) or "none"
seconds = time.perf_counter() - start
print(f"handgrad {hg.__version__}, Python {platform.python_version()}, {platform.machine()}, kernels {names}: "
      f"loss {records[-1].loss:.2f} in {seconds:.1f} s")
"""


def supported() -> list[str]:
    """Return the versions of Python in the classifiers of pyproject.toml."""
    classifiers = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["classifiers"]
    return [name.rpartition(" ")[2] for name in classifiers if re.search(r":: 3\.\d+$", name)]


def install_and_train(python: str, dist: Path = ROOT / "dist") -> str:
    """Install the wheel for this machine under a version of Python, train, and return the line that is printed."""
    with TemporaryDirectory() as folder:
        uv = ["uv", "--quiet"]
        subprocess.run([*uv, "venv", "--no-project", "--python", python, folder], check=True)
        target = ["--python", folder, "--find-links", str(dist), "--reinstall-package", "handgrad"]
        subprocess.run([*uv, "pip", "install", *target, "--only-binary", "handgrad", "handgrad"], check=True)
        command = [*uv, "run", "--no-project", "--python", folder, "python", "-c", PROGRAM]
        return subprocess.run(
            command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True
        ).stdout.strip()


if __name__ == "__main__":
    for version in sys.argv[1:] or supported():
        print(install_and_train(version), flush=True)
