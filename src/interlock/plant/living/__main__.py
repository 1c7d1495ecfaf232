"""The plant's process, as `interlock plant up` starts it in the background. Not for people."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from interlock.errors import InterlockError
from interlock.plant.living.life import live
from interlock.plant.living.state import Files


def main(arguments: list[str]) -> int:
    """arguments: state folder, seed, ground, descriptor to say `ready` or what is wrong on."""
    state, seed, ground, told = arguments
    said = os.fdopen(int(told), "w", encoding="utf-8")

    def ready(_run: object) -> None:
        said.write("ready\n")
        said.close()

    try:
        live(Files(Path(state)), int(seed), loopback=ground == "loopback", ready=ready)
    except (InterlockError, OSError) as error:
        if not said.closed:
            said.write(f"{error}\n")
            said.close()
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
