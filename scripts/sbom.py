"""Write sbom.cdx.json: a CycloneDX 1.6 bill of materials of what running Interlock needs, from the lock."""

from __future__ import annotations

import re
import sys
import uuid
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from interlock import __version__

ROOT = Path(__file__).resolve().parent.parent
PINNED = re.compile(
    r"^(?P<name>[A-Za-z0-9_.\-]+)==(?P<version>[^ ;\\]+)(?P<rest>(?:.*\\\n)*.*)", re.MULTILINE
)
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def components(lock: str) -> list[Component]:
    """One library a pinned line, with every hash that the lock allows."""
    found = []
    for pin in PINNED.finditer(lock):
        name, version = pin["name"], pin["version"]
        hashes = [HashType(alg=HashAlgorithm.SHA_256, content=h) for h in HASH.findall(pin["rest"])]
        found.append(
            Component(
                type=ComponentType.LIBRARY,
                name=name,
                version=version,
                purl=PackageURL("pypi", None, name.lower(), version),
                bom_ref=f"pypi:{name.lower()}@{version}",
                hashes=hashes,
                licenses=_licence(name),
            )
        )
    return found


def _licence(name: str) -> list:
    try:
        said = metadata(name)
    except PackageNotFoundError:
        return []
    text = said.get("License-Expression") or ""
    if not text:
        kinds = [
            c.rpartition("::")[2].strip()
            for c in said.get_all("Classifier") or ()
            if c.startswith("License ::")
        ]
        text = " AND ".join(kinds)
    return [LicenseFactory().make_from_string(text)] if text else []


def main() -> int:
    """Write the file and validate it against CycloneDX's own schema."""
    lock = (ROOT / "requirements/runtime.txt").read_text("utf-8")
    bom = Bom(serial_number=uuid.uuid5(uuid.NAMESPACE_URL, __version__ + lock))
    own = Component(
        type=ComponentType.APPLICATION,
        name="interlock",
        version=__version__,
        bom_ref="interlock",
        licenses=[LicenseFactory().make_from_string("Apache-2.0")],
    )
    bom.metadata.component = own
    listed = components(lock)
    for component in listed:
        bom.components.add(component)
    bom.register_dependency(own, listed)
    text = make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=1)
    wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if wrong is not None:
        print(f"not valid CycloneDX: {wrong}")
        return 1
    (ROOT / "sbom.cdx.json").write_text(text + "\n", "utf-8")
    print(f"sbom.cdx.json: {len(listed)} components")
    return 0


if __name__ == "__main__":
    sys.exit(main())
