"""A command that nobody answers is found when it is given, not when its time is up."""

from __future__ import annotations

import subprocess
import sys
import time

from soaking.running import until

from interlock.bench.sensor import attack_frame

STRANGERS = 5
_SEND = """
import socket, sys
with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as sock:
    sock.bind((sys.argv[1], 0))
    for line in sys.stdin:
        sock.send(bytes.fromhex(line))
        print(flush=True)
"""


def test_a_stop_that_is_never_answered_is_a_finding_within_a_second(ground) -> None:
    sensor = ground.sensor()
    sender = ground.wire.start(
        sys.executable, "-c", _SEND, ground.wire.far, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    waits = []
    try:
        for number in range(1, STRANGERS + 1):
            sender.stdin.write(attack_frame(number).hex() + "\n")
            sender.stdin.flush()
            assert sender.stdout.readline() == "\n"
            begin = time.monotonic()
            assert until(lambda number=number: _of(sensor, number), pause_s=0.01)
            waits.append(time.monotonic() - begin)
    finally:
        sender.communicate(timeout=20)
    assert sorted(waits)[STRANGERS // 2] < 1, waits  # a protocol's time-out is 10 s
    found = _of(sensor, 1)
    assert found.title == "10.88.0.1 asked 10.20.1.1 to stop (S7comm)"
    assert "1 not answered yet" in found.explanation
    assert not sensor.figures().operations  # none has ended
    assert sensor.stop() == 0
    last = _of(sensor, 1)
    assert (last.id, last.count) == (found.id, 1)
    assert "1 unknown" in last.explanation
    kept = list(sensor.reader.rows("operations_folded"))
    ended = [
        pair
        for rows in kept
        for pair in zip(rows["verb"].to_pylist(), rows["outcome"].to_pylist(), strict=True)
    ]
    assert ended == [("stop", "unknown")] * STRANGERS


def _of(sensor, number: int):
    """The finding of a stranger."""
    found = [f for f in sensor.findings().values() if f"10.88.0.{number}" in f.machines]
    return found[0] if found else None
