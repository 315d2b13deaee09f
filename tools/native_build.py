"""Compile the native kernels with zig, for this machine or any other.

By hand: ``python tools/native_build.py TARGET FOLDER``, e.g. with the target ``macosx_11_0_arm64`` or ``local``.
"""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

SOURCES = Path(__file__).resolve().parents[1] / "src/handgrad/kernels/native"
UNITS = [str(SOURCES / "float32.c"), str(SOURCES / "float64.c")]
FREESTANDING = Path(__file__).resolve().parent / "freestanding"
ZIG = [
    *(sys.executable, "-m", "ziglang", "cc", "-std=gnu11", "-O3", "-ffp-contract=on", "-fno-math-errno"),
    "-fvisibility=hidden",
]


@dataclass(frozen=True)
class InstructionSet:
    """What zig calls an instruction set, and how long its vectors are."""

    cpu: str
    vector_bytes: int


X86_64 = {
    "v2": InstructionSet("x86_64_v2", 16),
    "v3": InstructionSet("x86_64_v3", 32),
    "v4": InstructionSet("x86_64_v4", 64),
}
AARCH64 = {"neon": InstructionSet("baseline", 16)}


@dataclass(frozen=True)
class Target:
    """A platform: its tag in the name of a wheel, zig's name for it, and the libraries that it gets."""

    platform: str
    triple: str
    instruction_sets: dict[str, InstructionSet]
    suffix: str = ".so"


TARGETS = {
    target.platform: target
    for target in (
        Target("manylinux_2_17_x86_64", "x86_64-linux-gnu.2.17", X86_64),
        Target("manylinux_2_17_aarch64", "aarch64-linux-gnu.2.17", AARCH64),
        Target("musllinux_1_1_x86_64", "x86_64-linux-musl", X86_64),
        Target("musllinux_1_1_aarch64", "aarch64-linux-musl", AARCH64),
        Target("macosx_10_13_x86_64", "x86_64-macos.10.13", X86_64, ".dylib"),
        Target("macosx_11_0_arm64", "aarch64-macos.11.0", AARCH64, ".dylib"),
        Target("win_amd64", "x86_64-windows-gnu", X86_64, ".dll"),
    )
}


WASM = "kernels.wasm"
"""The kernels for the page, in the same folder as the libraries."""


def local_target() -> Target | None:
    """Return the target whose wheels this Python can install, or None."""
    from packaging.tags import platform_tags  # of hatchling's dependencies

    return next((TARGETS[tag] for tag in platform_tags() if tag in TARGETS), None)


def compile_libraries(target: Target, folder: Path) -> list[Path]:
    """Compile one library per instruction set into a folder and return their paths.

    A library newer than its sources is kept. An outdated one never survives a failure, because its functions may
    take other arguments than those of today.

    Raises
    ------
    RuntimeError
        If zig is missing or fails; the message is zig's.
    """
    libraries = {folder / f"libhandgrad_{name}{target.suffix}": name for name in target.instruction_sets}

    def compile_library(path: Path) -> None:
        instruction_set = target.instruction_sets[libraries[path]]
        options = [
            *("-target", target.triple, f"-mcpu={instruction_set.cpu}"),
            *(f"-DVECTOR_BYTES={instruction_set.vector_bytes}", "-shared", "-s"),
        ]
        if target.suffix == ".dll":  # no C library: for Windows zig would compile one, for a minute or two
            options += ["-nostdlib", "-I", str(FREESTANDING), str(FREESTANDING / "runtime.c")]
        else:
            options.append("-fPIC")
        if target.suffix == ".dylib":
            options.append(f"-Wl,-install_name,@rpath/{path.name}")
        _compile(options, path)

    with ThreadPoolExecutor() as pool:
        list(pool.map(compile_library, remove_outdated(list(libraries))))
    return list(libraries)


def compile_wasm(folder: Path) -> Path:
    """Compile the kernels to a WebAssembly module with SIMD and without imports, and return its path.

    Raises
    ------
    RuntimeError
        If zig is missing or fails; the message is zig's.
    """
    path = folder / WASM
    if remove_outdated([path]):
        options = [
            *(
                "-target",
                "wasm32-freestanding",
                "-mcpu=generic+simd128+bulk_memory",
                "-DVECTOR_BYTES=16",
                "-DMOST_CLASSES=1000",
                "-s",
            ),
            *("-nostdlib", "-Wl,--no-entry", "-Wl,--export-dynamic"),
            *("-I", str(FREESTANDING), str(FREESTANDING / "runtime.c")),
        ]
        _compile(options, path)
    return path


def remove_outdated(paths: list[Path]) -> list[Path]:
    """Remove those files that are older than the sources, and return what is to be compiled."""
    sources = [*SOURCES.glob("*.[ch]"), *FREESTANDING.iterdir(), Path(__file__)]
    changed = max(source.stat().st_mtime for source in sources)
    outdated = [path for path in paths if not path.exists() or path.stat().st_mtime <= changed]
    for path in outdated:
        path.unlink(missing_ok=True)
    return outdated


def _compile(options: list[str], path: Path) -> None:
    """Compile both scalar types beside a file, and rename the result."""
    with TemporaryDirectory(dir=path.parent, prefix="libhandgrad_build_") as temporary:
        run_zig([*options, *UNITS, "-o", path.name], temporary)
        (Path(temporary) / path.name).replace(path)


def run_zig(arguments: list[str], folder: Path | str) -> None:
    """Run zig's C compiler in a folder.

    Raises
    ------
    RuntimeError
        If zig is missing or fails; the message is zig's.
    """
    result = subprocess.run([*ZIG, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    if result.returncode:
        raise RuntimeError(result.stderr.strip() or f"zig failed with status {result.returncode}")


def remove_libraries(folder: Path) -> None:
    """Remove every compiled library, and the kernels of the page, from a folder."""
    for path in [*folder.glob("libhandgrad_*.*"), *folder.glob(WASM)]:
        path.unlink()


if __name__ == "__main__":
    name, folder = sys.argv[1:]
    target = local_target() if name == "local" else TARGETS[name]
    if target is None:
        sys.exit(f"no target suits this machine; the targets are {', '.join(TARGETS)}")
    for path in [*compile_libraries(target, Path(folder)), compile_wasm(Path(folder))]:
        print(path)
