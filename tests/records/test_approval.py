from __future__ import annotations

import dataclasses
from datetime import timedelta, timezone
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from interlock.bootstrap.signing_keys import public_octets
from interlock.errors import ConfigError, VerificationError
from interlock.records.approval import (
    Approver,
    Approvers,
    Signature,
    approvals_of,
    canonical,
    entry_of,
    fingerprint,
    read_approvers,
    read_signature,
    signature_text,
    verify,
    write_approvers,
)
from interlock.records.site_text import load_site

SITE = load_site("""
[site]
name = "plant"
[[work_orders]]
id = "WO-1"
start = 2026-03-02T06:00:00Z
end = 2026-03-02T08:00:00Z
machines = ["10.0.0.5", "10.0.0.6"]
verbs = ["program-write"]
[[maintenance_windows]]
id = "W-2"
start = 2026-03-02T06:00:00Z
end = 2026-03-02T08:00:00Z
requires = 2
""")
KEYS = [Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in range(3)]
PUBLIC = [public_octets(key.public_key()) for key in KEYS]
BOTH = Approvers(
    approvers=tuple(
        Approver(name=n, key=k, added="2026", by="root") for n, k in zip(("ann", "bo"), PUBLIC, strict=False)
    )
)


def signed(identifier: str, number: int, site: Any = SITE) -> Signature:
    octets = KEYS[number].sign(canonical(site, entry_of(site, identifier)))
    return read_signature(signature_text(identifier, PUBLIC[number], octets), file=f"{number}.sig")


def changed(**more: Any) -> Any:
    (order,) = SITE.work_orders
    return dataclasses.replace(SITE, work_orders=(dataclasses.replace(order, **more),))


def test_a_signature_of_an_enrolled_approver_holds() -> None:
    assert verify(SITE, entry_of(SITE, "WO-1"), [signed("WO-1", 0)], BOTH) == ("ann",)


def test_two_must_sign_where_two_are_required() -> None:
    window = entry_of(SITE, "W-2")
    with pytest.raises(VerificationError, match="1 of 2 approvers have signed W-2"):
        verify(SITE, window, [signed("W-2", 0), signed("W-2", 0)], BOTH)
    assert verify(SITE, window, [signed("W-2", 0), signed("W-2", 1)], BOTH) == ("ann", "bo")
    with pytest.raises(VerificationError, match="1 of 2"):
        verify(SITE, entry_of(SITE, "WO-1"), [signed("WO-1", 0)], dataclasses.replace(BOTH, requires=2))


def test_nobody_else_can_sign() -> None:
    with pytest.raises(VerificationError, match=r"2.sig: the key \w{16} belongs to no enrolled approver"):
        verify(SITE, entry_of(SITE, "WO-1"), [signed("WO-1", 2)], BOTH)
    with pytest.raises(VerificationError, match="0 of 1"):
        verify(SITE, entry_of(SITE, "WO-1"), [], BOTH)


@pytest.mark.parametrize(
    "more",
    [
        {"machines": ("10.0.0.5",)}, {"verbs": ()}, {"end": SITE.work_orders[0].end + timedelta(seconds=1)},
        {"stations": ("10.0.0.9",)}, {"title": "x"}, {"realm": "b"}, {"requires": 1}, {"objects": ("*",)},
    ],
)  # fmt: skip
def test_any_change_of_what_was_signed_breaks_it(more: dict[str, Any]) -> None:
    site = changed(**more)
    with pytest.raises(VerificationError, match="does not hold"):
        verify(site, site.work_orders[0], [signed("WO-1", 0)], BOTH)


def test_another_plants_signature_does_not_hold() -> None:
    site = dataclasses.replace(SITE, name="other")
    with pytest.raises(VerificationError, match="does not hold"):
        verify(site, site.work_orders[0], [signed("WO-1", 0)], BOTH)


def test_the_rest_of_the_file_and_its_spelling_may_change() -> None:
    (order,) = SITE.work_orders
    there = timezone(timedelta(hours=2))
    site = changed(
        start=order.start.astimezone(there), end=order.end.astimezone(there), machines=order.machines[::-1]
    )
    site = dataclasses.replace(site, maintenance_windows=())
    assert verify(site, site.work_orders[0], [signed("WO-1", 0)], BOTH) == ("ann",)


@given(st.integers(0, 511))
def test_no_forged_bit_holds(bit: int) -> None:
    good = signed("WO-1", 0)
    octets = bytearray(good.octets)
    octets[bit // 8] ^= 1 << bit % 8
    with pytest.raises(VerificationError):
        verify(SITE, SITE.work_orders[0], [dataclasses.replace(good, octets=bytes(octets))], BOTH)


def test_what_is_wrong_makes_nothing_hold() -> None:
    holds, not_yet = approvals_of(SITE, [signed("WO-1", 0), signed("W-2", 2)], BOTH)[::-1]
    assert (holds.id, holds.enough, holds.approvers) == ("WO-1", True, ("ann",))
    assert not not_yet.enough
    assert "belongs to no enrolled approver" in not_yet.problem


def test_the_list_is_read_as_it_was_written() -> None:
    assert read_approvers(write_approvers(BOTH), file="x") == BOTH


@given(st.text(max_size=200))
def test_any_text_is_a_list_or_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="x: "):
        read_approvers(text, file="x")
    with pytest.raises(VerificationError, match="y: "):
        read_signature(text, file="y")


def test_one_person_is_not_two() -> None:
    twice = (*BOTH.approvers, dataclasses.replace(BOTH.approvers[0], name="cy"))
    with pytest.raises(ConfigError, match="same key"):
        Approvers(approvers=twice)
    assert len(fingerprint(PUBLIC[0])) == 16
