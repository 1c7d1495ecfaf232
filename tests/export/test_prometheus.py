from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from tests.pipeline.sensor.figures_of import NOW, figures

from interlock.export.prometheus import exposition
from interlock.records.figures import Figures, InterfaceFigures

from .readers import read_openmetrics


def value(families, name, suffix="", **labels):
    found = [v for s, n, v in families[name].samples if s == suffix and labels.items() <= n.items()]
    assert len(found) == 1, (name, labels)
    return found[0]


def test_a_strict_reader_reads_every_figure() -> None:
    families = read_openmetrics(exposition(figures(), NOW))
    assert value(families, "interlock_up", sensor="hall-3") == 1
    assert value(families, "interlock_build", "_info", version="0.1.0") == 1
    assert value(families, "interlock_packets", "_total") == 1_000_000
    assert value(families, "interlock_operations", "_total", protocol="modbus") == 400_000
    assert value(families, "interlock_kernel_drops", "_total") == 17
    assert value(families, "interlock_shed_rows", "_total", table="values") == 5
    assert value(families, "interlock_blind_seconds", "_total") == 1.5
    assert value(families, "interlock_interface_up", interface="eth2") == 0
    assert value(families, "interlock_outlet_failing", outlet="tickets") == 1
    ring = {"buffer": "ring", "interface": "eth1", "worker": "0", "unit": "blocks"}
    assert value(families, "interlock_buffer_used", **ring) == 1600
    assert value(families, "interlock_buffer_room", **ring) == 2048
    assert value(families, "interlock_buffer_time_seconds", **ring) == NOW / 1e9
    assert value(families, "interlock_buffer_used", buffer="queue", worker="0", unit="octets") == 1 << 20
    (held,) = [n for _, n, _ in families["interlock_buffer_room"].samples if n["buffer"] == "held_rows"]
    assert held.keys() == {"sensor", "buffer", "unit"}
    assert value(families, "interlock_outlet_waiting", outlet="tickets") == 9
    assert value(families, "interlock_resident_memory_bytes", process="judge") == 210_000_000
    assert value(families, "interlock_record_latency_seconds", "_count") == 3
    assert value(families, "interlock_record_latency_seconds", "_bucket", le=repr(((1 << 20) - 1) / 1e9)) == 2
    assert all(name.startswith("interlock_") for name in families)


def test_what_is_not_known_has_no_sample() -> None:
    least = Figures(version="1", time=NOW, started=NOW, interfaces=(InterfaceFigures(name="eth1"),))
    families = read_openmetrics(exposition(least, NOW))
    assert "interlock_capture_time_seconds" not in families
    assert "interlock_interface_up" not in families
    assert "interlock_operations" not in families
    assert list(read_openmetrics(exposition(None, NOW))) == ["interlock_up"]


def test_who_is_silent_is_not_up() -> None:
    for silent in (figures(time=NOW - 6_000_000_000), figures(state="stopped"), None):
        assert value(read_openmetrics(exposition(silent, NOW)), "interlock_up") == 0


@given(st.text(st.one_of(st.sampled_from('"\\\n{},='), st.characters()), max_size=20))
def test_any_name_stays_inside_its_label(name) -> None:
    said = replace(figures(), shed={name: 3}, operations={})
    families = read_openmetrics(exposition(said, NOW))
    assert len(families["interlock_shed_rows"].samples) == 1
