from __future__ import annotations

from dataclasses import replace

import pytest

from interlock.report.diff import Difference, compare
from interlock.report.reading import Folder
from interlock.report.record import Health, Withheld

from .plant import START, S, asset_id


def folder(report, **changes) -> Folder:
    made = Folder(
        path="out", assets=report.assets, findings=report.findings, relations=report.relations.rows,
        conversations=report.traffic.conversations, withheld=report.withheld, health=report.health,
        first=report.run.first, last=report.run.last,
    )  # fmt: skip
    return replace(made, **changes)


def without(items, *ids):
    return tuple(item for item in items if item.id not in {asset_id(i) for i in ids} | set(ids))


def changed(assets, ip, **fields):
    return tuple(replace(asset, **fields) if asset.id == asset_id(ip) else asset for asset in assets)


def test_a_run_does_not_differ_from_itself(plant_report) -> None:
    same = folder(plant_report)
    assert compare(same, same) == Difference()
    assert compare(same, same).empty


def test_new_and_gone_mirror_each_other(plant_report) -> None:
    whole = folder(plant_report)
    part = folder(plant_report, assets=without(plant_report.assets, "10.20.9.77", "10.20.3.5"))
    assert [a.ips for a in compare(part, whole).new_machines] == [
        a.ips for a in compare(whole, part).gone_machines
    ]
    assert {a.ips for a in compare(part, whole).new_machines} == {("10.20.9.77",), ("10.20.3.5",)}


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [("V2.8.1", "V2.9.0", "changed"), (None, "V2.9.0", "learned"), ("V2.8.1", None, "not seen")],
)
def test_a_field_changed_is_told_from_one_that_nobody_said(plant_report, old, new, change) -> None:
    before = folder(plant_report, assets=changed(plant_report.assets, "10.20.1.10", firmware=old))
    after = folder(plant_report, assets=changed(plant_report.assets, "10.20.1.10", firmware=new))
    (found,) = compare(before, after).changed_machines
    (field,) = found.fields
    assert (field.field, field.change) == ("firmware", change)


def test_order_of_addresses_is_no_change(plant_report) -> None:
    before = folder(
        plant_report, assets=changed(plant_report.assets, "10.20.1.10", ips=("10.20.1.10", "10.9.9.9"))
    )
    after = folder(
        plant_report, assets=changed(plant_report.assets, "10.20.1.10", ips=("10.9.9.9", "10.20.1.10"))
    )
    assert compare(before, after).empty


def test_a_machine_that_told_its_serial_for_the_first_time_is_the_same_machine(plant_report) -> None:
    before = folder(
        plant_report, assets=changed(plant_report.assets, "10.20.1.10", serial=None, id="by-mac"), findings=()
    )
    after = folder(plant_report, findings=())
    difference = compare(before, after)
    assert not difference.new_machines
    assert not difference.gone_machines
    (found,) = difference.changed_machines
    assert (found.matched_by, [f.field for f in found.fields]) == ("mac", ["serial"])


def test_another_serial_on_the_same_address_is_another_machine(plant_report) -> None:
    after = folder(
        plant_report,
        assets=changed(plant_report.assets, "10.20.1.10", serial="S C-OTHER", id="swapped"),
        findings=(),
    )
    difference = compare(folder(plant_report, findings=()), after)
    assert [a.serial for a in difference.new_machines] == ["S C-OTHER"]
    assert [a.serial for a in difference.gone_machines] == ["S C-L1N28137"]


def test_a_machine_that_moved_brings_no_new_relations(plant_report) -> None:
    def move(rows):
        return tuple(
            replace(
                r,
                **{side: "10.20.1.210" for side in ("client", "server") if getattr(r, side) == "10.20.1.10"},
            )
            for r in rows
        )

    after = folder(
        plant_report, assets=changed(plant_report.assets, "10.20.1.10", ips=("10.20.1.210",)),
        relations=move(plant_report.relations.rows), conversations=move(plant_report.traffic.conversations),
    )  # fmt: skip
    difference = compare(folder(plant_report), after)
    assert difference.new_relations == difference.gone_relations == ()
    assert [f.field for c in difference.changed_machines for f in c.fields] == ["ips"]


def test_a_new_verb_between_old_friends_is_a_new_relation(plant_report) -> None:
    before = folder(
        plant_report, relations=tuple(r for r in plant_report.relations.rows if r.verb != "program-write")
    )
    (talk,) = compare(before, folder(plant_report)).new_relations
    assert (talk.client, talk.server, talk.protocol, talk.verb) == (
        "10.20.2.77",
        "10.20.1.10",
        "s7comm",
        "program-write",
    )


def test_new_traffic_without_operations_is_a_new_relation(plant_report) -> None:
    before = folder(
        plant_report,
        conversations=tuple(c for c in plant_report.traffic.conversations if c.server != "93.184.216.34"),
    )
    (talk,) = compare(before, folder(plant_report)).new_relations
    assert (talk.server, talk.protocol, talk.verb) == ("93.184.216.34", "tls", None)


def test_packets_are_no_new_relation_where_the_other_run_decoded_what_they_say(plant_report) -> None:
    """An operation may fall outside of a shorter capture whose packets show the same two machines."""
    talk = next(r for r in plant_report.relations.rows if r.protocol == "s7comm")
    ends = (talk.client, talk.server)
    spoken = tuple(c for c in plant_report.traffic.conversations if (c.client, c.server) == ends)
    assert spoken
    packets = folder(
        plant_report,
        relations=tuple(r for r in plant_report.relations.rows if (r.client, r.server) != ends),
        conversations=spoken,
    )
    assert [
        t for t in compare(folder(plant_report), packets).new_relations if (t.client, t.server) == ends
    ] == []


@pytest.mark.parametrize(("share", "said"), [(0.4, ["old"]), (0.5, []), (2.0, []), (2.5, ["new"])])
def test_a_run_of_less_than_half_the_time_is_said(plant_report, share: float, said: list[str]) -> None:
    whole = folder(plant_report, first=START, last=START + 1000 * S)
    other = folder(plant_report, first=START, last=START + int(1000 * share) * S)
    notes = [n for n in compare(whole, other).notes if "less than half" in n]
    assert [n.partition("the time of the ")[2].partition(" one")[0] for n in notes] == said


def test_a_finding_is_settled_only_where_it_could_have_shown_again(plant_report) -> None:
    gone, label = plant_report.findings[2], plant_report.findings[1]
    after = folder(
        plant_report, findings=(), assets=without(plant_report.assets, "10.20.2.77"),
        withheld=(Withheld(detector=label.detector, reason="only requests were mirrored"),),
    )  # fmt: skip
    difference = compare(folder(plant_report), after)
    why = {one.finding.id: one.why for one in difference.unseen_findings}
    assert why == {
        label.id: "withheld in the new run: only requests were mirrored",
        gone.id: "its machines were not seen in the new run",
    }
    assert len(difference.settled_findings) == len(plant_report.findings) - 2


def test_graver_and_accepted_findings_are_changes(plant_report) -> None:
    first, second = plant_report.findings[6:8]
    after = tuple(
        replace(f, severity="critical")
        if f is first
        else replace(f, accepted="test rig")
        if f is second
        else f
        for f in plant_report.findings
    )
    difference = compare(folder(plant_report), folder(plant_report, findings=after))
    assert {(c.old.severity, c.new.severity, c.new.accepted) for c in difference.changed_findings} == {
        ("medium", "critical", None),
        ("medium", "medium", "test rig"),
    }


def test_limits_of_the_comparison_are_said(plant_report) -> None:
    short = folder(
        plant_report,
        last=START + 60 * S,
        health=(Health(condition="one-way", source="", sentence="One direction only."),),
    )
    notes = compare(folder(plant_report), short).notes
    assert any("less than half the time" in note for note in notes)
    assert any("One direction only." in note for note in notes)
