from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.capture import scan

from .strategies import pcapngs, pcaps, unhurried

COMPILED = not scan.__file__.endswith(".py")


def uncompiled():
    path = Path(scan.__file__).with_name("scan.py")
    spec = importlib.util.spec_from_file_location("interlock_capture_scan_uncompiled", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PLAIN = uncompiled()
needs_compiled = pytest.mark.skipif(not COMPILED, reason="interlock.capture.scan is not compiled here")


def columns(room):
    return [np.full(room, -7, kind) for kind in (np.int64, np.int32, np.int32, np.int64)]


def run_pcap(module, octets, *, big, header, unit, room):
    filled, state = columns(room), np.zeros(5, np.int64)
    buffer = memoryview(bytearray(octets))
    n = module.scan_pcap(buffer, 0, len(octets), big, header, unit, *(c.data for c in filled), state.data)
    return n, [c.tolist() for c in filled], state.tolist()


def run_pcapng(module, octets, *, big, interfaces, room):
    filled, state = [*columns(room), np.full(room, -7, np.int32)], np.zeros(5, np.int64)
    table = np.array(interfaces, np.int64).reshape(-1, 6)
    buffer = memoryview(bytearray(octets))
    views = (c.data for c in filled)
    n = module.scan_pcapng(buffer, 0, len(octets), big, table.data, len(table), *views, state.data)
    return n, [c.tolist() for c in filled], state.tolist()


MODES = st.one_of(
    st.tuples(st.just(0), st.sampled_from([1, 10**3, 10**6, 10**9])),
    st.tuples(st.just(1), st.integers(1, 18).map(lambda e: 10**e)),
    st.tuples(st.just(2), st.integers(0, 127)),
    st.just((3, 1)),
)


def most(mode):
    return scan.TIME_MAX // mode[1] if mode[1] else 0


INTERFACES = st.lists(
    st.builds(
        lambda kind, snap, mode, shift: (kind, snap, *mode, shift, most(mode)),
        st.integers(0, 65535),
        st.integers(0, 400),
        MODES,
        st.integers(-scan.TIME_MAX, scan.TIME_MAX),
    ),
    min_size=1,
    max_size=3,
)


@needs_compiled
@unhurried
@given(pcaps(), st.integers(0, 40), st.binary(max_size=30), st.booleans(), st.sampled_from([16, 24]))
def test_pcap_compiled_equals_uncompiled(capture, at, noise, big, header):
    octets = capture[0][24:]
    octets = octets[:at] + noise + octets[at + len(noise) :]
    how = {"big": big, "header": header, "unit": 1000, "room": 5}
    assert run_pcap(scan, octets, **how) == run_pcap(PLAIN, octets, **how)


@needs_compiled
@unhurried
@given(pcapngs(), st.integers(28, 200), st.binary(max_size=30), st.booleans(), INTERFACES)
def test_pcapng_compiled_equals_uncompiled(capture, at, noise, big, interfaces):
    octets = capture[0]
    octets = octets[:at] + noise + octets[at + len(noise) :]
    for begin in range(0, min(len(octets), 400), 4):
        how = {"big": big, "interfaces": interfaces, "room": 5}
        assert run_pcapng(scan, octets[begin:], **how) == run_pcapng(PLAIN, octets[begin:], **how)


def exact(ticks, mode, factor, shift):
    """The same time in Python's unbounded integers, None outside the bounds."""
    products = {0: lambda: ticks * factor, 1: lambda: ticks // factor, 2: lambda: ticks * 10**9 >> factor}
    ns = products.get(mode, int)()
    if ns > scan.TIME_MAX or not 0 <= ns + shift <= scan.TIME_MAX:
        return None
    return ns + shift


TICKS = st.one_of(
    st.integers(0, (1 << 64) - 1), st.integers(0, 1 << 40), st.integers((1 << 64) - 9, (1 << 64) - 1)
)


@pytest.mark.parametrize(
    "module", [scan, PLAIN], ids=["compiled" if COMPILED else "as imported", "uncompiled"]
)
@unhurried
@given(TICKS, MODES, st.one_of(st.just(0), st.integers(-scan.TIME_MAX, scan.TIME_MAX)))
def test_times_are_exact_or_told_to_be_missing(module, ticks, mode, shift):
    octets = bytes([6, 0, 0, 0, 32, 0, 0, 0, 0, 0, 0, 0])
    octets += (ticks >> 32).to_bytes(4, "little") + (ticks & 0xFFFFFFFF).to_bytes(4, "little") + bytes(8)
    octets += bytes([32, 0, 0, 0])
    n, filled, state = run_pcapng(
        module, octets, big=False, interfaces=[(1, 0, *mode, shift, most(mode))], room=1
    )
    expected = exact(ticks, *mode, shift)
    assert n == 1
    assert filled[3] == [expected or 0]
    assert state[3] == (expected is None)
