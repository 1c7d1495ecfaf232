"""What a protocol says of itself in its folder."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from decode.contract.subjects import SUBJECTS, each
from interlock.decode.registry import PROTOCOLS
from interlock.records.vocabulary import VERBS

if TYPE_CHECKING:
    from decode.contract.subjects import Subject

QUALITY_KEYS = {
    "name", "title", "depth", "specification", "ground_truth", "function_numbering", "functions_known",
    "functions_in_specification", "missing", "oddities",
}  # fmt: skip


def test_the_table_and_the_folders_agree() -> None:
    folder = files("interlock.decode.protocols")
    folders = {f.name for f in folder.iterdir() if f.is_dir() and (f / "decoder.py").is_file()}
    assert folders == set(PROTOCOLS)


def test_every_protocol_of_the_house_has_seeds() -> None:
    """Without them most of this suite would pass it by."""
    own = {subject.name for subject in SUBJECTS if subject.own_seeds}
    assert set(PROTOCOLS) <= own


@each()
def test_quality_says_everything(subject: Subject) -> None:
    quality = subject.toml("quality.toml")
    assert QUALITY_KEYS - set(quality) == set()
    assert quality["depth"] in {"L0", "L1", "L2", "L3", "L4"}
    assert all(set(gap) == {"what", "why"} for gap in quality["missing"])
    truth = quality["ground_truth"]
    assert isinstance(truth, list)
    assert "none" not in truth  # an empty list says it


@each()
def test_functions_are_counted_not_claimed(subject: Subject) -> None:
    """refinements: tables that tell one function's arguments apart, and are no functions of their own."""
    quality, tables = subject.toml("quality.toml"), subject.toml("verbs.toml")
    refined = set(quality.get("refinements", ()))
    assert refined <= set(tables)
    counted = sum(len(rows) for table, rows in tables.items() if table not in refined)
    assert quality["functions_known"] == counted


@each()
def test_verbs_are_of_the_closed_set(subject: Subject) -> None:
    verbs = {row["verb"] for table in subject.toml("verbs.toml").values() for row in table.values()}
    assert verbs <= set(VERBS)


@each(lambda s: s.own_seeds)
def test_seeds_are_of_the_protocol(subject: Subject) -> None:
    ways = {
        "tcp": subject.spec.framer is not None,
        "udp": bool(subject.spec.udp),
        "eth": bool(subject.spec.ethertypes),
    }
    named = [seed.name for seed in subject.seeds]
    assert len(set(named)) == len(named)
    assert {seed.transport for seed in subject.seeds} == {way for way, there in ways.items() if there}
    for seed in subject.seeds:
        assert seed.messages, seed.name
        assert {side for side, _ in seed.messages} <= {0, 1}, seed.name
