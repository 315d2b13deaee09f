"""Build the source distribution and the wheels of all platforms into dist/, and check them.

``python tools/build_wheels.py [TARGET ...]``, on one Linux machine with uv; the default is everything.
"""

import os
import re
import struct
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

from native_build import TARGETS, WASM, Target

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"
LARGEST = 3_000_000
MACHINES = {"x86_64": (62, 0x01000007, 0x8664), "aarch64": (183, 0x0100000C, 0xAA64)}
"""How ELF, Mach-O and PE files name a processor."""


def build(target: str) -> Path:
    """Build the wheel of a target, or the source distribution for "sdist"."""
    before = {path: path.stat().st_mtime_ns for path in DIST.glob("handgrad-*")}
    kind = "--sdist" if target == "sdist" else "--wheel"
    command = ["uv", "build", "--quiet", kind, "--out-dir", str(DIST), str(ROOT)]
    subprocess.run(command, env={**os.environ, "HANDGRAD_BUILD_TARGET": target}, check=True)
    return next(path for path in DIST.glob("handgrad-*") if before.get(path) != path.stat().st_mtime_ns)


def check_size(path: Path) -> None:
    """Raise ValueError if a distribution is too large."""
    if path.stat().st_size >= LARGEST:
        raise ValueError(f"{path.name} has {path.stat().st_size:,} bytes, more than {LARGEST:,}")


def check_wheel(path: Path, target: Target | None) -> None:
    """Raise ValueError if a wheel's tag or libraries do not suit its target; None is the pure wheel."""
    tag = f"py3-none-{target.platform if target else 'any'}"
    if not path.name.endswith(f"-{tag}.whl"):
        raise ValueError(f"{path.name} should be tagged {tag}")
    with ZipFile(path) as wheel:
        libraries = {Path(name).name: wheel.read(name) for name in wheel.namelist() if "libhandgrad" in name}
        has_page = any(name.endswith(WASM) for name in wheel.namelist())
    names = {f"libhandgrad_{name}{target.suffix}" for name in target.instruction_sets} if target else set()
    if set(libraries) != names:
        raise ValueError(f"{path.name} should contain {sorted(names)}, not {sorted(libraries)}")
    if not has_page:
        raise ValueError(f"{path.name} should contain {WASM}")
    for name, content in libraries.items():
        if target and (problem := problem_of_library(content, target)):
            raise ValueError(f"{name} in {path.name} {problem}")
    if len({exported_functions(content) for content in libraries.values()}) > 1:
        raise ValueError(f"the libraries in {path.name} export different functions")


def problem_of_library(content: bytes, target: Target) -> str | None:
    """Return what is wrong with a library, or None."""
    elf, mach_o, pe = MACHINES[target.triple.split("-")[0]]
    if target.suffix == ".so":
        fits = struct.unpack_from("<4s14xH", content) == (b"\x7fELF", elf)
    elif target.suffix == ".dylib":
        fits = struct.unpack_from("<II", content) == (0xFEEDFACF, mach_o)
    else:
        header = struct.unpack_from("<I", content, 0x3C)[0]
        fits = struct.unpack_from("<4sH", content, header) == (b"PE\0\0", pe)
    if not fits:
        return f"is not for {target.triple}"
    if not exported_functions(content):
        return "exports no functions"
    glibc = [(int(major), int(minor)) for major, minor in re.findall(rb"GLIBC_(\d+)\.(\d+)", content)]
    if max(glibc, default=(0, 0)) > (2, 17):
        return "needs a newer glibc than 2.17"
    return "depends on glibc" if glibc and "gnu" not in target.triple else None


def exported_functions(content: bytes) -> frozenset[bytes]:
    """Return the names of a library's kernels, as its symbol table has them."""
    return frozenset(name.removeprefix(b"_") for name in re.findall(rb"\0(\w+_f(?:32|64))(?=\0)", content))


if __name__ == "__main__":
    for name in sys.argv[1:] or ["sdist", *TARGETS, "none"]:
        path = build(name)
        check_size(path)
        if name != "sdist":
            check_wheel(path, TARGETS.get(name))
        print(f"{path.name}  {path.stat().st_size / 1e6:.2f} MB", flush=True)
