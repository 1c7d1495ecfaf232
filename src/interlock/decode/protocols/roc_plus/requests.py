"""What a ROC Plus request is about: parameters, points, logs and files as objects, operators as users.

Source: D301180X012, clause 2, opcode by opcode.
"""

from __future__ import annotations

from typing import Final

from interlock.decode.logins import begin
from interlock.decode.values import WRITTEN
from interlock.records.vocabulary import VERBS

__all__ = ["Requests"]

MAX_ITEMS: Final = 84
"""Parameters that one message can name: 3 octets each in 255."""

_LOGS: Final = {118: "alarm", 119: "event"}
_FILE_VERBS: Final = {
    1: "open", 2: "file-read", 3: "file-write", 4: "close", 5: "file-write", 6: "file-read", 64: "file-read",
}  # fmt: skip
_FILE_NAMES: Final = {
    1: "Open", 2: "Read", 3: "Write", 4: "Close", 5: "Delete", 6: "Read Directory", 64: "Read Directory 64",
}  # fmt: skip
_OPERATOR, _OPERATOR_PASSWORD, _LOGIN_SHORT, _LOGOUT_SHORT, _LOGIN_LONG, _LOGOUT_LONG = 3, 5, 6, 11, 71, 76
"""Lengths of opcode 17; the first two are of the older ROC protocol."""
_LOGINS: Final = frozenset(
    {_OPERATOR, _OPERATOR_PASSWORD, _LOGIN_SHORT, _LOGOUT_SHORT, _LOGIN_LONG, _LOGOUT_LONG}
)
_LOGOUT: Final = b"LOGOUT"


class Requests:
    """Reads a request's data; the row is made already."""

    def __init__(self, decoder):
        """decoder: the RocPlus decoder."""
        self.d = decoder
        self._readers = {
            8: self._clock, 10: self._configurable, 11: self._configurable, 17: self._login,
            24: self._forward, 105: self._history,
            118: self._log, 119: self._log, 135: self._history, 136: self._segment, 137: self._segment,
            138: self._history, 166: self._point, 167: self._point, 180: self._parameters, 181: self._parameters,
            203: self._file,
        }  # fmt: skip

    def say(self, m, i, out, row, opcode, data):
        """Name objects, counts, users and verbs of a request; data that is too short is `truncated`."""
        reader = self._readers.get(opcode)
        if reader is None:
            return
        try:
            reader(m, i, out, row, opcode, data)
        except IndexError:
            self.d.facts.oddity(m, i, "roc-plus", "truncated", 6 + len(data))

    def _named(self, out, row, text, count):
        out.set_object(row, self.d.objects.code(text), count)

    def _configurable(self, m, i, out, row, opcode, data):
        """Table 1, first location 1, number of points 1, data."""
        self._named(out, row, f"configurable-opcode:{data[0]}/{data[1]}", data[2])
        self.d.values_of(m, i, out, row, data[3:], WRITTEN)

    def _clock(self, m, i, out, row, opcode, data):
        self._named(out, row, "clock", 1)
        self.d.clock_of(m, i, out, row, data, WRITTEN)

    def _history(self, m, i, out, row, opcode, data):
        """Segment 1, point 1, then what its opcode needs."""
        self._named(out, row, f"history:{data[0]}/{data[1]}", 1)

    def _segment(self, m, i, out, row, opcode, data):
        self._named(out, row, f"history:{data[0]}", -1)

    def _log(self, m, i, out, row, opcode, data):
        """Number of records 1, first index 2."""
        self._named(out, row, f"{_LOGS[opcode]}:{data[1] | data[2] << 8}", data[0])

    def _point(self, m, i, out, row, opcode, data):
        """Point type 1, logical number 1, number of parameters 1, first parameter 1, data."""
        self._named(out, row, f"tlp:{data[0]},{data[1]},{data[3]}", data[2])
        self.d.values_of(m, i, out, row, data[4:], WRITTEN)

    def _parameters(self, m, i, out, row, opcode, data):
        """Number 1, then type, logical number, parameter each; what is written stands between them."""
        if opcode == 181:  # how long each value is, only its point type's table tells
            self._named(out, row, f"tlp:{data[1]},{data[2]},{data[3]}", data[0])
            if data[0] == 1:
                self.d.values_of(m, i, out, row, data[4:], WRITTEN)
            return
        for k in range(min(data[0], MAX_ITEMS)):
            at = 1 + 3 * k
            item = out.more(row) if k else row
            self._named(out, item, f"tlp:{data[at]},{data[at + 1]},{data[at + 2]}", 1)

    def _file(self, m, i, out, row, opcode, data):
        """Command 1, …; a path of 100 and a name of 25 octets where a file is opened or deleted."""
        command = data[0]
        deletes = command in (5, 6) and len(data) == 126
        kind = 5 if deletes else command
        if kind in _FILE_VERBS:
            out.set_verb(row, VERBS.index(_FILE_VERBS[kind]))
            out.set_name(row, self.d.names.code(f"General File Transfer: {_FILE_NAMES[kind]}"))
        if kind == 1 and data[1] & 0x02:  # opened to be written
            out.set_verb(row, VERBS.index("file-write"))
        at = 2 if kind == 1 else 1
        if kind in (1, 5, 6, 64):
            name = b"" if kind in (6, 64) else _until_zero(data[at + 100 : at + 125])
            path = _until_zero(data[at : at + 100])
            text = (path + name).decode("utf-8", "backslashreplace")
            self._named(out, row, f"file:{text}", 1)

    def _forward(self, m, i, out, row, opcode, data):
        """Host 2, four hops of 2, the opcode that the last one is asked, its number of octets, its data."""
        inner = data[10]
        name, verb = self.d.verb_rows.get(inner, (f"opcode {inner}", "unknown"))
        hops = [(data[k], data[k + 1]) for k in range(2, 10, 2)]
        used = [hop for hop in hops if hop != (0, 0)]
        out.set_verb(row, VERBS.index(verb))
        out.set_name(row, self.d.names.code(f"Store and Forward: {name}"))
        if used:
            out.set_unit(row, self.d.unit(*used[-1]))

    def _login(self, m, i, out, row, opcode, data):
        """Operator 3 and password 2, or 30 and 40, then the access level 1 or the word LOGOUT."""
        length = len(data)
        if length not in _LOGINS:
            return
        short = length < _LOGIN_LONG
        user = _until_zero(data[: 3 if short else 30]).decode("utf-8", "backslashreplace").strip()
        out.set_user(row, self.d.accounts.code(user))
        if data[-6:] == _LOGOUT and length in (_LOGOUT_SHORT, _LOGOUT_LONG):
            out.set_verb(row, VERBS.index("close"))
            return
        secret = data[3:5] if short else _until_zero(data[30:70])
        self.d.login(m, i, out, row, user, begin(self.d.facts, m, i, "roc-plus", "operator-id", user, secret))


def _until_zero(octets):
    return octets.split(b"\0", 1)[0]
