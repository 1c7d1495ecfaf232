"""The tables that decode fills: one vocabulary for every protocol.

Over 400 lines: one table after the other, in one place for whoever looks a column up.

Sources: the columns' meanings are this project's own; frame numbers count as Wireshark counts.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from interlock.records.schema import Column, Table, text

__all__ = [
    "ARTIFACTS",
    "ARTIFACT_CONTENTS",
    "CLUES",
    "CREDENTIALS",
    "DETAIL",
    "FLOWS",
    "ODDITIES",
    "OPERATIONS",
    "OPERATIONS_FOLDED",
    "PAYLOADS",
    "TABLES",
    "VALUES",
    "VALUES_FOLDED",
]

_NS = pa.timestamp("ns", "UTC")
_LATENCY = pa.duration("ns")
_SOURCE = (
    Column(name="source", type=text(), meaning="capture file, or sensor and interface, it was seen in"),
    Column(name="realm", type=text(), meaning="address space (site, cell); a machine is (realm, address)"),
)

DETAIL: Final = (
    *_SOURCE,
    Column(name="time", type=_NS, unit="ns", meaning="when the message was complete"),
    Column(name="frame", type=pa.uint64(), meaning="frame that completed it"),
    Column(name="flow", type=pa.uint64(), meaning="joins flows"),
    Column(name="client", type=text(), meaning="address of the flow's client"),
    Column(name="server", type=text(), meaning="address of the flow's server"),
    Column(name="client_port", type=pa.uint16(), nullable=True, meaning="port of the client"),
    Column(name="server_port", type=pa.uint16(), nullable=True, meaning="port of the server"),
)
"""First columns of every table that belongs to one protocol alone."""

OPERATIONS: Final = Table(
    name="operations",
    version=1,
    meaning="Who asked whom to do what to which object, and how it ended; one row per object range.",
    columns=(
        *_SOURCE,
        Column(name="operation", type=pa.uint64(), meaning="id within the run; rows of one message share it"),
        Column(name="time", type=_NS, meaning="when the request was complete", unit="ns"),
        Column(
            name="frame",
            type=pa.uint64(),
            nullable=True,
            meaning="frame that completes the request, from 1 within its source; null where only the answer was seen",
        ),
        Column(
            name="response_frame", type=pa.uint64(), nullable=True, meaning="frame that completes the answer"
        ),
        Column(name="flow", type=pa.uint64(), meaning="joins flows"),
        Column(name="client", type=text(), meaning="address of who asks: IP, or MAC where there is no IP"),
        Column(name="server", type=text(), meaning="address of who is asked"),
        Column(name="client_port", type=pa.uint16(), nullable=True, meaning="port of who asks"),
        Column(name="server_port", type=pa.uint16(), nullable=True, meaning="port of who is asked"),
        Column(name="protocol", type=text(), meaning="protocol of the innermost request"),
        Column(name="verb", type=text(), meaning="what it does, from the closed set of verbs"),
        Column(name="function", type=pa.int32(), nullable=True, meaning="the protocol's own code"),
        Column(
            name="function_name", type=text(), nullable=True, meaning="the code's name in its specification"
        ),
        Column(name="transaction", type=pa.utf8(), nullable=True, meaning="the protocol's own pairing key"),
        Column(
            name="item", type=pa.uint16(), meaning="index of the object range; a message counts where it is 0"
        ),
        Column(name="items", type=pa.uint16(), meaning="how many object ranges the message has"),
        Column(name="user", type=text(), nullable=True, meaning="who the session says it is"),
        Column(name="unit", type=text(), nullable=True, meaning="the device behind the address"),
        Column(name="object", type=text(), nullable=True, meaning="what is read, written or acted on"),
        Column(name="count", type=pa.uint32(), nullable=True, meaning="how many objects"),
        Column(
            name="outcome",
            type=text(),
            meaning="how it ended, from the closed set of outcomes; `pending` (the answer has not come) only "
            "while a sensor works: the final row of the same operation follows, and files hold final rows only",
        ),
        Column(
            name="code", type=pa.int32(), nullable=True, meaning="the protocol's own error or exception code"
        ),
        Column(name="latency", type=_LATENCY, nullable=True, unit="ns", meaning="answer minus request"),
    ),
)

OPERATIONS_FOLDED: Final = Table(
    name="operations_folded",
    version=1,
    meaning="Operations as stores keep them: cyclic ones of a minute that are alike and ended well are one row.",
    columns=(
        *OPERATIONS.columns,
        Column(name="repeats", type=pa.uint32(), meaning="how many rows of operations this one stands for"),
        Column(name="last", type=_NS, unit="ns", meaning="when the last of them began"),
        Column(
            name="last_frame", type=pa.uint64(), nullable=True, meaning="frame of the last of them, as frame"
        ),
        Column(
            name="latency_max", type=_LATENCY, nullable=True, unit="ns", meaning="the slowest answer of them"
        ),
        *(
            Column(name=f"period_{name}", type=_LATENCY, nullable=True, unit="ns", meaning=meaning)
            for name, meaning in (
                ("p50", "time from one to the next: half of them are no longer"),
                ("p99", "time from one to the next: 99 of 100 are no longer"),
                ("max", "the longest time from one to the next"),
            )
        ),
    ),
)

FLOWS: Final = Table(
    name="flows",
    version=2,
    meaning="One row per conversation.",
    columns=(
        *_SOURCE,
        Column(name="flow", type=pa.uint64(), meaning="hash of source, realm, 5-tuple and first time"),
        Column(name="client", type=text(), meaning="address of who began it, as far as it could be seen"),
        Column(name="server", type=text(), meaning="address of who answers"),
        Column(
            name="client_mac",
            type=text(),
            nullable=True,
            meaning="link address the client's frames came from",
        ),
        Column(
            name="server_mac",
            type=text(),
            nullable=True,
            meaning="link address the server's frames came from",
        ),
        Column(name="client_port", type=pa.uint16(), nullable=True, meaning="port of the client"),
        Column(name="server_port", type=pa.uint16(), nullable=True, meaning="port of the server"),
        Column(name="transport", type=text(), meaning="tcp, udp, icmp, ip/N or eth/0xNNNN"),
        Column(name="vlan", type=pa.uint16(), nullable=True, meaning="outermost VLAN id of its first frame"),
        Column(name="first", type=_NS, unit="ns", meaning="time of its first frame"),
        Column(name="last", type=_NS, unit="ns", meaning="time of its last frame"),
        Column(name="first_frame", type=pa.uint64(), meaning="number of its first frame"),
        Column(name="last_frame", type=pa.uint64(), meaning="number of its last frame"),
        Column(name="client_packets", type=pa.uint64(), meaning="frames from the client"),
        Column(name="server_packets", type=pa.uint64(), meaning="frames from the server"),
        Column(
            name="client_octets", type=pa.uint64(), unit="octet", meaning="octets on the wire from the client"
        ),
        Column(
            name="server_octets", type=pa.uint64(), unit="octet", meaning="octets on the wire from the server"
        ),
        Column(
            name="state",
            type=text(),
            nullable=True,
            meaning="TCP: opened, established, closed, reset, midstream, refused",
        ),
        Column(name="retransmissions", type=pa.uint32(), meaning="TCP segments that were seen before"),
        Column(name="gaps", type=pa.uint32(), meaning="holes in the TCP streams that were never seen"),
        Column(name="duplicates", type=pa.uint32(), meaning="copies of a frame that the capture point made"),
        Column(
            name="bad_checksums",
            type=pa.uint32(),
            meaning="whole frames whose IP, TCP or UDP checksum does not fit their octets",
        ),
        Column(
            name="offloaded_checksums",
            type=pa.uint32(),
            meaning="frames caught before their sender's network card summed them",
        ),
        Column(name="protocol", type=text(), nullable=True, meaning="protocol spoken; null where unknown"),
        Column(name="basis", type=text(), meaning="what the name rests on: parsed, heuristic, port, unknown"),
        Column(name="confidence", type=pa.float32(), meaning="0 to 1, how sure the name is"),
        *(
            Column(
                name=f"{end}_{which}",
                type=_NS,
                nullable=True,
                unit="ns",
                meaning=f"time of the {which} frame from {end}_mac",
            )
            for end in ("client", "server")
            for which in ("first", "last")
        ),
    ),
)

VALUES: Final = Table(
    name="values",
    version=1,
    meaning="One row per contiguous block of process values.",
    columns=(
        *_SOURCE,
        Column(name="time", type=_NS, unit="ns", meaning="when the values were on the wire"),
        Column(name="frame", type=pa.uint64(), meaning="frame that carried them"),
        Column(name="flow", type=pa.uint64(), meaning="joins flows"),
        Column(name="operation", type=pa.uint64(), nullable=True, meaning="joins operations"),
        Column(name="client", type=text(), meaning="address of who asks"),
        Column(name="server", type=text(), meaning="address of whose process it is"),
        Column(name="protocol", type=text(), meaning="protocol that carried them"),
        Column(name="unit", type=text(), nullable=True, meaning="the device behind the address"),
        Column(name="object", type=text(), nullable=True, meaning="first object of the block"),
        Column(name="direction", type=text(), meaning="written, read or reported"),
        Column(
            name="number",
            type=pa.list_(pa.float64()),
            nullable=True,
            meaning="numeric values in object order",
        ),
        Column(name="text", type=pa.utf8(), nullable=True, meaning="value that is text"),
        Column(
            name="raw",
            type=pa.binary(),
            nullable=True,
            meaning="octets where number and text cannot hold them",
        ),
        Column(name="type", type=text(), nullable=True, meaning="the protocol's own type name"),
        Column(name="quality", type=text(), nullable=True, meaning="the protocol's own quality or status"),
        Column(
            name="device_time",
            type=_NS,
            unit="ns",
            nullable=True,
            meaning="when they held, as the device's own clock says",
        ),
    ),
)

VALUES_FOLDED: Final = Table(
    name="values_folded",
    version=1,
    meaning=(
        "Process values as stores keep them. Rows of a minute that agree in everything but time, frame, operation "
        "and what they carry are one row from one change to the next. Every change of what was written counts; of "
        "what was read or reported, those of numbers with at most 12 changes in the minute (60 in a block) and of "
        "text and octets with at most 60. What changes more often is told by its first and last, least and most, "
        "largest step and number of changes."
    ),
    columns=(
        *VALUES.columns,
        Column(name="repeats", type=pa.uint32(), meaning="how many rows of values this one stands for"),
        Column(name="last", type=_NS, unit="ns", meaning="when the last of them was on the wire"),
        Column(name="last_frame", type=pa.uint64(), meaning="frame of the last of them"),
        *(
            Column(
                name=name, type=pa.list_(kind), nullable=True, meaning=f"{meaning}; null where none changed"
            )
            for name, kind, meaning in (
                ("last_number", pa.float64(), "numbers of the last of them"),
                ("least", pa.float64(), "the least of each number, whatever is no number left out"),
                ("most", pa.float64(), "the most of each number"),
                ("step", pa.float64(), "the largest change of each number from one row to the next"),
                ("changes", pa.uint32(), "how often each number changed from one row to the next"),
            )
        ),
        Column(
            name="last_text",
            type=pa.utf8(),
            nullable=True,
            meaning="text of the last, where it or octets changed",
        ),
        Column(
            name="last_raw",
            type=pa.binary(),
            nullable=True,
            meaning="octets of the last, where text or they changed",
        ),
        Column(name="text_changes", type=pa.uint32(), meaning="how often text or octets changed within"),
    ),
)

CLUES: Final = Table(
    name="clues",
    version=1,
    meaning="One row per identity fact seen (repeats of a fact by the same sender within the run fold away).",
    columns=(
        *_SOURCE,
        Column(name="time", type=_NS, unit="ns", meaning="when it was seen"),
        Column(name="frame", type=pa.uint64(), meaning="frame that said so"),
        Column(
            name="who",
            type=text(),
            meaning="address it is about: IP or MAC, with /unit where behind an address",
        ),
        Column(name="field", type=text(), meaning="which fact: see docs/records.md"),
        Column(name="value", type=text(), meaning="the fact, as text"),
        Column(name="protocol", type=text(), meaning="protocol that said so"),
        Column(name="confidence", type=pa.float32(), meaning="0 to 1"),
    ),
)

ODDITIES: Final = Table(
    name="oddities",
    version=1,
    meaning="Protocol violations; the flow goes on.",
    columns=(
        *_SOURCE,
        Column(name="time", type=_NS, unit="ns", meaning="when it was seen"),
        Column(name="frame", type=pa.uint64(), meaning="frame that holds it"),
        Column(name="flow", type=pa.uint64(), nullable=True, meaning="joins flows"),
        Column(name="client", type=text(), nullable=True, meaning="address of who asks in that flow"),
        Column(name="server", type=text(), nullable=True, meaning="address of who is asked in that flow"),
        Column(name="protocol", type=text(), meaning="protocol whose rule it breaks"),
        Column(name="oddity", type=text(), meaning="member of the protocol's closed set"),
        Column(name="offset", type=pa.uint32(), unit="octet", meaning="where in the message"),
        Column(name="octets", type=pa.binary(), meaning="up to 32 octets from there"),
    ),
)

CREDENTIALS: Final = Table(
    name="credentials",
    version=2,
    meaning="Logins seen in clear; the secret itself is never kept, only a fingerprint keyed per installation.",
    columns=(
        *_SOURCE,
        Column(name="time", type=_NS, unit="ns", meaning="when it was seen"),
        Column(name="frame", type=pa.uint64(), meaning="frame that carried it"),
        Column(name="flow", type=pa.uint64(), meaning="joins flows"),
        Column(name="client", type=text(), meaning="address of who logs in"),
        Column(name="server", type=text(), meaning="address of who is logged in to"),
        Column(name="protocol", type=text(), meaning="protocol that carried it in clear"),
        Column(
            name="scheme", type=text(), meaning="how: basic, form, user-password, community, anonymous, pin"
        ),
        Column(name="user", type=text(), nullable=True, meaning="account name"),
        Column(
            name="fingerprint",
            type=text(),
            nullable=True,
            meaning="HMAC-SHA-256 of the secret, first 16 hex digits",
        ),
        Column(
            name="known",
            type=text(),
            nullable=True,
            meaning="why it is weak: empty, default, same-as-user, short",
        ),
        Column(name="outcome", type=text(), meaning="ok, refused or unknown"),
        Column(
            name="strength",
            type=text(),
            nullable=True,
            meaning="how soon it is guessed: empty, same-as-user, short, common; null: not so",
        ),
        Column(
            name="default_of",
            type=text(),
            nullable=True,
            meaning="whose published default the pair of account and secret is: vendor/product; …",
        ),
    ),
)

ARTIFACTS: Final = Table(
    name="artifacts",
    version=1,
    meaning="One row per file or program block that was put together from the wire, when its transfer was over.",
    columns=(
        *_SOURCE,
        Column(name="time", type=_NS, unit="ns", meaning="when its last part was complete"),
        Column(name="frame", type=pa.uint64(), meaning="frame that completed it"),
        Column(name="begun", type=_NS, unit="ns", meaning="when the transfer began"),
        Column(name="first_frame", type=pa.uint64(), meaning="frame that began it"),
        Column(name="flow", type=pa.uint64(), meaning="joins flows"),
        Column(
            name="operation",
            type=pa.uint64(),
            nullable=True,
            meaning="joins operations: the request that began it",
        ),
        Column(name="client", type=text(), meaning="address of who asks for the transfer"),
        Column(name="server", type=text(), meaning="address of whose file or program it is"),
        Column(name="protocol", type=text(), meaning="protocol that carried it"),
        Column(name="unit", type=text(), nullable=True, meaning="the device behind the address"),
        Column(name="user", type=text(), nullable=True, meaning="who the session says it is"),
        Column(name="direction", type=text(), meaning="written (to the server) or read (from it)"),
        Column(
            name="kind",
            type=text(),
            meaning="s7-block, umas-program, cip-program, tristation-program, file; what its name is unique in",
        ),
        Column(name="name", type=text(), meaning="block or path, as the transfer names it"),
        Column(name="size", type=pa.uint64(), unit="octet", meaning="octets that were seen"),
        Column(
            name="sha256",
            type=text(),
            nullable=True,
            meaning="hash of all of it, hexadecimal; null where parts were not seen",
        ),
        Column(
            name="code_sha256",
            type=text(),
            nullable=True,
            meaning="hash of what runs, without times and signatures, where the format is known",
        ),
        Column(name="state", type=text(), meaning="whole, incomplete (parts were not seen) or refused"),
        Column(
            name="detail",
            type=pa.utf8(),
            nullable=True,
            meaning="what its header says, as `field: value; …`, where the format is known",
        ),
    ),
)

ARTIFACT_CONTENTS: Final = Table(
    name="artifact_contents",
    version=1,
    meaning="Octets of artifacts, once a batch for each hash; only made where somebody keeps them.",
    columns=(
        Column(name="sha256", type=text(), meaning="their hash, joins artifacts"),
        Column(name="octets", type=pa.binary(), meaning="all of it, at most 16 MiB"),
    ),
)

PAYLOADS: Final = Table(
    name="payloads",
    version=1,
    meaning="Stretches of octets by name, made only where somebody asks for them (see Buffers below). Rows of one "
    "transaction and direction come in one batch: when that side is complete, its kept part is full, or its flow ends; "
    "hashes of files come when the file ends.",
    columns=(
        *DETAIL[:7],
        Column(name="client_port", type=pa.uint16(), nullable=True, meaning="port of the client"),
        Column(name="server_port", type=pa.uint16(), nullable=True, meaning="port of the server"),
        Column(name="transport", type=text(), meaning="tcp, udp, icmp … as in flows"),
        Column(
            name="protocol", type=text(), nullable=True, meaning="protocol of the flow, where it is known"
        ),
        Column(name="direction", type=text(), meaning="to_server or to_client"),
        Column(
            name="offset", type=pa.uint64(), unit="octet", meaning="of a stream: octets before it; else 0"
        ),
        Column(
            name="transaction",
            type=pa.uint32(),
            nullable=True,
            meaning="which request of its flow, with its answer, from 1; null for packets and streams",
        ),
        Column(
            name="buffer",
            type=text(),
            meaning="name of the buffer; `segment`: a TCP segment next in its stream, packet and stream at once",
        ),
        Column(name="octets", type=pa.binary(), meaning="the octets themselves"),
        Column(
            name="headers",
            type=pa.binary(),
            nullable=True,
            meaning="of a packet, where somebody asks: its IP header and what follows up to the payload; of ICMP its "
            "first eight octets, too; null where fragments were joined",
        ),
        Column(
            name="rules",
            type=pa.binary(),
            nullable=True,
            meaning="of raw octets that were screened: the signatures that may hit, eight octets each, with the lowest "
            "bit set where the stream is what they may hit, and the next one where it makes no difference when; null "
            "where nobody screened",
        ),
        Column(
            name="before",
            type=pa.binary(),
            nullable=True,
            meaning="where it was screened: octets of its stream before it, at most 512",
        ),
        Column(
            name="client_octets",
            type=pa.uint64(),
            nullable=True,
            unit="octet",
            meaning="where it was screened: what the client had sent by then; null where it had not spoken",
        ),
        Column(
            name="server_octets",
            type=pa.uint64(),
            nullable=True,
            unit="octet",
            meaning="the same of the server",
        ),
    ),
)

TABLES: Final[dict[str, Table]] = {
    t.name: t
    for t in (
        *(OPERATIONS, OPERATIONS_FOLDED, FLOWS, VALUES, VALUES_FOLDED, CLUES, ODDITIES, CREDENTIALS),
        *(ARTIFACTS, PAYLOADS),
    )
}
