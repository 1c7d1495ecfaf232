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
import sysconfig
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import CompileError, LinkError

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
    """Falls back to zig's C compiler, then to no compiled modules at all; never to only some of them.

    INTERLOCK_COMPILED=1 makes a build that cannot compile an error (release wheels, CI).
    """

    def build_extensions(self) -> None:
        self.parallel = self.parallel or min(2, os.cpu_count() or 1)
        reason = self._prepare()
        if reason is None:
            try:
                super().build_extensions()
            except (CompileError, LinkError) as error:
                reason = str(error)
        if reason is not None:
            if os.environ.get("INTERLOCK_COMPILED"):
                raise SystemExit(f"cannot compile: {reason}")
            self.warn(f"Interlock will run uncompiled and slowly: {reason}")
            self._forget()

    def _prepare(self) -> str | None:
        """Choose a compiler; why there is none, or None."""
        if not Path(sysconfig.get_path("include"), "Python.h").exists():
            return "Python's headers are missing (on Debian: python3-dev)"
        if os.name != "posix" or shutil.which(self.compiler.compiler[0]):
            return None
        if importlib.util.find_spec("ziglang") is None:
            return "no C compiler, and no ziglang wheel"
        zig = [sys.executable, "-m", "ziglang", "cc"]
        self.compiler.set_executables(compiler=zig, compiler_so=[*zig, "-fPIC"], linker_so=[*zig, "-shared"])
        return None

    def _forget(self) -> None:
        """Compiled and uncompiled classes do not mix: leave no extension behind."""
        for extension in self.extensions:
            Path(self.get_ext_fullpath(extension.name)).unlink(missing_ok=True)
        self.extensions = []


setup(ext_modules=extensions(), cmdclass={"build_ext": BuildAnyway})
