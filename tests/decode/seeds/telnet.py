"""RFC 854: options, prompts and what is typed at them."""

from __future__ import annotations

from decode.seeds import Seed

SEEDS = (
    Seed(
        name="login",
        transport="tcp",
        port=23,
        no_join="what a line answers is known from the prompt before it",
        messages=(
            (1, b"\xff\xfd\x18\xff\xfb\x03"),
            (0, b"\xff\xfb\x18\xff\xfd\x03\xff\xfa\x18\x00vt100\xff\xf0"),
            (1, b"\r\nHirschmann MACH\r\nVxWorks 5.4\r\nUser: "),
            (0, b"admin\r\n"),
            (1, b"admin\r\nPassword: "),
            (0, b"private\r\n"),
            (1, b"\r\nWelcome\r\nswitch> "),
            (0, b"enable\r\n"),
        ),
    ),
)
