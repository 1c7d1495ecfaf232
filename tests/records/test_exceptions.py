from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.errors import ConfigError
from interlock.records.exceptions import accept_finding, apply_exceptions, in_force
from interlock.records.finding import Finding
from interlock.records.site import Exemption, Site
from interlock.records.site_text import load_site

from .test_site_text import WHOLE

ONE, OTHER = "11111111-1f51-5a3c-9a57-6f4f2c9d1e10", "22222222-1f51-5a3c-9a57-6f4f2c9d1e10"
KNOWN = "5f0d9a53-1f51-5a3c-9a57-6f4f2c9d1e10"
DAY = date(2026, 12, 31)
TRICKY = (
    '# ä top\n[[exceptions]] # why\nreason="z" # order\nfinding = "'
    + OTHER
    + '"\nuntil=2020-01-01\n\n[site]\nname="x"'
)


def ns(*when: int) -> int:
    return int(datetime(*when, tzinfo=UTC).timestamp()) * 10**9


def finding(ident: str) -> Finding:
    return Finding(
        id=ident, detector="d", version=1, kind="alert", severity="high", confidence=0.9, title="t",
        explanation="e", time=0, last=0, count=1,
    )  # fmt: skip


@pytest.mark.parametrize(
    "text", ["", "# only a comment", '[site]\nname = "x"', WHOLE, TRICKY, "exceptions = [] # inline\n"]
)
def test_adds_an_exception_and_leaves_all_else(text: str) -> None:
    changed = accept_finding(text, finding=ONE, reason='by "design"\nsince ever', until=DAY, owner="me")
    before, after = load_site(text), load_site(changed)
    added = Exemption(finding=ONE, reason='by "design"\nsince ever', until=DAY, owner="me")
    assert after.exceptions == (*before.exceptions, added)
    assert (after.name, after.zones, after.tags) == (before.name, before.zones, before.tags)
    left = iter(changed.splitlines())
    kept = [line for line in text.splitlines() if "inline" not in line]
    assert all(any(line == other for other in left) for line in kept), (
        "a line of the file was changed or moved"
    )
    assert ("inline" in changed) == ("inline" in text)


def test_an_exception_for_the_same_finding_is_rewritten_in_place() -> None:
    changed = accept_finding(WHOLE, finding=KNOWN.upper(), reason="longer", until=DAY)
    (entry,) = load_site(changed).exceptions
    assert (entry.reason, entry.until, entry.owner) == ("longer", DAY, None)
    assert changed[: WHOLE.index("[[exceptions]]")] == WHOLE[: WHOLE.index("[[exceptions]]")]


def test_three_in_a_row_stand_apart_and_in_order() -> None:
    text = WHOLE
    for ident in (ONE, OTHER):
        text = accept_finding(text, finding=ident, reason="r", until=DAY)
    assert [e.finding for e in load_site(text).exceptions] == [KNOWN, ONE, OTHER]
    assert text.count("\n\n[[exceptions]]") == 3
    assert "\n\n\n" not in text


@settings(deadline=None, max_examples=50)
@given(st.text(), st.dates(), st.none() | st.text(min_size=1).filter(str.strip))
def test_any_reason_comes_back_as_it_was_or_is_refused(reason: str, until: date, owner: str | None) -> None:
    try:
        changed = accept_finding(WHOLE, finding=ONE, reason=reason, until=until, owner=owner)
    except ConfigError:
        assert not reason.strip() or not reason.isprintable() or not (owner or "x").isprintable()
        return
    assert load_site(changed).exceptions[-1] == Exemption(
        finding=ONE, reason=reason, until=until, owner=owner
    )


@pytest.mark.parametrize(
    ("text", "ident", "reason"), [("zones = 1", ONE, "r"), ("", "x", "r"), ("", ONE, " \n"), ("[", ONE, "r")]
)
def test_refuses(text: str, ident: str, reason: str) -> None:
    with pytest.raises(ConfigError):
        accept_finding(text, finding=ident, reason=reason, until=DAY)


@pytest.mark.parametrize(
    ("now", "holds"),
    [
        (ns(2026, 12, 31, 23, 59, 59) + 10**9 - 1, True),
        (ns(2027, 1, 1), False),
        (ns(2020, 1, 1), True),
    ],
)
def test_holds_through_the_end_of_its_last_day(now: int, holds: bool) -> None:
    site = Site(exceptions=(Exemption(finding=ONE, reason="r", until=DAY),))
    assert in_force(site.exceptions[0], now) is holds
    applied = apply_exceptions([finding(ONE), finding(OTHER)], site, now)
    assert [f.accepted for f in applied.findings] == ["r" if holds else None, None]
    assert applied.findings[0].accepted_until == ("2026-12-31" if holds else None)
    assert applied.findings[1] == finding(OTHER)
    assert bool(applied.notes) is not holds
    assert bool(applied.findings[0].data) is not holds


def test_exceptions_without_effect_are_said() -> None:
    entries = (
        Exemption(finding=ONE, reason="r", until=date(2020, 1, 1)),
        Exemption(finding=OTHER, reason="s", until=date.max),
    )
    applied = apply_exceptions([], Site(exceptions=entries), ns(2026, 1, 1))
    assert applied.findings == ()
    assert [note.split(" ")[3] for note in applied.notes] == [ONE, OTHER]
    assert "ended on 2020-01-01" in applied.notes[0]
    assert "matched no finding" in applied.notes[1]


def test_what_was_written_is_plain_toml() -> None:
    changed = accept_finding("", finding=ONE, reason="r", until=DAY)
    assert tomlkit.parse(changed).unwrap() == {"exceptions": [{"finding": ONE, "reason": "r", "until": DAY}]}
    assert changed.startswith("[[exceptions]]")
