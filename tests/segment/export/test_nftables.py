"""The nftables text read back allows what the policy allows at layers 3 and 4, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.segment.export.policies import judged, openings, plan, policy_of, sites

from interlock.segment.export.matches import allows
from interlock.segment.export.nft_reading import read_nftables
from interlock.segment.export.nftables import NFTABLES, NFTABLES_BRIDGE


@pytest.mark.parametrize("bridges", [False, True])
@given(site=sites(), chance=st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.too_slow])
def test_round_trip(bridges, site, chance):
    table = read_nftables((NFTABLES_BRIDGE if bridges else NFTABLES).write(plan(site)).text)
    policy = policy_of(site)
    for opening in openings(site, table, chance):
        packet = (opening.version, opening.transport, opening.source, opening.target, opening.target_port)
        wanted = judged(policy, *packet, bridges=bridges)
        assert allows(table, opening) == wanted, opening
