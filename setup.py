"""Build: the modules that say `# cython: compiled` go through Cython to C, with bounds checks on.

Any C compiler will do: the system's, else the `ziglang` wheel; where neither works the package
still installs and runs from its .py files, slowly, and `interlock doctor` says so.

build/made-DIGEST/ keeps the C files and the compiled modules that these settings gave: an editable install,
`make build` and a wheel compile each module once between them, and again only when it or a .pxd that it
cimports changes.
"""

from __future__ import annotations

import filecmp
import hashlib
import importlib.util
import multiprocessing
import os
import re
import shutil
import sys
import sysconfig
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext
from setuptools.errors import CompileError, LinkError
from setuptools.modified import newer_group

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
    "show_performance_hints": False,
}
FLAGS = ["-O1", "-g0", "-w", "-fno-strict-aliasing"] if os.name == "posix" else ["/O2"]
"""-O1 was measured (docs/measurements.md): three fifths of the compiler's time, and decoding is no slower for it."""
ENGINE_FLAGS = ["-O2", *FLAGS[1:]] if os.name == "posix" else FLAGS
"""For what every packet of every protocol passes through (decode/*.py, capture/*.py), where -O2 is worth its time."""
SETTINGS = (
    FLAGS,
    ENGINE_FLAGS,
    DIRECTIVES,
    UTILITY,
    *(os.environ.get(name) for name in ("CC", "CFLAGS", "LDFLAGS")),
)
MADE = Path("build", f"made-{hashlib.sha256(repr(SETTINGS).encode()).hexdigest()[:8]}")


def compiled_modules() -> list[Path]:
    """Every module that says `# cython: compiled` in its first lines, the longest first."""
    found = []
    for path in sorted(SOURCE.rglob("*.py"), key=lambda path: (-path.stat().st_size, path)):
        with path.open(encoding="utf-8") as file:
            head = [file.readline() for _ in range(3)]
        if any(line.startswith("# cython: compiled") for line in head):
            found.append(path)
    return found


def dotted(path: Path) -> str:
    """src/interlock/decode/cursor.py → interlock.decode.cursor."""
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts)


def extensions() -> list[Extension]:
    """The modules to compile, as Python still: `BuildAnyway` turns them to C once it has a compiler."""
    if os.environ.get("INTERLOCK_NO_COMPILE"):
        return []
    utility = Extension(UTILITY, ["src/interlock/_cyutility.c"], extra_compile_args=FLAGS)
    return [
        utility,
        *(Extension(dotted(p), [str(p)], extra_compile_args=_flags(p)) for p in compiled_modules()),
    ]


def _flags(path: Path) -> list[str]:
    return FLAGS if "protocols" in path.parts else ENGINE_FLAGS


def jobs() -> int:
    """Compilers to run at once."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(8, usable)


def to_c(modules: list[Extension]) -> None:
    """Let Cython write what has no C file yet, or an older one than it or a .pxd that it cimports."""
    from Cython.Build import cythonize
    from Cython.Compiler import Options

    Options.docstrings = False
    forks = sys.platform == "linux"
    if forks:  # only forked workers know the option above, and need no entry point to import again
        multiprocessing.set_start_method("fork", force=True)
    made = cythonize(
        [Extension(module.name, list(module.sources)) for module in modules],
        compiler_directives=DIRECTIVES,
        build_dir=str(MADE / "c"),
        shared_utility_qualified_name=UTILITY,
        quiet=True,
        nthreads=jobs() if forks else 0,
    )
    sources = {extension.name: extension.sources for extension in made}
    for module in modules:
        module.sources = sources[module.name]


def place(made: Path, there: Path) -> None:
    """Copy a module to where it differs from what is there; it is there whole or not at all."""
    if there.exists() and filecmp.cmp(made, there, shallow=False):
        there.touch()
        return
    there.parent.mkdir(parents=True, exist_ok=True)
    part = there.with_name(f"{there.name}.{os.getpid()}.part")
    shutil.copy(made, part)
    part.replace(there)


class BuildAnyway(build_ext):
    """Falls back to zig's C compiler, then to no compiled modules at all; never to only some of them.

    INTERLOCK_COMPILED=1 makes a build that cannot compile an error (release wheels, CI).
    """

    def run(self) -> None:
        self.into_source = bool(self.inplace)  # the base class hides it while it builds
        super().run()

    def build_extensions(self) -> None:
        self.parallel = self.parallel or jobs()
        reason = self._prepare()
        if reason is None:
            try:
                to_c(self.extensions)
                super().build_extensions()
            except (CompileError, LinkError) as error:
                reason = str(error)
        if reason is not None:
            if os.environ.get("INTERLOCK_COMPILED"):
                raise SystemExit(f"cannot compile: {reason}")
            self.warn(f"Interlock will run uncompiled and slowly: {reason}")
            self._forget()

    def build_extension(self, ext: Extension) -> None:
        """Compile, or take what an earlier build kept."""
        target = Path(self.get_ext_fullpath(ext.name))
        kept = MADE / "modules" / self.get_ext_filename(ext.name)
        if self.force or newer_group([*ext.sources, *ext.depends], str(kept)):
            target.unlink(missing_ok=True)
            super().build_extension(ext)
            place(target, kept)
        else:
            place(kept, target)

    def copy_extensions_to_source(self) -> None:
        """Beside their .py files, where editable installs find them; what runs there now keeps what it has."""
        for extension in self.extensions:
            name = self.get_ext_filename(extension.name)
            place(Path(self.build_lib, name), SOURCE / name)

    def _prepare(self) -> str | None:
        """Choose a compiler; why there is none, or None."""
        if not Path(sysconfig.get_path("include"), "Python.h").exists():
            return "Python's headers are missing (on Debian: python3-dev)"
        if os.name != "posix" or shutil.which(self.compiler.compiler[0]):
            return None
        if importlib.util.find_spec("ziglang") is None:
            return "no C compiler, and no ziglang wheel"
        zig = [sys.executable, "-m", "ziglang", "cc", "-mcpu=baseline"]  # not for this very processor
        self.compiler.set_executables(compiler=zig, compiler_so=[*zig, "-fPIC"], linker_so=[*zig, "-shared"])
        return None

    def _forget(self) -> None:
        """Compiled and uncompiled classes do not mix: leave no extension behind, nor one of an earlier build."""
        for extension in self.extensions:
            Path(self.get_ext_fullpath(extension.name)).unlink(missing_ok=True)
            if self.into_source:
                (SOURCE / self.get_ext_filename(extension.name)).unlink(missing_ok=True)
        self.extensions = []


class TaggedWheel(bdist_wheel):
    """Says in the wheel's name where it runs: anywhere if nothing was compiled, else from the C library it needs on."""

    def get_tag(self) -> tuple[str, str, str]:
        modules = [path.read_bytes() for path in Path(self.bdist_dir).rglob("*.so")]
        if not self.root_is_pure and not modules and os.name == "posix":
            return "py3", "none", "any"
        python, abi, platform = super().get_tag()
        return python, abi, manylinux(modules, platform)


def manylinux(modules: list[bytes], platform: str) -> str:
    """linux_x86_64 → manylinux_2_17_x86_64, where nothing but the C library is needed and 2.17 has all of it.

    A version that is read too much (it stands in some text) only makes the claim smaller.
    Source: PEP 600; libraries and symbol versions stand as text in an ELF file's .dynstr.
    """
    needed = {
        int(minor) for octets in modules for minor in re.findall(rb"\0GLIBC_2\.(\d+)(?:\.\d+)?(?=\0)", octets)
    }
    libraries = {
        name for octets in modules for name in re.findall(rb"\0(lib[\w+-]+\.so[.\d]*)(?=\0)", octets)
    }
    allowed = {b"libc.so.6", b"libm.so.6", b"libpthread.so.0", b"libgcc_s.so.1"}
    if not platform.startswith("linux_") or not needed or not libraries <= allowed:
        return platform
    return f"manylinux_2_{max(17, *needed)}_{platform.removeprefix('linux_')}"


if __name__ == "__main__":
    setup(
        ext_modules=extensions(),
        cmdclass={"build_ext": BuildAnyway, "bdist_wheel": TaggedWheel},
    )
