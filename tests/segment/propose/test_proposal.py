from __future__ import annotations

import dataclasses
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.errors import ConfigError
from interlock.records.asset import Asset
from interlock.records.exceptions import accept_finding
from interlock.records.site import EngineeringStation, SafetySystem, Site, Zone
from interlock.records.site_text import load_site
from interlock.segment.check.traffic import Traffic
from interlock.segment.check.verdicts import outcome_of
from interlock.segment.model.policy import Policy
from interlock.segment.model.problems import problems_of
from interlock.segment.propose.answers import load_answers
from interlock.segment.propose.coverage import coverage_of
from interlock.segment.propose.proposal import Proposal, draft_of, proposal_of
from interlock.segment.propose.removals import load_proposed, proposed_text
from interlock.segment.propose.topics import BACKUP, COMMAND, SET, Speech
from interlock.segment.propose.writing import answers_text, questions_text, with_proposal
from segment.check.rows import SECOND, flows, operations

if TYPE_CHECKING:
    from interlock.records.conduit import Conduit

TODAY = date(2026, 11, 28)
CONTROL = frozenset({"modbus", "s7comm", "bacnet", "goose"})
EXPRESSED = {
    "modbus": frozenset({"read", "write", "identify"}),
    "s7comm": frozenset({"open", "read", "write", "program-read", "program-write", "stop", "identify"}),
}
WORDS = CONTROL | {"http", "ftp", "ssh"}
PANEL, PLC, DRIVE, OTHER, SAFE, STATION = (
    "10.0.1.1",
    "10.0.2.1",
    "10.0.2.2",
    "10.0.2.9",
    "10.0.3.1",
    "10.0.1.9",
)
KNOWN = {
    PANEL: ("hmi", "panel"), PLC: ("plc", "mixer"), DRIVE: ("drive", None), OTHER: ("plc", None),
    SAFE: ("safety-controller", None),
}  # fmt: skip


LINK = {"00:1b:1b:00:00:31": PANEL, "00:1b:1b:00:00:32": DRIVE}
"""Hardware addresses by which machines speak without IP."""


def find(realm: str, address: str) -> Asset | None:
    ip = LINK.get(address, address)
    if realm != "default" or ip not in KNOWN:
        return None
    role, name = KNOWN[ip]
    macs = tuple(mac for mac, of in LINK.items() if of == ip)
    return Asset(id=ip, realm=realm, ips=(ip,), macs=macs, role=role, names=(name,) if name else ())


def build(site: Site) -> Policy:
    return Policy(site, TODAY, find, {("tcp", 502): frozenset({"modbus"}), ("tcp", 80): frozenset({"http"})})


def seen(asked: list[dict[str, Any]], spoken: list[dict[str, Any]] | None = None) -> Traffic:
    traffic = Traffic()
    if asked:
        traffic.feed("operations", operations(*asked))
    if spoken:
        traffic.feed("flows", flows(*spoken))
    traffic.finish()
    return traffic


def proposed(site: Site, traffic: Traffic, answers: str = "", before: tuple[Conduit, ...] = ()) -> Proposal:
    draft = draft_of(site, traffic, find, build, CONTROL, TODAY)
    given = load_answers(answers, draft.questions, WORDS)
    return proposal_of(draft, given, traffic, build, EXPRESSED, before)


USUAL = [
    *({"object": "holding:0", "count": 5, "time": n * SECOND} for n in range(20)),
    {"verb": "write", "object": "holding:40", "count": 1},
    {"client": PLC, "server": DRIVE, "verb": "write", "object": "holding:1", "count": 1},
    {"server": OTHER, "protocol": "s7comm", "verb": "open"},
    {"server": OTHER, "protocol": "s7comm", "object": "DB1.DBD0", "count": 1},
    {"server": OTHER, "protocol": "s7comm", "object": "DB1.DBD4", "count": 1},
    {"server": OTHER, "protocol": "s7comm", "verb": "stop"},
    {"server": SAFE, "object": "input:0", "count": 1},
    {"client": "192.0.2.7", "verb": "discover", "outcome": "no-answer"},
]
SPOKEN = [
    {}, {"server": OTHER, "protocol": "s7comm", "server_port": 102}, {"server": SAFE},
    {"client": PLC, "server": DRIVE}, {"protocol": None, "server_port": 4711, "server": OTHER},
    {"protocol": "http", "basis": "port", "server_port": 80, "state": "refused", "server_packets": 1},
]  # fmt: skip


def test_zones_by_role_cell_and_safety() -> None:
    made = proposed(Site(), seen(USUAL, SPOKEN))
    assert {z.name: (z.kind, z.members, z.sl_t) for z in made.zones} == {
        "cell mixer": ("control", (PLC, DRIVE), (2,) * 7),
        f"cell {OTHER}": ("control", (OTHER,), (2,) * 7),
        "operations": ("control", (PANEL,), (2,) * 7),
        f"safety {SAFE}": ("safety", (SAFE,), (3,) * 7),
    }
    assert all(0 < d.confidence <= 1 and d.sentence.endswith(".") for d in made.decisions)
    assert {d.about for d in made.decisions} == {z.name for z in made.zones} | {c.name for c in made.conduits}


def test_conduits_are_least_and_what_is_grave_or_was_never_answered_stays_denied() -> None:
    made = proposed(Site(), seen(USUAL, SPOKEN))
    assert {(c.to[0], c.protocols, c.verbs, c.objects, c.servers, c.ports) for c in made.conduits} == {
        ("cell mixer", ("modbus",), ("read",), ("holding:0..4",), (PLC,), ()),
        ("cell mixer", ("modbus",), ("write",), ("holding:40",), (PLC,), ()),
        (f"cell {OTHER}", ("s7comm",), ("close", "open"), (), (OTHER,), ()),
        (f"cell {OTHER}", ("s7comm",), ("read",), ("DB1.DBB0..7",), (OTHER,), ()),
        (f"safety {SAFE}", ("modbus",), ("read",), ("input:0",), (SAFE,), ()),
        (f"cell {OTHER}", (), (), (), (OTHER,), ("tcp/4711",)),
    }
    assert all(c.clients == (PANEL,) for c in made.conduits)
    left = {(v.client, v.protocol, v.verb) for v in made.outcome.violations}
    assert left == {(PANEL, "s7comm", "stop"), ("192.0.2.7", "modbus", "discover"), (PANEL, None, None)}


def test_a_proposal_has_no_mistakes_and_one_more_proposes_nothing() -> None:
    traffic = seen(USUAL, SPOKEN)
    answers = "".join(
        f'[[answers]]\nid = "{name}"\nyes = true\n'
        for name in (f"values:{PANEL}", f"seen:{PANEL}/{OTHER}/s7comm")
    )
    made = proposed(Site(), traffic, answers)
    assert problems_of(made.site, TODAY, protocols=WORDS) == ()
    text = with_proposal("", made.zones, made.conduits, made.decisions, file="site.toml")
    assert load_site(text) == made.site
    again = proposed(load_site(text), traffic, answers)
    assert (again.zones, again.conduits) == ((), ())


@given(st.data())
def test_whatever_was_seen_a_proposal_reads_back_and_is_idempotent(data: st.DataObject) -> None:
    """And it lets pass all that was answered, in zones, and is not grave."""
    rows = st.fixed_dictionaries(
        {
            "client": st.sampled_from([PANEL, PLC, DRIVE, STATION, *LINK]),
            "server": st.sampled_from([PLC, DRIVE, OTHER, SAFE, "10.0.2.255", "239.1.1.1", *LINK]),
            "protocol": st.sampled_from(["modbus", "s7comm"]),
            "verb": st.sampled_from(["read", "write", "open", "discover", "report", "unknown"]),
            "object": st.sampled_from([None, "holding:3", "DB1.DBD0", "Tag", "a*b", "x[3]"]),
            "count": st.sampled_from([None, 1, 7]),
            "unit": st.sampled_from([None, "1"]),
        }
    )
    traffic = seen(data.draw(st.lists(rows, max_size=12)))
    made = proposed(Site(), traffic)
    assert made.outcome.violations == ()
    assert problems_of(made.site, TODAY, protocols=WORDS) == ()
    read = load_site(with_proposal("", made.zones, made.conduits, made.decisions, file="site.toml"))
    assert read == made.site
    again = proposed(read, traffic)
    assert (again.zones, again.conduits) == ((), ())


def test_who_speaks_without_ip_is_named_by_its_link_address_beside_members_by_ip() -> None:
    panel, drive = LINK
    made = proposed(Site(), seen([*USUAL, {"client": panel, "server": drive, "verb": "discover"}]))
    (way,) = [c for c in made.conduits if c.verbs == ("discover",)]
    assert (way.clients, way.servers) == ((panel,), (drive,))
    assert problems_of(made.site, TODAY, protocols=WORDS) == ()


def test_an_address_that_was_merely_asked_for_is_no_machine() -> None:
    """The capture ended before anybody could be said not to answer."""
    asked = [{"client": PANEL, "server": f"10.0.1.{n}", "protocol": "arp", "verb": "discover",
              "outcome": "unknown"} for n in range(2, 60)]  # fmt: skip
    usual, swept = proposed(Site(), seen(USUAL)), proposed(Site(), seen([*USUAL, *asked]))
    assert swept.zones == usual.zones


def test_what_people_merged_stays_merged() -> None:
    """Two cells and the panel drawn as one zone by hand, the safety system left to the next proposal."""
    traffic = seen(USUAL, SPOKEN)
    by_hand = Site(zones=(Zone(name="line 1", members=("10.0.1.0/24", "10.0.2.0/24"), sl_t=(3,) * 7),))
    made = proposed(by_hand, traffic)
    assert made.site.zones[0] == by_hand.zones[0]
    assert [z.name for z in made.zones] == [f"safety {SAFE}"]
    assert [(c.from_, c.to) for c in made.conduits] == [(("line 1",), (f"safety {SAFE}",))]


def test_what_people_split_stays_split_and_comments_stay() -> None:
    text = f"""\
# our plant
[site]
name = "dairy"  # north

[[zones]]
name = "mixer"     # alone, says J.
members = ["{PLC}"]
sl_t = 1

[[tags]]
name = "level"
server = "{PLC}"
object = "holding:0"
"""
    made = proposed(load_site(text), seen(USUAL, SPOKEN))
    after = with_proposal(text, made.zones, made.conduits, made.decisions, file="site.toml")
    assert load_site(after) == made.site
    for line in text.splitlines():
        assert line in after
    assert after.index("# our plant") == 0
    assert "# proposed (" in after
    assert next(z.name for z in load_site(after).zones) == "mixer"
    assert DRIVE not in made.site.zones[0].members
    assert any(c.from_ == ("mixer",) for c in made.conduits)  # the drive is in another zone now
    accepted = accept_finding(after, finding="5f0d9a53-1f51-5a3c-9a57-6f4f2c9d1e10", reason="x", until=TODAY)
    assert load_site(accepted).conduits == made.site.conduits


def test_what_people_take_away_is_not_proposed_again() -> None:
    traffic = seen(USUAL, SPOKEN)
    first = proposed(Site(), traffic)
    struck = next(c for c in first.conduits if c.verbs == ("write",))
    narrowed = next(c for c in first.conduits if c.objects == ("DB1.DBB0..7",))
    by_hand = [c for c in first.site.conduits if c != struck]
    by_hand[by_hand.index(narrowed)] = dataclasses.replace(narrowed, objects=("DB1.DBB0..3",))
    site = dataclasses.replace(first.site, conduits=tuple(by_hand))
    before = load_proposed(proposed_text((), first.conduits), file="proposed.toml")
    assert before == first.conduits
    assert proposed_text(before, first.conduits) == proposed_text((), first.conduits)
    again = proposed(site, traffic, before=before)
    assert again.conduits == ()
    assert {(taken[2], taken[4]) for taken in again.taken} == {(PLC, "write"), (OTHER, "read")}
    # Also where zones were renamed meanwhile, and for what is asked of the same machines later.
    renamed = dataclasses.replace(
        site,
        zones=tuple(dataclasses.replace(z, name=z.name.replace("cell", "line")) for z in site.zones),
        conduits=tuple(
            dataclasses.replace(
                c,
                **{end: tuple(n.replace("cell", "line") for n in getattr(c, end)) for end in ("from_", "to")},
            )
            for c in site.conduits
        ),
    )
    assert proposed(renamed, traffic, before=first.conduits).conduits == ()
    # What was never proposed is proposed as ever.
    more = proposed(
        site, seen([*USUAL, {"verb": "write", "object": "coil:7", "count": 1}], SPOKEN), before=first.conduits
    )
    assert [c.objects for c in more.conduits] == [("coil:7",)]
    # A file that has taken nothing of it over has taken nothing away.
    assert proposed(Site(), traffic, before=first.conduits).conduits == first.conduits
    assert proposed(site, traffic).conduits != ()


@given(st.sets(st.integers(0, 5)), st.data())
def test_whatever_is_struck_out_stays_out_and_nothing_else(gone: set[int], data: st.DataObject) -> None:
    traffic = seen(USUAL, SPOKEN)
    first = proposed(Site(), traffic)
    kept = [c for n, c in enumerate(first.conduits) if n not in gone]
    site = dataclasses.replace(first.site, conduits=tuple(data.draw(st.permutations(kept))))
    again = proposed(site, traffic, before=first.conduits)
    assert again.conduits == () or not kept
    assert again.site.conduits[: len(kept)] == site.conduits


def test_zones_written_in_one_line_are_added_to() -> None:
    text = f'zones = [{{name = "mixer", members = ["{PLC}"], sl_t = 1}}]\n'
    made = proposed(load_site(text), seen(USUAL, SPOKEN))
    assert load_site(with_proposal(text, made.zones, made.conduits, made.decisions, file="x")) == made.site


SITE = Site(engineering_stations=(EngineeringStation(address=STATION),))


def questions() -> dict[str, Any]:
    zones = (Zone(name="office", members=("10.0.1.0/24",), sl_t=(1,) * 7),)
    draft = draft_of(dataclasses.replace(SITE, zones=zones), seen(USUAL), find, build, CONTROL, TODAY)
    return {q.id: q for q in draft.questions}


def test_what_is_rare_is_asked() -> None:
    asked = questions()
    assert set(asked) == {
        f"seen:{PANEL}/{OTHER}/s7comm", f"values:{PANEL}", "scan", "standby",
        *(f"{topic}:{STATION}" for topic in ("backup", "program", "command", "firmware")),
    }  # fmt: skip
    assert asked[f"values:{PANEL}"].servers == (PLC, OTHER, SAFE)
    assert SAFE not in asked[f"program:{STATION}"].servers
    assert f"set only some of {PLC}" in asked[f"values:{PANEL}"].text
    text = questions_text(asked.values())
    assert text.count("[[questions]]") == len(asked)
    assert load_answers(answers_text(asked.values()), asked.values(), WORDS) == ()


def test_an_answer_allows_what_was_asked_and_no_more() -> None:
    zones = (Zone(name="office", members=("10.0.1.0/24",), sl_t=(1,) * 7),)
    site = dataclasses.replace(SITE, zones=zones)
    answer = f'[[answers]]\nid = "backup:{STATION}"\nyes = true\nservers = ["{OTHER}"]\nprotocols = ["ftp"]\n'
    policy = build(proposed(site, seen(USUAL), answer).site)
    saved = [
        {"client": STATION, "server": OTHER, "protocol": "s7comm", "verb": "program-read"},
        {"client": STATION, "server": OTHER, "protocol": "ftp", "verb": "file-read"},
    ]
    assert outcome_of(policy, seen(saved)).violations == ()
    for other in ({"server": PLC}, {"verb": "program-write"}, {"protocol": "http"}, {"client": PANEL}):
        assert outcome_of(policy, seen([{**saved[0], **other}])).violations, other
    no = proposed(site, seen(USUAL), answer.replace("true", "false"))
    assert outcome_of(build(no.site), seen(saved)).cut_operations == 2
    assert not any("backup" in text or "save" in text for text in no.coverage.cut)
    assert any("save programs" in text for text in proposed(site, seen(USUAL)).coverage.cut)


def test_a_scanner_is_named_by_who_answers_and_may_call_all() -> None:
    call = {"client": PANEL, "server": "10.0.2.255", "protocol": "bacnet", "verb": "discover"}
    answer = f'[[answers]]\nid = "scan"\nyes = true\nclients = ["{STATION}"]\nprotocols = ["http"]\n'
    zones = (Zone(name="office", members=("10.0.1.0/24",), sl_t=(1,) * 7),)
    made = proposed(dataclasses.replace(SITE, zones=zones), seen([*USUAL, call]), answer)
    policy = build(made.site)
    asks = [{"client": STATION, "server": s, "verb": "identify"} for s in (PLC, SAFE)]
    knocks = [{"client": STATION, "server_port": 80, "protocol": "http", "basis": "port", "state": "refused"}]
    assert outcome_of(policy, seen([*asks, {**call, "client": STATION}], knocks)).violations == ()
    assert outcome_of(policy, seen([{**asks[0], "verb": "write"}])).violations
    assert outcome_of(policy, seen([{**asks[0], "server": OTHER}])).violations  # it speaks S7 alone


def test_a_question_may_be_answered_for_some_servers_otherwise_than_for_others() -> None:
    zones = (Zone(name="office", members=("10.0.1.0/24",), sl_t=(1,) * 7),)
    site = dataclasses.replace(SITE, zones=zones)
    one = f'[[answers]]\nid = "backup:{STATION}"\nyes = true\n'
    made = proposed(
        site, seen(USUAL), f'{one}servers = ["{OTHER}"]\nprotocols = ["ftp"]\n{one}servers = ["{PLC}"]\n'
    )
    policy = build(made.site)
    for server, allowed in ((OTHER, True), (PLC, False)):
        files = {"client": STATION, "server": server, "protocol": "ftp", "verb": "file-read"}
        assert (outcome_of(policy, seen([files])).violations == ()) is allowed
    assert outcome_of(policy, seen([{"client": STATION, "server": PLC, "verb": "identify"}])).violations == ()
    for wrong in (
        f'{one}{one}servers = ["{PLC}"]\n',
        f'{one}servers = ["{PLC}"]\n{one}servers = ["{PLC}", "{OTHER}"]\n',
    ):
        with pytest.raises(ConfigError, match="answered twice"):
            load_answers(wrong, questions().values(), WORDS)


def test_a_topic_takes_the_least_verbs_of_the_best_way_a_machine_speaks() -> None:
    has = {
        "dnp3": frozenset({"read", "write", "select", "operate"}), "iec104": frozenset({"read", "operate", "open"}),
        "s7": frozenset({"read", "write", "operate", "program-read", "identify", "open", "stop"}),
        "cm": frozenset({"open", "read", "write"}), "carrier": frozenset({"identify", "open", "close"}),
    }  # fmt: skip
    speech = Speech(has, seen=("s7", "cm"), sessions=("s7",))
    assert SET.least(["dnp3", "iec104"], speech) == {"dnp3": ("operate", "select")}
    assert SET.least(["iec104"], speech) == {"iec104": ("open", "operate", "select")}
    assert SET.least(["s7"], speech) == {"s7": ("open", "write")}
    assert BACKUP.least(["cm", "s7", "carrier"], speech) == {
        "s7": ("identify", "open", "program-read"), "carrier": ("close", "identify", "open"),
    }  # fmt: skip
    assert BACKUP.least(["cm"], speech) == {"cm": ("read",)}
    assert COMMAND.least(["cm", "carrier"], speech) == {}
    assert "stop" in COMMAND.least(["unheard-of"], speech)["unheard-of"]


def test_a_protocol_whose_sessions_were_all_joined_may_open_them_again() -> None:
    """What began before the capture began with an opening that nobody saw: it is needed after every restart."""
    asked = [{"server": OTHER, "protocol": "s7comm", "object": "DB1.DBD0", "count": 1}]
    spoken = [{"server": OTHER, "protocol": "s7comm", "server_port": 102, "state": "midstream"}]
    made = proposed(Site(), seen(asked, spoken))
    opening = {"server": OTHER, "protocol": "s7comm", "verb": "open"}
    assert outcome_of(build(made.site), seen([opening])).violations == ()


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        ("[[answer]]\n", 1, 3, "expected one of answers"),
        ("[[answers]]\nid = 'scans'\nyes = true", 2, 6, "did you mean 'scan'?"),
        ("[[answers]]\nid = 'scan'", 1, 1, "`yes` in this [[answers]] table"),
        ("[[answers]]\nid = 'scan'\nyes = 'true'", 3, 7, "true or false"),
        ("[[answers]]\nid = 'scan'\nyes = true", 1, 1, "expected `clients`"),
        ("[[answers]]\nid = 'scan'\nyes = true\nclients = ['x']", 4, 12, "an IP address"),
        ("[[answers]]\nid = 'standby'\nyes = true\nclients = ['10.0.0.1']", 1, 1, "expected `servers`"),
        (
            "[[answers]]\nid = 'scan'\nyes = false\n[[answers]]\nid = 'scan'\nyes = false",
            5,
            6,
            "answered twice",
        ),
        ("[[answers]]\nid = 'scan'\nyes = false\nprotocols = ['htp']", 4, 14, "found 'htp'"),
    ],
)
def test_a_wrong_answer_is_told_with_its_place(text: str, line: int, column: int, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_answers(text, questions().values(), WORDS)
    assert str(caught.value).startswith(f"answers.toml, line {line}, column {column}: ")
    assert says in str(caught.value)


def test_a_safety_system_of_the_site_file_is_apart_whatever_its_role() -> None:
    site = Site(safety_systems=(SafetySystem(address=DRIVE),))
    made = proposed(site, seen(USUAL))
    assert any(z.kind == "safety" and z.members == (DRIVE,) for z in made.zones)
    assert any(c.to == (f"safety {DRIVE}",) and c.clients == (PLC,) for c in made.conduits)


def test_what_is_never_given_is_asked_about_where_the_server_answers_otherwise() -> None:
    usual = [{"object": "holding:0", "count": 5}, {"object": "holding:90", "count": 1, "outcome": "refused"}]
    scan = [
        {"client": "192.0.2.7", "server": OTHER, "verb": "discover", "outcome": "no-answer", "object": None}
    ]
    late = [
        {"object": "holding:2", "count": 9, "outcome": "no-answer"},
        {"object": "holding:1", "outcome": "refused"},
    ]
    made = proposed(Site(), seen([*usual, *late, *scan]))
    (asked,) = [q for q in made.questions if q.id.startswith("refused:")]
    assert (asked.clients, asked.servers, asked.verbs) == ((PANEL,), (PLC,), ("read",))
    assert asked.objects == ("holding:1..10", "holding:90")
    answer = f'[[answers]]\nid = "{asked.id}"\nyes = true\n'
    again = proposed(Site(), seen([*usual, *late, *scan]), answer)
    assert {(v.client, v.server) for v in again.outcome.violations} == {("192.0.2.7", OTHER)}
    assert any(asked.unanswered == text for text in made.coverage.cut)
    assert asked.unanswered not in again.coverage.cut
    # What it is given includes it: nothing to ask.
    whole = [
        {"object": "holding:0", "count": 100},
        {"object": "holding:90", "count": 1, "outcome": "refused"},
    ]
    assert not [q for q in proposed(Site(), seen(whole)).questions if q.id.startswith("refused:")]


def test_who_hears_what_is_told_to_many_is_asked() -> None:
    group, sender = "01:0c:cd:01:00:01", DRIVE
    goose = {
        "client": sender,
        "server": group,
        "protocol": "goose",
        "verb": "report",
        "outcome": "unsolicited",
    }
    made = proposed(Site(), seen([*USUAL, goose]))
    (asked,) = [q for q in made.questions if q.told]
    assert (asked.id, asked.told, asked.clients) == ("hears:goose", ((sender, group, "goose"),), (sender,))
    assert f"what {sender} tell by goose to machines of other zones" in made.coverage.cut
    answer = f'[[answers]]\nid = "hears:goose"\nyes = true\nservers = ["{OTHER}", "{PLC}"]\n'
    whole = proposed(Site(), seen([*USUAL, goose]), answer)
    (way,) = [c for c in whole.conduits if c.groups]
    assert (way.to, way.groups, way.clients, way.verbs) == (
        (f"cell {OTHER}",),
        (group,),
        (sender,),
        ("report",),
    )
    answers_too = {**goose, "client": OTHER}
    assert (
        outcome_of(build(whole.site), seen([goose, answers_too])).cut_operations == 1
    )  # of OTHER nobody said it
    assert proposed(whole.site, seen([*USUAL, goose]), answer).conduits == ()


def test_who_answers_no_to_standbys_has_none() -> None:
    answer = '[[answers]]\nid = "standby"\nyes = false\nclients = ["10.0.2.5"]\nservers = ["10.0.2.1"]\n'
    without, answered = proposed(Site(), seen(USUAL)), proposed(Site(), seen(USUAL), answer)
    assert answered.conduits == without.conduits
    assert answered.decisions == without.decisions


def test_a_standby_may_what_the_machine_may_in_whose_place_it_comes() -> None:
    zones = (Zone(name="line", members=(PLC, DRIVE, "10.0.2.5"), sl_t=(1,) * 7, inside="conduits"),)
    answer = '[[answers]]\nid = "standby"\nyes = true\nclients = ["10.0.2.5"]\nservers = ["10.0.2.1"]\n'
    made = proposed(Site(zones=zones), seen(USUAL), answer)
    policy = build(made.site)
    taken_over = [{**row, "server": "10.0.2.5"} for row in USUAL[:21]]
    taken_over.append({**USUAL[21], "client": "10.0.2.5"})
    assert outcome_of(policy, seen(taken_over)).violations == ()
    without = build(proposed(Site(zones=zones), seen(USUAL)).site)
    assert outcome_of(without, seen(taken_over)).cut_operations == len(taken_over)
    assert outcome_of(policy, seen([{**USUAL[0], "server": "10.0.2.5", "verb": "stop"}])).violations
    again = proposed(made.site, seen(USUAL), answer)
    assert again.conduits == ()
    nowhere = proposed(Site(zones=zones[:0]), seen(USUAL), answer)
    assert any("10.0.2.5 stands in for 10.0.2.1 and is in no zone" in d.sentence for d in nowhere.decisions)


def test_what_was_not_seen_is_said() -> None:
    hour = 3600 * SECOND
    thursday = 20_419 * 24 * hour
    said = coverage_of(
        {"a": (thursday, thursday + 2 * hour), "b": (thursday + 2 * hour, thursday + 3 * hour)}, [], []
    )
    assert said.hours == 3
    assert said.periods == ((thursday, thursday + 3 * hour),)
    assert any("of the 24 hours" in text for text in said.missing)
    assert any("Sunday" in text and "Thursday" not in text for text in said.missing)
    month = coverage_of({"a": (thursday, thursday + 32 * 24 * hour)}, [], [])
    assert len(month.missing) == 1
    assert coverage_of({}, [], []).hours == 0


def test_a_plant_may_use_public_addresses_and_a_stranger_stays_outside() -> None:
    plant = ["141.81.0.10", "141.81.0.23", "141.81.0.43"]
    asked = [{"client": plant[0], "server": server} for server in plant[1:]]
    made = proposed(Site(), seen([*asked, {"client": "203.0.113.5", "server": plant[1]}]))
    assert {z.kind: z.members for z in made.zones if z.kind == "external"} == {"external": ("203.0.113.5",)}
    assert any(z.name == "operations" and z.members == (plant[0],) for z in made.zones)
