"""How receivers read syslog, CEF and OpenMetrics, written from the public descriptions and strict."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["Family", "Message", "read_cef", "read_openmetrics", "read_syslog"]


class Message(NamedTuple):
    priority: int
    time: str
    host: str
    app: str
    process: str
    kind: str
    data: dict[str, dict[str, str]]
    text: str


_HEAD = re.compile(
    rb"<(0|[1-9][0-9]{0,2})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z) ([!-~]{1,255}) ([!-~]{1,48})"
    rb" ([!-~]{1,128}) ([!-~]{1,32}) "
)
_NAME = re.compile(rb"[!#-<>-\\^-~]{1,32}")


def read_syslog(octets: bytes) -> Message:
    """RFC 5424, 6."""
    head = _HEAD.match(octets)
    assert head is not None, octets
    at, data = head.end(), {}
    while octets[at : at + 1] == b"[":
        name = _NAME.match(octets, at + 1)
        assert name is not None
        at, values = name.end(), {}
        while octets[at : at + 1] == b" ":
            key = _NAME.match(octets, at + 1)
            assert key is not None
            assert octets[key.end() : key.end() + 2] == b'="'
            at, value = key.end() + 2, bytearray()
            while octets[at : at + 1] != b'"':
                if octets[at : at + 1] == b"\\":
                    at += 1
                    assert octets[at : at + 1] in (b'"', b"\\", b"]")
                else:
                    assert octets[at : at + 1] not in (b"]", b"")
                value += octets[at : at + 1]
                at += 1
            at += 1
            assert key[0].decode() not in values
            values[key[0].decode()] = value.decode("utf-8")
        assert octets[at : at + 1] == b"]"
        at += 1
        data[name[0].decode()] = values
    rest = octets[at:]
    assert not rest or rest.startswith(b" ")
    body = rest[1:]
    text = body.removeprefix(b"\xef\xbb\xbf").decode("utf-8" if body.startswith(b"\xef\xbb\xbf") else "ascii")
    assert int(head[1]) <= 191
    return Message(int(head[1]), *(part.decode() for part in head.groups()[1:]), data, text)


def read_cef(text: str) -> tuple[list[str], dict[str, str]]:
    """Header fields and extension of ArcSight's Common Event Format."""
    parts = re.split(r"(?<!\\)((?:\\\\)*)\|", text, maxsplit=7)
    header = [_unescaped(parts[n] + parts[n + 1], "|\\") for n in range(0, 14, 2)]
    starts = list(re.finditer(r"(?:^| )([A-Za-z0-9]+)=", parts[14]))
    fields = {}
    for found, after in zip(starts, [*starts[1:], None], strict=True):
        value = parts[14][found.end() : after.start() if after else None]
        fields[found[1]] = _unescaped(value, "=\\n")
    return header, fields


def _unescaped(text: str, known: str) -> str:
    assert re.fullmatch(rf"(?:[^\\]|\\[{re.escape(known)}])*", text), text
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], text)


class Family(NamedTuple):
    kind: str
    unit: str
    help: str
    samples: list[tuple[str, dict[str, str], float]]


_METRIC = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_SAMPLE = re.compile(rf"({_METRIC})(?:\{{(.*)\}})? (\S+)")
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"(,|$)')
_SUFFIXES = {
    "gauge": {""}, "counter": {"_total", "_created"}, "info": {"_info"},
    "histogram": {"_bucket", "_count", "_sum", "_created"},
}  # fmt: skip


def read_openmetrics(text: str) -> dict[str, Family]:
    """OpenMetrics 1.0, "Text format": families are contiguous, described before their samples, ended by # EOF."""
    assert text.endswith("# EOF\n")
    families: dict[str, Family] = {}
    current = ""
    for line in text.removesuffix("\n# EOF\n").split("\n"):
        about = re.fullmatch(rf"# (HELP|TYPE|UNIT) ({_METRIC})(?: (.*))?", line)
        if about:
            if about[2] != current:
                assert about[2] not in families, f"{about[2]} is interleaved"
                current = about[2]
                families[current] = Family("unknown", "", "", [])
            assert not families[current].samples, f"{line}: after samples"
            field = {"HELP": "help", "TYPE": "kind", "UNIT": "unit"}[about[1]]
            families[current] = families[current]._replace(**{field: about[3] or ""})
            continue
        found = _SAMPLE.fullmatch(line)
        assert found, line
        family = families[current]
        assert found[1].startswith(current), line
        assert found[1].removeprefix(current) in _SUFFIXES[family.kind], line
        labels, at = {}, 0
        while at < len(found[2] or ""):
            label = _LABEL.match(found[2], at)
            assert label, line
            assert label[1] not in labels
            labels[label[1]] = re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], label[2])
            at = label.end()
        family.samples.append((found[1].removeprefix(current), labels, float(found[3])))
    for name, family in families.items():
        _check(name, family)
    return families


def _check(name: str, family: Family) -> None:
    assert family.help, name
    assert not family.unit or name.endswith(f"_{family.unit}"), name
    seen = [(suffix, tuple(sorted(labels.items()))) for suffix, labels, _ in family.samples]
    assert len(set(seen)) == len(seen), name
    assert all(value >= 0 for _, _, value in family.samples) or family.kind == "gauge", name
    if family.kind == "histogram":
        buckets = [
            (float(labels["le"]), value) for suffix, labels, value in family.samples if suffix == "_bucket"
        ]
        assert buckets == sorted(buckets), name
        assert [value for _, value in buckets] == sorted(value for _, value in buckets), name
        assert buckets[-1][0] == float("inf")
        assert buckets[-1][1] == next(value for suffix, _, value in family.samples if suffix == "_count")
