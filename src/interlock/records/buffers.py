"""The buffers that can be asked for: their names, whose they are and what they hold.

Names and contents are those of the Suricata user guide (chapter Rules); those marked own are ours.
"""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = [
    "BUFFERS",
    "CHECKED",
    "CHUNKED",
    "DNP3_INDICATIONS",
    "EMPTY",
    "FIRST",
    "HEADERS",
    "JOINED",
    "KINDS",
    "OF_STREAM",
    "OTHER",
    "PACKET",
    "PATIENT",
    "PICKED",
    "RARE",
    "SAMPLED",
    "SEALED",
    "SEGMENT",
    "STREAM",
    "TUNNEL",
    "UNASKED",
    "UNSEEN",
    "WAYS",
    "WHOLE",
    "Buffer",
]

WAYS: Final = ("to_server", "to_client")
"""Whom a payload goes to, as rows say it."""
PACKET: Final = "packet"
STREAM: Final = "stream"
SEGMENT: Final = "segment"
"""Of rows only: a TCP segment that is the next of its stream, where both are asked for: packet and stream at once."""
KINDS: Final = (PACKET, STREAM, SEGMENT)
"""Buffers of raw octets."""
TUNNEL: Final = "packet.tunnel"
HEADERS: Final = "packet.headers"
RARE: Final = "packet.rare"
EMPTY: Final = "packet.empty"
OTHER: Final = "packet.other"
"""Asked for together with PACKET: they make its rows more, or fuller."""
OF_STREAM: Final = 1
PATIENT: Final = 2
"""Bits of a rule's number in `payloads.rules`: its row is held against it as part of a stream; the rule neither sets
what others ask for nor asks for what they set, so that it may be held against it later than others are."""
JOINED: Final = "flow.joined"
FIRST: Final = "flow.first"
"""Of conversations: how they begin."""
CHECKED: Final = "segment.checked"
SAMPLED: Final = "segment.sampled"
WHOLE: Final = "packet.whole"
"""They say what is not seen: segments with wrong checksums, always or by a sample of them; what the capture cut."""
CHUNKED: Final = "stream.chunked"
"""Streams come in chunks, not piece by piece."""
PICKED: Final = "flow.picked"
"""Connections that nobody saw open are silent for as long as others before they are over."""
SEALED: Final = "flow.sealed"
UNSEEN: Final = frozenset({CHECKED, CHUNKED, PICKED, SAMPLED, SEALED, WHOLE})
UNASKED: Final = frozenset({HEADERS, RARE, EMPTY, OTHER, TUNNEL, JOINED, FIRST}) | UNSEEN
"""What nobody gets who asks for all payloads: of it UNSEEN makes them fewer."""

DNP3_INDICATIONS: Final = (
    "all_stations", "class_1_events", "class_2_events", "class_3_events", "need_time", "local_control",
    "device_trouble", "device_restart", "no_func_code_support", "object_unknown", "parameter_error",
    "event_buffer_overflow", "already_executing", "config_corrupt", "reserved_2", "reserved_1",
)  # fmt: skip
"""Internal indications of DNP3 by Suricata's words, in the order of their bits: those of the first octet first."""


class Buffer(NamedTuple):
    """protocol: whose messages it is cut out of; empty: of anything. meaning: what it holds."""

    protocol: str
    meaning: str


def _of(protocol: str, /, **meanings: str) -> dict[str, Buffer]:
    return {
        f"{protocol}.{name.replace('__', '.')}": Buffer(protocol, text) for name, text in meanings.items()
    }


BUFFERS: Final[dict[str, Buffer]] = {
    PACKET: Buffer(
        "", "payload of one datagram or TCP segment as it came (pkt_data); of ICMP from its ninth octet on"
    ),
    HEADERS: Buffer("", "no rows: with it the column `headers` of packets is filled"),
    TUNNEL: Buffer(
        "", "own: headers of a packet that carries another one in IP, IPv6 or GRE, up to that one's own"
    ),
    RARE: Buffer(
        "", "no rows of its own: segments without payload that do more than acknowledge, as packets"
    ),
    EMPTY: Buffer("", "no rows of its own: all other segments and datagrams without payload, as packets"),
    OTHER: Buffer("", "no rows of its own: ICMP and other protocols without payload, as packets"),
    STREAM: Buffer("", "next octets of a TCP stream, put in order, each octet once"),
    JOINED: Buffer(
        "",
        "own: a TCP connection that nobody saw open (SYN and SYN/ACK) has payload, once; sent by whose packet came "
        "first; one octet of bits: 1 where that was a SYN/ACK, 2 where this is that packet, 4 where a SYN was seen",
    ),
    FIRST: Buffer(
        "",
        "own: a conversation in datagrams begins, or one of TCP that was opened by whom its protocol takes for the "
        "server, once; sent by whose packet came first; one octet: 2 where this is that packet, else 0",
    ),
    CHECKED: Buffer(
        "",
        "no rows of its own: a segment with a wrong checksum opens nothing and is in no stream, but one by itself",
    ),
    SAMPLED: Buffer(
        "", "the same, until more than a tenth of a source's first thousand frames were such segments"
    ),
    SEALED: Buffer(
        "sealed",
        "no rows of its own: packets with payload of TLS and SSH are none from where both ends encipher on",
    ),
    CHUNKED: Buffer(
        "",
        "no rows of its own: rows of `stream` are chunks, of 2,560 octets and the rest of a segment, or up to the "
        "conversation's end",
    ),
    PICKED: Buffer(
        "",
        "no rows of its own: a TCP connection that nobody saw open lasts as others do, while nobody speaks",
    ),
    WHOLE: Buffer("", "no rows of its own: frames that the capture cut are no packets, and in no stream"),
    **_of(
        "http",
        method="method of a request",
        uri="request target, decoded and normalised; path and query",
        uri__raw="request target as it came",
        url="own: host in lower case and target as it came, one behind the other",
        request_line="request line without its end",
        response_line="status line without its end",
        protocol="version, as `HTTP/1.1`",
        header="fields but cookies, `Name: value` and line ends; equal names joined by a comma",
        header__raw="fields as they came",
        header_names="names of the fields in order, between line ends",
        start="first line and fields, ended by an empty line",
        host="host that is asked, in lower case without port",
        host__raw="host as it came",
        user_agent="User-Agent",
        referer="Referer",
        cookie="Cookie of a request, Set-Cookie of an answer",
        accept="Accept",
        accept_lang="Accept-Language",
        accept_enc="Accept-Encoding",
        connection="Connection",
        content_type="Content-Type",
        content_len="Content-Length",
        location="Location of an answer",
        server="Server of an answer",
        stat_code="status code",
        stat_msg="reason phrase",
        request_body="body of a request, chunks joined, first 102,400 octets",
        response_body="body of an answer, chunks joined, unpacked, first 102,400 octets",
        request_header="one field of a request, `Name: value`, one row each",
        response_header="one field of an answer, `Name: value`, one row each",
        event="own: what breaks rules in a request's head, by Suricata's word",
    ),
    **_of(
        "smtp",
        helo="name that a client greets with",
        mail_from="address that a message is from",
        rcpt_to="address that it is for, one row each",
    ),
    **_of(
        "email",
        **{"from": "From of a message"},
        to="To of it",
        cc="Cc of it",
        subject="Subject of it",
        date="Date of it",
        message_id="Message-ID of it",
        x_mailer="X-Mailer of it",
    ),
    **_of(
        "ssh",
        proto="version in the first line, as `2.0`",
        software="software in the first line, with comments",
        hassh="HASSH of the client",
        hassh__string="what HASSH is the hash of",
        hassh__server="HASSH of the server",
        hassh__server__string="what it is the hash of",
    ),
    **_of(
        "ftp",
        command="command of a client, without what follows",
        command_data="what follows it",
        reply="text of one line of a reply",
        completion_code="its three digits",
        bounce="own: true where a client names another machine than itself for data, else false",
    ),
    **_of(
        "smb",
        version="own: version of a message, 1 or 2",
        share="tree that a client connects to, where it is no pipe",
        named_pipe="tree that a client connects to, where it is IPC$",
        ntlmssp_user="account that logs on by NTLM",
        ntlmssp_domain="its domain",
    ),
    **_of(
        "dcerpc",
        iface="own: UUID of the interface that a call is for, as text, where its first fragment was seen",
        any_iface="own: the same, of any fragment",
        iface_version="own: major version of it, in digits",
        opnum="own: number of the operation, in digits",
        stub_data="data of a call or its answer, fragments joined, first 65,536 octets; not where they are enciphered",
    ),
    **_of(
        "krb5",
        msg_type="own: type of a message, in digits",
        cname="part of the name of who asks, one row each",
        sname="part of the name of the service, one row each",
        err_code="own: code of an error, in digits",
    ),
    **_of(
        "sip",
        method="method of a request",
        uri="URI of a request",
        request_line="first line of a request",
        protocol="version, as `SIP/2.0`",
        stat_code="status code of an answer",
        stat_msg="reason phrase of it",
        response_line="first line of an answer",
        **{"from": "From"},
        to="To",
        via="Via, one row each",
        user_agent="User-Agent",
        content_type="Content-Type",
        content_length="Content-Length",
    ),
    **_of(
        "enip",
        any_command="own: command of a message of EtherNet/IP, in digits",
        status="own: status of it, in digits",
        protocol_version="own: of an identity that a machine tells, its version of the encapsulation, in digits",
        vendor_id="own: its vendor, in digits",
        device_type="own: its device type, in digits",
        product_code="own: its product code, in digits",
        revision="own: its revision, 256 times the major one and the minor one, in digits",
        identity_status="own: its status, in digits",
        serial="own: its serial number, in digits",
        state="own: its state, in digits",
        product_name="its product name",
        capabilities="own: flags of a service that a machine lists, in digits",
        service_name="name of that service",
    ),
    **_of("cip", any_service="own: each service in a message of EtherNet/IP, wrappers too, in digits"),
    **_of(
        "dnp3",
        data="a fragment of the application layer, without sums",
        any_function="own: its function, in digits",
        object="own: group times 256 and variation of each header of objects in it, in digits",
        indication="own: each internal indication of an answer that is set, by Suricata's word",
    ),
    **_of(
        "dns",
        query="name that is asked for, without its last dot, of questions",
        query__name="the same, of answers too",
        answer__name="name that a record of an answer is about",
        opcode="own: code of the operation, in digits",
        rcode="own: code of the answer, in digits",
        event="own: what breaks rules in a header, by Suricata's word",
        queries__rrname="as dns.query.name",
        answers__rrname="as dns.answer.name",
        authorities__rrname="name that a record of the section of authorities is about",
        additionals__rrname="name that a record of the additional section is about",
        rrtype="own: type of a question, of an answer that of a record of its answers, in digits",
        message="own: the message, in a stream with the length before it",
    ),
    **_of(
        "mqtt",
        type="own: type of a message, in digits",
        qos="own: quality of service of it, in digits",
        flags="own: dup and retain, with ! where they are not set",
        protocol_version="own: version that the client connected by, in digits",
        reason_code="own: reason or return code, in digits",
        connect__protocol_string="protocol's name in a CONNECT",
        connect__flags="own: flags of it by Suricata's words, with ! where they are not set",
        connect__clientid="name that the client gives itself",
        connect__username="account",
        connect__password="its secret",  # noqa: S106 - the name of a buffer
        connect__willtopic="topic of its will",
        connect__willmessage="what its will says",
        connack__session_present="own: true or false",
        publish__topic="topic that is published to",
        publish__message="what is published",
        subscribe__topic="topic that is asked for, one row each",
        unsubscribe__topic="topic that is not asked for any more, one row each",
    ),
    **_of(
        "snmp",
        version="own: 1, 2 (for 2c) or 3",
        community="community of versions 1 and 2c",
        usm="user of version 3",
        pdu_type="own: kind of message, in digits; not there where it is enciphered",
    ),
    **_of(
        "tls",
        sni="host name that the client asks for",
        version="version that the server chose, as `1.2`",
        cert_subject="subject of the server's certificate, `C=…, O=…, CN=…`",
        cert_issuer="issuer of it",
        cert_serial="serial number of it, octets in hexadecimal between colons",
        cert_fingerprint="SHA-1 of it, octets in hexadecimal between colons",
        certs="the certificates of the server's chain, DER, one row each",
        subjectaltname="alternative name of the subject of the server's certificate, one row each",
        cert_not_before="own: seconds since 1970 from which on it is valid, in digits",
        cert_not_after="own: seconds since 1970 until which it is valid, in digits",
        cert_state="own: expired or valid when it was sent",
        cert_chain_len="own: how many certificates the server sent, in digits",
        random="the 32 random octets of a hello",
        random_time="the first four of them",
        random_bytes="the other 28",
        state="own: what of the handshake was sent, by Suricata's word",
        alpn="protocol that the client offers, or the server chose, one row each",
        records="own: what a side has sent until its handshake came so far, first 65,536 octets",
    ),
    **_of("ja3", hash="JA3 of the ClientHello", string="what JA3 is the hash of"),
    **_of("ja3s", hash="JA3S of the ServerHello", string="what JA3S is the hash of"),
    **_of("ja4", hash="JA4 of the ClientHello"),
    **_of(
        "file",
        data="octets of a file or body, unpacked: the first 102,400 of HTTP's, 1,048,576 of others",
        name="name that the transfer gives it",
        size="own: octets of all of it, in digits, where it was seen to its end",
        seen="own: octets of it that were seen, in digits",
        mime="own: MIME type, told by its first octets",
        md5="own: hash of all of it, hexadecimal",
        sha1="own: hash of all of it, hexadecimal",
        sha256="own: hash of all of it, hexadecimal",
    ),
}
"""Name → buffer."""
