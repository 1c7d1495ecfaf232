"""Build src/interlock/inventory/data/*.tsv and oui.tsv.zst from a folder of public identification lists.

usage: build_id_tables.py FOLDER [TARGET]

FOLDER holds the lists that data/NOTICE.md names, with their licences. The result depends on nothing else:
the same lists give the same octets.
"""

from __future__ import annotations

import csv
import json
import lzma
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path

import zstandard

TARGET = Path(__file__).resolve().parents[1] / "src/interlock/inventory/data"
DEPRECATED = re.compile(r"\s*\(deprecated\)$")
FORMERLY = re.compile(r"\s*\(?(?:formerly|now):?\s.*$", re.IGNORECASE)


def rows(path: Path) -> list[list[str]]:
    """Return the rows of a tab-separated file without its heading."""
    with path.open(encoding="utf-8") as file:
        return list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))[1:]


def tidy(name: str) -> str:
    """One line, single spaces, no former names."""
    return FORMERLY.sub("", " ".join(name.split())).strip(" ,") or " ".join(name.split())


def numbered(path: Path) -> list[tuple[str, str]]:
    """Number and name, in order of number; `Reserved` is no name."""
    named = {int(n): DEPRECATED.sub("", tidy(name)) for n, name in rows(path)}
    return [(str(n), name) for n, name in sorted(named.items()) if name and name.lower() != "reserved"]


def profinet_vendors(path: Path) -> list[tuple[str, str]]:
    """Vendor id as 0xhhhh, and the name that its GSDML files carry; shouting is toned down."""
    found = {int(n, 16): name.replace("_", " ").strip() for n, name in rows(path)}
    return [(f"0x{n:04x}", name if len(name) <= 4 else name.title()) for n, name in sorted(found.items())]


def profinet_devices(path: Path) -> list[tuple[str, str]]:
    """Vendor and device id as 0xhhhh/0xhhhh, and the family that most of its GSDML files name."""
    families: dict[int, Counter[str]] = defaultdict(Counter)
    for key, number in json.loads(path.read_text(encoding="utf-8")).items():
        match = re.match(r"GSD:GSDML-V[\d.]+-(.+?)-([^-].*)-\d{8}", key)
        if match and int(number, 16):
            family = re.sub(r"^0?[0-9A-F]{4}-", "", match[2]).replace("_", " ")
            families[int(number, 16)][family] += 1
    return [
        (f"0x{n >> 16:04x}/0x{n & 0xFFFF:04x}", min(names, key=lambda f: (-names[f], len(f), f)))
        for n, names in sorted(families.items())
    ]


def orders(path: Path) -> list[tuple[str, str]]:
    """Order number without blanks, and the product's name."""
    return sorted((n.replace(" ", "").upper(), tidy(name)) for n, name in rows(path))


def oui(path: Path) -> list[tuple[str, str]]:
    """Prefix of 6, 7 or 9 hex digits, and the organisation it is assigned to; who stays private has no name."""
    with lzma.open(path, "rt", encoding="utf-8") as file:
        split = (line.rstrip("\n").split("\t", 1) for line in file)
        named = {prefix.upper(): tidy(name) for prefix, name in split}
        return sorted(item for item in named.items() if item[1].lower() != "private")


def text(heading: tuple[str, str], table: list[tuple[str, str]]) -> bytes:
    """Return a table as tab-separated UTF-8."""
    return "".join(f"{a}\t{b}\n" for a, b in (heading, *table)).encode()


def main() -> int:
    """Write all tables; 2 where the folder is not named."""
    if len(sys.argv) not in (2, 3):
        print(__doc__, file=sys.stderr)
        return 2
    source, target = Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) == 3 else TARGET
    target.mkdir(parents=True, exist_ok=True)
    tables = {
        "cip_vendors": (("id", "name"), numbered(source / "cip_vendors.tsv")),
        "cip_device_types": (("id", "name"), numbered(source / "cip_device_types.tsv")),
        "bacnet_vendors": (("id", "name"), numbered(source / "bacnet_vendors.tsv")),
        "profinet_vendors": (("id", "name"), profinet_vendors(source / "profinet_vendor_from_gsdml.tsv")),
        "profinet_devices": (("id", "family"), profinet_devices(source / "profinet_device_ids.json")),
        "siemens_orders": (("order_number", "product"), orders(source / "siemens_order_numbers.tsv")),
    }
    for name, (heading, table) in tables.items():
        (target / f"{name}.tsv").write_bytes(text(heading, table))
        print(f"{name}.tsv: {len(table)} rows")
    prefixes = oui(source / "ieee_oui.tsv.xz")
    # Unpacked at every start: a tenth of the time that lzma takes, for a twentieth more octets.
    packed = zstandard.ZstdCompressor(level=19).compress(text(("prefix", "organisation"), prefixes))
    (target / "oui.tsv.zst").write_bytes(packed)
    print(f"oui.tsv.zst: {len(prefixes)} rows")
    return 0


if __name__ == "__main__":
    sys.exit(main())
