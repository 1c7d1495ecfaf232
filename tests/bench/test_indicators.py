"""The feed that indicators are measured with is a feed of ours, and small beside its goal."""

from __future__ import annotations

from interlock.bench.indicators import feed_lines
from interlock.detect.signatures.indicators.book import built
from interlock.detect.signatures.indicators.model import Indicator
from interlock.detect.signatures.indicators.reading import read_indicators


def test_a_million_fit_into_200_mib() -> None:
    found = list(read_indicators(feed_lines(20_000), "feed"))
    indicators = [one for one in found if isinstance(one, Indicator)]
    assert len({(one.kind, one.value) for one in indicators}) == 20_000
    assert built(indicators).octets * 50 < 200 << 20
