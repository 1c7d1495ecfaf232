"""What a view is given and what it makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from conformance.ipal import seconds

__all__ = ["Row", "Tables", "View", "ends", "index_of", "messages", "transcribed"]

Row = dict[str, Any]
Tables = Callable[[str], list[Row]]
"""Name of one of our tables → its rows of the capture, in order; times and durations are ns."""
View = Callable[[Tables], Iterator[Row]]


def ends(row: Row, asked: bool) -> Row:
    """Ends of a row of ours, and of the message: who sent it and who received it."""
    client = (row["client"], row["client_port"])
    server = (row["server"], row["server_port"])
    source, destination = (client, server) if asked else (server, client)
    return {
        "client": client[0],
        "client_port": client[1],
        "server": server[0],
        "server_port": server[1],
        "asked": asked,
        "source": source[0],
        "source_port": source[1],
        "destination": destination[0],
        "destination_port": destination[1],
    }


def index_of(name: str | None) -> int | None:
    """The number behind the last colon of an object's name; None where it has none."""
    last = (name or "").rpartition(":")[2]
    return int(last) if last.isdecimal() else None


def transcribed(head: Row, asked: bool) -> Row:
    """Columns of IPAL's transcripts that an operation's request or answer has."""
    ends_of = ends(head, asked)
    answered = head["time"] + (head["latency"] or 0)
    return {
        "frame": head["frame"] if asked or head["outcome"] == "unsolicited" else head["response_frame"],
        "time": seconds(head["time"] if asked else answered),
        "source": f"{ends_of['source']}:{ends_of['source_port']}",
        "destination": f"{ends_of['destination']}:{ends_of['destination_port']}",
        "answers": None if asked or head["latency"] is None else seconds(head["time"]),
        "transaction": head["transaction"],
    }


def messages(tables: Tables, protocol: str, *, notices: frozenset[int] = frozenset()) -> Iterator[Row]:
    """One row per request and per answer of a protocol's operations, in order of frame.

    Each has the operation's columns, the ends and who sent it. An unsolicited message comes from the server, save for
    functions of `notices`, where the operation's client is who sends.
    """
    found = []
    for row in tables("operations"):
        if row["protocol"] != protocol or row["item"] != 0:
            continue
        unsolicited = row["outcome"] == "unsolicited" and row["function"] not in notices
        if row["frame"] is not None:
            found.append(
                {**row, **ends(row, not unsolicited), "kind": "notice" if unsolicited else "request"}
            )
        if row["response_frame"] is not None and row["outcome"] != "unsolicited":
            found.append({**row, **ends(row, asked=False), "kind": "answer", "frame": row["response_frame"]})
    yield from sorted(found, key=lambda row: row["frame"])
