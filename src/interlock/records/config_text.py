"""Reading `interlock.toml` into its model; errors name file, line, column and what was expected."""

from __future__ import annotations

import dataclasses
import ipaddress
import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from interlock.records.budget import LEAST, MOST, Budget
from interlock.records.config import (
    SHED_RULES,
    Config,
    FileConfig,
    InterfaceConfig,
    MetricsConfig,
    Retention,
    SensorConfig,
    SignaturesConfig,
    StdoutConfig,
    SyslogConfig,
    WebhookConfig,
)
from interlock.records.toml_places import (
    WrongError,
    kind_of,
    parse_toml,
    read_integer,
    read_number,
    read_table,
    read_text,
    refusal,
    unlisted,
)
from interlock.records.vocabulary import CHECKSUMS, MIDSTREAM, SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from interlock.records.toml_places import TomlPath

__all__ = ["FACILITIES", "OUTLET_KINDS", "is_loopback", "load_config", "split_address", "split_url"]

OUTLET_KINDS: Final[dict[str, type]] = {
    "stdout": StdoutConfig,
    "file": FileConfig,
    "syslog": SyslogConfig,
    "webhook": WebhookConfig,
}
"""`kind` of an [[outlet]] → what its table becomes."""

_FACILITY_NAMES: Final = (
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp",
    "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
)  # fmt: skip
FACILITIES: Final = {name: code for code, name in enumerate(_FACILITY_NAMES)}
"""Facility → its number. Source: RFC 5424, 6.2.1."""

_SECRETS: Final = ("token", "password", "secret", "key", "bearer")
_URL: Final = re.compile(r"(?P<scheme>https?)://(?P<place>[^/?#\\\s@]+)(?P<target>[/?][!-~]*)?", re.ASCII)
_ADDRESS: Final = re.compile(
    r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9_.-]+)):(?P<port>\d{1,5})", re.ASCII
)
_PORT: Final = re.compile(r":\d+$", re.ASCII)
_T = TypeVar("_T")


def load_config(text: str, *, file: str = "interlock.toml") -> Config:
    """Read a whole file; an empty text is a sensor of which nothing is said. Relative paths stand beside the file.

    file: where the text stands, and what errors call it. Raises ConfigError naming file, line, column and what
    was expected.
    """
    content = parse_toml(text, file=file)
    try:
        return _config(content, Path(file).parent)
    except WrongError as wrong:
        raise refusal(text, wrong, file=file) from None


def _config(content: dict[str, Any], folder: Path) -> Config:
    _check_keys(content, ("sensor", "signatures", "outlet", "metrics"), ())
    build = partial(_entry, folder=folder)
    metrics = build(content["metrics"], ("metrics",), MetricsConfig) if "metrics" in content else None
    outlets = tuple(
        _outlet(item, where, folder) for item, where in _tables(content.get("outlet", []), ("outlet",))
    )
    config = Config(
        sensor=build(content.get("sensor", {}), ("sensor",), SensorConfig),
        signatures=build(content.get("signatures", {}), ("signatures",), SignaturesConfig),
        outlets=outlets,
        metrics=metrics,
    )
    _check_outlets(config)
    _check_interfaces(config.sensor)
    if metrics is not None:
        _check_metrics(metrics)
    return config


def _outlet(item: Any, path: TomlPath, folder: Path) -> Any:
    table = dict(read_table(item, path))
    if "kind" not in table:
        raise WrongError(path, f"expected `kind` in this [[outlet]] table: {_either(OUTLET_KINDS)}")
    kind = _choice(table.pop("kind"), (*path, "kind"), among=tuple(OUTLET_KINDS))
    return _entry(table, path, OUTLET_KINDS[kind], folder=folder, beside=("kind",))


def _entry(value: Any, path: TomlPath, kind: type[_T], *, folder: Path, beside: tuple[str, ...] = ()) -> _T:
    """One table as a dataclass: known keys only, each read by its type, none missing that has no default."""
    table = read_table(value, path)
    fields = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    _check_keys(table, (*beside, *fields), path)
    for name, field in fields.items():
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if required and name not in table:
            raise WrongError(path, f"expected `{name}` in this [{path[0]}] table")
    read: dict[str, Any] = {}
    for key, item in table.items():
        if str(fields[key].type).startswith("Path"):
            read[key] = _path(item, (*path, key), folder)
        elif str(fields[key].type).startswith("tuple[Path"):
            read[key] = _paths(item, (*path, key), folder)
        elif (part := _PARTS.get(str(fields[key].type))) is not None:
            read[key] = _entry(item, (*path, key), part, folder=folder)
        elif key == "interfaces":
            rows = _tables(item, (*path, key))
            read[key] = tuple(_entry(row, where, InterfaceConfig, folder=folder) for row, where in rows)
        else:
            read[key] = _reader(kind, key, str(fields[key].type))(item, (*path, key))
    return kind(**read)


def _reader(kind: type, key: str, written: str) -> Callable[[Any, TomlPath], Any]:
    if kind is Budget:
        return partial(_whole, low=LEAST[key], high=MOST[key])
    if key == "name":
        return _interface if kind is InterfaceConfig else _word
    return _READERS.get(key) or _TYPES.get(written, read_text)


def _check_keys(table: Mapping[str, Any], known: Iterable[str], path: TomlPath) -> None:
    names = tuple(known)
    for key in table:
        if key in names:
            continue
        secret = next((name for name in names if name == f"{key}_file" and key in _SECRETS), None)
        if secret:
            says = f"expected no secret in this file; name a file that holds it: {secret}"
            raise WrongError((*path, key), says, key=True)
        raise WrongError((*path, key), unlisted(key, names), key=True)


def _either(names: Iterable[str]) -> str:
    return "one of " + ", ".join(names)


def _tables(value: Any, path: TomlPath) -> list[tuple[Any, TomlPath]]:
    if not isinstance(value, list):
        written = ".".join(map(str, path))
        raise WrongError(path, f"expected an array of tables, written [[{written}]]; found {kind_of(value)}")
    return [(item, (*path, number)) for number, item in enumerate(value)]


def _choice(value: Any, path: TomlPath, *, among: tuple[str, ...]) -> str:
    text = read_text(value, path)
    if text not in among:
        raise WrongError(path, unlisted(text, among))
    return text


def _whole(value: Any, path: TomlPath, *, low: int, high: int) -> int:
    number = read_integer(value, path)
    if not low <= number <= high:
        raise WrongError(path, f"expected an integer from {low} to {high}; found {number}")
    return number


def _positive(value: Any, path: TomlPath, *, high: float) -> float:
    number = read_number(value, path)
    if not 0 < number <= high:
        raise WrongError(path, f"expected a number above 0 and at most {high:g}; found {number:g}")
    return number


def _word(value: Any, path: TomlPath) -> str:
    """Name an outlet or a sensor: it becomes part of states' names, host names and labels."""
    text = read_text(value, path)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", text):
        raise WrongError(
            path, f"expected up to 63 letters, digits, dots, hyphens or underscores; found {text!r}"
        )
    return text


def _interface(value: Any, path: TomlPath) -> str:
    text = read_text(value, path)
    if len(text.encode()) > 15 or text in {".", ".."} or re.search(r"[/:\s]", text):
        raise WrongError(
            path, f"expected an interface's name of at most 15 octets, such as eth1; found {text!r}"
        )
    return text


def _url(value: Any, path: TomlPath) -> str:
    """`https`, or `http` to this machine; no user or password inside, which would be a secret in the text."""
    text = read_text(value, path)
    if "@" in text.partition("://")[2].partition("/")[0]:
        raise WrongError(
            path, "expected no user or password in the address; name a file that holds the token: token_file"
        )
    try:
        scheme, host, _, _ = split_url(text)
    except ValueError:
        raise WrongError(path, "expected an address such as https://receiver.example/findings") from None
    if scheme == "http" and not is_loopback(host):
        raise WrongError(path, "expected https: findings leave this machine only encrypted")
    return text


def is_loopback(host: str) -> bool:
    """Whether a host is this machine and nothing else; a name other than `localhost` is not known to be."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def split_url(text: str) -> tuple[str, str, int, str]:
    """Scheme, host, port and target of an `http` or `https` address. Raises ValueError where it is none."""
    found = _URL.fullmatch(text)
    if found is None:
        raise ValueError(text)
    scheme, place, target = found["scheme"], found["place"], found["target"] or "/"
    usual = ":443" if scheme == "https" else ":80"
    host, port = split_address(place if _PORT.search(place) else place + usual)
    return scheme, host, port, target if target.startswith("/") else "/" + target


def split_address(text: str) -> tuple[str, int]:
    """`127.0.0.1:9464` or `[::1]:9464` → host and port. Raises ValueError."""
    found = _ADDRESS.fullmatch(text)
    port = int(found["port"]) if found else 0
    if found is None or not 1 <= port <= 65_535:
        raise ValueError(text)
    if found["six"]:
        return str(ipaddress.IPv6Address(found["six"])), port
    return found["name"], port


def _path(value: Any, path: TomlPath, folder: Path) -> Path:
    text = read_text(value, path)
    if "\x00" in text or text.startswith("~"):
        raise WrongError(path, "expected a path from / on, or from this file's folder on")
    return folder / text


def _paths(value: Any, path: TomlPath, folder: Path) -> tuple[Path, ...]:
    if not isinstance(value, list):
        raise WrongError(path, f"expected an array of paths; found {kind_of(value)}")
    return tuple(_path(item, (*path, number), folder) for number, item in enumerate(value))


def _listen(value: Any, path: TomlPath) -> str:
    text = read_text(value, path)
    try:
        split_address(text)
    except ValueError:
        raise WrongError(
            path, f"expected an address and a port such as 127.0.0.1:9464; found {text!r}"
        ) from None
    return text


def _check_metrics(metrics: MetricsConfig) -> None:
    declared = metrics.certificate and metrics.key_file and metrics.token_file
    if not is_loopback(split_address(metrics.listen)[0]) and not declared:
        raise WrongError(
            ("metrics", "listen"),
            "expected an address of this machine such as 127.0.0.1:9464; any other needs certificate, key_file"
            " and token_file",
        )
    if bool(metrics.certificate) != bool(metrics.key_file):
        key = "certificate" if metrics.certificate else "key_file"
        raise WrongError(("metrics", key), "expected certificate and key_file together")


def _check_outlets(config: Config) -> None:
    seen: set[str] = set()
    for number, outlet in enumerate(config.outlets):
        place = ("outlet", number)
        if outlet.name in seen:
            raise WrongError(
                (*place, "name"),
                f"expected a `name` of its own for each outlet; {outlet.name!r} stands twice",
            )
        seen.add(outlet.name)
        if isinstance(outlet, SyslogConfig):
            _check_syslog(outlet, place)
        if isinstance(outlet, SyslogConfig | WebhookConfig) and bool(outlet.certificate) != bool(
            outlet.key_file
        ):
            key = "certificate" if outlet.certificate else "key_file"
            raise WrongError((*place, key), "expected certificate and key_file together")


def _check_syslog(outlet: SyslogConfig, place: TomlPath) -> None:
    if outlet.transport == "tls" and outlet.ca_file is None:
        raise WrongError(
            (*place, "transport"), "expected `ca_file` beside transport = 'tls': who vouches for the receiver"
        )
    for key in ("ca_file", "server_name", "certificate", "key_file"):
        if outlet.transport != "tls" and getattr(outlet, key) is not None:
            raise WrongError((*place, key), f"expected no {key} without transport = 'tls'")


def _check_interfaces(sensor: SensorConfig) -> None:
    seen: set[str] = set()
    for number, interface in enumerate(sensor.interfaces):
        if interface.name in seen:
            raise WrongError(
                ("sensor", "interfaces", number, "name"),
                f"expected each interface once; {interface.name!r} stands twice",
            )
        seen.add(interface.name)


_PARTS: Final[dict[str, type]] = {"Retention": Retention, "Budget": Budget}
"""Type of a field that is a table within its table."""

_TYPES: Final[dict[str, Callable[[Any, TomlPath], Any]]] = {
    "ShedRule": partial(_choice, among=SHED_RULES),
    "Severity": partial(_choice, among=SEVERITIES),
    "Midstream": partial(_choice, among=MIDSTREAM),
    "Checksums | None": partial(_choice, among=CHECKSUMS),
    "Transport": partial(_choice, among=("udp", "tcp", "tls")),
    "MessageFormat": partial(_choice, among=("json", "cef", "text")),
    "LineFormat": partial(_choice, among=("jsonl", "text")),
    "Told": partial(_choice, among=("both", "findings", "incidents")),
}
"""Type of a model's field, as written there → how its TOML value is read."""

_READERS: Final[dict[str, Callable[[Any, TomlPath], Any]]] = {
    "workers": partial(_whole, low=1, high=64),
    "age_days": partial(_whole, low=1, high=36_500),
    "size_gib": partial(_positive, high=1 << 20),
    "programs_mib": partial(_whole, low=0, high=1 << 20),
    "memory_mib": partial(_whole, low=256, high=1 << 20),
    "port": partial(_whole, low=1, high=65_535),
    "enterprise": partial(_whole, low=1, high=(1 << 32) - 1),
    "facility": partial(_choice, among=tuple(FACILITIES)),
    "max_octets": partial(_whole, low=480, high=65_507),
    "timeout_s": partial(_positive, high=300),
    "url": _url,
    "listen": _listen,
}
"""Key whose value is more than its type → how it is read."""
