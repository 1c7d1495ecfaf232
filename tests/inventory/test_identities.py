from __future__ import annotations

from uuid import UUID

from interlock.inventory.identities import Identities, ip_name, mac_name, serial_name
from inventory.build import NOW, at, clue, feed, flow, take_stock

MAC, NEW = "00:0e:8c:00:00:01", "00:0e:8c:00:00:02"


def test_ids_are_version_5_and_the_same_in_every_run():
    names = [serial_name("r", "siemens", "4711"), mac_name("r", MAC), ip_name("r", "10.0.0.1", lasting=False)]
    ((one, links),) = Identities("plant").assign([names])
    assert UUID(one).version == 5
    assert links == ()
    assert Identities("plant").assign([names])[0][0] == one
    assert Identities("other").assign([names])[0][0] != one
    assert Identities("plant").assign([names[1:]])[0][0] != one


def test_realms_never_share_an_id():
    ids = Identities("plant").assign(
        [
            [mac_name("a", MAC)],
            [mac_name("b", MAC)],
            [serial_name("a", "v", "1")],
            [serial_name("b", "v", "1")],
        ]
    )
    assert len({i for i, _ in ids}) == 4


def test_an_id_stays_when_a_stronger_name_is_learnt():
    known = Identities("plant")
    first = known.assign([[ip_name("r", "10.0.0.1")]])[0][0]
    second = known.assign([[mac_name("r", MAC), ip_name("r", "10.0.0.1", lasting=False)]])[0][0]
    third = known.assign([[serial_name("r", "v", "1"), mac_name("r", MAC)]])[0][0]
    assert first == second == third


def test_two_that_turn_out_to_be_one_keep_both_ids_as_links():
    known = Identities("plant")
    (one, _), (two, _) = known.assign([[mac_name("r", MAC)], [mac_name("r", NEW)]])
    ((kept, links),) = known.assign([[serial_name("r", "v", "1"), mac_name("r", MAC), mac_name("r", NEW)]])
    assert {kept, *links} == {one, two}
    assert known.assign([[mac_name("r", MAC), mac_name("r", NEW)]]) == [(kept, links)]


def test_an_address_that_moved_on_does_not_take_the_id_along():
    known = Identities("plant")
    first = known.assign([[ip_name("r", "10.0.0.1")]])[0][0]
    known.assign([[mac_name("r", MAC), ip_name("r", "10.0.0.1", lasting=False)]])
    (one, _), (two, _) = known.assign(
        [[mac_name("r", MAC)], [mac_name("r", NEW), ip_name("r", "10.0.0.1", lasting=False)]]
    )
    assert one == first
    assert two != first


def test_the_same_name_twice_still_gives_two_ids():
    names = [serial_name("r", "v", "1")]
    assert len({i for i, _ in Identities("plant").assign([names, names])}) == 2


def test_an_inventory_goes_on_from_what_was_issued():
    before = take_stock([flow("10.0.0.9", "10.0.0.1")])
    known = at(before, "10.0.0.1").id
    later = take_stock([clue("10.0.0.1", "mac", MAC)], issued=before.issued())
    assert at(later, MAC).id == known
    assert at(take_stock([clue("10.0.0.1", "mac", MAC)]), MAC).id != known


def test_ids_stay_while_more_is_learnt_within_a_run():
    stock = take_stock([flow("10.0.0.9", "10.0.0.1")])
    known = at(stock, "10.0.0.1").id
    feed(stock, [clue("10.0.0.1", "mac", MAC), clue("10.0.0.1", "serial", "SN-4711", protocol="s7comm")])
    assert at(stock, MAC).id == known
    feed(stock, [clue(NEW, "serial", "SN-4711-ZZ", protocol="lldp")])
    assert at(stock, MAC).id == known
    assert stock.assets(NOW + 1) == stock.assets(NOW + 1)
