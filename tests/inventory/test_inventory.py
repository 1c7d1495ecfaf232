"""The whole: order makes no difference, goldens of small plants, look-ups, cloned cells."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.records.clue_fields import CLUE_FIELDS
from interlock.records.vocabulary import OUTCOMES, ROLES, VERBS
from inventory.build import NOW, SECOND, at, clue, feed, flow, login, operation, take_stock

MACS = [
    "00:0e:8c:00:00:01",
    "00:1b:1b:00:00:02",
    "00:00:0c:00:00:03",
    "00:00:5e:00:01:01",
    "ff:ff:ff:ff:ff:ff",
]
IPS = ["10.0.0.1", "10.0.0.2", "10.0.1.3", "192.168.0.1", "8.8.8.8", "fe80::1", "fd00::2", "224.0.0.1"]
TIME = st.integers(0, 5).map(lambda n: NOW + n * 1800 * SECOND)
WHERE = {"source": st.sampled_from(["a.pcap", "b.pcap"]), "realm": st.sampled_from(["default", "cell"])}
ADDRESS = st.sampled_from(IPS + MACS)
VALUE = st.sampled_from(
    [*IPS, *MACS, "64-0", "64-1", "SN-123", "SN-456", "Siemens", "6ES7 315-2EH14-0AB0", "plc", "V1.0", "2"]
)
PROTOCOL = st.sampled_from(["arp", "ipv4", "lldp", "s7comm", "modbus", "snmp", "dhcp"])


def record(kind, table, **columns):
    return st.fixed_dictionaries({**WHERE, **columns}).map(lambda c: (table, kind(**c)[1]))


CLUE = record(
    clue,
    "clues",
    who=st.one_of(ADDRESS, ADDRESS.map(lambda a: f"{a}/2")),
    field=st.sampled_from(sorted(CLUE_FIELDS)),
    value=VALUE,
    protocol=PROTOCOL,
    time=TIME,
    frame=st.integers(1, 5),
    confidence=st.sampled_from([0.3, 0.6, 0.9]),
)
FLOW = record(
    flow,
    "flows",
    client=ADDRESS,
    server=ADDRESS,
    client_mac=st.sampled_from([None, *MACS]),
    server_mac=st.sampled_from([None, *MACS]),
    first=TIME,
    last=st.just(NOW + 9000 * SECOND),
    server_packets=st.integers(0, 3),
    first_frame=st.integers(1, 5),
    protocol=st.sampled_from([None, "modbus", "dns"]),
    state=st.sampled_from([None, "opened", "established", "refused"]),
    basis=st.sampled_from(["parsed", "port", "unknown"]),
)
OPERATION = record(
    operation,
    "operations",
    client=ADDRESS,
    server=ADDRESS,
    unit=st.sampled_from([None, "1", "2", "255"]),
    verb=st.sampled_from(VERBS),
    outcome=st.sampled_from(OUTCOMES),
    time=TIME,
    frame=st.integers(1, 5),
    protocol=PROTOCOL,
    code=st.sampled_from([None, 10]),
)
LOGIN = record(login, "credentials", client=ADDRESS, server=ADDRESS, time=TIME)
RECORDS = st.lists(st.one_of(CLUE, CLUE, FLOW, OPERATION, LOGIN), max_size=40)


@settings(max_examples=150, deadline=None)
@given(RECORDS, st.randoms(use_true_random=False))
def test_the_order_of_batches_makes_no_difference(records, random):
    shuffled = records[:]
    random.shuffle(shuffled)
    one, other = take_stock(records), take_stock(shuffled)
    assert one.assets(NOW) == other.assets(NOW)
    assert one.directory(NOW).ids == other.directory(NOW).ids
    assert one.directory(NOW).lent == other.directory(NOW).lent


@settings(max_examples=150, deadline=None)
@given(RECORDS)
def test_what_always_holds(records):
    stock = take_stock(records)
    directory = stock.directory(NOW)
    ids = [a.id for a in directory.assets]
    assert len(set(ids)) == len(ids)
    assert set(directory.ids.values()) <= set(ids)
    for asset in directory.assets:
        assert asset.role is None or asset.role in ROLES
        assert asset.first_seen <= asset.last_seen
        assert 0 <= asset.risk.score <= 100
        assert asset.macs or asset.ips or asset.parent
        assert asset.parent is None or asset.id in directory.by_id[asset.parent].children
        provenance = dict(asset.provenance)
        for name in (
            "vendor",
            "product",
            "order_number",
            "serial",
            "firmware",
            "hardware",
            "os",
            "role",
            "purdue_level",
        ):
            value = getattr(asset, name)
            assert value is None or value in {p.value for p in provenance[name]}, name
        assert all(0 <= p.confidence <= 1 for proofs in provenance.values() for p in proofs)
        assert all(len(c.proofs) > 1 for c in asset.conflicts)
        assert not {"ff:ff:ff:ff:ff:ff", "224.0.0.1"} & {*asset.macs, *asset.ips}


@settings(max_examples=100, deadline=None)
@given(RECORDS, st.integers(0, 40))
def test_ids_never_change_while_records_come_in(records, cut):
    """A machine once told of stays: under its id, or as a link of the machine that it turned out to be."""
    stock = take_stock(records[:cut])
    before = {a.id for a in stock.assets(NOW) if a.parent is None}
    feed(stock, records[cut:])
    after = stock.assets(NOW)
    assert before <= {i for a in after for i in (a.id, *a.links)}
    assert len({i for a in after for i in (a.id, *a.links)}) == sum(1 + len(a.links) for a in after)


def test_one_capture_given_two_realms_is_twice_the_machines():
    records = [clue("10.0.0.1", "mac", MACS[0]), clue("10.0.0.1", "serial", "SN-4711", protocol="s7comm"),
               clue("10.0.0.1", "vendor", "Siemens", protocol="s7comm"), flow("10.0.0.2", "10.0.0.1")]  # fmt: skip
    both = [(t, {**r, "realm": realm}) for realm in ("cell-1", "cell-2") for t, r in records]
    assets = take_stock(both).assets(NOW)
    assert len(assets) == 4
    assert len({a.id for a in assets}) == 4
    assert [a.realm for a in assets] == ["cell-1", "cell-1", "cell-2", "cell-2"]


def test_look_ups():
    stock = take_stock([clue("10.0.0.1", "mac", MACS[0]), clue("10.0.0.1", "role", "plc", protocol="s7comm"),
                        flow("10.0.0.2", "10.0.0.1")])  # fmt: skip
    directory = stock.directory(NOW)
    assert directory.find("default", "10.0.0.1") is directory.find("default", MACS[0])
    assert directory.find("default", "10.9.9.9") is None
    assert directory.find("cell", "10.0.0.1") is None
    assert directory.role("default", "10.0.0.1") == "plc"
    assert directory.role("default", "10.9.9.9") is None
    assert directory.roles == {("default", "10.0.0.1"): "plc", ("default", MACS[0]): "plc"}
    assert directory.by_id[at(stock, "10.0.0.1").id] in stock.assets(NOW)


def test_known_redraws_only_for_news():
    records = [clue("10.0.0.1", "mac", MACS[0]), flow("10.0.0.2", "10.0.0.1")]
    stock = take_stock(records)
    drawn = stock.known(NOW)
    feed(stock, records)
    assert stock.known(NOW + 1) is drawn, "the same again is no news"
    feed(stock, [flow("10.0.0.3", "10.0.0.1")])
    assert stock.known(NOW + 1) is drawn, "news are looked for once a second"
    assert stock.known(NOW + 10**9) is not drawn
    assert stock.directory(NOW + 10**9).find("default", "10.0.0.3") is not None


PLANT = [
    clue("10.0.0.1", "mac", MACS[0]),
    clue("10.0.0.1", "order-number", "6ES7 315-2EH14-0AB0", protocol="s7comm", frame=11),
    clue("10.0.0.1", "serial", "S C-X4U421302009", protocol="s7comm", frame=12),
    clue("10.0.0.1", "firmware", "V3.2.6", protocol="s7comm", frame=13),
    clue("10.0.0.1", "firmware", "V2.0", protocol="profinet-dcp", frame=14, confidence=0.6),
    clue("10.0.0.1", "vendor", "Siemens", protocol="s7comm", frame=11),
    clue("10.0.0.20", "mac", MACS[1]),
    clue("10.0.0.20", "name", "PANEL-1", protocol="nbns", frame=20),
    clue("10.0.0.254", "mac", MACS[2]),
    clue("10.0.1.7", "ttl", "128-1", protocol="ipv4", frame=31),
    flow("10.0.0.20", "10.0.0.1", client_mac=MACS[1], server_mac=MACS[0], protocol="s7comm", first_frame=21),
    flow("10.0.1.7", "10.0.0.1", client_mac=MACS[2], server_mac=MACS[0], protocol="s7comm", first_frame=31),
    flow("10.0.0.20", "8.8.8.8", client_mac=MACS[1], server_mac=MACS[2], protocol="dns", first_frame=41),
    *[
        operation("10.0.0.20", "10.0.0.1", protocol="s7comm", unit="0.2", frame=50 + i, time=NOW + i)
        for i in range(6)
    ],
    operation("10.0.0.20", "10.0.0.1", protocol="s7comm", unit="0.2", verb="write", frame=60),
    operation("10.0.1.7", "10.0.0.1", protocol="s7comm", unit="0.2", verb="program-write", frame=70),
    *[
        operation("10.0.0.20", "10.0.0.30", unit=u, frame=80, time=NOW + i)
        for u in ("1", "2")
        for i in range(3)
    ],
    clue("10.0.0.30/2", "product", "PM5560", protocol="modbus", frame=81),
]


def test_golden_plant():
    """A small plant with each kind of machine. To renew: delete the file, run, and review the difference."""
    path = Path(__file__).parent / "golden" / "plant.json"
    drawn = json.loads(json.dumps([asdict(a) for a in take_stock(PLANT).assets(NOW + SECOND)]))
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(drawn, indent=1, sort_keys=True) + "\n")
        raise AssertionError(f"{path.name} was missing and is written: review it, then run again")
    assert drawn == json.loads(path.read_text())
