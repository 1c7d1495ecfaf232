"""What is passed over at once is what would have passed one by one, whatever becomes of policy, day and inventory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from detect.rows import MINUTE, SECOND, START, batch
from interlock.detect.batch import Batch
from interlock.detect.interface import Context
from interlock.detect.runner import Runner
from interlock.detect.zones import passing
from interlock.detect.zones.conduit_violation import ConduitViolation
from interlock.detect.zones.passing import Passing
from interlock.detect.zones.ruling import Ruling
from interlock.records.asset import Asset
from interlock.records.conduit import Conduit
from interlock.records.site import Site, Zone

if TYPE_CHECKING:
    from collections.abc import Iterator

SPOKEN = {("tcp", 502): frozenset({"modbus"}), ("tcp", 102): frozenset({"s7comm"})}
MAC, GROUP = "00:1b:1b:00:00:03", "239.1.1.1"
MACHINES = ("10.0.1.1", "10.0.1.2", "10.0.2.1", "10.0.2.2", "10.0.3.1", "192.0.2.1", MAC)
NAMES = ("panels", "cell", "drives")

zones = st.tuples(
    st.just(Zone(name="panels", members=("10.0.1.0/24",))),
    st.builds(
        Zone,
        name=st.just("cell"),
        members=st.sampled_from([("10.0.2.0/24",), ("10.0.2.1", MAC), ()]),
        assets=st.sampled_from([(), ("asset 3",)]),
        inside=st.sampled_from(["allow", "conduits"]),
    ),
    st.builds(
        Zone,
        name=st.just("drives"),
        members=st.sampled_from([(), ("10.0.3.1",)]),
        selector=st.sampled_from([None, 'role = "drive"']),
    ),
)
some = st.lists(st.sampled_from(NAMES), min_size=1, max_size=2, unique=True).map(tuple)
conduits = st.lists(
    st.builds(
        Conduit,
        name=st.sampled_from(["a", "b"]),
        from_=some,
        to=some,
        protocols=st.sampled_from([("modbus", "s7comm"), ("modbus",)]),
        verbs=st.sampled_from([("read",), ("*",)]),
        objects=st.sampled_from([(), ("holding:0..9",), ("DB1*",)]),
        units=st.sampled_from([(), ("1",)]),
        ports=st.sampled_from([(), ("tcp/102",)]),
        clients=st.sampled_from([(), ("10.0.1.1", MAC)]),
        groups=st.sampled_from([(), (GROUP,)]),
    ),
    min_size=1,
    max_size=3,
).map(tuple)
sites = st.builds(lambda z, c: Site(zones=z, conduits=c), zones, conduits)
assets = st.dictionaries(
    st.sampled_from(MACHINES),
    st.builds(
        Asset,
        id=st.sampled_from(["asset 1", "asset 3"]),
        realm=st.just("default"),
        role=st.sampled_from([None, "drive"]),
        ips=st.sampled_from([(), ("10.0.2.1",), ("10.0.3.1", "10.0.2.1")]),
        macs=st.sampled_from([(), (MAC,)]),
    ),
    max_size=5,
)
asks = st.fixed_dictionaries(
    {
        "client": st.sampled_from([*MACHINES, GROUP]),
        "server": st.sampled_from([*MACHINES, GROUP, GROUP, "10.0.2.255"]),
        "protocol": st.sampled_from(["modbus", "modbus", "modbus", "s7comm", None]),
        "verb": st.sampled_from(["read", "read", "write"]),
        "unit": st.sampled_from([None, "1", "2"]),
        "object": st.sampled_from([None, "holding:0", "holding:9", "DB1.DBD0"]),
        "count": st.sampled_from([None, 1, 2]),
        "server_port": st.sampled_from([None, 102, 502]),
        "client_port": st.sampled_from([102, 50_000]),
        "outcome": st.sampled_from(["ok", "pending", "refused"]),
        "item": st.sampled_from([0, 0, 1]),
    }
)

Step = tuple[list[dict[str, Any]], int, Site | None, dict[str, Asset] | None, int]


@st.composite
def courses(draw: st.DrawFn) -> list[Step]:
    """A plant that says the same few things again and again while policy, day and inventory change."""
    said = draw(st.lists(asks, min_size=1, max_size=3))
    step = st.tuples(
        st.lists(st.sampled_from(said), min_size=1, max_size=3),
        st.integers(1, 3),  # how often in a row
        st.none() | st.none() | sites,
        st.none() | assets,
        st.sampled_from([1, 6, 61, 61, 24 * 3600]),
    )
    return draw(st.lists(step, min_size=2, max_size=6))


class Plain(ConduitViolation):
    """The same without what is known to be allowed."""

    def spoken_by(self, spoken_at: Any) -> None:
        super().spoken_by(spoken_at)
        self._passing = Never(self.ruling)


class Never(Passing):
    def all_of(self, batch: Batch) -> bool:
        del batch
        return False


def played(site: Site, course: list[Step]) -> Iterator[tuple[Batch, Context]]:
    """Batches and what is known as they come: site and inventory stay until a step brings others."""
    known: dict[str, Asset] = {}
    now, number = START, 0
    for asked, times, other, more, seconds in course:
        site, known = other or site, known if more is None else more
        for _ in range(times):
            now += seconds * SECOND
            rows = [{**row, "operation": number + n, "time": now} for n, row in enumerate(asked)]
            number += len(rows)
            found = {("default", address): asset for address, asset in known.items()}
            yield (
                Batch("operations", batch("operations", rows)),
                Context(site=site, now=now, asset=lambda *at, found=found: found.get(at)),
            )


@given(sites, courses())
@settings(max_examples=300)
def test_findings_are_those_of_a_detector_that_asks_the_policy_each_time(
    site: Site, course: list[Step]
) -> None:
    told = []
    for made in (ConduitViolation(), Plain()):
        made.spoken_by(SPOKEN)
        runner = Runner([made])
        early = [runner.feed("operations", rows, context) for rows, context in played(site, course)]
        last = [*played(site, course)][-1][1]
        concluded = runner.conclude(last)
        assert concluded.diagnostics == ()
        told.append((early, concluded.findings, concluded.withheld))
    assert told[0] == told[1]


@given(sites, courses())
@settings(max_examples=300)
def test_what_is_remembered_is_what_a_fresh_look_says(site: Site, course: list[Step]) -> None:
    """A minute after anything has changed; who hears groups is learned as time goes, and left out here."""
    kept = Ruling(SPOKEN)
    for rows, context in played(site, course):
        fresh = Ruling(SPOKEN)
        assert fresh.renew(context)
        kept.renew(context, anew=True)
        for _, (realm, client, server, protocol, verb, unit, name) in rows.groups(
            "realm", "client", "server", "protocol", "verb", "unit", "object"
        ):
            if {client, server} & {GROUP, "10.0.2.255"}:
                continue
            relation = (realm, client, server, protocol or "", verb)
            assert kept.relation(relation) == fresh.relation(relation)
            assert kept.exactly(relation, unit, name, 1, 102) == fresh.exactly(relation, unit, name, 1, 102)


def test_what_is_allowed_is_judged_once_and_forgotten_with_the_policy(monkeypatch) -> None:
    reads = Conduit(
        name="r", from_=("panels",), to=("cell",), protocols=("modbus",), verbs=("read",), objects=("holding:0..9",),
    )  # fmt: skip
    places = (Zone(name="panels", members=("10.0.1.0/24",)), Zone(name="cell", members=("10.0.2.0/24",)))
    site = Site(zones=places, conduits=(reads,))
    ruling = Ruling(SPOKEN)
    known = Passing(ruling)

    def rows(verb: str = "read", name: str = "holding:1") -> Batch:
        row = {"client": "10.0.1.1", "server": "10.0.2.1", "verb": verb, "object": name, "count": 1}
        return Batch("operations", batch("operations", [row] * 3))

    relation = ("default", "10.0.1.1", "10.0.2.1", "modbus", "read")
    assert ruling.renew(Context(site=site, now=START))
    assert not known.all_of(rows())  # nobody has asked yet
    ruling.relation(relation)
    assert known.all_of(rows())
    assert len(known) == 1
    assert not known.all_of(rows(name="holding:10"))
    assert not known.all_of(rows("write"))
    assert ruling.renew(Context(site=site, now=START + 2 * MINUTE))
    assert known.all_of(rows())  # nothing is known that was not: nothing is forgotten
    assert ruling.renew(Context(site=Site(zones=places, conduits=(reads,)), now=START + 2 * MINUTE))
    assert not known.all_of(rows())
    assert len(known) == 0
    monkeypatch.setattr(passing, "_MOST", 4)
    ruling.relation(relation)
    assert all(known.all_of(rows(name=f"holding:{n}")) for n in range(10))
    assert len(known) <= 4


def one_by_one(site: Site, *steps: tuple[int, str, str, dict[str, Asset]]) -> list[list[str]]:
    """Reads, one a batch: seconds, client, server, inventory → reasons that are told."""
    made = ConduitViolation()
    made.spoken_by(SPOKEN)
    runner, told = Runner([made]), []
    for number, (seconds, client, server, known) in enumerate(steps):
        now = START + seconds * SECOND
        row = {"client": client, "server": server, "time": now, "operation": number}
        context = Context(site=site, now=now, asset=lambda _, address, known=known: known.get(address))
        found = runner.feed("operations", batch("operations", [row]), context)
        told.append([dict(finding.data)["reason"] for finding in found])
    return told


def test_a_machine_that_gets_or_loses_the_mac_that_a_conduit_names_is_judged_anew() -> None:
    reads = Conduit(
        name="r", from_=("panels",), to=("cell",), protocols=("modbus",), verbs=("read",), clients=(MAC,)
    )
    places = (Zone(name="panels", members=("10.0.1.0/24",)), Zone(name="cell", members=("10.0.2.0/24",)))
    panel = {"10.0.1.1": Asset(id="p", realm="default", ips=("10.0.1.1",), macs=(MAC,))}
    ends = "10.0.1.1", "10.0.2.1"
    steps = [(1, *ends, panel), (2, *ends, panel), (90, *ends, {}), (180, *ends, panel), (181, *ends, panel)]
    assert one_by_one(Site(zones=places, conduits=(reads,)), *steps) == [[], [], ["machine"], [], []]


def test_what_was_said_to_a_group_is_judged_anew_once_another_zone_speaks_to_it() -> None:
    reads = Conduit(name="r", from_=("panels",), to=("cell",), protocols=("modbus",), verbs=("read",))
    places = (Zone(name="panels", members=("10.0.1.0/24",)), Zone(name="cell", members=("10.0.2.0/24",)))
    steps = [
        *((second, "10.0.1.1", GROUP, {}) for second in (1, 2, 3)),
        (4, "10.0.2.1", GROUP, {}),
        (5, "10.0.1.1", GROUP, {}),
    ]
    told = one_by_one(Site(zones=places, conduits=(reads,)), *steps)
    assert told == [[], [], [], ["group"], ["group"]]
