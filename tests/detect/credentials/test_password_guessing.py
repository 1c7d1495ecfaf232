from __future__ import annotations

import pytest
from tests.detect.rows import findings

from interlock.detect.credentials.password_guessing import FEW, PasswordGuessing

TRY = {
    "client": "10.0.0.66",
    "user": "admin",
    "protocol": "ftp",
    "scheme": "user-password",
    "outcome": "refused",
}
GUESSED = [*({**TRY, "at": 20 + 3 * n} for n in range(FEW)), {**TRY, "at": 60, "outcome": "ok"}]


def test_a_login_that_fits_after_many_that_did_not_is_found() -> None:
    (finding,) = findings(PasswordGuessing(), credentials=GUESSED)
    assert finding.title.endswith("and found one")
    assert finding.count == FEW + 1


def test_none_that_fits_is_an_attempt() -> None:
    (finding,) = findings(PasswordGuessing(), credentials=GUESSED[:-1])
    assert "found" not in finding.title


@pytest.mark.parametrize(
    "rows",
    [
        GUESSED[1:],
        [{**row, "at": row["at"] * 60} for row in GUESSED],
        [{**row, "scheme": "community"} for row in GUESSED],
        [{**row, "client": f"10.0.0.{k}"} for k, row in enumerate(GUESSED)],
    ],
)
def test_silent_for_few_slow_or_many_peoples_refusals(rows: list[dict]) -> None:
    assert findings(PasswordGuessing(), credentials=rows) == ()


def test_one_password_at_many_machines_is_one_finding() -> None:
    rows = [{**TRY, "server": f"10.0.0.{n}", "at": n} for n in range(2, 2 + FEW)]
    (finding,) = findings(PasswordGuessing(), credentials=rows)
    assert "5 machines" in finding.title


def test_a_login_long_after_is_nobodys_guess() -> None:
    (finding,) = findings(PasswordGuessing(), credentials=[*GUESSED[:-1], {**GUESSED[-1], "at": 4000}])
    assert "found" not in finding.title


def test_enciphered_passwords_are_guessed_too() -> None:
    asked = {
        "client": "10.0.0.66",
        "user": "admin",
        "protocol": "opcua",
        "verb": "authenticate",
        "outcome": "refused",
    }
    rows = [{**asked, "at": 3 * n} for n in range(FEW)]
    (finding,) = findings(PasswordGuessing(), operations=rows)
    assert (finding.severity, finding.techniques) == ("high", ("T0859",))
    assert "admin" in finding.explanation
    assert findings(PasswordGuessing(), operations=rows[1:]) == ()
    assert findings(PasswordGuessing(), operations=[{**row, "outcome": "ok"} for row in rows]) == ()
    clear = [{**TRY, "protocol": "opcua", "at": 3 * n} for n in range(FEW)]
    assert len(findings(PasswordGuessing(), operations=rows, credentials=clear)) == 1


UNANSWERED = [
    {**TRY, "protocol": "opcua", "outcome": "unknown", "at": 60 * n, "user": user}
    for n, user in enumerate(("admin", "operator", "root"))
]


def test_several_accounts_at_a_controller_without_any_answer_are_tried_out() -> None:
    (finding,) = findings(PasswordGuessing(), credentials=UNANSWERED)
    assert (finding.techniques[0], finding.count) == ("T0859", 3)
    assert "none answered" in finding.explanation


@pytest.mark.parametrize(
    "rows",
    [
        UNANSWERED[:2],
        [{**row, "user": "operator"} for row in UNANSWERED * 4],
        [{**row, "at": row["at"] * 30} for row in UNANSWERED],
        [{**row, "protocol": "ftp"} for row in UNANSWERED],
        [{**row, "outcome": "ok"} for row in UNANSWERED],
    ],
    ids=["two accounts", "one again and again", "over an hour", "no machine of the process", "accepted"],
)
def test_silent_for_who_logs_on_as_people_do(rows: list[dict]) -> None:
    assert findings(PasswordGuessing(), credentials=rows) == ()


COMMUNITIES = [
    {**TRY, "protocol": "snmp", "scheme": "community", "outcome": "unknown", "at": 5 * n, "user": None,
     "fingerprint": f"{n:08x}"}
    for n in range(FEW + 2)
]  # fmt: skip


def test_many_communities_at_one_agent_are_guessed() -> None:
    (finding,) = findings(PasswordGuessing(), credentials=COMMUNITIES)
    assert finding.techniques == ("T0812", "T0859", "T0888")
    assert "tries 7 communities" in finding.title
    assert "none of them is seen to be answered" in finding.explanation


@pytest.mark.parametrize(
    "rows",
    [
        COMMUNITIES[: FEW - 1],
        [{**row, "fingerprint": "aa"} for row in COMMUNITIES * 4],
        [{**row, "at": row["at"] * 60} for row in COMMUNITIES],
        [{**row, "server": f"10.0.0.{n + 40}"} for n, row in enumerate(COMMUNITIES)],
    ],
    ids=["a few", "one word", "over an hour", "a word for each machine"],
)
def test_who_has_a_word_for_each_machine_guesses_nothing(rows: list[dict]) -> None:
    assert findings(PasswordGuessing(), credentials=rows) == ()
