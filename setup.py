"""Build: the modules named in COMPILED go through Cython to C, with bounds checks on.

Any C compiler will do: the system's, else the `ziglang` wheel; where neither works the package
still installs and runs from its .py files, slowly, and `interlock doctor` says so.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

SOURCE = Path("src")
UTILITY = "interlock._cyutility"
DIRECTIVES = {
    "language_level": 3,
    "boundscheck": True,
    "wraparound": False,
    "cdivision": True,
    "initializedcheck": False,
    "embedsignature": False,
    "binding": False,
    "auto_pickle": False,
}


def compiled_modules() -> list[Path]:
    """Every module that says `# cython: compiled` in its first lines."""
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        with path.open(encoding="utf-8") as file:
            head = [file.readline() for _ in range(3)]
        if any(line.startswith("# cython: compiled") for line in head):
            found.append(path)
    return found


def dotted(path: Path) -> str:
    """src/interlock/decode/cursor.py → interlock.decode.cursor."""
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts)


def extensions() -> list[Extension]:
    """The C extensions, or none where Cython cannot run."""
    if os.environ.get("INTERLOCK_NO_COMPILE"):
        return []
    from Cython.Build import cythonize
    from Cython.Compiler import Options

    Options.docstrings = False
    flags = ["-O2", "-g0", "-fno-strict-aliasing"] if os.name == "posix" else ["/O2"]
    utility = Path("build/cython/interlock/_cyutility.c")
    utility.parent.mkdir(parents=True, exist_ok=True)
    if not utility.exists():
        subprocess.run([sys.executable, "-m", "cython", f"--generate-shared={utility}"], check=True)
    modules = [Extension(dotted(p), [str(p)], extra_compile_args=flags) for p in compiled_modules()]
    built = cythonize(
        modules,
        compiler_directives=DIRECTIVES,
        build_dir="build/cython",
        shared_utility_qualified_name=UTILITY,
        quiet=True,
        nthreads=0,
    )
    return [Extension(UTILITY, [str(utility)], extra_compile_args=flags), *built]


class BuildAnyway(build_ext):
    """Falls back to zig's C compiler, then to no compiled modules at all."""

    def build_extensions(self) -> None:
        self.parallel = self.parallel or min(2, os.cpu_count() or 1)
        if os.name == "posix" and not shutil.which(self.compiler.compiler[0]):
            if importlib.util.find_spec("ziglang") is None:
                self.warn("no C compiler: Interlock will run uncompiled and slowly")
                self.extensions = []
                return
            zig = [sys.executable, "-m", "ziglang", "cc"]
            self.compiler.set_executables(compiler=zig, compiler_so=[*zig, "-fPIC"], linker_so=[*zig, "-shared"])
        super().build_extensions()


setup(ext_modules=extensions(), cmdclass={"build_ext": BuildAnyway})
