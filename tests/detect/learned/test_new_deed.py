"""Who does what was never done here."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detect.rows import MINUTE, START, batch, concluded
from interlock.detect.batch import Batch
from interlock.detect.interface import Context
from interlock.detect.learned.deeds import area_of
from interlock.detect.learned.new_deed import NewDeed
from interlock.records.site_text import load_site

HOUR = [
    *({"at": 10 * n - 3600, "object": "holding:0", "unit": "1"} for n in range(360)),
    *({"at": 60 * n - 3599, "verb": "write", "function_name": "Write Single Register", "object": "holding:4",
       "unit": "1"} for n in range(60)),
    *({"at": 60 * n - 3598, "client": "10.0.0.8", "object": "holding:0", "unit": "1"} for n in range(60)),
]  # fmt: skip
CONTEXT = Context(now=START)


def taught(rows: list[dict[str, Any]] | None = None) -> NewDeed:
    detector = NewDeed()
    learned = sorted(rows if rows is not None else HOUR, key=lambda row: row["at"])
    detector.learn(Batch("operations", batch("operations", learned)), CONTEXT)
    detector.know(detector.learned())
    return detector


def found(*rows: dict[str, Any], context: Context | None = None) -> Any:
    conclusion = concluded(taught(), {"operations": list(rows)}, context)
    assert not conclusion.diagnostics
    return conclusion.findings


def test_what_was_learned_is_no_news() -> None:
    assert found(*HOUR) == ()


def test_who_knows_a_machine_asks_it_for_nothing_that_it_refuses() -> None:
    asked: dict[str, Any] = {"object": "holding:0", "unit": "1", "function_name": "Read FIFO Queue"}
    (finding,) = found({**asked, "outcome": "refused"}, {**asked, "at": 9, "outcome": "refused"})
    assert (finding.severity, finding.techniques[0]) == ("low", "T0801")
    assert "with functions that it had never used there" in finding.title
    assert found(asked) == ()
    assert found({**asked, "outcome": "no-answer"}) == ()
    assert found({"object": "holding:0", "unit": "1", "outcome": "refused"}) == ()
    begins = {"protocol": "iec104", "function_name": "C_IC_NA_1", "verb": "read"}
    usual = {**begins, "function_name": "C_RD_NA_1"}
    for function, told in (("C_IC_NA_1", 0), ("C_RD_NB_1", 1)):
        asked = {**begins, "function_name": function, "outcome": "refused"}
        conclusion = concluded(
            taught([{**usual, "at": 60 * n - 3600} for n in range(60)]), {"operations": [asked]}
        )
        assert len(conclusion.findings) == told


@pytest.mark.parametrize(
    ("times", "outcome", "severity"),
    [(12, "refused", "low"), (3, "refused", "info"), (12, "no-answer", "low"), (3, "no-answer", "info")],
)
def test_a_station_whose_tool_is_refused_all_it_asks_has_another_tool(
    times: int, outcome: str, severity: str
) -> None:
    site = load_site('[[engineering_stations]]\naddress = "10.0.0.66"\nname = "es"\n')
    asked = [{"client": "10.0.0.66", "protocol": "umas", "verb": "read", "outcome": outcome, "at": n}
             for n in range(times)]  # fmt: skip
    (finding,) = concluded(taught(HOUR), {"operations": asked}, Context(now=START, site=site)).findings
    assert finding.severity == severity


@pytest.mark.parametrize(("outcome", "severity"), [("refused", "low"), ("no-answer", "info"), ("ok", "low")])
def test_files_asked_for_for_the_first_time(outcome: str, severity: str) -> None:
    (finding,) = found(
        {"verb": "file-read", "function_name": "F_SC_NA_1", "protocol": "modbus", "outcome": outcome}
    )
    assert finding.severity == severity


def test_a_strange_machine_that_writes_is_a_rogue_master() -> None:
    (finding,) = found({"client": "10.0.0.66", "verb": "write", "object": "holding:4", "unit": "1"})
    assert finding.techniques[:2] == ("T0855", "T0848")
    assert finding.severity == "high"
    assert "never seen before" in finding.title
    assert finding.explanation.endswith("What is normal was learned from 60 minutes of this plant.")


def test_an_answer_whose_question_nobody_saw_asks_for_nothing() -> None:
    answer = {"verb": "unknown", "function_name": None, "frame": None, "response_frame": 77}
    assert found(answer) == ()
    (finding,) = found({**answer, "frame": 76})
    assert "cannot be read" in finding.title
    assert found({**answer, "client": "10.0.0.66"}) != ()


def test_who_has_no_address_yet_is_no_machine() -> None:
    asked = {"protocol": "dhcp", "verb": "discover", "server": "255.255.255.255", "outcome": "unknown"}
    assert found({**asked, "client": "0.0.0.0"}) == ()
    assert found({**asked, "client": "10.0.0.77"}) != ()


def test_a_reader_that_writes_is_news_and_no_rogue() -> None:
    (finding,) = found({"client": "10.0.0.8", "verb": "write", "object": "holding:4", "unit": "1"})
    assert finding.techniques[0] == "T0855"
    assert "T0848" not in finding.techniques
    assert "which it had never done there" in finding.title


@pytest.mark.parametrize(
    ("protocol", "asks", "first"),
    [
        ("dnp3", False, "T0856"),
        ("iec104", False, "T0856"),
        ("iec104", True, "T0801"),
        ("bacnet", False, "T0801"),
    ],
)
def test_reports_that_nobody_asked_for_are_told_not_watched(protocol: str, asks: bool, first: str) -> None:
    base = {"client": "10.0.0.66", "protocol": protocol}
    reports = [
        {**base, "at": n, "verb": "report", "outcome": "unsolicited", "operation": n} for n in range(1, 9)
    ]
    asked = [{**base, "at": 0, "verb": "read", "operation": 0}] if asks else []
    (finding,) = found(*asked, *reports)
    assert finding.techniques[0] == first


@pytest.mark.parametrize(
    ("server", "outcome", "first"),
    [("10.0.0.2", "unknown", "T0846"), ("10.0.0.2", "ok", "T0869"), ("8.8.8.8", "no-answer", "T0869")],
)
def test_whom_nobody_inside_answers_tries_what_listens(server: str, outcome: str, first: str) -> None:
    asked = {"client": "10.0.0.8", "server": server, "protocol": "http", "verb": "read", "object": "/"}
    (finding,) = found({**asked, "outcome": outcome})
    assert finding.techniques[0] == first


@pytest.mark.parametrize(("place", "first"), [("class:0x04/151:150,100", "T0848"), ("class:0x02/1", "T0846")])
def test_who_wants_a_connection_to_assemblies_wants_to_own_outputs(place: str, first: str) -> None:
    opened = {"client": "10.0.0.66", "protocol": "cip", "verb": "open", "function_name": "Forward_Open"}
    (finding,) = found({**opened, "object": place, "outcome": "refused"})
    assert finding.techniques[0] == first


@pytest.mark.parametrize(("again", "first"), [(1, "T0861"), (2, "T0801")])
def test_who_reads_one_point_after_another_wants_to_know_which_there_are(again: int, first: str) -> None:
    rows = [{"client": "10.0.0.66", "at": n, "object": f"holding:{n % 30}", "unit": "1", "operation": n}
            for n in range(30 * again)]  # fmt: skip
    (finding,) = found(*rows)
    assert finding.techniques[0] == first


@pytest.mark.parametrize(("again", "later", "said"), [(1, 20, 1), (1, 5, 0), (3, 20, 0)])
def test_a_panel_that_looks_once_at_what_it_never_read_is_told_from_a_new_page(
    again: int, later: int, said: int
) -> None:
    rows = [
        {"at": n, "object": f"holding:{100 + 16 * (n % 6)}", "unit": "1", "operation": n}
        for n in range(6 * again)
    ]
    now = START + (6 * again - 1 + later) * 1_000_000_000
    assert len(concluded(taught(), {"operations": rows}, Context(now=now)).findings) == said


@pytest.mark.parametrize(("refused", "first"), [(12, "T0861"), (3, "T0801")])
def test_reading_what_is_mostly_not_there_is_a_search_for_points(refused: int, first: str) -> None:
    rows = [
        {
            "client": "10.0.0.66",
            "at": n,
            "object": f"holding:{100 * n}",
            "outcome": "refused" if n < refused else "ok",
        }
        for n in range(16)
    ]
    (finding,) = found(*rows)
    assert finding.techniques[0] == first


def test_nobody_asks_from_the_address_of_all() -> None:
    answer = {"protocol": "melsec", "client": "255.255.255.255", "verb": "unknown", "outcome": "ok", "at": 5}
    assert found(answer) == ()


def test_machines_that_name_themselves_to_all_are_no_news_unless_they_are_new() -> None:
    said = {"protocol": "smb", "server": "10.0.0.255", "verb": "report", "outcome": "unsolicited", "at": 5}
    assert found(said) == ()
    (finding,) = found({**said, "client": "10.0.0.66"})
    assert "10.0.0.66" in finding.title


def test_whom_others_ask_for_reports_tells_nothing_false_to_one_more() -> None:
    telecontrol = {"protocol": "iec104", "verb": "report", "outcome": "unsolicited"}
    detector = taught([*HOUR, *({**telecontrol, "at": 10 * n - 3600} for n in range(300))])
    reports = [{**telecontrol, "client": "10.0.0.66", "at": n, "operation": n} for n in range(1, 9)]
    (finding,) = concluded(detector, {"operations": reports}).findings
    assert finding.techniques[0] == "T0801"


def test_who_tells_a_station_what_the_station_itself_reports_tells_something_false() -> None:
    reports = {"protocol": "dnp3", "verb": "report", "outcome": "unsolicited"}
    detector = taught([*HOUR, *({**reports, "at": 10 * n - 3600} for n in range(300))])
    ends = {"client": "10.0.0.2", "client_port": 20000, "server": "10.0.0.66", "server_port": 42958}
    rows = [{**reports, **ends, "at": n, "operation": n} for n in range(1, 5)]
    (finding,) = concluded(detector, {"operations": rows}).findings
    assert finding.techniques[0] == "T0856"
    assert finding.machines[0] == "10.0.0.66"


def test_who_reads_by_snmp_learns_what_a_device_is_not_how_the_process_runs() -> None:
    (finding,) = found(
        {"client": "10.0.0.66", "protocol": "snmp", "verb": "read", "object": "1.3.6.1.2.1.1.5.0"}
    )
    assert finding.techniques[0] == "T0888"


def test_a_writer_that_touches_another_object_is_news() -> None:
    row = {"verb": "write", "function_name": "Write Single Register", "unit": "1"}
    assert found({**row, "object": "holding:4"}) == ()
    (finding,) = found({**row, "object": "holding:5"}, {**row, "object": "holding:6"})
    assert finding.count == 2
    assert "holding:5" in finding.explanation


@pytest.mark.parametrize(
    "verb", ["open", "close", "identify", "discover", "diagnose", "subscribe", "report", "read"]
)
def test_a_handshake_of_machines_that_work_together_is_no_news(verb: str) -> None:
    assert found({"verb": verb, "function_name": "anything", "object": "holding:9"}) == ()


def test_a_restart_reads_some_more_but_a_collector_reads_much() -> None:
    some = [{"object": f"holding:{n}", "unit": "1"} for n in range(100, 110)]
    assert found(*some) == ()
    (finding,) = found(*({"object": f"holding:{n}", "unit": "1"} for n in range(100, 140)))
    assert "T0861" in finding.techniques


def test_a_usual_reader_that_guesses_what_there_is_is_told() -> None:
    guessed = [{"at": n, "object": f"holding:{900 + n}", "outcome": "refused"} for n in range(4)]
    (finding,) = found(*guessed)
    assert (finding.techniques[0], finding.severity) == ("T0801", "low")
    assert found(*guessed[:2]) == ()
    assert found(*({**row, "outcome": "ok"} for row in guessed)) == ()
    assert (
        found(*({**row, "object": "holding:900"} for row in guessed)) == ()
    )  # one tag that is gone, again and again


def test_a_usual_reader_that_looks_around_in_vain_or_much_is_told() -> None:
    asked = {"verb": "discover", "function_name": "List Tags", "outcome": "refused"}
    (finding,) = found(*({**asked, "at": n, "object": f"symbol:{n}"} for n in range(4)))
    assert (finding.techniques[0], finding.severity) == ("T0888", "low")
    assert "in ways in which it had never asked" in finding.title
    assert found(*({**asked, "at": n, "object": f"symbol:{n}", "outcome": "ok"} for n in range(4))) == ()
    assert found(*({**asked, "at": n, "object": f"symbol:{n}", "outcome": "ok"} for n in range(20))) != ()
    assert (
        found(*({**asked, "at": n, "object": "symbol:1"} for n in range(20))) == ()
    )  # one question, again and again


def test_one_who_looks_around_is_one_finding_however_many_are_asked() -> None:
    rows = [{"client": "10.0.0.66", "server": f"10.0.0.{n}", "verb": "discover"} for n in range(2, 30)]
    (finding,) = found(*rows)
    assert finding.techniques[0] == "T0846"
    assert "28 machines" in finding.title


def test_an_order_makes_it_known_work_for_its_own_station_only() -> None:
    site = load_site(
        '[[work_orders]]\nid = "WO-1"\nstart = 2026-03-02T05:00:00Z\nend = 2026-03-02T08:00:00Z\n'
        'stations = ["10.0.0.66"]\nmachines = ["10.0.0.2"]\n'
    )
    row = {"verb": "program-write", "protocol": "s7comm"}
    context = Context(now=START, site=site)
    assert found({**row, "client": "10.0.0.66"}, context=context) == ()
    (other,) = found({**row, "client": "10.0.0.67"}, context=context)
    assert (other.severity, other.kind) == ("critical", "alert")


def test_two_orders_cover_each_its_own_machines() -> None:
    order = (
        '[[work_orders]]\nid = "WO-{n}"\nstart = 2026-03-02T0{n}:00:00Z\nend = 2026-03-02T0{n}:30:00Z\n'
        'stations = ["10.0.0.66"]\nmachines = ["10.0.0.{n}"]\n'
    )
    context = Context(now=START, site=load_site(order.format(n=6) + order.format(n=7)))
    asked = {"client": "10.0.0.66", "verb": "identify"}
    rows = [{**asked, "server": "10.0.0.6", "at": 60}, {**asked, "server": "10.0.0.7", "at": 3660}]
    assert found(*rows, context=context) == ()
    (finding,) = found(*rows, {**asked, "server": "10.0.0.6", "at": 3700}, context=context)
    assert finding.count == 1


def test_a_user_never_seen_is_news() -> None:
    rows = [{"at": n, "protocol": "opcua", "verb": "write", "object": "x", "user": "anna"} for n in range(5)]
    (finding,) = concluded(taught(rows), {"operations": [*rows, {**rows[0], "user": "eve"}]}).findings
    assert finding.techniques[0] == "T0859"
    assert "eve" in finding.explanation


def test_a_new_machine_that_only_asks_for_addresses_is_a_change() -> None:
    (finding,) = found({"client": "10.0.0.77", "protocol": "arp", "verb": "discover"})
    assert (finding.kind, finding.severity) == ("change", "low")
    assert found({"client": "00:1b:1b:00:00:77", "protocol": "arp", "verb": "discover"}) == ()


def test_asking_for_many_addresses_is_a_search() -> None:
    rows = [{"server": f"10.0.0.{n}", "protocol": "arp", "verb": "discover"} for n in range(100, 112)]
    (finding,) = found(*rows)
    assert "T0846" in finding.techniques
    assert found(*rows[:3]) == ()


def test_many_files_are_an_open_set() -> None:
    rows = [{"at": n, "verb": "file-write", "protocol": "ftp", "object": f"{n}.csv"} for n in range(400)]
    assert concluded(taught(rows), {"operations": [{**rows[0], "object": "other.csv"}]}).findings == ()


@settings(max_examples=20, deadline=None)
@given(st.sets(st.integers(1, len(HOUR) - 1), max_size=5))
def test_what_is_learned_does_not_depend_on_how_it_was_cut(places: set[int]) -> None:
    rows = batch("operations", sorted(HOUR, key=lambda row: row["at"]))
    detector, marks = NewDeed(), [0, *sorted(places), rows.num_rows]
    for first, last in pairwise(marks):
        detector.learn(Batch("operations", rows.slice(first, last - first)), CONTEXT)
    assert detector.learned() == taught().learned()


def test_without_a_teacher_it_learns_until_nothing_is_new_and_then_judges() -> None:
    detector = NewDeed()
    quiet = [{"at": 60 * n, "object": "holding:0"} for n in range(3 * 1440)]
    attack = {"client": "10.0.0.66", "verb": "write", "object": "holding:4"}
    for day in range(3):
        rows = quiet[day * 1440 : (day + 1) * 1440]
        assert list(detector.feed(Batch("operations", batch("operations", rows)), CONTEXT)) == []
    assert not detector.judging
    more = [{"at": 60 * n, "object": "holding:0"} for n in range(3 * 1440, 9 * 1440 + 60)]
    assert list(detector.feed(Batch("operations", batch("operations", more)), CONTEXT)) == []
    assert detector.judging
    late = {**attack, "at": 60 * 9 * 1440 + 3600 + MINUTE / 10**9}
    (finding,) = detector.feed(Batch("operations", batch("operations", [late])), CONTEXT)
    assert "never seen before" in finding.title


def test_convergence_of_a_relation_follows_from_what_was_met_once() -> None:
    (steady, reader) = taught().relations()
    assert {steady.client, reader.client} == {"10.0.0.9", "10.0.0.8"}
    assert not steady.expectation.converged
    days = [{"at": 60 * n, "object": "holding:0"} for n in range(3 * 1440 + 1)]
    (relation,) = taught(days).relations()
    assert relation.expectation.converged
    (relation,) = taught([*days, {"at": 60 * 4000, "verb": "write", "object": "holding:9"}]).relations()
    assert relation.once == 3  # verb, function and object
    assert not relation.expectation.converged


def test_a_controller_that_takes_in_a_spare_part_is_a_change() -> None:
    controller, old, spare = "00:1b:1b:00:00:0c", "00:1b:1b:00:00:0d", "00:1b:1b:00:00:8d"
    dcp = {"protocol": "profinet-dcp", "client": controller, "server": old}
    before = [{**dcp, "at": n, "verb": "discover", "function_name": "Identify"} for n in range(60)]
    named = {"verb": "configure", "function_name": "Set", "object": "name-of-station"}
    (finding,) = concluded(taught(before), {"operations": [{**dcp, **named, "server": spare}]}).findings
    assert (finding.kind, finding.severity) == ("change", "low")
    (finding,) = concluded(taught(before), {"operations": [{**dcp, **named}]}).findings
    assert finding.kind == "alert"
    (finding,) = concluded(
        taught(before), {"operations": [{**dcp, **named, "server": spare, "client": "00:1b:1b:00:00:66"}]}
    ).findings
    assert (finding.kind, finding.severity) == ("alert", "high")


PANEL = {"client": "10.0.0.8", "verb": "write", "function_name": "Write Single Register", "unit": "1"}
ONCE = {**PANEL, "at": -600, "object": "holding:4"}


def judged(detector: NewDeed, *rows: dict[str, Any], context: Context | None = None) -> Any:
    return concluded(detector, {"operations": list(rows)}, context).findings


def test_who_sets_registers_is_not_expected_to_switch_coils() -> None:
    (finding,) = judged(taught([*HOUR, ONCE]), {**PANEL, "object": "coil:5"})
    assert (finding.kind, finding.techniques[0]) == ("alert", "T0855")
    s7 = {**PANEL, "protocol": "s7comm", "function_name": "Write Var", "unit": "0.2"}
    lesson = [*({**s7, "verb": "read", "at": 10 * n - 3600, "object": "DB1.DBD0"} for n in range(360)),
              {**s7, "at": -600, "object": "DB1.DBD12"}]  # fmt: skip
    said = [judged(taught(lesson), {**s7, "object": place})[0].kind for place in ("DB1.DBD16", "MB54", "QB0")]
    assert said == ["change", "alert", "alert"]


@pytest.mark.parametrize(
    ("place", "area"),
    [("0.2 DB1.DBD4", "DB"), ("0.2 MB54", "M"), ("QX0.1", "Q"), ("1 holding:4", "holding"), ("coil:0", "coil"),
     ("Motor_1", ""), ("ns=2;s=Pump.Speed", ""), ("binary-output:0", "binary-output"), ("M", ""), ("", "")],
)  # fmt: skip
def test_areas_as_the_protocols_spell_them(place: str, area: str) -> None:
    assert area_of(place) == area


def test_a_second_set_point_of_who_was_seen_to_set_one_is_a_change_that_says_why() -> None:
    (finding,) = judged(taught([*HOUR, ONCE]), {**PANEL, "object": "holding:5"})
    assert (finding.kind, finding.severity) == ("change", "medium")
    assert "had done so in 1 minute only, to 1 object, of which 1 was met once" in finding.explanation
    assert "has not converged" in finding.explanation


def test_a_controller_that_writes_every_minute_has_shown_that_it_writes_nothing_else() -> None:
    (finding,) = judged(taught(), {**PANEL, "client": "10.0.0.9", "object": "holding:5"})
    assert (finding.kind, finding.severity) == ("alert", "high")


@pytest.mark.parametrize(
    "other",
    [
        [{**PANEL, "verb": "stop", "function_name": "stop", "object": "holding:5"}],
        [{**PANEL, "function_name": "Write Single Coil", "object": "coil:5"}],
        [{**PANEL, "server": "10.0.0.3", "object": "holding:5"}],
        [{**PANEL, "client": "10.0.0.66", "object": "holding:5"}],
        [{**PANEL, "object": f"holding:{n}"} for n in range(5, 10)],
        [{**PANEL, "object": "holding:5"}] * 90,
    ],
    ids=["verb", "function", "server", "client", "many", "flood"],
)
def test_little_that_is_known_excuses_nothing_but_few_new_objects(other: list[dict[str, Any]]) -> None:
    findings = judged(taught([*HOUR, ONCE]), *other)
    assert "alert" in {finding.kind for finding in findings}
    assert {finding.severity for finding in findings} & {"high", "critical"}


def test_a_safety_system_excuses_nothing() -> None:
    site = load_site('[[safety_systems]]\nname = "trip"\naddress = "10.0.0.2"\n')
    (finding,) = judged(
        taught([*HOUR, ONCE]), {**PANEL, "object": "holding:5"}, context=Context(now=START, site=site)
    )
    assert (finding.kind, finding.severity) == ("alert", "critical")


def test_what_first_versions_learned_is_judged_as_they_did() -> None:
    detector, old = NewDeed(), taught([*HOUR, ONCE])
    detector.words.restore(old.words.state())
    detector.restore_knowledge(old.words.state())
    detector.judging = True
    (finding,) = judged(detector, {**PANEL, "object": "holding:5"})
    assert finding.kind == "alert"


def test_transfer_started_over_and_over_is_a_flood_and_no_reading() -> None:
    start = {"client": "10.0.0.66", "protocol": "iec104", "verb": "open", "function_name": "STARTDT"}
    (finding,) = found(*({**start, "at": n} for n in range(30)))
    assert finding.techniques[0] == "T0814"
    (finding,) = found(start)
    assert finding.techniques[0] != "T0814"


def test_the_same_asked_without_end_is_a_flood_and_no_look_around() -> None:
    def tests(many: int, a_second: int, **more: Any) -> Any:
        row = {
            "client": "10.0.0.66",
            "protocol": "iec104",
            "verb": "diagnose",
            "function_name": "TESTFR",
            **more,
        }
        (finding,) = found(*({**row, "at": n / a_second} for n in range(many)))
        return finding.techniques[0]

    assert tests(400, 40) == "T0814"
    assert tests(400, 2) == "T0888"  # as often as clients ask that have a reason
    assert tests(60, 40) == "T0888"
    walked = [
        {"client": "10.0.0.66", "verb": "read", "unit": str(n % 200), "at": n / 40, "object": "holding:0"}
        for n in range(400)
    ]
    assert found(*walked)[0].techniques[0] == "T0846"
