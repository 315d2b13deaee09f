"""Compile the native kernels, and those of the page, whenever a wheel is built, `uv sync`'s editable one included.

HANDGRAD_BUILD_TARGET names another machine than this one (see tools/native_build.py), or `none`: only the page's.
"""

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).resolve().parent / "tools"))
import native_build

PACKAGE = "handgrad/kernels/native"


class NativeKernels(BuildHookInterface[Any]):
    """Put compiled libraries into the wheel or, for an editable install, beside their sources."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and without a compiler warn and build the pure wheel; a named target must compile."""
        self.temporary = TemporaryDirectory()
        editable = version == "editable"
        folder = native_build.SOURCES if editable else Path(self.temporary.name)
        name = os.environ.get("HANDGRAD_BUILD_TARGET")
        error = folder / "libhandgrad_error.txt"  # uv shows no warnings of a build: the loader reads this
        try:
            libraries = self.compile(name, folder)
            error.unlink(missing_ok=True)
        except (RuntimeError, OSError) as reason:
            native_build.remove_libraries(folder)  # also those that did compile
            if name:
                raise
            self.app.display_warning(f"handgrad without native kernels, slower by far: {reason}")
            error.write_text(f"{reason}\n", encoding="utf-8")
            libraries = []
        if libraries and not editable:
            build_data["tag"] = f"py3-none-{self.target.platform}"
            build_data["pure_python"] = False
        if not editable:
            build_data["force_include"] |= {str(path): f"{PACKAGE}/{path.name}" for path in folder.iterdir()}

    def compile(self, name: str | None, folder: Path) -> list[Path]:
        """Compile for the named target or for this machine, and for the page; return the libraries' paths."""
        if name == "none":
            native_build.remove_libraries(folder)
            native_build.compile_wasm(folder)
            return []
        if name and name not in native_build.TARGETS:
            targets = ", ".join(native_build.TARGETS)
            raise RuntimeError(f"HANDGRAD_BUILD_TARGET={name} is not one of {targets}, none")
        target = native_build.TARGETS[name] if name else native_build.local_target()
        if target is None:
            raise RuntimeError(f"no native kernels exist for {sys.platform} on this processor")
        self.target = target
        native_build.compile_wasm(folder)
        return native_build.compile_libraries(target, folder)

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove the compiled libraries, which are in the wheel by now."""
        self.temporary.cleanup()
