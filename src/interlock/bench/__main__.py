"""`python -m interlock.bench plant|mixed OUT.pcap`: write a capture and, beside it, what is in it.

`python -m interlock.bench forged OUT.pcap`: write a flood of senders that do not exist.
`python -m interlock.bench inventory`: what an inventory of a large site costs.
`python -m interlock.bench detectors`: how quick each detector is on hostile tables.
`python -m interlock.bench company CAPTURE`: what one protocol pays for the presence of all others.
"""

from __future__ import annotations

import json
from pathlib import Path

import click

from interlock.bench.big_site import cost_of_inventory
from interlock.bench.company import cost_of_company
from interlock.bench.forged_senders import KINDS, write_forged_senders
from interlock.bench.hostile_tables import cost_of_detectors
from interlock.bench.mixed_captures import write_mixed_captures
from interlock.bench.plant_traffic import write_plant_traffic

__all__: list[str] = []


@click.group()
def main() -> None:
    """Write captures for measuring, and measure what needs none."""


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


@main.command()
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("captures", nargs=-1, required=True)
@click.option("--copies", default=4, show_default=True, type=click.IntRange(1, 256))
def mixed(out: Path, captures: tuple[str, ...], copies: int) -> None:
    """Write all CAPTURES (files and folders) to OUT, several times with other addresses."""
    with out.open("wb") as target:
        mixture = write_mixed_captures(target, list(captures), copies)
    out.with_suffix(out.suffix + ".truth.json").write_text(mixture.as_json() + "\n")


@main.command()
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--kind", default="macs", show_default=True, type=click.Choice(list(KINDS)))
@click.option("--frames", default=1_000_000, show_default=True, type=click.IntRange(1, 100_000_000))
@click.option("--seed", default=1, show_default=True)
def forged(out: Path, kind: str, frames: int, seed: int) -> None:
    """Write a flood to OUT: each frame is from (of bacnet: to) an address of its own."""
    with out.open("wb") as target:
        write_forged_senders(target, kind, frames, seed)


@main.command()
@click.option("--machines", default=97_100, show_default=True, type=click.IntRange(1, 1_000_000))
def inventory(machines: int) -> None:
    """Draw the inventory of a synthetic site, and say what it cost."""
    click.echo(json.dumps(cost_of_inventory(machines)))


@main.command()
@click.option("--rows", default=131_072, show_default=True, type=click.IntRange(1, 100_000_000))
def detectors(rows: int) -> None:
    """Feed every detector tables in which each row is another stranger's, and say how quick it is."""
    for cost in cost_of_detectors(rows):
        click.echo(json.dumps(cost))


@main.command()
@click.argument("capture", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--repeats", default=5, show_default=True, type=click.IntRange(1, 100))
def company(capture: Path, repeats: int) -> None:
    """Decode CAPTURE (of Modbus) with Modbus alone and with all protocols, and say what the others cost."""
    click.echo(json.dumps(cost_of_company(capture, repeats)))


if __name__ == "__main__":
    main()
