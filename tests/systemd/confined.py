"""What the unit file's filters would do to a process, done without systemd: seccomp, no executable memory, pids only.

python -m tests.systemd.confined UNIT COMMAND…
"""

from __future__ import annotations

import ctypes
import os
import re
import struct
import subprocess
import sys
from pathlib import Path

__all__ = ["HEADER", "allowed_calls", "confine"]

HEADER = Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")
_NO_NEW_PRIVS, _SECCOMP, _MDWE = 38, 22, 65
_ARCH_X86_64 = 0xC000003E
_ALLOW, _EPERM = 0x7FFF0000, 0x00050001


def allowed_calls(unit: str) -> set[str]:
    """Names of the system calls that SystemCallFilter lets through: the first line allows, those with ~ take away."""
    allowed: set[str] = set()
    for line in re.findall(r"(?m)^SystemCallFilter=(.*)$", unit):
        named = set().union(*map(_group, line.removeprefix("~").split()))
        allowed = allowed - named if line.startswith("~") else allowed | named
    return allowed


def _group(name: str) -> set[str]:
    if not name.startswith("@"):
        return {name}
    shown = subprocess.run(
        ["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True, timeout=30
    )
    words = [line.strip() for line in shown.stdout.splitlines()[1:]]
    return set().union(*(_group(word) for word in words if word and not word.startswith("#")))


def _program(calls: set[str]) -> bytes:
    numbers = dict(re.findall(r"#define __NR_(\w+) (\d+)", HEADER.read_text()))
    code = [struct.pack("HBBI", 0x20, 0, 0, 4), struct.pack("HBBI", 0x15, 1, 0, _ARCH_X86_64)]
    code += [struct.pack("HBBI", 0x06, 0, 0, _EPERM), struct.pack("HBBI", 0x20, 0, 0, 0)]
    for call in sorted(calls & set(numbers)):
        code.append(struct.pack("HBBI", 0x15, 0, 1, int(numbers[call])))
        code.append(struct.pack("HBBI", 0x06, 0, 0, _ALLOW))
    return b"".join([*code, struct.pack("HBBI", 0x06, 0, 0, _EPERM)])


def confine(unit: str) -> None:
    """From now on, and for every process that this one begins."""
    program = ctypes.create_string_buffer(_program(allowed_calls(unit) | {"execve"}))
    libc = ctypes.CDLL(None, use_errno=True)
    filter_ = struct.pack("HxxxxxxP", (len(program) - 1) // 8, ctypes.addressof(program))
    for arguments in ((_NO_NEW_PRIVS, 1, 0, 0, 0), (_MDWE, 1, 0, 0, 0), (_SECCOMP, 2, filter_, 0, 0)):
        if libc.prctl(*arguments):
            raise OSError(ctypes.get_errno(), f"prctl{arguments[:2]}")


if __name__ == "__main__":
    confine(Path(sys.argv[1]).read_text("utf-8"))
    os.execvp(sys.argv[2], sys.argv[2:])
