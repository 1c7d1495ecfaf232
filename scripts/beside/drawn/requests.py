"""Words about requests of control protocols and of DCE/RPC, drawn so that they hold of some at hand, or nearly do.

What is known to differ is not drawn (docs/signatures.md): functions of Modbus that nobody defines, confirmations of
DNP3, two services of CIP in one rule, classes of other services than those that read and write attributes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from beside.drawn.headers import bound
from beside.drawn.plants import INTERFACES

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random  # noqa: TID251 (a seed is given)

__all__ = ["ASKED", "asked"]

_FUNCTIONS: Final = (1, 2, 3, 3, 4, 5, 6, 7, 8, 11, 15, 16, 17, 20, 22, 23, 43)
_GROUPS: Final = ("public", "user", "reserved", "assigned", "unassigned", "all")
_TABLES: Final = ("discretes", "coils", "input", "holding")
_NAMES: Final = (
    "read", "write", "select", "operate", "direct_operate", "immed_freeze", "cold_restart",
    "enable_unsolicited", "assign_class", "delay_measure", "record_current_time", "response", "unsolicited_response",
)  # fmt: skip
_INDICATIONS: Final = (
    "device_restart", "no_func_code_support", "need_time", "all_stations", "class_1_events", "local_control",
    "object_unknown", "already_executing", "reserved_1",
)  # fmt: skip
_OBJECTS: Final = ("60,1", "60,2", "60,3", "30,5", "1,2", "50,1", "12,1", "2,1")
_COMMANDS: Final = (
    *(0, 4, 99, 100, 101, 102, 111, 112, 114),
    *("nop", "list_identity", "register_session", "send_rrdata", "send_unit_data"),
)
_SERVICES: Final = (1, 5, 6, 7, 10, 14, 16, 75, 76, 77, 82)


def asked(draw: Random, application: str) -> list[str]:
    """One or two words; none where the protocol has none."""
    word = ASKED.get(application)
    count = draw.choice((1, 1, 1, 2)) if application not in {"enip", "cip"} else 1
    return [word(draw) for _ in range(count)] if word else []


def _modbus(draw: Random) -> str:
    words = [f"unit {bound(draw, draw.choice((1, 2, 255)))}"] if draw.random() < 0.25 else []
    kind = draw.random()
    if kind < 0.2:
        words.append(f"function {draw.choice(('', '!'))}{draw.choice(_GROUPS)}")
    elif kind < 0.5:
        words.append(f"function {draw.choice(_FUNCTIONS)}")
        if draw.random() < 0.3:
            words[-1] = f"function 8, subfunction {draw.choice((0, 1, 4, 10))}"
    elif kind < 0.95 or not words:
        words.append(_access(draw))
    return f"modbus:{', '.join(words)}"


def _access(draw: Random) -> str:
    way = draw.choice(("read", "write"))
    said = f"access {way}"
    if draw.random() < 0.7:
        said += f" {draw.choice(_TABLES)}"
        if draw.random() < 0.6:
            said += f", address {_number(draw, draw.choice((0, 1, 2, 5, 100, 102)))}"
            if way == "write" and draw.random() < 0.6:
                said += f", value {_number(draw, draw.choice((0, 1, 2, 7, 8, 0xFF00)))}"
    return said


def _number(draw: Random, number: int) -> str:
    near = max(0, number + draw.choice((0, 0, 0, -1, 1)))
    return draw.choice(
        (str(near), str(near), f"<{near}", f">{near}", f"{max(0, near - 2)}<>{near + draw.randint(1, 3)}")
    )


def _dnp3(draw: Random) -> str:
    kind = draw.random()
    if kind < 0.4:
        return f"dnp3_func:{draw.choice((*_NAMES, 1, 2, 5, 13, 20, 129, 130, 200))}"
    if kind < 0.7:
        return f"dnp3_obj:{draw.choice(_OBJECTS)}"
    return f"dnp3_ind:{','.join(draw.sample(_INDICATIONS, draw.choice((1, 1, 2))))}"


def _enip(draw: Random) -> str:
    if draw.random() < 0.4:
        return f"enip_command:{draw.choice(_COMMANDS)}"
    words = [draw.choice(_SERVICES)]
    if draw.random() < 0.4:
        words = [draw.choice((3, 4, 14, 16)), draw.choice((1, 2, 3))]
    return f"cip_service:{','.join(map(str, words))}"


def _calls(draw: Random) -> str:
    word = draw.choice(("dce_iface", "dcerpc.iface", "dce_opnum", "dcerpc.opnum"))
    if word.endswith("iface"):
        version = (
            f",{draw.choice(('=', '<', '>', '!'))}{draw.choice((0, 1, 3))}" if draw.random() < 0.4 else ""
        )
        return f"{word}:{draw.choice(INTERFACES)}{version}{',any_frag' if draw.random() < 0.3 else ''}"
    return f"{word}:{draw.choice(('12', '15', '0', '0-12', '1-11,15', '12,15', '13'))}"


ASKED: Final[dict[str, Callable[[Random], str]]] = {
    "modbus": _modbus,
    "dnp3": _dnp3,
    "enip": _enip,
    "cip": _enip,
    "dcerpc": _calls,
}
