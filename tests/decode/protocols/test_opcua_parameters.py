"""OPC UA's parameters: what messages say beside objects and values, and what is never said."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decode.feed import tcp
from decode.protocols.opcua_octets import (
    BASIC256SHA256,
    CLIENT,
    NULL,
    OPENING,
    SERVER,
    SESSION,
    TICKS,
    answer,
    array,
    ask,
    chunk,
    extension,
    hello,
    localized,
    message,
    node,
    opened,
    opening,
    qualified,
    read,
    read_answer,
    read_item,
    request_header,
    text,
    u32,
    value,
    variant,
)

TABLE = "opcua_parameters"
TANK = node("Tank.Level", 2)


def told(*payloads, function=None):
    """(answer, element, name) → value, of the operations with that function; HEL and ACK belong to none."""
    rows = tcp(payloads, port=4840)
    wanted = {row["operation"] for row in rows["operations"] if row["function"] == function} or {None}
    found = {}
    for row in rows[TABLE]:
        if row["operation"] in wanted:
            place = (row["answer"], row["element"], row["name"])
            assert place not in found
            found[place] = row["value"]
    return found


def body(function, asked=b"", answered=b"", **header):
    """What a request and its answer say, without their headers."""
    found = told(
        *OPENING, (CLIENT, ask(2, function, asked, **header)), (SERVER, answer(2, function, answered)),
        function=function,
    )  # fmt: skip
    heads = ("messageType", "isFinal", "messageSize", "secureChannelId", "tokenId", "sequenceNumber")
    heads += ("requestId", "timestamp", "requestHandle", "returnDiagnostics", "timeoutHint", "serviceResult")
    return {place: said for place, said in found.items() if place[1] or place[2] not in heads}


def test_hello_and_acknowledge_say_the_sizes_that_were_agreed():
    found = told((CLIENT, hello("opc.tcp://plc7:4840/ua")), (SERVER, OPENING[1][1]))
    assert found[False, 0, "messageType"] == "HEL"
    assert found[False, 0, "endpointUrl"] == "opc.tcp://plc7:4840/ua"
    assert (found[False, 0, "receiveBufferSize"], found[True, 0, "maxChunkCount"]) == ("65535", "0")
    assert (True, 0, "endpointUrl") not in found


def test_an_error_says_its_status_and_reason():
    found = told((CLIENT, hello()), (SERVER, chunk(b"ERR", u32(0x80010000) + text("no room"))))
    assert (found[True, 0, "error"], found[True, 0, "reason"]) == ("0x80010000", "no room")


def test_an_opening_says_what_was_asked_and_what_was_given():
    found = told(*OPENING, function=446)
    asked = ("requestType", "securityMode", "requestedLifetime", "securityPolicyUri")
    assert [found[False, 0, name] for name in asked] == [
        "0",
        "1",
        "3600000",
        "http://opcfoundation.org/UA/SecurityPolicy#None",
    ]
    given_ = ("channelId", "tokenId", "createdAt", "revisedLifetime")
    assert [found[True, 0, name] for name in given_] == ["7", "3", "2020-11-16T11:33:20+00:00", "3600000"]


def test_a_sealed_opening_and_sealed_messages_say_what_is_not_encrypted():
    found = told(
        (CLIENT, opening(policy=BASIC256SHA256)), (SERVER, opened(policy=BASIC256SHA256)), function=446
    )
    assert found[False, 0, "securityPolicyUri"] == BASIC256SHA256
    assert (False, 0, "requestId") not in found
    rows = tcp([(CLIENT, opening(policy=BASIC256SHA256)), (CLIENT, message(2, bytes(range(64))))], port=4840)
    names = {row["name"]: row["value"] for row in rows[TABLE] if row["value"] != "OPN"}
    assert names["messageType"] == "MSG"
    assert names["tokenId"] == "3"
    assert "sequenceNumber" not in names


def test_headers_say_handles_hints_and_the_result():
    found = told(
        *OPENING,
        (CLIENT, ask(2, 631, bytes(12) + array(), hint_ms=9000)),
        (SERVER, answer(2, 397, status=0x800B0000)),
        function=631,
    )
    assert found[False, 0, "timeoutHint"] == "9000"
    assert found[False, 0, "requestHandle"] == "1"
    assert found[False, 0, "timestamp"] == "2020-11-16T11:33:20+00:00"
    assert found[True, 0, "serviceResult"] == "0x800B0000"
    assert (found[True, 0, "sequenceNumber"], found[True, 0, "requestId"]) == ("2", "2")


def test_a_session_says_times_and_sizes_and_no_secret():
    client = text("urn:hmi2") + text("urn:acme:panel") + localized("Panel") + u32(1) + NULL + NULL + array()
    asked = client + NULL + text("opc.tcp://plc7:4840") + text("night") + text(b"nonce") + NULL
    asked += struct.pack("<dI", 60000.0, 70000)
    endpoint = text("opc.tcp://plc7:4840") + client + NULL + u32(1) + NULL
    endpoint += array(text("p") + u32(0) + NULL + NULL + NULL) + text("uatcp") + b"\3"
    given_ = node(900, 1) + SESSION + struct.pack("<d", 30000.0) + text(b"nonce") + NULL + array(endpoint)
    found = body(461, asked, given_ + NULL + NULL + NULL + u32(80000))
    assert found[False, 0, "applicationUri"] == "urn:hmi2"
    assert found[False, 0, "applicationName"] == "Panel"
    assert found[False, 0, "requestedSessionTimeout"] == "60000"
    assert found[True, 0, "sessionId"] == "ns=1;i=900"
    assert found[True, 0, "revisedSessionTimeout"] == "30000"
    assert found[True, 0, "maxRequestMessageSize"] == "80000"
    secret = SESSION[3:].hex()
    assert not [
        said for said in found.values() if "nonce" in said or b"nonce".hex() in said or secret in said
    ]


@pytest.mark.parametrize(
    ("token", "names"),
    [
        (extension(324, text("p") + text("anna") + text(b"hunter2") + text("alg")),
         {"userIdentityToken": "username", "policyId": "p", "userName": "anna", "encryptionAlgorithm": "alg"}),
        (extension(321, text("p")), {"userIdentityToken": "anonymous", "policyId": "p"}),
        (extension(327, text("c") + text(b"0")), {"userIdentityToken": "certificate", "policyId": "c"}),
        (extension(940, text("i") + text(b"saml") + text("alg")),
         {"userIdentityToken": "issued", "policyId": "i", "encryptionAlgorithm": "alg"}),
        (node(0) + b"\0", {}),
        (extension(999, text("p")), {}),
    ],
)  # fmt: skip
def test_an_activation_says_the_kind_of_token_and_no_password(token, names):
    asked = NULL + NULL + array() + array(text("en"), text("de")) + token + NULL + NULL
    found = body(467, asked, text(b"nonce") + array(u32(0x80B10000)) + NULL, session=SESSION)
    said = {name: text_ for (told_, _, name), text_ in found.items() if not told_}
    assert said == {"clientSoftwareCertificates": "0", "localeIds": "en,de"} | names
    assert found[True, 1, "statusCode"] == "0x80B10000"
    assert not [text_ for text_ in found.values() if "hunter2" in text_ or b"hunter2".hex() in text_]


def test_references_are_numbered_through_all_results():
    def reference(name, kind):
        ends = node(35) + b"\1" + node(name, 1) + qualified(name, 1) + localized(name.upper(), "en")
        return ends + u32(kind) + node(63)

    one = u32(0) + text(b"\x01\x02") + array(reference("a", 2), reference("b", 1))
    two = u32(0x80340000) + NULL + array(reference("c", 2))
    view = node(0) + struct.pack("<QII", 0, 0, 50)
    nodes = array(
        node(85) + u32(2) + node(33) + b"\1" + u32(3, 63), node(84) + u32(0) + node(0) + b"\0" + u32(0, 0)
    )
    found = body(527, view + nodes, array(one, two) + NULL)
    assert [found[False, k, "nodeId"] for k in (1, 2)] == ["i=85", "i=84"]
    assert [found[False, 1, n] for n in ("browseDirection", "includeSubtypes", "nodeClassMask")] == [
        "2",
        "true",
        "3",
    ]
    assert found[False, 0, "requestedMaxReferencesPerNode"] == "50"
    assert [found[True, k, "statusCode"] for k in (1, 2)] == ["0x00000000", "0x80340000"]
    assert [found[True, k, "references"] for k in (1, 2)] == ["2", "1"]
    assert [found[True, k, "nodeId"] for k in (1, 2, 3)] == ["ns=1;s=a", "ns=1;s=b", "ns=1;s=c"]
    assert [found[True, k, "displayName"] for k in (1, 2, 3)] == ["A", "B", "C"]
    assert found[True, 1, "browseName"] == "1:a"
    assert found[True, 1, "continuationPoint"] == "0x0102"


def test_subscriptions_say_what_was_asked_and_what_was_made_of_it():
    asked = struct.pack("<dIII?B", 500.0, 10000, 10, 7, True, 3)
    found = body(787, asked, u32(77) + struct.pack("<dII", 250.5, 9000, 9))
    assert found[False, 0, "requestedPublishingInterval"] == "500"
    assert (found[False, 0, "maxNotificationsPerPublish"], found[False, 0, "priority"]) == ("7", "3")
    assert found[False, 0, "publishingEnabled"] == "true"
    assert found[True, 0, "revisedPublishingInterval"] == "250.5"
    assert (found[True, 0, "subscriptionId"], found[True, 0, "revisedMaxKeepAliveCount"]) == ("77", "9")


def test_monitored_items_say_their_parameters_one_by_one():
    def item(handle, filtered):
        kept = extension(724, u32(1, 1) + struct.pack("<d", 0.5)) if filtered else node(0) + b"\0"
        return (
            read_item(TANK)
            + u32(2, handle)
            + struct.pack("<d", 100.0)
            + kept
            + u32(handle)
            + bytes([handle % 2])
        )

    def made(status, number):
        return u32(status, number) + struct.pack("<dI", 50.0, 1) + node(0) + b"\0"

    asked = u32(77, 2) + array(item(11, filtered=True), item(12, filtered=False))
    found = body(751, asked, array(made(0, 4), made(0x80340000, 0)) + NULL)
    assert (found[False, 0, "subscriptionId"], found[False, 0, "timestampsToReturn"]) == ("77", "2")
    assert [found[False, k, "clientHandle"] for k in (1, 2)] == ["11", "12"]
    assert found[False, 1, "filter"] == "i=724"
    assert (False, 2, "filter") not in found
    assert [found[False, k, "discardOldest"] for k in (1, 2)] == ["true", "false"]
    assert [found[True, k, "statusCode"] for k in (1, 2)] == ["0x00000000", "0x80340000"]
    assert [found[True, k, "monitoredItemId"] for k in (1, 2)] == ["4", "0"]


def test_a_read_says_the_age_it_takes_and_the_codes_that_values_have():
    payloads = (
        *OPENING,
        (CLIENT, read(2, read_item(TANK), read_item(node(2258)))),
        (SERVER, read_answer(2, value(variant(12, text("x")), times=True), value(None, 0x80340000))),
    )
    found = told(*payloads, function=631)
    assert (found[False, 0, "maxAge"], found[False, 0, "timestampsToReturn"]) == ("0", "2")
    assert (True, 1, "statusCode") not in found
    assert found[True, 2, "statusCode"] == "0x80340000"


def test_calls_say_the_codes_of_arguments():
    asked = array(node(85) + node(62) + array(variant(12, text("go"))))
    result = u32(0x80AB0000) + array(u32(0x80740000), u32(0)) + NULL + array(variant(1, b"\1"))
    found = body(712, asked, array(result) + NULL)
    assert found[True, 1, "inputArgumentResults"] == "0x80740000,0x00000000"


def test_publishing_says_what_was_sent_before_and_what_waits():
    asked = array(u32(77, 4), u32(77, 5))
    message_ = u32(6) + struct.pack("<Q", TICKS) + array()
    found = body(826, asked, u32(77) + array(u32(6), u32(7)) + b"\1" + message_ + NULL + NULL)
    assert [found[False, k, "sequenceNumber"] for k in (1, 2)] == ["4", "5"]
    assert found[True, 0, "availableSequenceNumbers"] == "6,7"
    assert found[True, 0, "moreNotifications"] == "true"
    assert found[True, 0, "publishTime"] == "2020-11-16T11:33:20+00:00"


def test_a_message_of_several_chunks_is_read_whole():
    whole = node(787) + request_header() + struct.pack("<dIII?B", 500.0, 1, 2, 3, True, 4)
    found = told(
        *OPENING,
        (CLIENT, message(2, whole[:20], letter=b"C", sequence=2)),
        (CLIENT, message(2, whole[20:], sequence=3)),
        function=787,
    )
    assert found[False, 0, "priority"] == "4"
    assert found[False, 0, "sequenceNumber"] == "3"


def test_what_a_closing_says_belongs_to_its_row():
    assert body(473, b"\1")[False, 0, "deleteSubscriptions"] == "true"
    found = told(*OPENING, (CLIENT, message(3, node(452) + request_header(), kind=b"CLO")), function=452)
    assert found[False, 0, "messageType"] == "CLO"


FUNCTIONS = (
    422,
    428,
    446,
    461,
    467,
    473,
    479,
    488,
    527,
    533,
    554,
    560,
    631,
    664,
    673,
    700,
    712,
    751,
    763,
    769,
)
FUNCTIONS += (775, 781, 787, 793, 799, 826, 832, 841, 847)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(FUNCTIONS), st.binary(max_size=60), st.binary(max_size=90))
def test_any_octets_give_rows_and_change_no_other_table(function, asked, answered):
    payloads = [*OPENING, (CLIENT, ask(2, function, asked)), (SERVER, answer(2, function, answered))]
    rows = tcp(payloads, port=4840)
    others = tcp(payloads, port=4840, wanted=frozenset(rows) - {TABLE})
    assert {name: found for name, found in rows.items() if name != TABLE and found} == {
        name: found for name, found in others.items() if found
    }
    assert not others[TABLE]
    assert not [row for row in rows["oddities"] if row["oddity"].startswith("decoder-error")]
