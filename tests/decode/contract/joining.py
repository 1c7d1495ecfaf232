"""A capture that begins in the middle: what follows is read as if all had been seen, or says that it is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from decode.contract.judging import judge, shown
from decode.contract.playing import play
from decode.contract.subjects import each
from decode.contract.takes import HANDSHAKE, whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from decode.contract.playing import Row, Rows
    from decode.contract.subjects import Subject
    from decode.seeds import Seed

_ALWAYS = ("protocol", "verb", "function", "user", "unit", "client", "server")
_BESIDE = ("client_port", "server_port", "function_name", "object", "count", "transaction")
"""Columns that must agree, too, where nothing that was lost says what later messages mean."""


@each(lambda s: s.own_seeds)
def test_a_conversation_is_joined_in_the_middle(subject: Subject) -> None:
    for seed in subject.seeds:
        everything, *joined = play(
            [whole(seed)] + [whole(seed, handshake=False, lost=range(k)) for k in range(len(seed.messages))]
        )
        for lost, rows in enumerate(joined):
            judge(subject, seed, rows)
            where = f"{seed.name}, the first {lost} messages lost\n{shown(seed)}"
            _sound(everything, rows, _columns(seed), where)
            if not seed.no_join:
                _complete(everything, rows, lost + HANDSHAKE + 1, _columns(seed), where)


def _columns(seed: Seed) -> tuple[str, ...]:
    beside = () if seed.no_join else _BESIDE
    return tuple(c for c in (*_ALWAYS, *beside) if not (seed.counted and c == "transaction"))


def _operations(rows: Rows) -> dict[tuple[str, int], list[Row]]:
    """By the frame of the request, or of the answer where the request was not seen."""
    found: dict[tuple[str, int], list[Row]] = {}
    for row in rows.get("operations", ()):
        key = ("asked", row["frame"]) if row["frame"] is not None else ("answered", row["response_frame"])
        found.setdefault(key, []).append(row)
    return found


def _sound(everything: Rows, joined: Rows, columns: Sequence[str], where: str) -> None:
    """What is told of a request that was seen is what is told of it with all seen, or less; never anything else."""
    known = _operations(everything)
    for key, found in _operations(joined).items():
        if key[0] != "asked" or key not in known:
            continue
        for row in found:
            assert any(_less(row, full, columns) for full in known[key]), (
                f"{row}\nagainst {known[key]}\n{where}"
            )


def _less(row: Row, full: Row, columns: Sequence[str]) -> bool:
    """Who asks is a guess where a spontaneous message is the first that is seen between two machines."""
    told = [c for c in columns if row["outcome"] != "unsolicited" or c not in ("client", "server")]
    return all(_fits(row[c], full[c]) for c in told)


def _fits(told: Any, full: Any) -> bool:
    return told is None or told in ("unknown", full)


def _complete(everything: Rows, joined: Rows, first: int, columns: Sequence[str], where: str) -> None:
    """Every request from frame `first` on is there, every value it carries, and how it ended."""
    wanted_columns = (*columns, "frame", "response_frame", "latency", "outcome", "code", "item", "items")
    found, known = _operations(joined), _operations(everything)
    for key, full in known.items():
        if key[0] == "asked" and key[1] >= first:
            assert key in found, f"no row for {full}\n{where}"
            told, wanted = ([[r[c] for c in wanted_columns] for r in rows] for rows in (found[key], full))
            assert sorted(map(repr, told)) == sorted(map(repr, wanted)), where
    wanted = [_value(v) for v in everything.get("values", ()) if _of_request_behind(v, everything, first)]
    there = [_value(v) for v in joined.get("values", ())]
    assert [v for v in wanted if v not in there] == [], where


def _value(row: Row) -> str:
    return repr({k: v for k, v in row.items() if k != "operation"})


def _of_request_behind(value: Row, rows: Rows, first: int) -> bool:
    frames = [r["frame"] for r in rows["operations"] if r["operation"] == value["operation"]]
    return bool(frames) and all(frame is not None and frame >= first for frame in frames)
