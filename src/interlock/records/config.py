"""The model of `interlock.toml`: how a sensor runs on this machine. Every part is optional."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from interlock.records.budget import Budget
from interlock.records.site import DEFAULT_REALM

if TYPE_CHECKING:
    from pathlib import Path

    from interlock.records.vocabulary import Checksums, Midstream, Severity

__all__ = [
    "SHED_RULES",
    "Config",
    "FileConfig",
    "InterfaceConfig",
    "MetricsConfig",
    "OutletConfig",
    "Retention",
    "SensorConfig",
    "SignaturesConfig",
    "StdoutConfig",
    "SyslogConfig",
    "Told",
    "WebhookConfig",
]

SHED_RULES: Final[tuple[str, ...]] = ("nothing", "values", "reads", "strangers")
"""How far shedding may go where the judge cannot follow: not at all (the kernel drops packets instead), values that
were read or reported, repeated reads that went well, too, or what is told of strangers in a flood of them. What
somebody did is never shed."""

ShedRule = Literal["nothing", "values", "reads", "strangers"]
Transport = Literal["udp", "tcp", "tls"]
MessageFormat = Literal["json", "cef", "text"]
LineFormat = Literal["jsonl", "text"]
Told = Literal["both", "findings", "incidents"]
"""What an outlet tells: each finding, incidents (each once, and again when it gets worse), or both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceConfig:
    """An interface to listen on. workers: processes that share it (PACKET_FANOUT)."""

    name: str
    realm: str = DEFAULT_REALM
    workers: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """What the store keeps: at most so old, at most so large; None where nothing is said.

    programs_mib: octets of programs that crossed the wire; 0 keeps none, only their hashes.
    """

    age_days: int | None = None
    size_gib: float | None = None
    programs_mib: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorConfig:
    """The sensor itself. store: its folder. site: the site file.

    rules: folders of rules. state: what was learned before. projects: folders of approved programs.

    memory: how much of each thing it keeps in memory. memory_mib: what one of its processes may hold in all before it
    is begun anew; None where nothing is said.
    """

    name: str | None = None
    store: Path | None = None
    site: Path | None = None
    rules: tuple[Path, ...] = ()
    state: Path | None = None
    projects: tuple[Path, ...] = ()
    interfaces: tuple[InterfaceConfig, ...] = ()
    retention: Retention = field(default_factory=Retention)
    memory: Budget = field(default_factory=Budget)
    memory_mib: int | None = None
    shed: ShedRule = "strangers"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignaturesConfig:
    """What others warn of: files, and folders of such files.

    indicators: of compromise. rules: of Suricata and Snort. disable, enable, drop, modify: lists that say which of
    these rules are in force, and how. threshold: how often they speak. variables: what $HOME_NET and kin mean.
    midstream: what they make of connections that were joined in the middle. checksums: whether wrong ones count; None:
    as midstream has it.
    """

    indicators: tuple[Path, ...] = ()
    rules: tuple[Path, ...] = ()
    disable: tuple[Path, ...] = ()
    enable: tuple[Path, ...] = ()
    drop: tuple[Path, ...] = ()
    modify: tuple[Path, ...] = ()
    threshold: tuple[Path, ...] = ()
    variables: tuple[Path, ...] = ()
    midstream: Midstream = "own"
    checksums: Checksums | None = None

    @property
    def lists(self) -> tuple[tuple[str, str], ...]:
        """Kind and path of each list."""
        kinds = (
            ("disable", self.disable),
            ("enable", self.enable),
            ("drop", self.drop),
            ("modify", self.modify),
            ("threshold", self.threshold),
            ("variables", self.variables),
        )
        return tuple((kind, str(path)) for kind, paths in kinds for path in paths)


@dataclass(frozen=True, slots=True, kw_only=True)
class StdoutConfig:
    """Findings on standard output."""

    name: str = "stdout"
    least_severity: Severity = "info"
    tells: Told = "findings"
    format: LineFormat = "jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileConfig:
    """Findings as lines of a file, each on disk before the next."""

    path: Path
    name: str = "file"
    least_severity: Severity = "info"
    tells: Told = "findings"
    format: LineFormat = "jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class SyslogConfig:
    """A syslog receiver. ca_file: who vouches for it (tls). certificate, key_file: what it asks of us.

    enterprise: the private enterprise number of the structured data (RFC 5424, 7.2.2; 32473 is that of examples).
    max_octets: longest message; more loses its longest parts first, and says so.
    """

    host: str
    port: int
    transport: Transport
    name: str = "syslog"
    least_severity: Severity = "info"
    tells: Told = "findings"
    format: MessageFormat = "json"
    facility: str = "local0"
    ca_file: Path | None = None
    server_name: str | None = None
    certificate: Path | None = None
    key_file: Path | None = None
    enterprise: int = 32473
    max_octets: int = 8192
    timeout_s: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookConfig:
    """An HTTPS receiver of JSON batches. token_file: its bearer token. ca_file: None takes the system's."""

    url: str
    name: str = "webhook"
    least_severity: Severity = "info"
    tells: Told = "findings"
    token_file: Path | None = None
    ca_file: Path | None = None
    certificate: Path | None = None
    key_file: Path | None = None
    timeout_s: float = 10.0


OutletConfig = StdoutConfig | FileConfig | SyslogConfig | WebhookConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsConfig:
    """Where /metrics and /health are answered; beyond this machine only over TLS and with a token."""

    listen: str
    certificate: Path | None = None
    key_file: Path | None = None
    token_file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole file, in the file's order. metrics: None where nobody may ask."""

    sensor: SensorConfig = field(default_factory=SensorConfig)
    signatures: SignaturesConfig = field(default_factory=SignaturesConfig)
    outlets: tuple[OutletConfig, ...] = ()
    metrics: MetricsConfig | None = None
