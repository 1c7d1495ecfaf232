"""The only place where adapters are built and wired: one builder per way to run."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from interlock.bootstrap.detecting import Judgement
    from interlock.decode.buffers.raw import Screens
    from interlock.decode.engine import Engine
    from interlock.decode.protocols.profinet.gsdml import Description
    from interlock.pipeline.analyze_run import Analysis
    from interlock.pipeline.zone_picture import ZonePicture
    from interlock.records.budget import Budget
    from interlock.records.config import Config
    from interlock.records.frames import Source
    from interlock.records.site import Site
    from interlock.store.folder import TableFolder

__all__ = [
    "build_analysis",
    "build_engine",
    "build_fingerprint",
    "check_config",
    "config_text",
    "fingerprint_key",
    "read_config",
    "read_descriptions",
    "read_site",
    "state_folder",
]


def state_folder() -> Path:
    """Where this installation keeps what must outlive a run: INTERLOCK_STATE, else the XDG state folder."""
    named = os.environ.get("INTERLOCK_STATE")
    if named:
        return Path(named)
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "interlock"


def fingerprint_key(folder: Path) -> bytes:
    """The installation's key for fingerprints of secrets, made on first use (mode 0600).

    Where it can be neither read nor made, a key for this run alone: fingerprints then compare within it only.
    """
    path = folder / "fingerprint.key"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(32))
    except FileExistsError:
        pass
    except OSError:
        return secrets.token_bytes(32)
    try:
        key = path.read_bytes()
    except OSError:
        return secrets.token_bytes(32)
    return key if len(key) == 32 else secrets.token_bytes(32)


def build_fingerprint() -> Callable[[bytes], str]:
    """What makes fingerprints of secrets in this installation."""
    return _fingerprint(fingerprint_key(state_folder()))


def _fingerprint(key: bytes) -> Callable[[bytes], str]:
    return lambda secret: hmac.new(key, secret, hashlib.sha256).hexdigest()[:16]


def read_descriptions(paths: Sequence[str]) -> dict[tuple[int, int], Description]:
    """GSDML files as (vendor, device) → description. Raises ConfigError, naming the file and what is wrong."""
    from interlock.decode.protocols.profinet.gsdml import MAX_OCTETS, read_gsdml  # noqa: PLC0415
    from interlock.errors import ConfigError, DecodeError  # noqa: PLC0415

    found: dict[tuple[int, int], Description] = {}
    for path in paths:
        try:
            with Path(path).open("rb") as file:
                description = read_gsdml(file.read(MAX_OCTETS + 1))
        except OSError as error:
            reason = (error.strerror or "cannot be opened").lower()
            raise ConfigError(f"{path}: cannot be read ({reason}); name a GSDML file") from error
        except DecodeError as error:
            where = f"{error.oddity} at octet {error.offset}"
            raise ConfigError(f"{path}: is no GSDML file ({where}); name the maker's XML file") from error
        found[description.vendor, description.device] = description
    return found


def build_engine(
    sources: Sequence[Source],
    *,
    wanted: frozenset[str] | None = None,
    read: Mapping[str, Collection[str]] | None = None,
    gsdml: Sequence[str] = (),
    beat: memoryview | None = None,
    hung: frozenset[tuple[int, int]] = frozenset(),
    pending: frozenset[str] = frozenset(),
    budget: Budget | None = None,
    buffers: frozenset[str] = frozenset(),
    screen: Screens | None = None,
) -> Engine:
    """A decoder for a run over captures. wanted: tables to make (None: all). gsdml: files that describe devices.

    read, beat, hung, pending, budget, buffers, screen: see Engine.
    """
    from interlock.decode.engine import Engine  # noqa: PLC0415 (builders import only the rooms they need)
    from interlock.decode.registry import VerbTables, waiting_specs  # noqa: PLC0415

    specs = waiting_specs()
    return Engine(
        sources,
        specs,
        VerbTables(specs),
        fingerprint=build_fingerprint(),
        seed=secrets.randbits(64),
        wanted=wanted,
        read=read,
        given={"profinet": read_descriptions(gsdml)} if gsdml else None,
        beat=beat,
        hung=hung,
        pending=pending,
        budget=budget,
        buffers=buffers,
        screen=screen,
    )


def read_site(path: str | None, *, policy: bool = True) -> Site:
    """The site file's model; without a file an empty one. Raises ConfigError, naming file, line and column.

    policy: whether wrong conduits and zones are refused, too, where conduits are declared: a wrong policy is not held
    by half. What has ended is no reason: it allows nothing any more.
    """
    from interlock.records.site import Site  # noqa: PLC0415

    if path is None:
        return Site()
    from interlock.bootstrap.written import written_text  # noqa: PLC0415
    from interlock.records.site_text import load_site  # noqa: PLC0415 (its parser takes long to load)

    text = written_text(Path(path), "name a site file")
    from interlock.bootstrap.approving import approved  # noqa: PLC0415 (loads cryptography)

    site = load_site(text, file=path)
    if policy and site.conduits:
        _refuse_wrong(path, text, site)
    return approved(site, Path(path))


def _refuse_wrong(path: str, text: str, site: Site) -> None:
    from interlock.bootstrap.zoning import PolicyText  # noqa: PLC0415
    from interlock.errors import ConfigError  # noqa: PLC0415

    wrong = PolicyText(path, text, site).against(date.min, None).problems
    if wrong:
        more = f" (and {len(wrong) - 1} more: `interlock zone check --site {path}`)" if wrong[1:] else ""
        raise ConfigError(f"{wrong[0]}{more}")


def read_config(path: Path) -> Config:
    """What a file `interlock.toml` says. Raises ConfigError, naming file, line and column."""
    from interlock.records.config_text import load_config  # noqa: PLC0415 (its parser takes long to load)

    return load_config(config_text(path), file=str(path))


def config_text(path: Path) -> str:
    """The text of a file `interlock.toml`, whatever it says. Raises ConfigError where it cannot be read."""
    from interlock.bootstrap.written import written_text  # noqa: PLC0415

    return written_text(path, "`interlock sensor config` prints one to begin with")


def check_config(config: Config) -> None:
    """Look at the secrets that a configuration names. Raises ConfigError where one is missing or not kept secret."""
    from interlock.export.delivery.secret import check_private, read_secret  # noqa: PLC0415

    for part in (*config.outlets, *([config.metrics] if config.metrics else [])):
        token, key = getattr(part, "token_file", None), getattr(part, "key_file", None)
        if token is not None:
            read_secret(token)
        if key is not None:
            check_private(key)


def build_analysis(site: Site, out: Path, judgement: Judgement | None = None) -> tuple[Analysis, TableFolder]:
    """An analysis that writes its tables below `out`: to be opened before, and with their names after `commit`."""
    from interlock.bootstrap.detecting import build_runner  # noqa: PLC0415
    from interlock.inventory.inventory import Inventory  # noqa: PLC0415
    from interlock.inventory.registry_files import load_registries, load_rules  # noqa: PLC0415
    from interlock.pipeline.analyze_run import Analysis  # noqa: PLC0415
    from interlock.records.tables import ARTIFACTS, CLUES, FLOWS, ODDITIES, OPERATIONS, VALUES  # noqa: PLC0415
    from interlock.store.folder import TableFolder  # noqa: PLC0415

    kept = (OPERATIONS, FLOWS, CLUES, VALUES, ODDITIES, ARTIFACTS)
    tables = TableFolder(out, {t.name: t.schema for t in kept})
    inventory = Inventory(site=site.name or "default", registries=load_registries(), rules=load_rules())
    picture = _picture(site) if site.zones else None
    analysis = Analysis(
        site=site, inventory=inventory, runner=build_runner(judgement), tables=tables, picture=picture
    )
    return analysis, tables


def _picture(site: Site) -> ZonePicture:
    """What draws a site's zones, those of its first realm."""
    from interlock.bootstrap.zoning import build_policy, words  # noqa: PLC0415
    from interlock.pipeline.zone_picture import ZonePicture  # noqa: PLC0415
    from interlock.segment.model.problems import problems_of  # noqa: PLC0415

    today = datetime.fromtimestamp(time.time_ns() // 10**9, UTC).date()
    judged = bool(site.conduits) and not problems_of(site, today, protocols=words(), assets=None)
    return ZonePicture(lambda find: build_policy(site, today, find), site.zones[0].realm, judged=judged)
