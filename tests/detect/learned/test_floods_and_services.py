"""Late answers, floods of connections, new services of the network, refusals by a learned habit: loud and silent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from detect.learned.test_learned_others import Tables, found
from detect.rows import START, batch
from interlock.detect.batch import Batch
from interlock.detect.interface import Context
from interlock.detect.learned.connection_flood import ConnectionFlood
from interlock.detect.learned.late_answers import LateAnswers
from interlock.detect.learned.new_network_service import NewNetworkService
from interlock.detect.refusals import Refusals
from interlock.errors import SourceError
from interlock.records.asset import Asset

if TYPE_CHECKING:
    from collections.abc import Iterable

MS = 1_000_000
CONTEXT = Context(now=START)


def answered(milliseconds: Iterable[float], **more: Any) -> Tables:
    return {"operations": [{"at": n, "operation": n, "latency": round(ms * MS), **more}
                           for n, ms in enumerate(milliseconds)]}  # fmt: skip


USUAL = answered([3.0 + n % 4 for n in range(600)])


def test_answers_far_later_than_ever_are_said_once_for_their_relation() -> None:
    (finding,) = found(LateAnswers(), USUAL, answered([4.0] * 30 + [900.0] * 60))
    assert finding.techniques[0] == "T0814"
    assert finding.machines == ("10.0.0.9", "10.0.0.2")
    assert finding.count == 60
    assert "late" in finding.title


@pytest.mark.parametrize(
    "after",
    [
        answered([4.0] * 300),
        answered([12.0] * 300),
        answered([4.0] * 50 + [900.0] * 5 + [4.0] * 50),
        answered([900.0] * 60, client="10.0.0.77"),
        answered([4000.0 if n % 10 == 0 else 4.0 for n in range(300)]),
        answered([0.0] * 60),
    ],
    ids=["as ever", "a little later", "a hiccup", "an unknown relation", "one in ten", "unknown times"],
)
def test_what_is_not_much_later_is_not_said(after: Tables) -> None:
    assert found(LateAnswers(), USUAL, after) == ()


def calls(many: int, every: float = 0.5, **more: Any) -> list[dict[str, Any]]:
    return [{"at": every * n, "flow": n, "client_port": 40_000 + n, **more} for n in range(many)]


OFTEN: Tables = {"flows": calls(60, 30.0)}
"""Two connections a minute."""


def test_a_flood_of_connections_is_about_the_server_whoever_calls() -> None:
    strangers = [
        {**row, "client": f"10.0.0.{60 + n % 20}"} for n, row in enumerate(calls(200, 0.2, state="opened"))
    ]
    (finding,) = found(ConnectionFlood(), OFTEN, {"flows": strangers})
    assert finding.machines[0] == "10.0.0.2"
    assert finding.techniques[0] == "T0814"
    assert "20 addresses" in finding.title
    assert "where 2 was the most" in finding.title


@pytest.mark.parametrize("cut", [1, 40, 60, 199])
def test_a_flood_is_the_same_however_it_is_cut(cut: int) -> None:
    rows = calls(200, 0.2)
    whole = found(ConnectionFlood(), OFTEN, {"flows": rows})
    detector = ConnectionFlood()
    detector.learn(Batch("flows", batch("flows", OFTEN["flows"])), CONTEXT)
    detector.know(detector.learned())
    table = batch("flows", rows)
    for part in (table.slice(0, cut), table.slice(cut)):
        list(detector.feed(Batch("flows", part), CONTEXT))
    assert tuple(detector.conclude(CONTEXT)) == whole


DATAGRAMS = {"transport": "udp", "protocol": None, "basis": "unknown", "state": None, "server_packets": 0}


def test_datagrams_count_by_what_is_sent_in_a_minute() -> None:
    row = {**DATAGRAMS, "at": 0, "last": START + 10**10, "client_packets": 5_000}
    (finding,) = found(ConnectionFlood(), OFTEN, {"flows": [row]})
    assert "5000 datagrams" in finding.title
    slow = {**row, "last": START + 3600 * 10**9}
    assert found(ConnectionFlood(), OFTEN, {"flows": [slow]}) == ()


@pytest.mark.parametrize(
    "rows",
    [
        calls(40, 1.0),
        calls(300, 2.0),
        [{**row, "server": "239.1.2.3", **DATAGRAMS} for row in calls(900, 0.05)],
        [{**row, "transport": "eth/0x8892"} for row in calls(900, 0.05)],
    ],
    ids=["a busy minute", "many, but slowly", "to a group", "below IP"],
)
def test_what_a_plant_does_is_no_flood(rows: list[dict[str, Any]]) -> None:
    assert found(ConnectionFlood(), OFTEN, {"flows": rows}) == ()


def told(protocol: str, server: str = "10.0.0.78", **more: Any) -> Tables:
    return {"operations": [{"at": n, "protocol": protocol, "server": server, "verb": "read", "object": f"n{n}", **more}
                           for n in range(3)]}  # fmt: skip


@pytest.mark.parametrize(
    ("protocol", "technique"), [("dhcp", "T0830"), ("ntp", "T0856"), ("llmnr", "T0830"), ("nbns", "T0830")]
)
def test_who_serves_the_network_for_the_first_time_is_said(protocol: str, technique: str) -> None:
    before = told(protocol, "10.0.0.1")
    (finding,) = found(NewNetworkService(), before, told(protocol))
    assert finding.techniques[0] == technique
    assert finding.machines[0] == "10.0.0.78"
    assert found(NewNetworkService(), before, told(protocol, "10.0.0.1")) == ()


@pytest.mark.parametrize(("protocol", "group"), [("lldp", "01:80:c2:00:00:0e"), ("stp", "01:80:c2:00:00:00")])
def test_a_neighbour_that_announces_itself_is_its_client(protocol: str, group: str) -> None:
    row = {"client": "00:1b:1b:00:00:09", "outcome": "unsolicited"}
    before = told(protocol, group, client="00:1b:1b:00:00:01", outcome="unsolicited")
    (finding,) = found(NewNetworkService(), before, told(protocol, group, **row))
    assert finding.machines[0] == "00:1b:1b:00:00:09"
    assert found(NewNetworkService(), before, before) == ()


@pytest.mark.parametrize(
    ("role", "chassis", "kind"),
    [
        (None, "00:1b:1b:00:00:09", "change"),
        (None, "00:1b:1b:00:00:01", "alert"),
        ("switch", "00:1b:1b:00:00:09", "alert"),
    ],
)
def test_a_telephone_announces_itself_and_passes_nothing_on(
    role: str | None, chassis: str, kind: str
) -> None:
    mac, group = "00:1b:1b:00:00:09", "01:80:c2:00:00:0e"
    before = told("lldp", group, client="00:1b:1b:00:00:01", outcome="unsolicited")
    after = told("lldp", group, client=mac, outcome="unsolicited", object=chassis)
    known = Asset(id="one", realm="default", macs=(mac,), role=role)
    context = Context(now=START, asset=lambda _realm, address: known if address == mac else None)
    (finding,) = found(NewNetworkService(), before, after, context)
    assert finding.kind == kind


@pytest.mark.parametrize(
    ("role", "told_before", "kind"),
    [
        ("switch", "lldp", "change"),
        ("switch", "dhcp", "alert"),
        ("plc", "lldp", "alert"),
        (None, "lldp", "alert"),
    ],
)
def test_a_known_switch_that_takes_part_in_a_tree_does_its_work(
    role: str | None, told_before: str, kind: str
) -> None:
    mac, group = "00:1b:1b:00:00:09", "01:80:c2:00:00:00"
    before = told(told_before, group, client=mac, outcome="unsolicited")
    after = told("stp", group, client=mac, outcome="unsolicited")
    known = Asset(id="one", realm="default", macs=(mac,), role=role)
    context = Context(now=START, asset=lambda _realm, address: known if address == mac else None)
    (finding,) = found(NewNetworkService(), before, after, context)
    assert finding.kind == kind


def directs(mac: str, how: str = "redirect") -> Tables:
    return {"clues": [{"at": n, "who": mac, "field": "directs", "value": how} for n in range(2)]}


@pytest.mark.parametrize("how", ["redirect", "router-advertisement"])
def test_who_directs_traffic_for_the_first_time_is_said(how: str) -> None:
    router, other = "00:1b:1b:00:00:01", "00:1b:1b:00:00:09"
    (finding,) = found(NewNetworkService(), directs(router, how), directs(other, how))
    assert (finding.kind, finding.severity, finding.techniques) == ("alert", "high", ("T0830", "T0849"))
    assert finding.machines[0] == other
    assert found(NewNetworkService(), directs(router, how), directs(router, how)) == ()


def group_told(protocol: str, who: str, at: int = 0) -> Tables:
    row = {"client": who, "server": "224.0.1.129", "protocol": protocol, "basis": "port", "transport": "udp"}
    return {"flows": [{**row, "at": at + n} for n in range(2)]}


@pytest.mark.parametrize(
    ("protocol", "technique"), [("ptp", "T0856"), ("mrp", "T0830"), ("vrrp", "T0830"), ("ospf", "T0830")]
)
def test_who_takes_over_what_no_decoder_reads_is_said(protocol: str, technique: str) -> None:
    before = group_told("ssdp", "10.0.0.9")
    (finding,) = found(NewNetworkService(), before, group_told(protocol, "10.0.0.78", 90))
    assert (finding.kind, finding.techniques[0], finding.machines[0]) == ("alert", technique, "10.0.0.78")
    assert found(NewNetworkService(), before, group_told("ssdp", "10.0.0.78", 90)) == ()
    known = group_told(protocol, "10.0.0.78")
    assert found(NewNetworkService(), known, group_told(protocol, "10.0.0.78", 90)) == ()


def leased(who: str, ports: tuple[int, int], at: int = 0) -> Tables:
    row = {"client": who, "server": "ff02::1:2", "client_port": ports[0], "server_port": ports[1], "transport": "udp",
           "protocol": "dhcpv6", "basis": "port", "client_mac": "00:1b:1b:00:00:09"}  # fmt: skip
    return {"flows": [{**row, "at": at + n} for n in range(2)]}


def test_who_sends_as_servers_of_dhcpv6_do_gives_addresses() -> None:
    client, server = leased("fe80::9", (546, 547)), leased("fe80::78", (547, 546), 90)
    (finding,) = found(NewNetworkService(), client, server)
    assert (finding.techniques[0], finding.severity) == ("T0830", "high")
    assert finding.machines == ("fe80::78", "00:1b:1b:00:00:09")
    assert found(NewNetworkService(), client, leased("fe80::79", (546, 547), 90)) == ()
    assert found(NewNetworkService(), leased("fe80::78", (547, 546)), server) == ()


@pytest.mark.parametrize(
    ("server", "port", "said"),
    [
        ("224.0.0.2", 1985, True),
        ("224.0.0.102", 3222, True),
        ("10.0.0.2", 1985, False),
        ("224.0.0.2", 1986, False),
    ],
)
def test_who_stands_by_as_a_router_at_a_group_is_said(server: str, port: int, *, said: bool) -> None:
    row = {
        "client": "10.0.0.78",
        "server": server,
        "server_port": port,
        "client_port": port,
        "transport": "udp",
    }
    now = {"flows": [{**row, "protocol": None, "at": 90}]}
    before = group_told("ssdp", "10.0.0.9")
    findings = found(NewNetworkService(), before, now)
    assert [finding.techniques[0] for finding in findings] == ["T0830"] * said
    assert found(NewNetworkService(), {"flows": [*before["flows"], {**now["flows"][0], "at": 60}]}, now) == ()


@pytest.mark.parametrize(
    ("server", "transport", "protocol", "said"),
    [
        ("224.0.0.1", "ip/2", None, "querier"),
        ("224.0.0.22", "ip/2", None, ""),
        ("224.0.0.1", "udp", None, ""),
        ("01:00:0c:cc:cc:cc", "eth/0x0004", None, "DTP"),
        ("01:00:0c:cc:cc:cc", "eth/0x2000", "cdp", ""),
    ],
)
def test_who_speaks_to_a_group_as_only_some_do(
    server: str, transport: str, protocol: str | None, said: str
) -> None:
    row = {"client": "00:1b:1b:00:00:09", "server": server, "transport": transport, "protocol": protocol}
    before = group_told("ssdp", "10.0.0.9")
    findings = found(NewNetworkService(), before, {"flows": [{**row, "at": 90, "client_port": None}]})
    assert [said in finding.title for finding in findings] == [True] * bool(said)


def test_a_member_of_a_ring_may_speak_for_the_first_time() -> None:
    later = group_told("mrp", "10.0.0.78", 90)
    assert found(NewNetworkService(), group_told("mrp", "10.0.0.1"), later) == ()
    assert (
        found(NewNetworkService(), group_told("vrrp", "10.0.0.1"), group_told("vrrp", "10.0.0.78", 90)) != ()
    )


@pytest.mark.parametrize("outcome", ["no-answer", "refused", "unknown"])
def test_who_does_not_answer_serves_nobody(outcome: str) -> None:
    assert found(NewNetworkService(), told("ntp", "10.0.0.1"), told("ntp", outcome=outcome)) == ()


def test_one_name_may_be_its_own() -> None:
    one = {"operations": told("llmnr")["operations"][:1]}
    assert found(NewNetworkService(), told("llmnr", "10.0.0.1"), one) == ()


def asked(refused: Iterable[bool]) -> Tables:
    return {"operations": [{"at": n, "operation": n, "outcome": "refused" if no else "ok"}
                           for n, no in enumerate(refused)]}  # fmt: skip


def test_refusals_are_judged_from_the_first_minute_by_what_was_learned() -> None:
    after = asked([True] * 40)
    assert found(Refusals(), {}, after) == ()
    (finding,) = found(Refusals(), asked([False] * 900), after)
    assert finding.count == 40
    often = [n % 2 == 0 for n in range(900)]
    assert found(Refusals(), asked(often), asked(often[:80])) == ()


def test_habits_of_another_detector_are_refused() -> None:
    detector = Refusals()
    detector.know(detector.learned())
    with pytest.raises(SourceError):
        detector.know(LateAnswers().learned())
    with pytest.raises(SourceError):
        detector.know(b"{")
