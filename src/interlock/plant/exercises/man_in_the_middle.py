"""Who stands between two others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.plant.exercises.desk import addresses_in, link_addresses_in
from interlock.plant.exercises.exercise import Exercise, Recording, Verdict
from interlock.plant.machines import BY_NAME

if TYPE_CHECKING:
    from interlock.plant.exercises.desk import Desk

__all__ = ["EXERCISE"]


def _check(desk: Desk, answer: str) -> Verdict:
    truth = desk.attack()
    attacker = BY_NAME[truth["attacker"]].mac
    victims = {desk.address_of(victim) for victim in truth["victims"]}
    links, addresses = link_addresses_in(answer), set(addresses_in(answer))
    if links == [attacker] and addresses == victims:
        return Verdict(True, "Right: who stands between, and between whom.")
    if links != [attacker]:
        return Verdict(
            False, "The hardware address is not right: which one claims addresses of two different machines?"
        )
    return Verdict(
        False,
        "The hardware address is right. The two between whom it stands are others: whose addresses does it claim?",
    )


def _explain(desk: Desk) -> str:
    truth = desk.attack()
    return (
        f"{truth['title']} (ATT&CK for ICS {truth['technique']}).\n{desk.harm()}\n"
        f"{len(truth['frames'])} frames belong to it: false ARP replies, what was diverted by them, and "
        f"what was passed on. Every diverted\n"
        "packet is on the wire twice, once to the hardware address of the one between and once from it, 0.2 ms later."
    )


EXERCISE: Final = Exercise(
    number=8,
    title="Find the man in the middle",
    minutes=15,
    task=(
        "In {desk}/plant.pcap every value between two machines passed through a third one for some minutes, "
        "which could read and\n"
        "change all of it. Addresses like 10.77.1.5 are found by asking `who has 10.77.1.5?` (ARP); the "
        "answer is a hardware address\n"
        "like 00:11:22:33:44:55, and everybody believes it, asked for or not."
    ),
    question=(
        "Which hardware address stands in the middle, and between which two addresses?\n"
        "As in: 00:11:22:33:44:55 10.77.1.98 10.77.1.99"
    ),
    commands=(
        "interlock analyze {desk}/plant.pcap --out {desk}/picture",
        "interlock decode {desk}/plant.pcap --table clues --format csv | grep arp",
    ),
    hints=(
        (
            "Findings about an address that is claimed by two hardware addresses say which two: one of each "
            "pair is false."
        ),
        "There are two such findings. The hardware address that stands in both is the one in the middle.",
        "The two addresses that are claimed (10.77.1.x, one in each finding) are those between whom it stands.",
    ),
    recordings=(Recording(name="plant", minutes=12, attacks=(("arp-spoofing", 5.0),)),),
    check=_check,
    explain=_explain,
)
