"""A stream that no longer fits its protocol loses its name, and the engine goes on."""

from __future__ import annotations

from decode.contract.playing import play
from decode.contract.takes import whole
from decode.seeds import Seed
from interlock.decode.decoder import Decoder
from interlock.decode.framing import Framer
from interlock.decode.recognise import MAX_DOUBTS
from interlock.decode.spec import ProtocolSpec


class Fussy(Framer):
    """Passes over one octet after the other, as framers do that look for the next message."""

    def cut(self, start, end):
        return -1


SPEC = ProtocolSpec(
    name="fussy",
    names=("fussy",),
    probe=lambda octets, hint: 90,
    decoder=Decoder,
    tcp=frozenset({47002}),
    framer=Fussy,
)


def test_octets_behind_the_last_doubt_are_nobodys() -> None:
    seed = Seed(name="noise", transport="tcp", port=47002, messages=((0, bytes(200)), (1, bytes(200))))
    (rows,) = play([whole(seed)], specs=(SPEC,))
    assert [r["oddity"] for r in rows["oddities"]] == ["not-framed"] * MAX_DOUBTS
    assert rows["flows"][0]["protocol"] != "fussy"
