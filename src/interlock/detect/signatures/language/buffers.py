"""Buffers that rules look into, by the names that Suricata's documentation has for them.

Source: Suricata user guide, the page named in each row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from interlock.detect.signatures.language.contents import read_octets
from interlock.detect.signatures.language.keyword import Keyword, unquoted
from interlock.detect.signatures.language.problems import RuleError
from interlock.detect.signatures.language.steps import Content

if TYPE_CHECKING:
    from interlock.detect.signatures.language.draft import Draft

__all__ = ["BUFFERS", "KEYWORDS", "OF_LETTER", "Buffer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Buffer:
    """older: sticky names of former versions. modifier: word behind a content. letter: pcre's.

    many: it may be there several times in one transaction.
    """

    name: str
    page: str
    says: str
    older: tuple[str, ...] = ()
    modifier: str = ""
    letter: str = ""
    many: bool = False


def _http(name: str, says: str, older: str = "", modifier: str = "", letter: str = "") -> Buffer:
    olds = (older,) if older else ()
    return Buffer(
        name=f"http.{name}", page="HTTP Keywords", says=says, older=olds, modifier=modifier, letter=letter
    )


def _tls(name: str, says: str, *older: str, many: bool = False) -> Buffer:
    return Buffer(name=name, page="SSL/TLS Keywords", says=says, older=older, many=many)


BUFFERS: Final = (
    _http("uri", "the request's target, normalised", modifier="http_uri", letter="U"),
    _http("uri.raw", "the request's target as sent", modifier="http_raw_uri", letter="I"),
    _http("method", "the request's method", modifier="http_method", letter="M"),
    _http("protocol", "the version word of a request or a response", older="http_protocol"),
    _http("request_line", "the request's whole first line", older="http_request_line"),
    _http("response_line", "the response's whole first line", older="http_response_line"),
    _http("header", "all headers, normalised, without those of cookies", modifier="http_header", letter="H"),
    _http("header.raw", "all headers as sent", modifier="http_raw_header", letter="D"),
    _http("header_names", "the headers' names, in their order, between line ends", older="http_header_names"),
    _http("cookie", "the cookies sent or set", modifier="http_cookie", letter="C"),
    _http("user_agent", "the header User-Agent", modifier="http_user_agent", letter="V"),
    _http("host", "the host that is asked, in lower case", modifier="http_host", letter="W"),
    _http("host.raw", "the host that is asked, as sent", modifier="http_raw_host", letter="Z"),
    _http("referer", "the header Referer", older="http_referer"),
    _http("accept", "the header Accept", older="http_accept"),
    _http("accept_enc", "the header Accept-Encoding", older="http_accept_enc"),
    _http("accept_lang", "the header Accept-Language", older="http_accept_lang"),
    _http("connection", "the header Connection", older="http_connection"),
    _http("content_type", "the header Content-Type", older="http_content_type"),
    _http("content_len", "the header Content-Length, as text", older="http_content_len"),
    _http("start", "the first line, the headers and the empty line", older="http_start"),
    _http("location", "the header Location", older="http_location"),
    _http("server", "the header Server", older="http_server"),
    _http("stat_code", "the response's status code", modifier="http_stat_code", letter="S"),
    _http("stat_msg", "the response's status text", modifier="http_stat_msg", letter="Y"),
    _http("request_body", "the request's body", modifier="http_client_body", letter="P"),
    _http("response_body", "the response's body, unpacked", modifier="http_server_body", letter="Q"),
    Buffer(
        name="http.request_header",
        page="HTTP Keywords",
        says="one header of the request, `Name: value`",
        many=True,
    ),
    Buffer(
        name="http.response_header",
        page="HTTP Keywords",
        says="one header of the response, `Name: value`",
        many=True,
    ),
    Buffer(
        name="file.data",
        page="File Keywords",
        says="a file's content: of HTTP, SMTP, FTP, SMB",
        older=("file_data",),
        many=True,
    ),
    Buffer(name="file.name", page="File Keywords", says="a file's name", many=True),
    Buffer(
        name="dns.query",
        page="DNS Keywords",
        says="a name that is asked for",
        older=("dns_query",),
        many=True,
    ),
    Buffer(
        name="dns.query.name", page="DNS Keywords", says="a name in a question, of answers too", many=True
    ),
    Buffer(name="dns.answer.name", page="DNS Keywords", says="a name that an answer is about", many=True),
    *(
        Buffer(name=f"dns.{section}.rrname", page="DNS Keywords", says=says, many=True)
        for section, says in (
            ("queries", "a name in a question, of answers too"),
            ("answers", "a name in the section of answers"),
            ("authorities", "a name in the section of authorities"),
            ("additionals", "a name in the additional section"),
        )
    ),
    _tls("tls.alpn", "a protocol that is offered or chosen", many=True),
    _tls("tls.sni", "the server's name in the client's hello", "tls_sni"),
    _tls("tls.cert_subject", "the certificate's subject", "tls_cert_subject"),
    _tls("tls.cert_issuer", "the certificate's issuer", "tls_cert_issuer"),
    _tls("tls.cert_serial", "the certificate's serial number", "tls_cert_serial"),
    _tls("tls.cert_fingerprint", "the certificate's SHA-1, as pairs between colons", "tls_cert_fingerprint"),
    _tls("tls.certs", "a certificate of the chain, as sent", many=True),
    _tls("tls.subjectaltname", "an alternative name of the certificate's subject", many=True),
    _tls("tls.random", "the 32 random octets of a hello"),
    _tls("tls.random_time", "the first four of them"),
    _tls("tls.random_bytes", "the other 28"),
    Buffer(name="ja3.hash", page="JA3/JA4 Keywords", says="the MD5 of a client's hello", older=("ja3_hash",)),
    Buffer(name="ja3.string", page="JA3/JA4 Keywords", says="the text of that", older=("ja3_string",)),
    Buffer(
        name="ja3s.hash", page="JA3/JA4 Keywords", says="the MD5 of a server's hello", older=("ja3s_hash",)
    ),
    Buffer(name="ja3s.string", page="JA3/JA4 Keywords", says="the text of that", older=("ja3s_string",)),
    Buffer(name="ja4.hash", page="JA3/JA4 Keywords", says="the JA4 of a client's hello"),
    *(
        Buffer(name=f"ssh.hassh{part}", page="SSH Keywords", says=says)
        for part, says in (
            ("", "HASSH of the client"),
            (".string", "what that is the hash of"),
            (".server", "HASSH of the server"),
            (".server.string", "what that is the hash of"),
        )
    ),
    *(
        Buffer(name=f"ftp.{name}", page="FTP/FTP-DATA Keywords", says=says, many=many)
        for name, says, many in (
            ("command", "a command, without what follows it", False),
            ("command_data", "what follows a command", False),
            ("reply", "a line of a reply, without its code", True),
            ("completion_code", "the code of a line of a reply", True),
        )
    ),
    *(
        Buffer(name=f"smtp.{name}", page="SMTP Keywords", says=says, many=many)
        for name, says, many in (
            ("helo", "the name that a client greets with", False),
            ("mail_from", "the address that a message is from", False),
            ("rcpt_to", "an address that it is for", True),
        )
    ),
    *(
        Buffer(name=f"email.{name}", page="Email Keywords", says=f"the field {field} of a message")
        for name, field in (
            ("from", "From"),
            ("to", "To"),
            ("cc", "Cc"),
            ("subject", "Subject"),
            ("date", "Date"),
            ("message_id", "Message-ID"),
            ("x_mailer", "X-Mailer"),
        )
    ),
    *(
        Buffer(name=f"mqtt.{name}", page="MQTT Keywords", says=says, many=many)
        for name, says, many in (
            ("connect.clientid", "the name that a client gives itself", False),
            ("connect.username", "the account of a CONNECT", False),
            ("connect.password", "the password of a CONNECT", False),
            ("connect.protocol_string", "the protocol's name in a CONNECT", False),
            ("connect.willtopic", "the topic of a client's will", False),
            ("connect.willmessage", "what a client's will says", False),
            ("publish.topic", "the topic that is published to", False),
            ("publish.message", "what is published", False),
            ("subscribe.topic", "a topic that is subscribed to", True),
            ("unsubscribe.topic", "a topic that is unsubscribed from", True),
        )
    ),
    Buffer(name="snmp.community", page="SNMP keywords", says="the community of versions 1 and 2c"),
    Buffer(name="snmp.usm", page="SNMP keywords", says="the user of version 3"),
    Buffer(
        name="ssh.proto", page="SSH Keywords", says="the version of SSH that is offered", older=("ssh_proto",)
    ),
    Buffer(
        name="ssh.software", page="SSH Keywords", says="the software that is named", older=("ssh_software",)
    ),
    Buffer(name="smb.ntlmssp_user", page="SMB Keywords", says="the account that logs on by NTLM"),
    Buffer(name="smb.ntlmssp_domain", page="SMB Keywords", says="the domain of that account"),
    Buffer(
        name="smb.named_pipe", page="SMB Keywords", says="the pipe that is opened", older=("smb_named_pipe",)
    ),
    Buffer(name="smb.share", page="SMB Keywords", says="the share that is opened", older=("smb_share",)),
    Buffer(name="enip.product_name", page="ENIP/CIP Keywords", says="the product's name of an identity"),
    Buffer(name="enip.service_name", page="ENIP/CIP Keywords", says="the name of a service that is listed"),
    Buffer(
        name="dnp3.data",
        page="DNP3 Keywords",
        says="a fragment of the application layer without checksums",
        older=("dnp3_data",),
    ),
    Buffer(
        name="dcerpc.stub_data",
        page="DCERPC Keywords",
        says="the data of a call or its answer",
        older=("dce_stub_data",),
    ),
    *(
        Buffer(name=f"krb5.{name}", page="Kerberos Keywords", says=says, older=(f"krb5_{name}",), many=True)
        for name, says in (
            ("cname", "a part of the name of who asks"),
            ("sname", "a part of the name of the service"),
        )
    ),
    *(
        Buffer(name=f"sip.{name}", page="SIP Keywords", says=says, many=name == "via")
        for name, says in (
            ("method", "a request's method"),
            ("uri", "a request's URI"),
            ("request_line", "a request's whole first line"),
            ("stat_code", "an answer's status code"),
            ("stat_msg", "an answer's status text"),
            ("response_line", "an answer's whole first line"),
            ("protocol", "the version word"),
            ("from", "the field From"),
            ("to", "the field To"),
            ("via", "a field Via"),
            ("user_agent", "the field User-Agent"),
            ("content_type", "the field Content-Type"),
            ("content_length", "the field Content-Length, as text"),
        )
    ),
    Buffer(name="ip.src", page="IP Addresses Match", says="the address of who sends, as octets"),
    Buffer(name="ip.dst", page="IP Addresses Match", says="the address of whom it is sent to, as octets"),
    Buffer(name="tcp.hdr", page="Header Keywords", says="the whole TCP header"),
    Buffer(name="udp.hdr", page="Header Keywords", says="the whole UDP header"),
    Buffer(name="ipv4.hdr", page="Header Keywords", says="the whole IPv4 header"),
    Buffer(name="ipv6.hdr", page="Header Keywords", says="the whole IPv6 header"),
    Buffer(name="icmpv4.hdr", page="Header Keywords", says="the first eight octets of the ICMP header"),
    Buffer(name="icmpv6.hdr", page="Header Keywords", says="the first eight octets of the ICMPv6 header"),
)

OF_LETTER: Final = {buffer.letter: buffer.name for buffer in BUFFERS if buffer.letter}
"""pcre's letter → buffer."""


def _sticky(buffer: Buffer, word: str) -> Keyword:
    def read(draft: Draft, _value: str | None) -> None:
        draft.stick(buffer.name, many=buffer.many)

    return Keyword(name=word, clause=f"{buffer.page}, {word}", says=buffer.says, read=read, value=False)


def _modifier(buffer: Buffer) -> Keyword:
    def read(draft: Draft, _value: str | None) -> None:
        draft.move(buffer.name, buffer.modifier)

    says = f"the content before is looked for in {buffer.name}"
    return Keyword(
        name=buffer.modifier, clause=f"{buffer.page}, {buffer.name}", says=says, read=read, value=False
    )


def _packet(draft: Draft, _value: str | None) -> None:
    draft.stick("payload", many=False)


def _whole(word: str, buffer: str) -> Keyword:
    """A keyword whose value is all that the buffer holds, in its older form."""

    def read(draft: Draft, value: str | None) -> None:
        negated, text = unquoted(value or "", word)
        octets = text.strip().lower().encode()
        draft.lists.setdefault((buffer, (), 0), []).append(
            Content(octets=octets, negated=negated, nocase=True, starts=True, ends=True)
        )

    return Keyword(name=word, clause=f"SSL/TLS Keywords, {word}", says=f"{buffer} is this", read=read)


def _within(word: str, buffer: str, page: str) -> Keyword:
    """A keyword whose value stands somewhere in the buffer, in its older form."""

    def read(draft: Draft, value: str | None) -> None:
        negated, text = unquoted(value or "", word)
        if not text:
            raise RuleError(word, "nothing stands between its quotation marks")
        step = Content(octets=read_octets(text, word), negated=negated)
        draft.lists.setdefault((buffer, (), 0), []).append(step)

    return Keyword(name=word, clause=f"{page}, {word}", says=f"this is in {buffer}", read=read)


def _file(word: str, before: str, says: str, *, ends: bool) -> Keyword:
    """A keyword about a file's name, in its older form: it looks for letters of either case."""

    def read(draft: Draft, value: str | None) -> None:
        negated, text = unquoted(value or "", word)
        if not text:
            raise RuleError(word, "nothing stands between its quotation marks")
        name = before.encode() + read_octets(text, word)
        step = Content(octets=name, negated=negated, nocase=True, ends=ends)
        draft.lists.setdefault(("file.name", (), 0), []).append(step)

    return Keyword(name=word, clause=f"File Keywords, {word}", says=says, read=read)


KEYWORDS: Final = (
    *(_sticky(buffer, word) for buffer in BUFFERS for word in (buffer.name, *buffer.older)),
    *(_modifier(buffer) for buffer in BUFFERS if buffer.modifier),
    _whole("tls.fingerprint", "tls.cert_fingerprint"),
    _within("tls.subject", "tls.cert_subject", "SSL/TLS Keywords"),
    _within("tls.issuerdn", "tls.cert_issuer", "SSL/TLS Keywords"),
    _within("ssh.softwareversion", "ssh.software", "SSH Keywords"),
    _file("filename", "", "this is in file.name", ends=False),
    _file("fileext", ".", "file.name ends with a dot and this", ends=True),
    Keyword(
        name="pkt_data",
        clause="Payload Keywords, pkt_data",
        says="what follows is looked for in the payload again",
        read=_packet,
        value=False,
    ),
)
