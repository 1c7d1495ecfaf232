"""Which rule comes first where one changes what another says: of a packet, and of packets that share a batch."""

from __future__ import annotations

import pytest

from decode.feed import CLIENT, SERVER
from detect.signatures.engine.over_wire import ANSWER, REQUEST, conversation, every_way, matchers_of
from interlock.detect.signatures.engine.turns import ends, passes, turn_of

ANY = "alert tcp any any -> any any"
SETS = f'{ANY} (content:"needle"; flowbits:set,a; flowbits:noalert; sid:1;)'
ASKS = f'{ANY} (content:"needle"; flowbits:isset,a; sid:2;)'
BOTH = f'{ANY} (content:"needle"; flowbits:isset,a; flowbits:set,b; sid:3;)'
LAST = f'{ANY} (content:"needle"; flowbits:isset,b; sid:4;)'


def lines(*rules):
    return "\n".join(rules) + "\n"


@pytest.mark.parametrize(
    "rules", [(SETS, ASKS, BOTH, LAST), (LAST, BOTH, ASKS, SETS), (ASKS, LAST, SETS, BOTH)]
)
def test_who_asks_comes_after_who_sets_wherever_they_stand(rules):
    """Suricata user guide, Flow Keywords: flowbits in one packet; the order of a file says nothing."""
    assert every_way(lines(*rules), conversation((CLIENT, b"needle"))) == {2: 1, 3: 1, 4: 1}


def test_numbers_have_the_same_order_and_marks_of_machines_are_asked_first():
    """As Suricata 7.0.10 does it (`suricata_beside.py --made random`)."""
    rules = lines(
        f'{ANY} (content:"needle"; flowint:n,==,1; sid:5;)',
        f'{ANY} (content:"needle"; xbits:isset,x,track ip_src; sid:6;)',
        f'{ANY} (content:"needle"; flowint:n,=,1; noalert; sid:7;)',
        f'{ANY} (content:"needle"; xbits:set,x,track ip_src; noalert; sid:8;)',
    )
    assert every_way(rules, conversation((CLIENT, b"needle"))) == {5: 1}
    assert every_way(rules, conversation((CLIENT, b"needle"), (CLIENT, b"needle"))) == {5: 2, 6: 1}


def test_a_request_marks_what_answers_it_where_both_are_in_one_batch():
    rules = lines(
        f'{ANY} (flow:to_client; flowbits:isset,asked; content:"answer"; sid:10;)',
        'alert http any any -> any any (http.uri; content:"needle"; flowbits:set,asked; noalert; sid:11;)',
    )
    assert every_way(rules, conversation((CLIENT, REQUEST), (SERVER, ANSWER), port=80)) == {10: 1}


def test_an_answer_marks_nothing_of_the_request_before_it():
    rules = lines(
        f'{ANY} (flow:to_server; flowbits:isset,answered; content:"needle"; sid:12;)',
        'alert http any any -> any any (http.stat_code; content:"200"; flowbits:set,answered; noalert; sid:13;)',
    )
    once = conversation((CLIENT, REQUEST), (SERVER, ANSWER), port=80)
    assert every_way(rules, once) == {}
    again = conversation((CLIENT, REQUEST), (SERVER, ANSWER), (CLIENT, REQUEST + bytes(600)), port=80)
    assert every_way(rules, again) == {12: 1}


PASS = 'pass tcp any any -> any any (content:"harmless"; sid:20;)'
ALERT = f'{ANY} (content:"needle"; sid:21;)'


def test_what_passes_is_not_said_and_nothing_else_of_its_connection():
    """A content that holds in a stream says it of the whole conversation (Suricata user guide, Action-order)."""
    sent = (CLIENT, b"harmless needle"), (SERVER, b"needle"), (CLIENT, b"needle")
    assert every_way(lines(ALERT, PASS), conversation(*sent)) == {}
    assert every_way(lines(ALERT, PASS), conversation((CLIENT, b"needle"), *sent)) == {21: 1}
    assert every_way(lines(PASS), conversation(*sent)) == {}


def test_a_packet_that_passes_silences_itself_alone():
    passing = 'pass tcp-pkt any any -> any any (content:"harmless"; sid:20;)'
    sent = (CLIENT, b"harmless needle"), (SERVER, b"needle")
    assert every_way(lines(ALERT, passing), conversation(*sent)) == {21: 1}


def test_addresses_that_pass_silence_their_conversations():
    rules = lines(ALERT, "pass ip 10.0.0.1 any -> 10.0.0.2 any (sid:22;)")
    assert every_way(rules, conversation((CLIENT, b"needle"), (SERVER, b"needle"))) == {}


def test_a_message_that_passes_silences_its_connection():
    rules = lines(
        f'{ANY} (flow:to_client; content:"answer"; sid:23;)',
        'pass http any any -> any any (http.uri; content:"needle"; sid:24;)',
    )
    assert every_way(rules, conversation((CLIENT, REQUEST), (SERVER, ANSWER), port=80)) == {}


def test_only_who_passes_passes():
    turns = [turn_of(one.signature) for one in matchers_of(lines(PASS, SETS, BOTH, ASKS, ALERT))]
    assert turns == sorted(turns)
    assert list(map(passes, turns)) == [True, False, False, False, False]


def test_who_drops_comes_before_who_rejects_and_both_before_others():
    """Suricata user guide, Action-order."""
    drops, rejects = SETS.replace("alert", "drop", 1), SETS.replace("alert", "rejectboth", 1)
    turns = [turn_of(one.signature) for one in matchers_of(lines(PASS, drops, rejects, SETS))]
    assert turns == sorted(turns)
    assert list(map(ends, turns)) == [True, True, True, False]
