"""What the documents point at is there: files, folders, headings, decisions."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

import pytest

from documents.command_lines import DOCUMENTS, REPOSITORY, prose, spans

if TYPE_CHECKING:
    from pathlib import Path

ROOTS = ("docs/", "tests/", "scripts/", "src/", "demo/", "requirements/", ".ci/")
INSIDE = (REPOSITORY, REPOSITORY / "src" / "interlock", REPOSITORY / "src" / "interlock" / "decode")
DECISIONS = sorted((REPOSITORY / "docs" / "adr").glob("[0-9]*.md"))


def named(path: Path) -> str:
    return str(path.relative_to(REPOSITORY))


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_links_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", prose(document))
    ours = [link for link in links if "://" not in link]
    assert not [link for link in ours if not (document.parent / link).exists()]


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_files_that_a_sentence_names_are_there(document: Path) -> None:
    rooms = {path.name for path in INSIDE[1].iterdir() if path.is_dir()}
    gone = []
    for line, text in spans(document):
        for path in re.findall(r"^([\w.-]+(?:/[\w.*-]+)+/?)(?:::\w+)?$", text):
            ours = path.startswith(ROOTS) or path.partition("/")[0] in rooms
            if (
                ours
                and not re.search(r"/\d+$", path)
                and "egd" not in path
                and "NAME" not in path
                and not _found(path)
            ):
                gone.append(f"{line}: {path}")
    assert not gone


def _found(path: str) -> bool:
    """A file, a folder, or a module without its suffix, at the top or below the package."""
    return any(next(root.glob(path.rstrip("/") + end), None) for root in INSIDE for end in ("", ".py"))


def test_the_architecture_names_every_room_and_no_other() -> None:
    text = (REPOSITORY / "docs" / "architecture.md").read_text("utf-8")
    rooms = {path.name for path in INSIDE[1].iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert set(re.findall(r"^\| `(\w+)/` \|", text, re.MULTILINE)) == rooms


def test_decisions_are_numbered_one_by_one() -> None:
    numbers = [int(path.name[:4]) for path in DECISIONS]
    assert numbers == list(range(len(numbers)))
    for number, path in zip(numbers[1:], DECISIONS[1:], strict=True):
        title = re.match(r"# (\d+)[:.] \S", path.read_text("utf-8"))
        assert title, path.name
        assert int(title[1]) == number, path.name


def test_every_dependency_is_decided_on() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    named = DECISIONS[4].read_text("utf-8").lower()
    wanted = (
        *project["dependencies"],
        *(d for more in project["optional-dependencies"].values() for d in more),
    )
    assert not [one for one in wanted if re.split(r"[>=<\[]", one)[0].lower() not in named]


def test_decisions_that_are_named_are_there() -> None:
    last = len(DECISIONS) - 1
    sources = (*DOCUMENTS, REPOSITORY / "pyproject.toml", *REPOSITORY.glob("src/interlock/**/*.py"))
    for path in sources:
        text = path.read_text("utf-8")
        assert all(0 < int(n) <= last for n in re.findall(r"\bADR (\d+)", text)), path
        assert all((REPOSITORY / found).exists() for found in re.findall(r"docs/adr/\d[\w-]+\.md", text)), (
            path
        )
