"""`interlock dev new-protocol`: what it stamps is whole from the first minute."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.terminal import one_sentence, run

REPOSITORY = Path(__file__).resolve().parents[2]
SUITE = ("decode/test_contract.py", "decode/test_contract_bounds.py")


def python(*command: object, folder: Path, tests: Path, **environment: str) -> None:
    """Run a module of Python's with that folder's package and tests, and nothing of this checkout before it."""
    path = os.pathsep.join((str(folder), str(tests), *sys.path))
    ran = subprocess.run(
        [sys.executable, "-m", *map(str, command)],
        cwd=tests, env=os.environ | {"PYTHONPATH": path} | environment, capture_output=True, text=True, check=False,
        timeout=900,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-2000:]
    if command[0] == "pytest":
        assert "passed" in ran.stdout


def link(source: str, target: str) -> None:
    """As a copy, without its octets, where both lie on one disk."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what a decoder needs: the package, linked where nothing is written, and the tests."""
    ignored = shutil.ignore_patterns("__pycache__", "*.c")
    for part in ("src/interlock", "tests"):
        shutil.copytree(REPOSITORY / part, tmp_path / part, ignore=ignored, copy_function=link)
    registry = tmp_path / "src/interlock/decode/registry.py"
    text = registry.read_text("utf-8")
    registry.unlink()
    registry.write_text(text, "utf-8")
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("options", [("--tcp", "47123", "--table"), ("--udp", "47123")], ids=["tcp", "udp"])
def test_what_is_stamped_into_a_checkout_passes(checkout: Path, options: tuple[str, ...]) -> None:
    ended = run("dev", "new-protocol", "acme_bus", "--title", "Acme Bus", *options, "--root", checkout)
    assert ended.code == 0, ended.err
    made = [
        checkout / "src/interlock/decode/protocols/acme_bus",
        checkout / "tests/decode/seeds/acme_bus.py",
        checkout / "tests/decode/protocols/test_acme_bus.py",
    ]
    where = {"folder": checkout / "src", "tests": checkout / "tests"}
    python("ruff", "check", "--no-cache", *made, **where)
    python("ruff", "format", "--no-cache", "--check", *made, **where)
    python("mypy", "--config-file", checkout / "pyproject.toml", "--cache-dir", os.devnull, made[0], **where)
    own = "decode/protocols/test_acme_bus.py"
    python("pytest", "-p", "no:cacheprovider", "-k", "acme_bus or folders_agree", own, *SUITE, **where)


@pytest.mark.slow
def test_what_is_stamped_as_a_package_passes_the_same_suite(tmp_path: Path) -> None:
    ended = run("dev", "new-protocol", "acme_bus", "--tcp", "47123", "--package", tmp_path / "project")
    assert ended.code == 0, ended.err
    target = tmp_path / "installed"
    pip = ("pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--target", target)
    python(*pip, tmp_path / "project", folder=tmp_path, tests=tmp_path)
    tests = REPOSITORY / "tests"
    python("pytest", "-p", "no:cacheprovider", "-k", "acme_bus", *SUITE, folder=target, tests=tests)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    assert run("dev", "new-protocol", "acme", "--tcp", "1", "--package", tmp_path).code == 0
    before = (tmp_path / "acme_interlock/decoder.py").read_text()
    ended = run("dev", "new-protocol", "acme", "--udp", "2", "--package", tmp_path)
    assert ended.code == 2
    assert "is there already" in one_sentence(ended)
    assert (tmp_path / "acme_interlock/decoder.py").read_text() == before


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("Bad-Name", "--tcp", "1"), "lower-case letters"),
        (("class", "--tcp", "1"), "lower-case letters"),
        (("modbus", "--tcp", "1", "--root", REPOSITORY), "lists it already"),
        (("acme", "--tcp", "1", "--root", "/"), "is no checkout"),
    ],
)
def test_what_cannot_be_stamped_is_refused_in_one_sentence(tmp_path: Path, given: tuple, said: str) -> None:
    ended = run("dev", "new-protocol", *given, cwd=tmp_path)
    assert ended.code == 2
    assert said in one_sentence(ended)


def test_one_port_is_named() -> None:
    assert run("dev", "new-protocol", "acme").code == 2
    assert run("dev", "new-protocol", "acme", "--tcp", "1", "--udp", "1").code == 2


@pytest.mark.slow
def test_the_protocol_that_the_documents_walk_through_passes_the_suite(checkout: Path) -> None:
    """The page followed to the letter, in a checkout: every file of its blocks, linted, then the suite."""
    stamped = run("dev", "new-protocol", "egd", "--udp", "18246", "--root", checkout)
    assert stamped.code == 0, stamped.err
    folder = checkout / "src/interlock/decode/protocols/egd"
    files = [
        *(folder / name for name in ("decoder.py", "verbs.toml", "quality.toml")),
        checkout / "tests/decode/seeds/egd.py",
        checkout / "tests/decode/protocols/test_egd.py",
    ]
    text = (REPOSITORY / "docs/extending.md").read_text("utf-8")
    blocks = [block for block in text.split("\n```")[1::2] if block.startswith(("python\n", "toml\n"))]
    for file, block in zip(files, blocks, strict=True):
        assert file.is_file()
        file.write_text(block.partition("\n")[2] + "\n", "utf-8")
    where = {"folder": checkout / "src", "tests": checkout / "tests"}
    made = [file for file in files if file.suffix == ".py"]
    python("ruff", "check", "--no-cache", *made, **where)
    python("ruff", "format", "--no-cache", "--check", *made, **where)
    own = "decode/protocols/test_egd.py"
    python("pytest", "-p", "no:cacheprovider", "-k", "egd or folders_agree", own, *SUITE, **where)
