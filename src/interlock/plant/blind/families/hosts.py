"""From host to host: remote desktops, shells, files, brokers and calls to the outside, both sides of each played."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from interlock.plant.actors.steps import Ask, Close, Link, Wait
from interlock.plant.blind.chance import attacker, count, one_of, pace
from interlock.plant.blind.drawn import drawn
from interlock.plant.blind.forge import datagram, end_of, talk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from interlock.plant.actors.steps import Script
    from interlock.plant.attacks.scenario import Scenario, Scene
    from interlock.plant.draws import Draws

__all__ = ["FAMILIES"]

_Said = tuple[int, bytes, float]
_HOSTS: Final = ("historian", "engineering", "hmi")


def _noise(draws: Draws, size: int) -> bytes:
    return b"".join(draws.number(32).to_bytes(4, "big") for _ in range(size // 4 + 1))[:size]


def _ssh(draws: Draws) -> Iterator[_Said]:
    yield 1, b"SSH-2.0-OpenSSH_9.2p1\r\n", 0.01
    yield 0, b"SSH-2.0-PuTTY_Release_0.78\r\n", 0.01
    for side, size in (
        (0, 1020),
        (1, 1100),
        (0, 48),
        (1, 460),
        (0, 16),
        *((k & 1, 64 + 16 * (k % 5)) for k in range(30)),
    ):
        body = _noise(draws, size)
        first = struct.pack("!IBB", len(body) + 2, 6, 20) if size >= 1000 else b""
        yield side, first + body, 0.05


def _telnet(_draws: Draws) -> Iterator[_Said]:
    yield 1, b"\xff\xfd\x18\xff\xfb\x01login: ", 0.05
    for side, octets in (
        (0, b"root\r\n"), (1, b"Password: "), (0, b"tasman\r\n"), (1, b"\r\n-> "), (0, b"reboot\r\n"), (1, b"\r\n"),
    ):  # fmt: skip
        yield side, octets, 0.8


def _vnc(draws: Draws) -> Iterator[_Said]:
    yield 1, b"RFB 003.008\n", 0.01
    yield 0, b"RFB 003.008\n", 0.01
    yield 1, b"\x01\x02", 0.01
    yield 0, b"\x02", 0.01
    yield 1, _noise(draws, 16), 0.01
    yield 0, _noise(draws, 16), 0.4
    yield 1, bytes(4), 0.01
    for _ in range(20):
        yield 1, _noise(draws, 1200), 0.2
        yield 0, b"\x05\1" + struct.pack("!HH", draws.number(10), draws.number(10)), 0.2


def _shell(draws: Draws) -> Iterator[_Said]:
    """A shell that calls home, in a protocol of its own."""
    for k in range(20):
        yield k & 1, _noise(draws, 24 + draws.number(6)), 0.5 + draws.uniform()


_WAYS: Final[dict[str, tuple[int, Callable[[Draws], Iterator[_Said]]]]] = {
    "ssh": (22, _ssh), "telnet": (23, _telnet), "vnc": (5900, _vnc), "shell": (4444, _shell),
}  # fmt: skip


def _remote(draws: Draws) -> Scenario:
    what = one_of(draws, tuple(_WAYS))
    port, said = _WAYS[what]
    who = one_of(draws, ("vendor-laptop", *_HOSTS, "plc-filler", "hvac-hall"))
    victim = one_of(draws, [m for m in ("plc-pasteuriser", "plc-water", *_HOSTS) if m != who])
    port = one_of(draws, (port, port + 8000)) if what != "shell" else count(draws, 1024, 60_000)

    def script(scene: Scene) -> Script:
        yield from talk(scene.draws, (who, victim, port), said(scene.draws))

    ids = ("T0886", "T0859", "T0822", "T0867", "T0807", "T0885", "T0869", "T0884", "T0812")
    return drawn(f"remote-{what}", ids, who, [victim], script)


def _desktop(draws: Draws) -> Scenario:
    who, victim = (
        one_of(draws, ("vendor-laptop", "hmi", "plc-filler")),
        one_of(draws, ("historian", "engineering")),
    )
    rounds = count(draws, 1, 8)

    def script(_scene: Scene) -> Script:
        for _ in range(rounds):
            link = Link(who, victim, 3389)
            yield Ask(
                link,
                bytes.fromhex(
                    "0300002f2ae00000000000436f6f6b69653a206d737473686173683d61646d696e0d0a0100080003000000"
                ),
            )
            yield Close(link)
            yield Wait(3.0)

    return drawn(
        "remote-desktop", ("T0886", "T0859", "T0822", "T0823", "T0846", "T0840"), who, [victim], script
    )


def _management(draws: Draws) -> Scenario:
    who = one_of(draws, ("vendor-laptop", "plc-filler", "hvac-hall"))
    victim, rounds = one_of(draws, _HOSTS), count(draws, 2, 30)

    def script(scene: Scene) -> Script:
        for _ in range(rounds):
            link, body = Link(who, victim, 5985), _noise(scene.draws, 200).hex()
            lines = ("POST /wsman HTTP/1.1", f"Host: {victim}", "Content-Type: application/soap+xml",
                     f"Content-Length: {len(body)}", "", body)  # fmt: skip
            yield Ask(link, "\r\n".join(lines).encode("ascii"))
            yield Close(link)
            yield Wait(2.0)

    return drawn(
        "remote-management", ("T0886", "T0859", "T0807", "T0846", "T0812", "T0885"), who, [victim], script
    )


def _tls(draws: Draws, name: bytes) -> Iterator[_Said]:
    """A whole conversation of TLS 1.3 to a server of this name."""
    sni = struct.pack("!HHHBH", 0, len(name) + 5, len(name) + 3, 0, len(name)) + name
    more = sni + bytes.fromhex("000a00040002001d002b0003020304")
    hello = b"\3\3" + _noise(draws, 32) + b"\0\0\x02\x13\x01\1\0" + struct.pack("!H", len(more)) + more
    answer = b"\3\3" + _noise(draws, 32) + b"\0\x13\1\0\0\6\0\x2b\0\2\3\4"
    for side, kind, body in ((0, b"\1", hello), (1, b"\2", answer)):
        handshake = kind + len(body).to_bytes(3, "big") + body
        yield side, b"\x16\3\3" + struct.pack("!H", len(handshake)) + handshake, 0.03
    for side in (1, 0, 0, 1):
        secret = _noise(draws, 200 + draws.number(8))
        yield side, b"\x17\3\3" + struct.pack("!H", len(secret)) + secret, 0.03


def _mqtt(draws: Draws, name: bytes) -> Iterator[_Said]:
    """Orders are subscribed to at a broker, and something is told."""
    body = b"\0\4MQTT\4\2\0\x3c" + struct.pack("!H", len(name)) + name
    yield 0, b"\x10" + bytes((len(body),)) + body, 0.03
    yield 1, b"\x20\2\0\0", 0.03
    topic = b"\0\x04cmd1"
    yield 0, b"\x82" + bytes((len(topic) + 3,)) + b"\0\1" + topic + b"\0", 0.03
    yield 1, b"\x90\3\0\1\0", 0.03
    data = b"\0\4out1" + _noise(draws, 60)
    yield 0, b"\x30" + bytes((len(data),)) + data, 0.05


def _outside(draws: Draws) -> Scenario:
    """A machine of the plant calls a service of the internet, steadily: TLS, or a broker."""
    who = one_of(draws, ("plc-pasteuriser", "plc-water", "hvac-hall", "historian", "plc-filler"))
    every, shaky = pace(draws, 12.0, 60.0), draws.uniform(0.0, 0.2)
    port, said = one_of(draws, ((443, _tls), (443, _tls), (8443, _tls), (1883, _mqtt)))
    name = f"{draws.number(40):010x}.example".encode("ascii")

    def script(scene: Scene) -> Script:
        for k in range(9):
            if k == 2:
                scene.shows()
            yield from talk(scene.draws, (who, "outside", port), said(scene.draws, name))
            yield Wait(every * (1 + scene.draws.uniform(-shaky, shaky)))

    ids = ("T0869", "T0885", "T0884", "T0882", "T0822")
    return drawn("outside-called", ids, who, ["outside"], script, slow=True)


def _fetched(draws: Draws) -> Scenario:
    """A program is fetched from a machine, or put onto one, by TFTP or HTTP (VPNFilter, Fuxnet, PIPEDREAM)."""
    who, size = one_of(draws, ("vendor-laptop", "hmi", "plc-filler")), count(draws, 4_000, 60_000)
    victim = one_of(
        draws, tuple(m for m in ("plc-water", "plc-boiler", "engineering", "hvac-hall") if m != who)
    )
    tftp, put = draws.uniform() < 0.5, draws.uniform() < 0.5
    name = one_of(draws, ("firmware.bin", "update.img", "vmlinux", "run.elf")).encode("ascii")

    def script(scene: Scene) -> Script:
        image = b"\x7fELF\1\1\1\0" + _noise(scene.draws, size)
        if not tftp:
            head = b"GET /" + name + b" HTTP/1.1\r\nHost: files\r\nUser-Agent: Wget/1.20\r\n\r\n"
            told = (
                b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n"
                % len(image)
            )
            yield from talk(scene.draws, (victim, who, 8000), [(0, head, 0.01), (1, told + image, 0.02)])
            return
        here, there, ports = (
            end_of(who),
            end_of(victim),
            (40_000 + scene.draws.number(8), 50_000 + scene.draws.number(8)),
        )
        yield datagram(who, here, there, (ports[0], 69), (b"\0\2" if put else b"\0\1") + name + b"\0octet\0")
        for k, at in enumerate(range(0, len(image), 512), 1):
            block, ack = struct.pack("!HH", 3, k) + image[at : at + 512], struct.pack("!HH", 4, k)
            if put:
                yield datagram(victim, there, here, ports[::-1], struct.pack("!HH", 4, k - 1), k)
                yield datagram(who, here, there, ports, block, k)
            else:
                yield datagram(victim, there, here, ports[::-1], block, k)
                yield datagram(who, here, there, ports, ack, k)
            yield Wait(0.004)

    ids = ("T0867", "T0857", "T0839", "T0843", "T0869", "T0885", "T0845", "T0882", "T0802", "T0893", "T0884")
    return drawn("files-tftp" if tftp else "files-http", ids, who, [victim], script)


def _broker(draws: Draws) -> Scenario:
    """Somebody subscribes to everything at a broker of the plant, and says in others' names that they have died."""
    who = attacker(draws)
    victim, times = one_of(draws, [m for m in ("historian", "engineering") if m != who]), count(draws, 3, 30)

    def said(scene: Scene) -> Iterator[_Said]:
        body = b"\0\4MQTT\4\2\0\x3c\0\5spark"
        yield 0, b"\x10" + bytes((len(body),)) + body, 0.02
        yield 1, b"\x20\2\0\0", 0.02
        yield 0, b"\x82\6\0\1\0\1#\0", 0.02
        yield 1, b"\x90\3\0\1\0", 0.02
        for k in range(times):
            kind = one_of(scene.draws, (b"NDEATH", b"NCMD", b"DCMD"))
            topic = b"spBv1.0/plant/" + kind + b"/line%d" % (k % 3)
            data = struct.pack("!H", len(topic)) + topic + b"\x08\x01\x18" + bytes((k & 0x7F,))
            yield 0, b"\x30" + bytes((len(data),)) + data, 0.5

    def script(scene: Scene) -> Script:
        yield from talk(scene.draws, (who, victim, 1883), said(scene))

    ids = ("T0855", "T0848", "T0856", "T0802", "T0832", "T0869", "T0885", "T0884", "T0801", "T0861")
    return drawn("broker-hijacked", ids, who, [victim], script)


FAMILIES: Final[dict[str, Callable[[Draws], Scenario]]] = {
    "remote-shell": _remote, "remote-desktop": _desktop, "remote-management": _management,
    "outside-called": _outside, "files-fetched": _fetched, "broker-hijacked": _broker,
}  # fmt: skip
