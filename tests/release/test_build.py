"""setup.py on a small package of its own: what is compiled when, and what stands where nothing can be compiled."""

from __future__ import annotations

import importlib.util
import os
import runpy
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from tests.release.tree import ROOT

PACKAGE = {
    "__init__.py": "",
    "base.py": "# cython: compiled\nclass Base:\n    def twice(self):\n        return 2 * self.number\n",
    "base.pxd": "cdef class Base:\n    cdef public int number\n    cpdef int twice(self)\n",
    "heir.py": "# cython: compiled\nfrom interlock.base import Base\n\n\nclass Heir(Base):\n    pass\n",
    "heir.pxd": "from interlock.base cimport Base\n\n\ncdef class Heir(Base):\n    cdef public int other\n",
    "lone.py": "# cython: compiled\ndef one():\n    return 1\n",
    "plain.py": "def none():\n    return None\n",
}
COMPILED = {"interlock/base", "interlock/heir", "interlock/lone", "interlock/_cyutility"}
SUFFIX = sysconfig.get_config_var("EXT_SUFFIX")
HERE = Path(sysconfig.get_path("include"), "Python.h").exists() and shutil.which("cc") is not None
needs_compiler = pytest.mark.skipif(not HERE, reason="no C compiler or no Python headers here")
slow = pytest.mark.slow


def project(place):
    shutil.copy2(ROOT / "setup.py", place)
    for name, text in PACKAGE.items():
        path = place / "src" / "interlock" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return place


def build(tree, *arguments, **environment):
    """Run setup.py; with PATH="" no compiler is found."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("INTERLOCK_", "PYTHON"))
    }
    return subprocess.run(
        [sys.executable, "setup.py", *(arguments or ("build_ext", "--inplace"))],
        cwd=tree, env={**kept, **environment}, check=False, capture_output=True, text=True, timeout=600,
    )  # fmt: skip


def modules(folder):
    """Module → when it was made and which file it is."""
    return {
        path.relative_to(folder).as_posix().removesuffix(SUFFIX): (
            path.stat().st_mtime_ns,
            path.stat().st_ino,
        )
        for path in folder.rglob(f"*{SUFFIX}")
    }


def kept(tree):
    (made,) = (tree / "build").glob("made-*")
    return modules(made / "modules")


def says(tree, program):
    environment = {**os.environ, "PYTHONPATH": str(tree / "src")}
    command = [sys.executable, "-c", program]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.split()


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    tree = project(tmp_path_factory.mktemp("built"))
    ended = build(tree)
    assert ended.returncode == 0, ended.stderr
    return tree


@pytest.fixture
def copy(built, tmp_path):
    return shutil.copytree(built, tmp_path / "copy")


@slow
@needs_compiler
def test_every_module_that_asks_is_compiled_and_runs(built):
    assert set(kept(built)) == set(modules(built / "src")) == COMPILED
    program = "import interlock.heir as h; x = h.Heir(); x.number = 21; print(x.twice(), h.__file__)"
    answer, file = says(built, program)
    assert answer == "42"
    assert file.endswith(SUFFIX)


@slow
@needs_compiler
def test_a_second_build_compiles_nothing_and_touches_nothing_that_runs(copy):
    before, placed = kept(copy), modules(copy / "src")
    assert build(copy).returncode == 0
    assert kept(copy) == before
    assert {name: inode for name, (_, inode) in modules(copy / "src").items()} == {
        name: inode for name, (_, inode) in placed.items()
    }


@slow
@needs_compiler
def test_another_build_folder_compiles_nothing(copy, tmp_path):
    before = kept(copy)
    ended = build(
        copy, "build_ext", "--build-lib", str(tmp_path / "lib"), "--build-temp", str(tmp_path / "temp")
    )
    assert ended.returncode == 0, ended.stderr
    assert kept(copy) == before
    assert set(modules(tmp_path / "lib")) == COMPILED


@slow
@needs_compiler
def test_a_changed_declaration_rebuilds_all_that_cimport_it_and_no_other(copy):
    before = kept(copy)
    declaration = copy / "src" / "interlock" / "base.pxd"
    declaration.write_text(
        PACKAGE["base.pxd"].replace("    cpdef", "    cdef public long first, second\n    cpdef")
    )
    assert build(copy).returncode == 0
    after = kept(copy)
    assert {name for name in after if after[name] != before[name]} == {"interlock/base", "interlock/heir"}
    program = "import interlock.heir as h; x = h.Heir(); x.number, x.second, x.other = 1, 2, 3"
    program += "; print(x.twice(), x.other)"
    assert says(copy, program) == ["2", "3"]


@slow
@needs_compiler
def test_changed_flags_rebuild_everything_and_the_way_back_nothing(copy):
    before = kept(copy)
    assert build(copy, CFLAGS="-DOTHER").returncode == 0
    assert len(list((copy / "build").glob("made-*"))) == 2
    assert build(copy).returncode == 0
    first = {name: (copy / "src" / f"{name}{SUFFIX}").read_bytes() for name in COMPILED}
    for made in (copy / "build").glob("made-*"):
        if modules(made / "modules") == before:
            assert first == {name: (made / "modules" / f"{name}{SUFFIX}").read_bytes() for name in COMPILED}
            return
    pytest.fail("what was kept was made again")


def no_headers(tree):
    """A Python without its headers, as where python3-dev is not installed."""
    folder = tree / "customized"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(
        "import sysconfig\nreal = sysconfig.get_path\n"
        "def get_path(name, *more, **most):\n"
        "    return '/nowhere' if name == 'include' else real(name, *more, **most)\n"
        "sysconfig.get_path = get_path\n"
    )
    return {"PYTHONPATH": str(folder)}


WITHOUT = {
    "no compiler": lambda tree: {"PATH": ""},
    "no headers": no_headers,
    "a compiler that fails": lambda tree: {"CFLAGS": "-include /nowhere.h"},
}


@slow
@needs_compiler
@pytest.mark.parametrize("what", WITHOUT)
def test_where_nothing_can_be_compiled_no_module_stays_and_all_runs(copy, what):
    if what == "no compiler" and importlib.util.find_spec("ziglang"):
        pytest.skip("the ziglang wheel is a compiler")
    assert modules(copy / "src")
    environment = WITHOUT[what](copy)
    ended = build(copy, **environment)
    assert ended.returncode == 0, ended.stderr
    assert "Interlock will run uncompiled and slowly" in ended.stdout + ended.stderr
    assert modules(copy / "src") == {}
    program = "import interlock.heir as h; x = h.Heir(); x.number = 21; print(x.twice(), h.__file__)"
    answer, file = says(copy, program)
    assert answer == "42"
    assert file.endswith(".py")
    must = build(copy, INTERLOCK_COMPILED="1", **environment)
    assert must.returncode != 0
    assert "cannot compile: " in must.stderr
    assert build(copy).returncode == 0
    assert set(modules(copy / "src")) == COMPILED


@slow
def test_a_wheel_without_compiled_modules_says_that_it_runs_anywhere(tmp_path):
    if importlib.util.find_spec("ziglang"):
        pytest.skip("the ziglang wheel is a compiler")
    tree = project(tmp_path)
    ended = build(tree, "-q", "bdist_wheel", PATH="")
    assert ended.returncode == 0, ended.stderr
    (wheel,) = (tree / "dist").iterdir()
    assert wheel.name.endswith("-py3-none-any.whl")


@pytest.fixture
def setup(monkeypatch):
    monkeypatch.chdir(ROOT)
    return runpy.run_path("setup.py", run_name="not_main")


@pytest.mark.parametrize(
    ("modules", "tag"),
    [
        ([b"\0libc.so.6\0GLIBC_2.2.5\0GLIBC_2.14\0"], "manylinux_2_17_x86_64"),
        ([b"\0libc.so.6\0GLIBC_2.2.5\0", b"\0libm.so.6\0GLIBC_2.29\0libc.so.6\0"], "manylinux_2_29_x86_64"),
        ([b"\0libc.so.6\0GLIBC_2.34\0", b"\0libz.so.1\0libc.so.6\0"], "linux_x86_64"),
        ([b"\0libc.so\0"], "linux_x86_64"),
        ([], "linux_x86_64"),
    ],
)
def test_tag_is_what_the_modules_need_of_the_c_library(setup, modules, tag):
    assert setup["manylinux"](modules, "linux_x86_64") == tag
    assert setup["manylinux"](modules, "macosx_11_0_arm64") == "macosx_11_0_arm64"


def test_what_is_compiled_is_what_says_so(setup):
    names = {setup["dotted"](path) for path in setup["compiled_modules"]()}
    assert {"interlock.decode.cursor", "interlock.decode.protocols.modbus.decoder"} <= names
    assert not [name for name in names if name.startswith(("interlock.cli", "interlock.report"))]
