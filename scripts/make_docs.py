"""Make what comes from the code: docs/records.md, docs/protocols.md, decode/*.tsv; `--check` only compares."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from interlock.decode.registry import PROTOCOLS, load_specs
from interlock.decode.verbs import verb_text
from interlock.decode.waiting import index_row
from interlock.detect.signatures.language.keywords import CHAPTERS
from interlock.records.buffers import BUFFERS
from interlock.records.clue_fields import CLUE_FIELDS
from interlock.records.tables import TABLES
from interlock.records.vocabulary import BASES, OUTCOMES, ROLES, VERBS

sys.path.insert(0, str(Path(__file__).parent))

from proving import pages

if TYPE_CHECKING:
    from interlock.records.schema import Table

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ROOT / "src/interlock/decode/protocols"
_BUFFERS_HEAD = (
    "What `payloads` are made of: names and contents as in the Suricata user guide; those marked own are ours.\n"
    "`interlock decode CAPTURE --table payloads` makes all of them.\n"
)
MADE = "<!-- made by `make docs`; change the code, not this file -->\n"


def records() -> str:
    """docs/records.md: every table, column by column, and the closed sets of words."""
    own = [table for spec in load_specs(outside=False) for table in spec.details]
    parts = ["# Records\n", MADE, _records_head()]
    parts += [_table(table) for table in TABLES.values()]
    parts += ["## Tables of single protocols\n", *(_table(table, "###") for table in own)]
    parts += ["## Words\n", f"Verbs: {_words(VERBS)}.\n", f"Outcomes: {_words(OUTCOMES)}.\n"]
    parts += [f"Bases of a flow's name, weakest first: {_words(BASES)}.\n", f"Roles: {_words(ROLES)}.\n"]
    parts += ["## Buffers\n", _BUFFERS_HEAD, "| buffer | what it holds |\n|---|---|"]
    parts += [f"| `{name}` | {buffer.meaning} |" for name, buffer in BUFFERS.items()]
    parts += ["", "## Fields of clues\n", "| field | value |\n|---|---|"]
    parts += [f"| `{field}` | {meaning} |" for field, meaning in CLUE_FIELDS.items()]
    return "\n".join(parts) + "\n"


def _records_head() -> str:
    return (
        "Everything that moves is an Arrow record batch that carries `interlock.schema=NAME/N` in its metadata.\n"
        "Columns are only ever added. `interlock decode CAPTURE --table NAME` prints any of these tables.\n"
    )


def _table(table: Table, level: str = "##") -> str:
    rows = [f"{level} `{table.name}` /{table.version}\n", f"{table.meaning}\n"]
    rows += ["| column | type | meaning |", "|---|---|---|"]
    for c in table.columns:
        kind = str(c.type).replace("dictionary<values=string, indices=int32, ordered=0>", "text")
        kind = f"{kind}, {c.unit}" if c.unit and c.unit not in kind else kind
        rows.append(f"| `{c.name}` | {kind}{', nullable' if c.nullable else ''} | {c.meaning} |")
    return "\n".join(rows) + "\n"


def _words(words: tuple[str, ...]) -> str:
    return ", ".join(f"`{w}`" for w in words)


def protocols() -> str:
    """docs/protocols.md: what each decoder knows, what it was proved on, what is missing."""
    parts = ["# Protocols\n", MADE, _protocols_head()]
    qualities = {
        name: tomllib.loads((FOLDERS / name / "quality.toml").read_text("utf-8")) for name in PROTOCOLS
    }
    specs = load_specs(outside=False)
    parts += pages.depths(qualities, {name: _without_verb(name, q) for name, q in qualities.items()})
    names = {name: spec.names for name, spec in zip(PROTOCOLS, specs, strict=True)}
    parts += pages.proofs(names, [name for name, q in qualities.items() if not q["ground_truth"]])
    parts += ["", *(_quality(q) for q in qualities.values())]
    return "\n".join(parts) + "\n"


def _without_verb(folder: str, quality: dict) -> int:
    """Functions that are known by name only."""
    tables = tomllib.loads((FOLDERS / folder / "verbs.toml").read_text("utf-8"))
    kept = (rows for table, rows in tables.items() if table not in quality.get("refinements", ()))
    return sum(row["verb"] == "unknown" for rows in kept for row in rows.values())


def _protocols_head() -> str:
    return (
        "Depth: L0 named, L1 header, L2 function, L3 objects and values, L4 program transfer. Every other\n"
        "protocol is a named flow with `basis = port`, or `unknown`. What was measured comes from the records under\n"
        "`docs/proof`, which `make conformance`, `make fuzz` and `scripts/cost.py --record` write; what has no record\n"
        "says so.\n"
    )


def _quality(q: dict) -> str:
    rows = [
        f"## {q['title']}\n",
        f"Specification: {q['specification']}. `function`: {q['function_numbering']}.\n",
    ]
    if q["missing"]:
        rows += ["Missing:\n", *(f"- {m['what']}: {m['why']}" for m in q["missing"]), ""]
    if q.get("oddities"):
        rows += ["Oddities:\n", *(f"- `{name}`: {text}" for name, text in q["oddities"].items()), ""]
    return "\n".join(rows)


def index() -> str:
    """What recognition by port needs of each protocol before its code is imported (decode/waiting.py)."""
    rows = [index_row(name, spec) for name, spec in zip(PROTOCOLS, load_specs(outside=False), strict=True)]
    return "".join("\t".join(line) + "\n" for line in (rows[0], *(row.values() for row in rows)))


def signature_words() -> str:
    """docs/signature-words.md: every word of the rule language that is supported."""
    parts = [
        "# Words of signatures\n",
        MADE,
        "Every word of Suricata's and Snort's rules that Interlock takes, and",
    ]
    parts[-1] += (
        " where the Suricata user guide says\nwhat it means. A rule with any other word is refused.\n"
    )
    for title, keywords in CHAPTERS.items():
        parts += [f"## {title}\n", "| word | asks | user guide |", "|---|---|---|"]
        parts += [f"| `{k.name}` | {k.says} | {k.clause} |" for k in keywords]
        parts.append("")
    return "\n".join(parts)


def main() -> int:
    """Write them, or with --check say which is not as the code says."""
    wrong = []
    made = (
        ("docs/records.md", records()),
        ("docs/protocols.md", protocols()),
        ("docs/signature-words.md", signature_words()),
        ("src/interlock/decode/index.tsv", index()),
        ("src/interlock/decode/verbs.tsv", verb_text(PROTOCOLS)),
    )
    for name, text in made:
        path = ROOT / name
        if "--check" not in sys.argv:
            path.write_text(text, "utf-8")
        elif not path.exists() or path.read_text("utf-8") != text:
            wrong.append(name)
    if wrong:
        print(f"not as the code says: {', '.join(wrong)}; run `make docs`")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
