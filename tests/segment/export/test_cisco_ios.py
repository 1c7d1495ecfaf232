"""The access lists read back let open what the policy allows at layers 3 and 4; more only where a lack says so."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.segment.export.policies import judged, openings, plan, policy_of, sites, text_of

from interlock.segment.export.cisco_ios import CISCO_IOS
from interlock.segment.export.ios_reading import read_cisco_ios
from interlock.segment.export.matches import Opening, allows
from interlock.segment.model.groups import is_group

if TYPE_CHECKING:
    from interlock.segment.model.policy import Policy

ERRORS = {4: (3, 11), 6: (1, 2, 3, 135, 136)}
REPLY = {4: 0, 6: 129}


def expected(policy: Policy, packet: Opening) -> bool:
    """What the policy says, and what the target's lacks say besides."""
    there = (packet.version, packet.transport, packet.source, packet.target)
    back = (packet.version, packet.transport, packet.target, packet.source)
    icmp = packet.transport in {"icmp", "icmp6"}
    if judged(policy, *there, 0 if icmp else packet.target_port):
        return True
    if packet.transport == "tcp" or (packet.source & 0xFF == 0xFF and packet.version == 4):
        return False
    if icmp and packet.target_port in ERRORS[packet.version]:
        return packet.version == 6 or not is_group(text_of(4, packet.target))
    if is_group(text_of(packet.version, packet.source)) or is_group(text_of(packet.version, packet.target)):
        return False
    if icmp and packet.target_port != REPLY[packet.version]:
        return False
    return judged(policy, *back, 0 if icmp else packet.source_port)


@given(site=sites(), chance=st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.too_slow])
def test_round_trip(site, chance):
    written = CISCO_IOS.write(plan(site))
    table = read_cisco_ios(written.text)
    policy = policy_of(site)
    assert all(len(line) <= 100 for line in written.text.splitlines() if line.startswith(" remark"))
    for opening in openings(site, table, chance):
        several = [opening]
        if opening.transport in {"icmp", "icmp6"}:
            several = [
                dataclasses.replace(opening, target_port=kind) for kind in (0, 1, 3, 8, 11, 128, 129, 135)
            ]
        elif opening.transport in {"tcp", "udp"}:
            several += [
                dataclasses.replace(opening, source_port=p, target_port=7) for p in {opening.target_port}
            ]
        for packet in several:
            assert allows(table, packet) == expected(policy, packet), packet
