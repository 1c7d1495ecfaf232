"""What Suricata does not load of what is loaded here, and what of that is out where its behaviour is asked for."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.bootstrap.signature_files import rule_files
from interlock.bootstrap.signature_sets import Sets
from interlock.bootstrap.signatures import build_signatures, check_signatures, rules_of
from interlock.detect.signatures.language.model import Origin
from interlock.detect.signatures.language.problems import RuleError
from interlock.detect.signatures.language.reading import read_rule
from interlock.detect.signatures.language.taken import Ids, refuse_what_suricata_does

ORIGIN = Origin("a.rules", 1)
HEAD = "alert tcp any any -> any any"
REFUSED = {
    f'{HEAD} (msg:"a"; content:"x"; sid:1;; rev:1;)': "options",
    f'{HEAD} (msg:"a"; content:"x"; sid:1; ;)': "options",
    f'{HEAD} (msg:"a"; pcre:"/x/R"; sid:1;)': "pcre",
    f'{HEAD} (msg:"a"; byte_jump:2,4; pcre:"/x/R"; sid:1;)': "pcre",
    # The content is another buffer's.
    f'{HEAD.replace("tcp", "http")} (msg:"a"; content:"x"; http_uri; pcre:"/x/R"; sid:1;)': "pcre",
}
TAKEN = (
    f'{HEAD} (msg:"a\\;"; content:"x|3b|y"; sid:1; rev:1;)',
    f'{HEAD} (msg:"a"; content:"x"; pcre:"/x/R"; sid:1;)',
    f'{HEAD} (msg:"a"; pcre:"/x/"; pcre:"/y/R"; sid:1;)',
    f'{HEAD.replace("tcp", "http")} (msg:"a"; http.uri; pcre:"/x/R"; sid:1;)',
    'alert udp !$BACNET_CLIENT any -> any 47808 (msg:"a"; content:"x"; sid:1;)',
    'alert tcp any any -> [192.0.2.1,!$S7_SERVER] any (msg:"a"; content:"x"; sid:1;)',
    'alert tcp !$MODBUS_CLIENT any -> $MODBUS_SERVER $MODBUS_PORTS (msg:"a"; content:"x"; sid:1;)',
)


@pytest.mark.parametrize(("text", "keyword"), REFUSED.items())
def test_what_suricata_does_not_load_loads_here(text, keyword):
    rule = read_rule(text, ORIGIN)
    with pytest.raises(RuleError) as told:
        refuse_what_suricata_does(text, rule)
    assert told.value.keyword == keyword


@pytest.mark.parametrize("text", TAKEN)
def test_what_it_loads(text):
    refuse_what_suricata_does(text, read_rule(text, ORIGIN))


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 3)), max_size=12))
def test_of_an_id_the_newest_is_loaded_and_of_equal_ones_the_first(rules):
    made = [
        read_rule(f'{HEAD} (msg:"{n}"; content:"x"; sid:{sid}; rev:{rev};)', ORIGIN)
        for n, (sid, rev) in enumerate(rules)
    ]
    ids, left = Ids(), {}
    for place, rule in enumerate(made):
        ids.add(place, rule)
    for place, rule in enumerate(made):
        try:
            ids.refuse_others(place, rule)
        except RuleError:
            continue
        left[rule.sid] = place
    # As Suricata does it: one after the other, where a newer one takes the place of an older one.
    loaded = {}
    for place, (sid, rev) in enumerate(rules):
        if sid not in loaded or rev > rules[loaded[sid]][1]:
            loaded[sid] = place
    assert left == loaded


def test_they_are_out_where_suricatas_behaviour_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("INTERLOCK_STATE", str(tmp_path / "state"))
    rules = tmp_path / "a.rules"
    texts = [*REFUSED, *TAKEN]
    numbered = (text.replace("sid:1;", f"sid:{n};") for n, text in enumerate(texts, 1))
    both = [f'{HEAD} (msg:"b"; content:"{what}"; sid:99; rev:{rev};)' for rev, what in ((1, "y"), (2, "z"))]
    rules.write_text("\n".join([*numbered, *both]))
    files, sentences = list(rule_files(str(rules))), []
    ours = [one.sid for one, _, _ in rules_of(files, [], [], Sets())]
    theirs = [one.sid for one, _, _ in rules_of(files, [], sentences, Sets(), suricata=True)]
    assert ours == [*range(1, len(texts) + 1), 99, 99]
    assert theirs == [*range(len(REFUSED) + 1, len(texts) + 1), 99]
    assert len(sentences) == len(REFUSED) + 1
    clock = itertools.count()
    tally = check_signatures(str(rules), lambda *_: None, lambda: float(next(clock)))
    (note,) = tally.notes
    assert note.partition(" of the rules in force")[0] == f"Suricata itself does not load {len(REFUSED) + 1}"
    assert note.endswith(": " + ", ".join(map(str, [*range(1, len(REFUSED) + 1), 99])))


@pytest.mark.parametrize("midstream", ["own", "no", "yes"])
def test_what_is_kept_is_kept_for_each_by_itself(tmp_path, monkeypatch, midstream):
    monkeypatch.setenv("INTERLOCK_STATE", str(tmp_path / "state"))
    monkeypatch.setattr("interlock.bootstrap.signatures._WORTH", 1)
    rules = tmp_path / "a.rules"
    rules.write_text("\n".join([*list(REFUSED)[:1], TAKEN[0].replace("sid:1;", "sid:2;")]))
    for _ in range(2):
        for one in ("own", midstream):
            found = build_signatures([str(rules)], lambda _: None, midstream=one)
            assert len(found.engine.matchers) == (2 if one == "own" else 1)
