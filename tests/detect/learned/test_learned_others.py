"""Conversations, rates, values, silences, oddities: what differs from what was learned, and what does not."""

from __future__ import annotations

from typing import Any

import pytest

from detect.rows import START, batch, concluded
from interlock.detect.batch import Batch
from interlock.detect.interface import Context
from interlock.detect.learned.doubled_cycle import DoubledCycle
from interlock.detect.learned.fallen_silent import FallenSilent
from interlock.detect.learned.new_conversation import NewConversation
from interlock.detect.learned.new_oddity import NewOddity
from interlock.detect.learned.unusual_rate import UnusualRate
from interlock.detect.learned.unusual_value import UnusualValue
from interlock.detect.publisher_sequence import PublisherSequence
from interlock.detect.publisher_state import PublisherState
from interlock.records.asset import Asset
from interlock.records.site_text import load_site

CONTEXT = Context(now=START)
Tables = dict[str, list[dict[str, Any]]]


def found(detector: Any, before: Tables, after: Tables, context: Context | None = None) -> Any:
    for table, rows in before.items():
        detector.learn(Batch(table, batch(table, sorted(rows, key=lambda r: r["at"]))), CONTEXT)
    if before:
        detector.know(detector.learned())
    conclusion = concluded(detector, after, context)
    assert not conclusion.diagnostics
    return conclusion.findings


FLOWS: Tables = {"flows": [{"at": 0}, {"at": 10, "client": "10.0.0.31", "server": "10.0.0.1", "server_port": 161,
                                       "transport": "udp", "protocol": "snmp"}]}  # fmt: skip
UNREAD = {"protocol": None, "basis": "unknown"}


def test_regular_calls_to_a_new_place_are_a_beacon() -> None:
    calls = [{**UNREAD, "at": 100 + 60 * n, "server": "203.0.113.9", "server_port": 8081} for n in range(8)]
    (finding,) = found(NewConversation(), FLOWS, {"flows": calls})
    assert finding.techniques[0] == "T0869"
    assert "every 60 s" in finding.title
    assert finding.severity in ("medium", "high")


@pytest.mark.parametrize(("packets", "told"), [(3, 1), (30, 9)])
def test_calls_without_a_word_belong_to_the_search_of_who_makes_them(packets: int, told: int) -> None:
    ports = (21, 22, 23, 25, 80, 111, 443, 445, 502, 789, 1911, 2404, 4840, 5007, 9600, 20_000)
    row = {**UNREAD, "server": "10.0.0.55", "transport": "tcp", "state": "reset", "server_packets": 3}
    flows = [
        {**row, "at": 100 + n, "server_port": port, "client_packets": packets if port < 502 else 3}
        for n, port in enumerate(ports)
    ]
    findings = found(NewConversation(), FLOWS, {"flows": flows})
    assert len(findings) == told
    assert sum("8 ports" in finding.title for finding in findings) == 1


def test_trying_one_closed_control_port_over_and_over_is_no_mistake() -> None:
    def tries(many: int, port: int, apart: float) -> Tables:
        row = {**UNREAD, "server": "10.0.0.55", "server_port": port, "state": "opened", "server_packets": 0}
        return {"flows": [{**row, "at": 100 + apart * n, "client_port": 30_000 + n} for n in range(many)]}

    (finding,) = found(NewConversation(), FLOWS, tries(20, 4840, 0.1))
    assert finding.techniques[0] == "T0846"
    assert finding.count == 20
    assert found(NewConversation(), FLOWS, tries(20, 4840, 30)) == ()  # one that waits and tries again
    assert found(NewConversation(), FLOWS, tries(8, 4840, 0.1)) == ()
    assert found(NewConversation(), FLOWS, tries(20, 8081, 0.1)) == ()


def test_a_question_to_all_is_asked_now_and_then_but_not_poured_out() -> None:
    asked = {"protocol": "bacnet", "client": "10.0.0.17", "server": "10.0.0.255", "verb": "discover"}
    asked = {**asked, "outcome": "unsolicited"}

    def rows(many: int, **more: Any) -> Tables:
        return {"operations": [{**asked, **more, "at": 100 + n / 35} for n in range(many)]}

    (finding,) = found(UnusualRate(), WRITES, rows(349))
    assert finding.techniques[0] == "T0814"
    assert found(UnusualRate(), WRITES, rows(60)) == ()
    assert found(UnusualRate(), WRITES, rows(349, verb="report")) == ()
    assert found(UnusualRate(), WRITES, rows(349, server="10.0.0.2")) == ()


def test_trying_what_is_behind_a_control_door_is_a_search_and_no_beacon() -> None:
    tried = [{"at": 100 + n, "client": "10.0.0.40", "server_port": 102, "protocol": "cotp"} for n in range(6)]
    (finding,) = found(NewConversation(), FLOWS, {"flows": tried})
    assert finding.techniques == ("T0846", "T0888")
    (once,) = found(NewConversation(), FLOWS, {"flows": tried[:1]})
    assert once.techniques[0] == "T0848"
    (elsewhere,) = found(NewConversation(), FLOWS, {"flows": [{**row, "protocol": "mqtt"} for row in tried]})
    assert elsewhere.techniques[0] == "T0869"


def test_cyclic_data_on_the_link_by_who_never_sent_it_there_is_news() -> None:
    one, other, stranger = "28:63:36:00:00:01", "28:63:36:00:00:02", "54:e1:ad:00:00:09"
    cycles: dict[str, Any] = {**UNREAD, "client": one, "server": other, "transport": "eth/0x8892", "at": 60}
    cycles |= {"client_port": None, "server_port": None, "server_packets": 0, "state": None}
    cycles |= {"protocol": "profinet-rt", "basis": "parsed"}
    before = {"flows": [*FLOWS["flows"], cycles]}
    (finding,) = found(NewConversation(), before, {"flows": [{**cycles, "client": stranger}]})
    assert finding.techniques[0] == "T0856"
    assert "never seen before" in finding.title
    (finding,) = found(NewConversation(), before, {"flows": [{**cycles, "server": stranger}]})
    assert finding.techniques[0] == "T0848"
    replaced = {**cycles, "server": stranger, "server_packets": 30}  # a spare, which its controller takes in
    assert found(NewConversation(), before, {"flows": [replaced]}) == ()
    back = {**cycles, "client": other, "server": one}
    assert found(NewConversation(), before, {"flows": [cycles, back]}) == ()
    named = {**cycles, "client": stranger, "protocol": "profinet-dcp"}
    assert found(NewConversation(), before, {"flows": [named]}) == ()
    group = {**cycles, "client": stranger, "server": "01:0e:cf:00:00:00"}
    assert found(NewConversation(), before, {"flows": [group]}) == ()


def test_the_same_service_again_is_no_news() -> None:
    assert found(NewConversation(), FLOWS, {"flows": [{"at": 50}, {"at": 60, "client_port": 50_123}]}) == ()


def test_knocking_at_many_doors_is_one_search() -> None:
    knocks = [{**UNREAD, "at": n, "server": f"10.0.0.{n}", "state": "refused"} for n in range(10, 30)]
    (finding,) = found(NewConversation(), FLOWS, {"flows": knocks})
    assert finding.techniques[0] == "T0846"
    assert found(NewConversation(), FLOWS, {"flows": knocks[:1]}) == ()
    assert found(NewConversation(), FLOWS, {"flows": knocks[:2]}) != ()


def test_one_door_is_no_search_but_a_call_or_a_flood() -> None:
    here = load_site('[[realms]]\nname = "default"\nnetworks = ["10.0.0.0/24"]\n')
    away = [{**UNREAD, "at": 100 + n, "client": "10.0.0.66", "server": "192.0.2.9", "server_port": 4840,
             "state": "refused"} for n in range(20)]  # fmt: skip
    (finding,) = found(NewConversation(), FLOWS, {"flows": away}, context=Context(now=START, site=here))
    assert finding.techniques[:2] == ("T0885", "T0869")
    assert "outside the plant" in finding.title
    (finding,) = found(NewConversation(), FLOWS, {"flows": away})  # whose they are nobody says
    assert finding.techniques[0] == "T0846"
    taken = [{**row, "server": "10.0.0.55", "state": "closed", "client_packets": 4, "server_packets": 2,
              "at": 100 + n / 10} for n, row in enumerate(away)]  # fmt: skip
    (finding,) = found(NewConversation(), FLOWS, {"flows": taken})
    assert finding.techniques[0] == "T0814"
    (finding,) = found(NewConversation(), FLOWS, {"flows": taken[:3]})
    assert finding.techniques[0] == "T0846"


def test_a_controller_that_calls_outside_in_vain_is_told_and_an_office_is_not() -> None:
    before = {"flows": [*FLOWS["flows"], {"at": 20, "client": "10.0.0.2", "server": "10.0.0.3"}]}
    calls = [{**UNREAD, "at": 100 + 2 * n, "client": "10.0.0.2", "server": "8.8.4.4", "server_port": 443,
              "state": "opened", "server_packets": 0} for n in range(5)]  # fmt: skip

    def said(role: str, rows: list[dict[str, Any]]) -> Any:
        asset = Asset(id="one", realm="default", ips=("10.0.0.2",), role=role)
        context = Context(now=START, asset=lambda _realm, address: asset if address == "10.0.0.2" else None)
        return found(NewConversation(), before, {"flows": rows}, context=context)

    (finding,) = said("plc", calls)
    assert finding.techniques[:2] == ("T0885", "T0869")
    assert (finding.count, finding.machines) == (5, ("10.0.0.2", "8.8.4.4"))
    assert said("plc", calls[:3]) == ()
    assert said("historian", calls) == ()
    proxied = [{**row, "server_port": 1080} for row in calls]
    assert [finding.techniques[0] for finding in said("historian", proxied)] == ["T0885"]
    assert (
        said("historian", proxied[:3])
        == said("historian", [{**row, "server": "10.0.0.77"} for row in proxied])
        == ()
    )
    inside = [{**row, "server": "10.0.0.77", "state": "refused"} for row in calls]
    assert said("plc", inside[:2]) == said("hmi", inside) == ()
    assert [finding.techniques[0] for finding in said("plc", inside[:3])] == ["T0846"]


def test_who_says_that_nobody_listens_calls_nobody() -> None:
    sent = {**UNREAD, "at": 100, "client": "10.0.0.66", "transport": "udp", "server_port": 50_000,
            "server_packets": 0, "state": None}  # fmt: skip
    said = {**UNREAD, "at": 101, "client": "10.0.0.2", "server": "10.0.0.66", "transport": "icmp",
            "protocol": "icmp", "basis": "port", "server_port": None, "server_packets": 0, "state": None}  # fmt: skip
    (finding,) = found(NewConversation(), FLOWS, {"flows": [said, sent]})
    assert finding.machines == ("10.0.0.66", "10.0.0.2")
    assert "at udp/50000, where nobody listens" in finding.title
    assert finding.techniques[0] == "T0846"
    (finding,) = found(NewConversation(), FLOWS, {"flows": [said]})
    assert finding.machines == ("10.0.0.2", "10.0.0.66")
    assert (
        found(NewConversation(), {"flows": [*FLOWS["flows"], {**said, "at": 5}]}, {"flows": [said, sent]})
        == ()
    )


@pytest.mark.parametrize(
    ("port", "who", "said"), [(53, "10.0.0.31", 0), (50_000, "10.0.0.31", 1), (53, "10.0.0.66", 1)]
)
def test_a_system_of_the_plant_may_look_for_names_and_time_in_vain(port: int, who: str, said: int) -> None:
    sent = {**UNREAD, "at": 100, "client": who, "transport": "udp", "server_port": port, "server_packets": 0,
            "state": None}  # fmt: skip
    told = {**UNREAD, "at": 101, "client": "10.0.0.2", "server": who, "transport": "icmp", "protocol": "icmp",
            "basis": "port", "server_port": None, "server_packets": 0, "state": None}  # fmt: skip
    assert len(found(NewConversation(), FLOWS, {"flows": [told, sent]})) == said


def test_datagrams_that_nobody_takes_outside_are_a_call() -> None:
    here = load_site('[[realms]]\nname = "default"\nnetworks = ["10.0.0.0/24"]\n')
    sent = {**UNREAD, "at": 100, "client": "10.0.0.66", "server": "192.0.2.9", "transport": "udp",
            "server_port": 123, "server_packets": 0, "state": None}  # fmt: skip
    said = {**sent, "at": 101, "client": "192.0.2.9", "server": "10.0.0.66", "transport": "icmp",
            "protocol": "icmp", "basis": "port", "server_port": None}  # fmt: skip
    for context, first in ((Context(now=START, site=here), "T0885"), (CONTEXT, "T0846")):
        (finding,) = found(NewConversation(), FLOWS, {"flows": [said, sent]}, context=context)
        assert finding.techniques[0] == first


def test_a_page_that_is_looked_for_at_three_ports_is_no_search() -> None:
    knocks = [
        {**UNREAD, "at": 9, "server": "10.0.0.9", "server_port": p, "state": "refused"}
        for p in (80, 443, 8080, 81)
    ]
    assert found(NewConversation(), FLOWS, {"flows": knocks[:3]}) == ()
    assert found(NewConversation(), FLOWS, {"flows": knocks}) != ()


def _to_all(at: float, port: int, **more: object) -> dict[str, object]:
    return {**UNREAD, "at": at, "server": "10.0.0.255", "server_port": port, "transport": "udp",
            "server_packets": 0, "state": None, **more}  # fmt: skip


def test_who_asks_everybody_by_many_makers_words_searches() -> None:
    asked = [_to_all(100 + n, port) for n, port in enumerate((4800, 28784, 30718))]
    (finding,) = found(NewConversation(), FLOWS, {"flows": asked})
    assert finding.title.endswith("called everybody at 3 ports at which it had never called")
    assert finding.severity == "low"
    assert finding.techniques[0] == "T0846"
    assert found(NewConversation(), FLOWS, {"flows": asked[:2]}) == ()
    stranger = [{**row, "client": "10.0.0.66"} for row in asked]
    assert found(NewConversation(), FLOWS, {"flows": stranger[:2]}) == ()
    assert found(NewConversation(), FLOWS, {"flows": stranger}) != ()


@pytest.mark.parametrize(
    "rows",
    [
        [_to_all(100 + n, port) for n, port in enumerate((137, 1900, 5353, 3702, 17500))],
        [
            _to_all(100 + n, port, protocol="dns", basis="parsed")
            for n, port in enumerate((4800, 28784, 30718))
        ],
        [_to_all(100 + 86_400 * n, port) for n, port in enumerate((4800, 28784, 30718))],
    ],
    ids=["systems", "what is read", "one a day"],
)
def test_what_systems_and_tools_tell_everybody_is_no_search(rows: list[dict[str, object]]) -> None:
    assert found(NewConversation(), FLOWS, {"flows": rows}) == ()


def test_what_was_asked_of_everybody_before_is_no_search() -> None:
    ports = (4800, 28784, 30718)
    before = {"flows": [*FLOWS["flows"], *(_to_all(5 + n, port) for n, port in enumerate(ports))]}
    assert (
        found(NewConversation(), before, {"flows": [_to_all(100 + n, p) for n, p in enumerate(ports)]}) == ()
    )


def test_what_nobody_understands_and_everybody_is_sent_is_a_search() -> None:
    here = {"oddity": "magic-unknown", "protocol": "codesys", "server": "10.0.0.255"}
    there = {**here, "server": "10.0.0.2"}
    for row, first in ((here, "T0846"), (there, "T0814"), ({**here, "server": "01:0c:cd:01:00:01"}, "T0814")):
        (finding,) = found(NewOddity(), {"oddities": []}, {"oddities": [{**row, "at": n} for n in range(3)]})
        assert finding.techniques[0] == first


def test_whoever_takes_its_time_needs_more_machines() -> None:
    def knock(at: float, last: int) -> dict[str, object]:
        return {**UNREAD, "at": at, "server": f"10.0.0.{last}", "state": "refused"}

    assert found(NewConversation(), FLOWS, {"flows": [knock(50, 20), knock(50 + 3600, 21)]}) == ()
    slow = [knock(50, 20), knock(50 + 3600, 21), knock(50 + 7200, 22)]
    assert found(NewConversation(), FLOWS, {"flows": slow}) != ()


def test_an_everyday_of_offices_is_no_search() -> None:
    away = [
        {**UNREAD, "at": n, "server": f"8.8.4.{n}", "server_port": 443, "state": "opened"}
        for n in range(1, 9)
    ]
    unheard = [{**UNREAD, "at": n, "server": f"10.0.0.{n}", "transport": "udp", "server_port": 161, "server_packets": 0,
                "state": None} for n in range(10, 30)]  # fmt: skip
    assert found(NewConversation(), FLOWS, {"flows": away}) == ()
    assert found(NewConversation(), FLOWS, {"flows": unheard}) == ()


def test_a_remote_desktop_is_a_remote_service() -> None:
    row = {**UNREAD, "at": 5, "server": "10.0.0.31", "server_port": 3389}
    (finding,) = found(NewConversation(), FLOWS, {"flows": [row]})
    assert finding.techniques[0] == "T0886"


WRITES: Tables = {"operations": [{"at": 60 * n, "verb": "write"} for n in range(30)]}


def test_writes_far_beyond_habit_are_brute_force_and_a_busy_operator_is_not() -> None:
    assert found(UnusualRate(), WRITES, {"operations": [{"at": n, "verb": "write"} for n in range(15)]}) == ()
    (finding,) = found(
        UnusualRate(), WRITES, {"operations": [{"at": n / 10, "verb": "write"} for n in range(100)]}
    )
    assert finding.techniques[0] == "T0806"
    assert finding.count == 100 - 18


@pytest.mark.parametrize("cut", [1, 17, 40, 99])
def test_what_is_beyond_the_limit_does_not_depend_on_the_cut(cut: int) -> None:
    rows = [{"at": n / 10, "verb": "write", "operation": n} for n in range(100)]
    whole = found(UnusualRate(), WRITES, {"operations": rows})
    detector = UnusualRate()
    detector.learn(Batch("operations", batch("operations", WRITES["operations"])), CONTEXT)
    detector.know(detector.learned())
    table = batch("operations", rows)
    for part in (table.slice(0, cut), table.slice(cut)):
        list(detector.feed(Batch("operations", part), CONTEXT))
    assert tuple(detector.conclude(CONTEXT)) == whole


def clock(many: int, minutes: int) -> list[dict[str, Any]]:
    return [{"at": 60 * m + n * 60 / many, "direction": "reported", "object": "x"}
            for m in range(minutes) for n in range(many)]  # fmt: skip


def test_a_clockwork_that_tells_twice_as_much_has_a_second_teller() -> None:
    (finding,) = found(UnusualRate(), {"values": clock(60, 30)}, {"values": clock(120, 3)})
    assert finding.techniques[0] == "T0856"
    assert found(UnusualRate(), {"values": clock(60, 30)}, {"values": clock(66, 3)}) == ()


def polls(many: int, minutes: int, **more: Any) -> Tables:
    return {"operations": [{"at": 60 * m + n * 60 / many, "operation": m * many + n, **more}
                           for m in range(minutes) for n in range(many)]}  # fmt: skip


def test_a_program_that_asks_in_turn_needs_no_room_for_busy_hours() -> None:
    (finding,) = found(UnusualRate(), polls(12, 30), polls(100, 1))
    assert finding.techniques[0] == "T0814"
    assert found(UnusualRate(), polls(12, 30), polls(80, 1)) == ()
    busy = polls(12, 30)["operations"] + polls(20, 1)["operations"]
    assert found(UnusualRate(), {"operations": busy}, polls(100, 1)) == ()
    assert found(UnusualRate(), polls(12, 5), polls(100, 1)) == ()


def test_an_engineering_station_looks_whether_its_machines_are_there() -> None:
    echo = {**UNREAD, "at": 100, "client": "10.0.0.66", "transport": "icmp", "protocol": "icmp", "basis": "port",
            "server_port": None}  # fmt: skip
    site = load_site('[[engineering_stations]]\naddress = "10.0.0.66"\nname = "es"\n')
    (finding,) = found(NewConversation(), FLOWS, {"flows": [echo]}, Context(now=START, site=site))
    assert finding.severity == "info"
    (finding,) = found(NewConversation(), FLOWS, {"flows": [echo]})
    assert finding.severity == "medium"


def test_many_connections_in_which_nothing_is_said_use_them_up() -> None:
    calls = [{**UNREAD, "at": 100 + n / 4, "client": "10.0.0.40", "server_port": 502, "client_port": 40_000 + n}
             for n in range(40)]  # fmt: skip
    (finding,) = found(NewConversation(), FLOWS, {"flows": calls})
    assert finding.techniques[0] == "T0814"
    (few,) = found(NewConversation(), FLOWS, {"flows": calls[:10]})
    assert few.techniques[0] != "T0814"


def written(*numbers: float, **more: Any) -> list[dict[str, Any]]:
    row = {"direction": "written", "object": "holding:4", **more}
    return [{**row, "at": 30 * n, "number": [number]} for n, number in enumerate(numbers)]


SET: Tables = {"values": written(*(6.0 + 0.1 * (n % 10) for n in range(60)))}


def test_a_value_far_from_what_is_written_there_is_news_and_one_near_it_is_not() -> None:
    assert found(UnusualValue(), SET, {"values": written(6.0, 6.9, 7.0)}) == ()
    (finding,) = found(UnusualValue(), SET, {"values": written(6.5, 11.0)})
    assert finding.techniques[0] == "T0836"
    assert finding.severity == "high"
    assert "11" in finding.title
    assert "6 to 6.9" in finding.title


def test_beyond_the_safe_limit_it_is_critical() -> None:
    site = load_site(
        '[[tags]]\nname = "drum"\nserver = "10.0.0.2"\nobject = "holding:4"\nlow = 0\nhigh = 10\n'
    )
    (finding,) = found(UnusualValue(), SET, {"values": written(11.0)}, Context(now=START, site=site))
    assert finding.severity == "critical"
    assert "0 to 10" in finding.explanation or "0.0 to 10.0" in finding.explanation


def told(*numbers: float) -> list[dict[str, Any]]:
    return [
        {"at": 30 * n, "direction": "read", "object": "input:0", "number": [v]} for n, v in enumerate(numbers)
    ]


def test_a_value_that_wanders_is_no_yardstick_and_one_that_stands_is() -> None:
    stands = {"values": told(*(20 + (n % 5) for n in range(200)))}
    wanders = {"values": told(*(20 + n for n in range(200)))}
    assert found(UnusualValue(), stands, {"values": told(23, 40, 60)})
    assert found(UnusualValue(), wanders, {"values": told(100, 400, 600)}) == ()
    assert found(UnusualValue(), stands, {"values": told(18, 27)}) == ()


def present(minutes: range, *servers: str) -> list[dict[str, Any]]:
    return [{"at": 60 * m + 1, "server": s} for m in minutes for s in servers]


def test_a_server_that_falls_silent_is_told_and_a_restart_is_not() -> None:
    before: Tables = {"operations": present(range(60), "10.0.0.2", "10.0.0.3", "10.0.0.4")}
    after = present(range(100, 110), "10.0.0.2", "10.0.0.3") + present(range(100, 103), "10.0.0.4")
    (finding,) = found(FallenSilent(), before, {"operations": sorted(after, key=lambda r: r["at"])})
    assert finding.machines == ("10.0.0.4",)
    assert "T0814" in finding.techniques
    again = [*after, *present(range(106, 110), "10.0.0.4")]
    assert found(FallenSilent(), before, {"operations": sorted(again, key=lambda r: r["at"])}) == ()


def test_another_place_is_not_silent() -> None:
    before: Tables = {"operations": present(range(60), "10.0.0.2", "10.0.0.3", "10.0.0.4")}
    after: Tables = {"operations": present(range(100, 120), "10.9.9.9")}
    assert found(FallenSilent(), before, after) == ()


def test_a_rule_that_was_always_kept_is_broken() -> None:
    before: Tables = {"oddities": [{"at": 0, "oddity": "usual"}], "flows": [{"at": 0}]}
    assert found(NewOddity(), before, {"oddities": [{"oddity": "usual"}] * 5}) == ()
    (finding,) = found(NewOddity(), before, {"oddities": [{"oddity": "send-number-unexpected"}]})
    assert finding.techniques[0] == "T0830"
    (finding,) = found(NewOddity(), before, {"oddities": [{"oddity": "byte-count-mismatch"}]})
    assert finding.techniques[0] == "T0814"


def test_packets_that_come_twice_are_told_where_they_never_did() -> None:
    before: Tables = {"flows": [{"at": n, "client_packets": 500, "server_packets": 500} for n in range(10)]}
    often = {"at": 100, "client_packets": 500, "server_packets": 500, "retransmissions": 40}
    assert found(NewOddity(), before, {"flows": [{**often, "retransmissions": 2}]}) == ()
    (finding,) = found(NewOddity(), before, {"flows": [often]})
    assert (finding.kind, finding.severity) == ("change", "low")
    lossy: Tables = {"flows": [{**row, "retransmissions": 40} for row in before["flows"]]}
    assert found(NewOddity(), lossy, {"flows": [often]}) == ()


def test_that_oddities_are_only_counted_from_here_on_is_none_of_its_own() -> None:
    row = {"at": 500, "oddity": "oddities-suppressed"}
    assert found(NewOddity(), {"oddities": [{"at": 0, "protocol": "dnp3"}]}, {"oddities": [row]}) == ()


def published(*numbers: tuple[int, int]) -> Tables:
    return {"goose": [{"at": n, "st_num": st, "sq_num": sq} for n, (st, sq) in enumerate(numbers)]}


@pytest.mark.parametrize(
    "numbers",
    [
        [(4, 0), (4, 1), (4, 2), (5, 0), (5, 1), (6, 0)],
        [(4, 7), (4, 8), (1, 0), (1, 1), (2, 0)],
        [(4, 7), (4, 12), (7, 3)],
    ],
    ids=["changes", "a restart", "messages lost"],
)
def test_numbers_as_the_standard_has_them_are_no_news(numbers: list[tuple[int, int]]) -> None:
    assert found(PublisherSequence(), {}, published(*numbers)) == ()


@pytest.mark.parametrize(
    "wrong", [{"num_dat_set_entries": 99, "entries": 2}, {"length": 0x7FFF}], ids=["entries", "length"]
)
def test_a_message_that_no_subscriber_takes_speaks_for_nobody(wrong: dict[str, int]) -> None:
    heard = published((4, 5), (4, 6), (1, 3), (4, 7))
    assert found(PublisherSequence(), {}, heard) != ()
    heard["goose"][2] |= wrong
    assert found(PublisherSequence(), {}, heard) == ()


@pytest.mark.parametrize(
    ("numbers", "falls"),
    [
        ([(4, 0), (5, 0), (4, 1), (5, 1), (4, 2)], 2),
        ([(4, 5), (4, 6), (4, 5), (4, 7)], 1),
        ([(4, 5), (1, 0), (4, 6)], 1),
    ],
    ids=["two publishers", "played again", "a false restart"],
)
def test_numbers_that_fall_back_are_somebody_else(numbers: list[tuple[int, int]], falls: int) -> None:
    (finding,) = found(PublisherSequence(), {}, published(*numbers))
    assert finding.techniques[0] == "T0856"
    assert f"fall back in number {falls} time" in finding.title


def cycle(seconds: int, client: int, server: int) -> Tables:
    ends = {"client": "00:1b:1b:00:00:02", "server": "00:1b:1b:00:00:03", "protocol": "profinet-rt", "at": 0}
    last = START + seconds * 10**9
    return {"flows": [{**ends, "last": last, "client_packets": client, "server_packets": server}]}


def test_a_second_sender_doubles_what_a_clockwork_sends() -> None:
    (finding,) = found(DoubledCycle(), cycle(3600, 36_000, 36_000), cycle(600, 6_000, 9_500))
    assert finding.techniques[0] == "T0856"
    assert finding.machines == ("00:1b:1b:00:00:03", "00:1b:1b:00:00:02")
    assert found(DoubledCycle(), cycle(3600, 36_000, 36_000), cycle(600, 6_050, 4_000)) == ()
    assert found(DoubledCycle(), cycle(3600, 36_000, 36_000), cycle(10, 900, 900)) == ()
    brief = found(DoubledCycle(), cycle(3600, 7_200, 7_200), cycle(32, 65, 94))
    assert [finding.machines[0] for finding in brief] == ["00:1b:1b:00:00:03"]
    assert found(DoubledCycle(), cycle(3600, 7_200, 7_200), cycle(32, 71, 68)) == ()


def test_a_lesson_with_pauses_in_it_makes_no_second_sender() -> None:
    paused = cycle(3600, 5_000, 5_000)
    assert found(DoubledCycle(), paused, cycle(600, 1_200, 1_200)) == ()
    assert found(DoubledCycle(), paused, cycle(30, 60, 59)) == ()
    assert len(found(DoubledCycle(), paused, cycle(600, 1_200, 2_400))) == 1
    assert len(found(DoubledCycle(), paused, cycle(600, 2_400, 2_400))) == 2
    assert len(found(DoubledCycle(), cycle(3600, 0, 7_200), cycle(600, 0, 1_500))) == 1


def test_many_small_steps_by_who_seldom_commands_are_a_campaign() -> None:
    before: Tables = {
        "operations": [{"at": 60 * m, "verb": "write" if m % 240 == 7 else "read"} for m in range(480)]
    }
    steps = [{"at": 40_000 + 60 * n, "verb": "write"} for n in range(30)]
    (finding,) = found(UnusualRate(), before, {"operations": steps})
    assert finding.techniques[0] == "T0836"
    assert "an hour" in finding.title
    assert found(UnusualRate(), before, {"operations": steps[:10]}) == ()


def test_a_plant_that_rests_is_not_many_silences() -> None:
    servers = [f"10.0.0.{n}" for n in range(2, 12)]
    before: Tables = {"operations": present(range(60), *servers)}
    after = present(range(100, 102), *servers) + present(range(102, 120), servers[0])
    assert found(FallenSilent(), before, {"operations": sorted(after, key=lambda r: r["at"])}) == ()


def test_publishers_are_missed_after_minutes_and_others_later() -> None:
    def clockwork(protocol: str, minutes: range, more: int = 0) -> list[dict[str, Any]]:
        kept = [{"at": 60 * m + 5, "client": "10.0.0.8", "server": "10.0.0.3"} for m in range(more)]
        return kept + [{"at": 60 * m, "protocol": protocol, "client": "00:1b:1b:00:00:02",
                        "server": "01:0c:cd:01:00:01", "outcome": "unsolicited"} for m in minutes]  # fmt: skip

    for protocol, silent in (("goose", False), ("sampled-values", False), ("modbus", True)):
        before = {"operations": clockwork(protocol, range(60), 60)}
        after = {"operations": clockwork(protocol, range(60, 62), 67)}
        assert (found(FallenSilent(), before, after) == ()) is silent
    before = {"operations": clockwork("goose", range(60), 60)}
    assert found(FallenSilent(), before, {"operations": clockwork("goose", range(60, 64), 66)}) == ()


@pytest.mark.parametrize(("twice", "kind"), [(10, "change"), (60, "alert")])
def test_many_packets_that_came_twice_are_no_cable(twice: int, kind: str) -> None:
    before = {"flows": [{"at": 0, "client_packets": 4000, "server_packets": 4000}]}
    after = {"flows": [{"at": 10, "client_packets": 200, "server_packets": 200, "retransmissions": twice}]}
    (finding,) = found(NewOddity(), before, after)
    assert finding.kind == kind
    assert finding.techniques[0] == "T0830"


def states(*told: tuple[int, str]) -> Tables:
    return {"goose": [{"at": n, "st_num": st, "all_data": data} for n, (st, data) in enumerate(told)]}


def test_data_that_change_within_a_state_were_changed_on_their_way() -> None:
    held = [(4, "[false]")] * 4
    (finding,) = found(
        PublisherState(), {}, states(*held, (4, "[true]"), (4, "[true]"), (4, "[false]"), (5, "[true]"))
    )
    assert (finding.count, finding.techniques[0], finding.severity) == (2, "T0856", "high")


@pytest.mark.parametrize(
    "told",
    [
        [(4, "[false]")] * 4 + [(5, "[true]")] * 4 + [(6, "[false]")],
        [(4, "[false]")] * 4 + [(1, "[true]")] * 4,
        [(4, f"[{'true' if n % 2 else 'false'}]") for n in range(40)],
        [(4, f'[true, {n}.5, "2026-01-01T00:00:{n}Z"]') for n in range(10, 40)],
    ],
    ids=["each change a state", "a restart", "a publisher that never keeps the rule", "measured values"],
)
def test_data_that_keep_the_rule_or_never_did_are_no_news(told: list[tuple[int, str]]) -> None:
    assert found(PublisherState(), {}, states(*told)) == ()
