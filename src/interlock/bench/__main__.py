"""`python -m interlock.bench plant OUT.pcap`: write the synthetic capture and, beside it, its truth."""

from __future__ import annotations

import json
from pathlib import Path

import click

from interlock.bench.plant_traffic import write_plant_traffic

__all__: list[str] = []


@click.group()
def main() -> None:
    """Write captures for measuring."""


@main.command()
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--packets", default=2_000_000, show_default=True, type=click.IntRange(1))
@click.option("--plcs", default=200, show_default=True, type=click.IntRange(1, 5000))
@click.option("--seed", default=1, show_default=True)
def plant(out: Path, packets: int, plcs: int, seed: int) -> None:
    """Write the synthetic plant to OUT and what is in it to OUT.truth.json."""
    with out.open("wb") as target:
        truth = write_plant_traffic(target, packets, plcs, seed)
    out.with_suffix(out.suffix + ".truth.json").write_text(json.dumps(truth.as_json(), indent=1) + "\n")


if __name__ == "__main__":
    main()
