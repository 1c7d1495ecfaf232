"""What `interlock analyze` says of captures, as anybody sees it: findings, and the conversations that they name."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from beside.theirs import Alert, between

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["alerts"]

_INTERLOCK = Path(sys.executable).with_name("interlock")


def alerts(
    captures: Mapping[str, Path], rules: Path, options: tuple[str, ...]
) -> tuple[set[Alert], list[str]]:
    """All that is said, and what is not in force. captures: by name. options: of analyze."""
    told: set[Alert] = set()
    refused: list[str] = []
    for name, path in captures.items():
        with tempfile.TemporaryDirectory() as folder:
            command = [_INTERLOCK, "analyze", path, "--out", folder, "--signatures", rules]
            ended = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
            refused = refused or [line for line in ended.stderr.splitlines() if "is refused" in line]
            if not (found := Path(folder) / "findings.json").exists():
                print(f"{name}: {ended.stderr.strip()}", file=sys.stderr)
                continue
            for finding in json.loads(found.read_text())["findings"]:
                if finding["detector"] == "signature":
                    told.update(_alerts(name, finding))
    return told, refused


def _alerts(capture: str, finding: Mapping[str, object]) -> Iterator[Alert]:
    data, machines = finding["data"], finding["machines"]
    assert isinstance(data, dict)
    assert isinstance(machines, list)
    client, server = machines[0], machines[-1]
    for word in data["connections"].split():
        if word != "…":
            ports, slash, transport = word.rpartition("/")
            here, there = map(int, ports.split(">")) if slash else (0, 0)
            yield Alert(
                capture, int(data["sid"]), transport.upper(), between((client, here), (server, there))
            )
