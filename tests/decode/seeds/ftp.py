"""RFC 959: a login, file transfers, a refusal, a command that nobody knows."""

from __future__ import annotations

from decode.seeds import Seed

SEEDS = (
    Seed(
        name="session",
        transport="tcp",
        counted=True,
        port=21,
        no_join="the user is named once, before everything else",
        messages=(
            (1, b"220 VxWorks (5.4.2) FTP server ready\r\n"),
            (0, b"USER usert\r\n"),
            (1, b"331 Password required\r\n"),
            (0, b"PASS user\r\n"),
            (1, b"230 User logged in\r\n"),
            (0, b"SYST\r\n"),
            (1, b"215 UNIX Type: L8\r\n"),
            (0, b"STOR /FLASH0/a.bin\r\n"),
            (1, b"150 Opening\r\n"),
            (1, b"226 Done\r\n"),
            (0, b"RETR gone.txt\r\n"),
            (1, b"550 No such file\r\n"),
            (0, b"XYZ 1\r\n"),
            (1, b"502 what\r\n"),
        ),
    ),
)
