"""The stage: what becomes of scripts whose partner is silent, gone, elsewhere, or diverted."""

from __future__ import annotations

import io

from tests.plant.numbered import in_order, requests, restless, sent_numbers

from interlock.plant.actors.steps import Ask, Cast, Link, Wait
from interlock.plant.draws import Draws
from interlock.plant.machines import BY_NAME
from interlock.plant.protocols.network import ARP, arp
from interlock.plant.protocols.web import Web
from interlock.plant.twin.clock import SECOND, Clock
from interlock.plant.twin.mirror import Mirror
from interlock.plant.twin.paths import Neighbours, Relay, legs
from interlock.plant.twin.stage import Stage
from interlock.plant.wire.frames import End

ASKED = b"GET / HTTP/1.1\r\n\r\n"
A, B, BETWEEN = (BY_NAME[name].end for name in ("hmi", "historian", "vendor-laptop"))
WEB = Link("hmi", "historian", 80)


class Scene:
    """A stage with a web server on the historian."""

    def __init__(self) -> None:
        self.clock = Clock(0)
        self.target = io.BytesIO()
        self.mirror = Mirror(self.target)
        self.stage = Stage(self.clock, self.mirror, Draws(1))
        self.stage.serve("historian", 80, Web())
        self.got = []

    def asking(self, times, link=WEB, pause=2.0):
        for _ in range(times):
            self.got.append((round(self.clock.now / SECOND, 1), len((yield Ask(link, ASKED)))))
            yield Wait(pause)

    def run(self, seconds):
        self.clock.run(round(seconds * SECOND))

    def frames(self):
        self.mirror.write(1 << 62)
        octets, at, found = self.target.getvalue(), 24, []
        while at < len(octets):
            size = int.from_bytes(octets[at + 8 : at + 12], "little")
            found.append(octets[at + 16 : at + 16 + size])
            at += 16 + size
        return found


def flags(frames, source):
    return [f[47] for f in frames if f[12:14] == b"\x08\x00" and f[23] == 6 and f[26:30] == source.ip]


def test_a_guest_goes_on_without_an_answer_and_a_kept_script_begins_anew() -> None:
    for keep in (False, True):
        scene = Scene()
        if keep:
            scene.stage.keep(lambda scene=scene: scene.asking(100))
        else:
            scene.stage.play(scene.asking(100))
        scene.run(5)
        scene.stage.fall_silent("historian")
        scene.run(30)
        scene.stage.come_back("historian")
        scene.run(60)
        answered = [count for _, count in scene.got]
        assert answered[0] == answered[-1] == 1
        assert (0 in answered) is not keep, "a kept script never sees the answer that did not come"


def test_a_silent_server_is_asked_again_and_then_reset() -> None:
    scene = Scene()
    scene.stage.play(scene.asking(2))
    scene.run(1)
    scene.stage.fall_silent("historian")
    scene.run(8)
    sent = flags(scene.frames(), A)
    assert sent[:3] == [0x02, 0x10, 0x18]
    assert sent.count(0x18) == 5, "one that was answered, four that were not"
    assert 0x14 in sent
    assert scene.got[-1][1] == 0


def test_a_machine_that_nobody_has_met_is_asked_for_in_vain() -> None:
    scene = Scene()
    scene.stage.fall_silent("historian")
    scene.stage.play(scene.asking(1))
    scene.run(10)
    frames = scene.frames()
    assert len(frames) == 3
    assert {f[12:14] for f in frames} == {ARP.to_bytes(2, "big")}
    assert [count for _, count in scene.got] == [0]


def test_a_machine_that_leaves_closes_its_connections() -> None:
    scene = Scene()
    scene.stage.keep(lambda: scene.asking(100))
    scene.run(5)
    scene.stage.leave("hmi")
    scene.run(30)
    before = len(scene.got)
    assert 0x11 in flags(scene.frames(), A)
    assert flags(scene.frames(), A)[-1] == 0x10
    scene.stage.come_back("hmi")
    scene.run(40)
    assert len(scene.got) > before


def test_an_address_that_moves_breaks_connections_with_a_reset() -> None:
    scene = Scene()
    scene.stage.keep(lambda: scene.asking(100))
    scene.run(5)
    other = bytes.fromhex("020000000099")
    scene.stage.move("historian", other)
    scene.run(30)
    frames = [f for f in scene.frames() if f[26:30] == B.ip and f[12:14] == b"\x08\x00"]
    moved = [f for f in frames if f[6:12] == other]
    assert moved[0][47] == 0x14
    assert frames.index(moved[0]) == len(frames) - len(moved), "nothing more from the old one"
    assert scene.got[-1][1] == 1


def test_a_false_reply_diverts_until_the_true_address_is_told() -> None:
    scene = Scene()
    scene.stage.play(scene.asking(100))
    scene.run(3)

    def lying():
        yield Cast("vendor-laptop", A.mac, ARP, arp(2, End(BETWEEN.mac, B.ip), A))
        yield Wait(10.0)
        yield Cast("vendor-laptop", A.mac, ARP, arp(2, B, A))

    numbers = []
    scene.stage.play(lying(), frames=numbers)
    scene.run(30)
    frames = scene.frames()
    passed = [n for n, f in enumerate(frames, 1) if f[6:12] == BETWEEN.mac and f[12:14] == b"\x08\x00"]
    assert len(passed) > 5
    assert set(passed) <= set(numbers)
    assert passed[-1] < len(frames) - 5
    assert all(count == 1 for _, count in scene.got)


def test_only_what_is_false_is_remembered() -> None:
    neighbours = Neighbours()
    neighbours.told(A.mac, arp(2, End(BETWEEN.mac, B.ip), A), B.mac, None)
    assert neighbours.relay(A, B) == Relay(BETWEEN.mac)
    assert neighbours.relay(B, A) is None
    assert [(s.mac, t.mac) for _, s, t in legs(A, B, neighbours.relay(A, B))] == [
        (A.mac, BETWEEN.mac),
        (BETWEEN.mac, B.mac),
    ]
    neighbours.forget(A.mac, B.ip)
    assert neighbours.relay(A, B) is None
    for other in (b"", arp(1, End(BETWEEN.mac, B.ip), A), arp(2, B, A)):
        neighbours.told(A.mac, other, B.mac, None)
        assert neighbours.relay(A, B) is None


def test_what_a_station_says_by_itself_never_overtakes_an_answer_that_is_numbered_already() -> None:
    scene, link = Scene(), Link("hmi", "rtu-feeder", 2404)
    scene.stage.serve("rtu-feeder", 2404, restless(0.003))

    def interrogating():
        for request in requests(300):
            yield Ask(link, request)
            yield Wait(0.02)

    scene.stage.play(interrogating())
    scene.run(20)
    segments = {
        int.from_bytes(frame[38:42], "big"): frame[54 : 14 + int.from_bytes(frame[16:18], "big")]
        for frame in scene.frames()
        if frame[12:14] == b"\x08\x00" and frame[26:30] == BY_NAME["rtu-feeder"].end.ip
    }
    said = sent_numbers(b"".join(octets for _, octets in sorted(segments.items()) if octets))
    assert len(said) > 1500, "the answers, and much between them"
    assert in_order(said)
