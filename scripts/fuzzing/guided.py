"""Coverage-guided fuzzing of one protocol through a real Engine.

`python -m fuzzing.guided PROTOCOL CORPUS [libFuzzer options]`, from scripts/fuzz.py, which has the package found in a
copy without compiled modules (atheris counts the branches of .py files). What breaks is kept under
the artifact prefix, named by what it broke, and fuzzing goes on; what ends the process libFuzzer keeps itself.
Without atheris it says so and ends with 3. `--replay FILE …` decodes inputs without it.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2] / "tests")]

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MAX_KINDS", "Target", "main"]

MAX_KINDS = 20
"""Different ways to break that are kept of one run."""
NO_ATHERIS = 3
LONG_S = 5.0
"""CPU seconds that no input may take. On a machine that is busy, or pauses, the clock tells nothing."""


class Target:
    """One protocol: input octets in, a breach of the contract out.

    prefix: where inputs that broke something are kept (a path that file names are appended to).
    """

    def __init__(self, name: str, prefix: str) -> None:
        from decode.contract.subjects import SUBJECTS, specs  # noqa: PLC0415 (instrumented by whoever imports this)

        self.subject = next(s for s in SUBJECTS if s.name == name)
        carried = (self.subject.spec.name, self.subject.spec.rides_on)
        self.specs = tuple(s for s in specs() if s.name in carried)
        self.prefix = prefix
        self.kinds: dict[str, str] = {}
        """What broke → name of the input that is kept."""

    def seeds(self) -> dict[str, bytes]:
        """Name → input, of every seed."""
        from fuzzing.conversation import octets_of  # noqa: PLC0415

        return {f"seed-{s.name}": octets_of(self.subject, s) for s in self.subject.seeds}

    def breach(self, octets: bytes) -> str | None:
        """What an input breaks, or None."""
        from decode.contract.judging import judge  # noqa: PLC0415
        from decode.contract.playing import play  # noqa: PLC0415
        from fuzzing.conversation import conversation  # noqa: PLC0415
        from interlock.records.buffers import BUFFERS, UNSEEN  # noqa: PLC0415

        try:
            take = conversation(self.subject, octets)
            if not take.frames:
                return None
            (rows,) = play([take], specs=self.specs, buffers=frozenset(BUFFERS) - UNSEEN)
            judge(self.subject, take.seed, rows)
        except Exception as error:  # noqa: BLE001 (whatever it is, it is what is looked for)
            return f"{type(error).__name__}: {error}".splitlines()[0][:200]
        return None

    def __call__(self, octets: bytes) -> None:
        """Try one input; keep it where it breaks something in a new way."""
        begun = time.process_time()
        what = self.breach(octets)
        if what is None and time.process_time() - begun > LONG_S:
            what = f"takes more than {LONG_S:.0f} CPU seconds"
        if what is None:
            return
        kind = re.sub(r"[0-9]+|0x[0-9a-f]+", "#", what)
        if kind in self.kinds or len(self.kinds) >= MAX_KINDS:
            return
        name = re.sub(r"[^a-z0-9]+", "-", what.lower()).strip("-")[:60]
        self.kinds[kind] = f"{name}-{hashlib.sha256(octets).hexdigest()[:8]}"
        path = Path(f"{self.prefix}{self.kinds[kind]}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".bin").write_bytes(octets)
        path.with_suffix(".txt").write_text(what + "\n", "utf-8")
        print(f"BROKEN {path.name}: {what}", file=sys.stderr, flush=True)


def _instrumented(name: str, load: Callable[[], Any]) -> Any:
    """Import the decoders with atheris counting the branches of one: counting all takes long, and tells less."""
    import atheris  # noqa: PLC0415 (installed only where fuzzing is wanted)

    with atheris.instrument_imports(
        include=[f"interlock.decode.protocols.{name}"], enable_loader_override=False
    ):
        return load()


def _replay(name: str, files: list[str]) -> int:
    target = Target(name, "")
    broken = 0
    for file in files:
        what = target.breach(Path(file).read_bytes())
        print(f"{file}: {what or 'kept to the contract'}")
        broken += what is not None
    return 1 if broken else 0


def main(arguments: list[str]) -> int:
    """See the module's text."""
    name, corpus, *options = arguments
    if corpus == "--replay":
        return _replay(name, options)
    prefix = next((o.partition("=")[2] for o in options if o.startswith("-artifact_prefix=")), f"{name}-")
    try:
        import atheris  # noqa: PLC0415
    except ImportError:
        print("atheris is not installed (requirements/fuzz.txt)", file=sys.stderr)
        return NO_ATHERIS
    target = _instrumented(name, lambda: Target(name, prefix))
    folder = Path(corpus)
    folder.mkdir(parents=True, exist_ok=True)
    for seed, octets in target.seeds().items():
        with contextlib.suppress(FileExistsError), (folder / seed).open("xb") as file:
            file.write(octets)
    atheris.Setup([sys.argv[0], *options, corpus], target)
    print(f"started after {time.process_time():.1f} CPU s", file=sys.stderr, flush=True)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
