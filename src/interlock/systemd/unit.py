"""The unit file of a sensor, filled in."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from importlib import resources
from typing import Final

from interlock.errors import ConfigError

__all__ = ["Service", "unit_text"]

_PLACE: Final = re.compile(r"@(\w+)@")
_USER: Final = re.compile(r"[a-z_][a-z0-9_-]{0,30}")
_PLAIN: Final = re.compile(r"[A-Za-z0-9_@%+=:,./-]+")

_AS_ROOT: Final = "/usr/bin/env -u HOME -u INTERLOCK_STATE"
"""What root sets up is kept in root's own folder, as by hand: never in one that the service may write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """command: the program and its arguments. user: an account that there is, None for one made for the run.

    reach: addresses and networks that outlets and metrics may talk to, beside this machine. credentials: name → file
    that the service manager hands over (LoadCredential). memory_mib: of all its processes together. prepare: commands
    that are run before, as root and unconfined, and end before the sensor begins.
    """

    command: tuple[str, ...]
    interfaces: tuple[str, ...]
    user: str | None = None
    reach: tuple[str, ...] = ()
    credentials: tuple[tuple[str, str], ...] = ()
    memory_mib: int = 2048
    prepare: tuple[tuple[str, ...], ...] = ()


def unit_text(service: Service) -> str:
    """The unit file. Raises ConfigError where a part cannot stand in one."""
    parts = {
        "command": _command(service.command),
        "prepare": "".join(f"ExecStartPre=+{_AS_ROOT} {_command(words)}\n" for words in service.prepare),
        "interfaces": ", ".join(map(_one_line, service.interfaces)) or "nothing",
        "user": _user(service.user),
        "reach": " ".join(("localhost", *map(_network, service.reach))),
        "credentials": "".join(f"LoadCredential={_name(n)}:{_path(p)}\n" for n, p in service.credentials),
        "memory": f"{service.memory_mib}M",
    }
    template = resources.files("interlock.systemd").joinpath("interlock-sensor.service.template")
    # `@system-service` and its kin stand in the text, too: only names of ours are filled in.
    return _PLACE.sub(lambda found: parts[found[1]], template.read_text("utf-8"))


def _user(name: str | None) -> str:
    if name is None:
        return "DynamicUser=yes"
    if not _USER.fullmatch(name):
        raise ConfigError(f"--user {name}: is no name of an account; name one that there is")
    return f"User={name}"


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError as error:
        raise ConfigError(
            f"--reach {text}: expected an IP address, or a network such as 10.1.0.0/16"
        ) from error


def _name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,200}", text):
        raise ConfigError(
            f"--credential {text}: expected NAME:FILE, the name of letters, digits, dots and hyphens"
        )
    return text


def _path(text: str) -> str:
    if not text.startswith("/") or not _PLAIN.fullmatch(text):
        raise ConfigError(f"--credential {text}: expected NAME:FILE with the file's whole path")
    return text.replace("%", "%%")


def _command(words: tuple[str, ...]) -> str:
    return " ".join(map(_quoted, words))


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ConfigError("what stands in a unit file is one line of printable text")
    return text.replace("%", "%%")


def _quoted(text: str) -> str:
    r"""One word of a command line: `%` begins a specifier, `$` a variable, `\` an escape."""
    word = _one_line(text).replace("$", "$$")
    if _PLAIN.fullmatch(text):
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
