"""The parts of docs/protocols.md that records of proofs make; what no record shows says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from proving.records import read

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from proving.records import Entries

__all__ = ["depths", "proofs"]

LOGS = " (zeek)"
UNPROVED = "no record: unproved"
THIN = 30
"""Messages below which agreement says little."""


def depths(qualities: Mapping[str, dict[str, Any]], without_verb: Mapping[str, int]) -> list[str]:
    """A row per folder: how deep, how many functions, what it could be proved on.

    without_verb: folder → functions that verbs.toml names and gives no verb but `unknown`.
    """
    rows = [
        "| protocol | depth | functions known / specified | of them without a verb | independent ground truth |",
        "|---|---|---|---|---|",
    ]
    for folder, q in qualities.items():
        named = ", ".join(q["ground_truth"]) or "none: unproved"
        known = f"{q['functions_known']} / {q['functions_in_specification']} | {without_verb[folder]}"
        rows.append(f"| {q['title']} (`{q['name']}`) | {_depth(q)} | {known} | {named} |")
    return [*rows, ""]


def _depth(q: Mapping[str, Any]) -> str:
    """The family's, and that of each member which has another."""
    others = (f"`{name}` {depth}" for name, depth in q.get("depths", {}).items() if depth != q["depth"])
    return ", ".join((q["depth"], *others))


def proofs(folders: Mapping[str, Sequence[str]], unproved: Collection[str] = ()) -> list[str]:
    """What was measured. folders: folder → every name that its rows may have; unproved: without ground truth."""
    compared, fuzzed, costs = read("conformance"), read("fuzz"), read("cost")
    parts = ["## Agreement with other decoders\n", _AGREEMENT]
    parts += [
        "| protocol | against | captures | messages | equal | settled | known differences | verdict | recorded |"
    ]
    parts.append("|---|---|---|---|---|---|---|---|---|")
    for folder, names in folders.items():
        parts += _agreement(folder, names, compared, proved=folder not in unproved)
    parts += ["", "## Hostile octets and cost\n", _HOSTILE, *_mutants()]
    parts += ["| folder | guided fuzzing, CPU hours | executions | broke | last | ns a message | measured |"]
    parts.append("|---|---|---|---|---|---|---|")
    parts += [_hostile(folder, fuzzed.get(folder), costs.get(folder)) for folder in folders]
    return [*parts, ""]


_AGREEMENT = (
    "Messages per (client, server, protocol, function, request or answer) in real captures, as the other decoder\n"
    "counts them (`docs/conformance.md`). `equal`: as it is. `settled`: differences in which the frame shows the\n"
    "other side wrong count as equal; each is listed with its reason in `tests/conformance/known.toml`. `thin`: fewer\n"
    f"than {THIN} messages. `unproved`: no message that both see, or too few to call the other decoder ground truth.\n"
)
_HOSTILE = (
    "Coverage-guided fuzzing (`scripts/fuzz.py --guided`) adds up over runs. The cost is CPU from frame to rows,\n"
    "headers and tables included, of the valid messages in `tests/decode/seeds` (`scripts/cost.py`), on the machine\n"
    "of that day; where that was busy, it is an upper bound.\n"
)


def _agreement(folder: str, names: Sequence[str], compared: Entries, *, proved: bool) -> list[str]:
    rows = []
    for name in dict.fromkeys((*names, folder)):
        for key, against in ((name, "tshark"), (name + LOGS, "Zeek's logs")):
            if key in compared:
                rows.append(f"| `{name}` | {against} | {_compared(compared[key], proved=proved)} |")
    return rows or [f"| `{names[0]}` | {UNPROVED} | | | | | | | |"]


def _compared(entry: dict[str, Any], *, proved: bool) -> str:
    differences = f"{entry['known']}" + (f", {entry['unlisted']} unlisted" if entry["unlisted"] else "")
    cells = (
        entry["captures"], entry["theirs"], _percent(entry["equal"]), _percent(entry["settled"]), differences,
        _verdict(entry, proved=proved), entry["date"],
    )  # fmt: skip
    return " | ".join(map(str, cells))


def _verdict(entry: dict[str, Any], *, proved: bool) -> str:
    """What the run said, no more: nothing that both sides saw proves nothing, a few messages prove little."""
    if not proved or not entry["equal"]:
        return "unproved"
    return f"{entry['verdict']}, thin" if entry["theirs"] < THIN else str(entry["verdict"])


def _percent(share: float | None) -> str:
    if share is None:
        return "-"
    return "100 %" if share == 1 else f"{int(share * 100_000) / 1000:.3f} %"  # cut, not rounded up to a whole


def _hostile(folder: str, fuzz: dict[str, Any] | None, cost: dict[str, Any] | None) -> str:
    if fuzz:
        hours = f"{fuzz['seconds'] / 3600:.2f} | {fuzz['executions']} | {fuzz['broken']} | {fuzz['date']}"
    else:
        hours = "no record | | |"
    spent = f"{cost['ns']} | {cost['date']}" if cost else "no record | "
    return f"| `{folder}` | {hours} | {spent} |"


def _mutants() -> list[str]:
    """What mutants of whole captures showed, over all protocols together."""
    lines = []
    for seed, m in sorted(read("mutants").items()):
        broke = ", ".join(
            f"{m[what]} {what.replace('_', ' ')}" for what in ("crashes", "hangs", "decoder_errors")
        )
        broke += f", {m['unrepeated']} time-outs that did not repeat" if m.get("unrepeated") else ""
        lines.append(
            f"Mutants of real captures, {seed}: {m['mutants']} in {m['cpu_s'] / 3600:.2f} CPU hours: {broke},\n"
            f"{m['over_memory']} over 1 GiB; {m['differ']} of {m['compared']} compared differ uncompiled "
            f"(last {m['date']}).\n"
        )
    return lines or ["Mutants of real captures: no record.\n"]
