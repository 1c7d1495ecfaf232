from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.known import Entry, Known, KnownError, read_known, stanza
from conformance.message import Message, key_text
from conformance.report import build
from conformance.run import Outcome
from conformance.score import compare, total


def message(frame: int, function: str = "3", kind: str = "request") -> Message:
    return Message(frame=frame, kind=kind, client="a", server="b", protocol="modbus", function=function)


messages = st.lists(
    st.builds(
        message,
        st.integers(1, 5),
        st.sampled_from(["1", "3"]),
        st.sampled_from(["request", "answer"]),
    ),
    max_size=12,
)


@given(messages, messages)
def test_the_share_is_that_of_a_multiset_and_the_same_from_both_sides(ours, theirs):
    there, back = compare("c", "modbus", ours, theirs), compare("c", "modbus", theirs, ours)
    assert (there.smaller, there.larger, there.shifted) == (back.smaller, back.larger, back.shifted)
    assert there.smaller + there.larger == len(ours) + len(theirs)
    assert (there.raw == 1) == (bool(ours or theirs) and not there.differences)
    assert (there.raw is None) == (not ours and not theirs)


@given(messages, messages)
def test_frames_of_one_side_only_make_up_the_difference(ours, theirs):
    for difference in compare("c", "modbus", ours, theirs).differences:
        assert len(difference.only_ours) - len(difference.only_theirs) == difference.ours - difference.theirs


def test_a_message_in_another_frame_is_shifted_not_different():
    score = compare("c", "modbus", [message(1)], [message(2)])
    assert (score.raw, score.shifted, score.differences) == (1, 1, [])


def entry(**changes: object) -> Entry:
    values = {
        "capture": "c",
        "protocol": "modbus",
        "key": key_text(message(1).key()),
        "ours": 2,
        "theirs": 1,
        "reason": "it drops the second one",
        "who_is_wrong": "theirs",
        "frame": 2,
    }
    return Entry(**(values | changes))


def settle(*entries: Entry, ours: int = 2):
    known = Known({e.name: e for e in entries})
    part = compare("c", "modbus", [message(n) for n in range(1, ours + 1)], [message(1)])
    return total("modbus", [part], known), known


def test_a_listed_difference_of_theirs_settles_and_leaves_the_raw_share_alone():
    score, _ = settle(entry())
    assert (score.raw, score.settled) == (0.5, 1)


@pytest.mark.parametrize("changes", [{"who_is_wrong": "ours"}, {"who_is_wrong": "definition"}, {"ours": 3}])
def test_no_other_entry_settles_anything(changes):
    score, _ = settle(entry(**changes))
    assert (score.raw, score.settled) == (0.5, 0.5)


def test_an_entry_that_no_longer_occurs_is_stale_and_the_run_is_bad():
    outcome = Outcome(capture="c", scores=[compare("c", "modbus", [message(1)], [message(1)])])
    report = build([outcome], ["modbus"], Known({entry().name: entry()}))
    assert report.stale == [entry()]
    assert not report.good
    assert build([outcome], ["modbus"], Known({})).good


def test_an_entry_about_a_capture_that_was_not_compared_is_not_stale():
    assert build([], ["modbus"], Known({entry().name: entry()})).stale == []


def test_an_unlisted_difference_makes_the_run_bad_however_small():
    ours = [message(1)] * 1000
    outcome = Outcome(capture="c", scores=[compare("c", "modbus", ours, ours[1:])])
    report = build([outcome], ["modbus"], Known({}))
    assert report.scores[0].raw == 0.999
    assert not report.good
    assert any("ours 1000, theirs 999" in line for line in report.lines(5))


def test_a_failure_makes_the_run_bad():
    assert not build([Outcome(capture="c", failures=["exit 1"])], ["modbus"], Known({})).good


def test_a_stanza_names_the_difference_and_is_refused_until_filled_in(tmp_path):
    (difference,) = compare("c", "modbus", [message(1), message(2)], [message(1)]).differences
    place = tmp_path / "known.toml"
    place.write_text(stanza(difference))
    with pytest.raises(KnownError):
        read_known(place)
    filled = stanza(difference).replace('wrong = ""', 'wrong = "theirs"')
    place.write_text(filled.replace('reason = ""', 'reason = "it drops the second one"'))
    assert read_known(place).excuses(difference)
    place.write_text(place.read_text() * 2)
    with pytest.raises(KnownError):
        read_known(place)
