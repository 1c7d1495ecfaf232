"""Accounts of the practice plant: none stands in the source, and what an attack uses beside them it declares."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from tests.plant.secrets_in_source import secrets_in

from interlock.bootstrap import build_engine
from interlock.capture.run import open_sources
from interlock.capture.specs import specify
from interlock.plant import accounts as module
from interlock.plant.accounts import Accounts, Seeded
from interlock.plant.attacks.table import NAMES, scenario
from interlock.plant.control.programs import CONTROLLERS, controller
from interlock.plant.draws import Draws
from interlock.plant.machines import BY_NAME
from interlock.plant.protocols.opcua_security import TwinKeyring
from interlock.plant.roles import assign
from interlock.plant.twin.recording import Twin

SOURCE = Path(module.__file__).parents[1]
SCRIPTS = SOURCE.parents[1] / "scripts"
FILES = (
    *(SOURCE / "plant").rglob("*.py"), *(SOURCE / "cli").glob("plant*.py"), SOURCE / "cli" / "living.py",
    *(SCRIPTS.glob("*plant*.py")), *(SCRIPTS.glob("practice*.py")), *((SCRIPTS / "proving").glob("*.py")),
)  # fmt: skip

KEPT = ("client", "protocol", "user", "known", "outcome")
"""Columns of `credentials` that are looked at."""


class Listed:
    """A stage that only notes who serves what."""

    def __init__(self) -> None:
        self.services = {}

    def serve(self, machine, port, service) -> None:
        self.services[machine, port] = service

    def listen(self, *about) -> None:
        """Nothing."""

    def play(self, begin) -> None:
        """Nothing."""


class Midnight:
    def now_s(self) -> float:
        return 0.0

    day_s = up_s = now_s

    def filetime(self) -> int:
        return 0


def of(seed):
    return Accounts(Seeded(Draws(seed)))


def served(accounts):
    """What each service takes for proof of who asks."""
    stage, draws = Listed(), Draws(1)
    about = (Midnight(), TwinKeyring(draws), accounts)
    assign(stage, {name: controller(name) for name in CONTROLLERS}, *about)
    found = {}
    for place, service in stage.services.items():
        known = set()
        for name in ("users", "accounts"):
            for user, proof in getattr(service, name, {}).items():
                known.add((user, getattr(proof, "nt_hash", proof)))
        if hasattr(service, "_community"):
            known.add(("", service._community))
        if known:
            found[place] = known
    return found


def recorded(seed, minutes=5.0):
    target = io.BytesIO()
    twin = Twin(target, seed)
    for k, name in enumerate(("default-login", "opcua-downgrade", "ransomware", "lateral-movement")):
        twin.attack(name, 0.3 + 0.1 * k)
    for k, name in enumerate(("monthly-backup", "shift-change")):
        twin.befall(name, 2.0 + 0.1 * k)
    for _ in twin.run(minutes):
        pass
    return twin, target.getvalue()


@pytest.fixture(scope="module")
def recording():
    return recorded(7)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_password_stands_in_the_source(path) -> None:
    assert secrets_in(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        'OPERATOR: Final = ("shift", "Kessel-7")', 'password = "x"', "PASSWORD = b'x'", 'users = {"a": "x"}',
        'x = {"password": "x"}', 'def f(password="x"): ...', 'def f(*, secret="x"): ...', 'f(password="x")',
        'if password == "x": pass', 'rdp.Login(D, user, "x", machine, a)', 'client.activate_session("a", "x")',
        'FtpServer(banner, {"a": "x"}, a)', 'said = b"PASS x"', 'nt_hash = sha256(f"x {user}")',
        'COMMUNITY: Final = "public"', 'user, password = "a", "x"',
    ],
)  # fmt: skip
def test_the_search_finds_one_in_every_shape(source) -> None:
    assert secrets_in(source)


def test_what_services_take_is_of_the_seed_alone() -> None:
    one, again, other = served(of(1)), served(of(1)), served(of(2))
    assert one == again
    places = {
        ("plc-water", 21),
        ("plc-pasteuriser", 4840),
        ("switch", 161),
        ("hmi", 445),
        ("engineering", 3389),
    }
    assert one.keys() == other.keys() >= places
    for place, known in one.items():
        assert not known & other[place], place
        assert all(len(proof) >= 16 for _, proof in known)


def test_secrets_of_one_plant_are_all_different() -> None:
    accounts = of(3)
    named = [accounts.shift, accounts.engineer, accounts.upkeep]
    secrets = [each.password for each in named] + [accounts.community]
    secrets += [each.nt_hash for each in accounts.windows.values()]
    assert len(set(secrets)) == len(secrets)
    told = repr([accounts, *named])
    assert not [each.password for each in named if each.password in told]


def test_equal_seeds_record_equal_octets(recording) -> None:
    _, octets = recording
    assert recorded(7)[1] == octets
    accounts = of(7)
    assert accounts.upkeep.password.encode() in octets, "the backup logs on in clear"
    assert accounts.shift.password.encode() in octets, "the downgraded session, too"
    others = of(8)
    assert not [n for n in (others.upkeep, others.shift, others.engineer) if n.password.encode() in octets]


def test_only_the_attack_that_declares_it_logs_on_with_a_makers_account(recording, tmp_path) -> None:
    twin, octets = recording
    capture = tmp_path / "plant.pcap"
    capture.write_bytes(octets)
    rows = []
    with open_sources(specify((str(capture),), ())) as run:
        engine = build_engine(run.sources, wanted=frozenset({"credentials"}))
        for batches in (*map(engine.feed, run), *engine.finish()):
            if "credentials" in batches:
                rows += batches["credentials"].select(list(KEPT)).to_pylist()
    laptop, engineering = (BY_NAME[name].ip for name in ("vendor-laptop", "engineering"))
    ftp = {(r["client"], r["user"], r["outcome"]) for r in rows if r["protocol"] == "ftp"}
    assert ftp == {(laptop, "admin", "refused"), (laptop, "USER", "ok"), (engineering, "upkeep", "ok")}
    assert {r["client"] for r in rows if r["known"]} <= {laptop}
    assert all(occasion.truth()["complete"] for occasion in twin.occasions)


def test_the_truth_says_which_accounts_were_used(recording) -> None:
    twin, _ = recording
    told = {case.truth()["name"]: case.truth()["logons"] for case in twin.cases}
    assert {"machine": "plc-water", "service": "FTP", "user": "USER", "how": "vendor-default",
            "passwords": ["USERUSER"]} in told["default-login"]  # fmt: skip
    assert {each["how"] for each in told["ransomware"] + told["opcua-downgrade"]} == {"stolen"}
    assert {each["how"] for each in told["lateral-movement"]} == {"guess"}


def test_a_makers_account_is_there_while_its_attack_is_played_and_else_never() -> None:
    accounts, declared = of(1), scenario("default-login").logons
    users = accounts.files_of("plc-water")
    own = dict([accounts.upkeep.pair])
    assert dict(users) == own
    with accounts.left(declared):
        assert dict(users) == own | {"USER": "USERUSER"}
        with accounts.left(declared):
            pass
        assert users["USER"] == "USERUSER", "the first one goes on"
        assert dict(accounts.files_of("hmi")) == own, "another machine has none"
    assert dict(users) == own


def test_what_attacks_declare_is_whole() -> None:
    accounts = of(1)
    own = {accounts.shift.user, accounts.engineer.user, *accounts.windows}
    left = set()
    for name in NAMES:
        about = scenario(name)
        for logon in about.logons:
            assert logon.machine in about.victims
            assert logon.how != "stolen" or (not logon.passwords and logon.user in own)
            assert logon.how != "vendor-default" or len(logon.passwords) == 1
            left |= {name} if logon.how == "vendor-default" else set()
    assert left == {"default-login"}
