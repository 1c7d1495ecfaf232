"""What a file is by its first octets: MIME types of what crosses plants and of what should not.

Source: the formats' own specifications, each with a fixed mark at its beginning.
"""

from __future__ import annotations

from typing import Final

__all__ = ["mime_of"]

_MARKS: Final = (
    (0, b"MZ", "application/vnd.microsoft.portable-executable"),
    (0, b"\x7fELF", "application/x-elf"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"PK\x05\x06", "application/zip"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"BZh", "application/x-bzip2"),
    (0, b"\xfd7zXZ\x00", "application/x-xz"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (0, b"MSCF", "application/vnd.ms-cab-compressed"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (0, b"\xca\xfe\xba\xbe", "application/java-vm"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"BM", "image/bmp"),
    (0, b"L\x00\x00\x00\x01\x14\x02\x00", "application/x-ms-shortcut"),
    (0, b"{\\rtf", "application/rtf"),
    (0, b"FWS", "application/x-shockwave-flash"),
    (0, b"CWS", "application/x-shockwave-flash"),
    (0, b"SQLite format 3\x00", "application/vnd.sqlite3"),
    (0, b"\xd4\xc3\xb2\xa1", "application/vnd.tcpdump.pcap"),
    (0, b"\x0a\x0d\x0d\x0a", "application/x-pcapng"),
    (0, b"#!", "text/x-script"),
    (0, b"<?xml", "text/xml"),
    (257, b"ustar", "application/x-tar"),
    (0x8001, b"CD001", "application/x-iso9660-image"),
)
_HTML: Final = (b"<!doctype html", b"<html", b"<head", b"<script", b"<body")
_TEXT: Final = bytes({7, 8, 9, 10, 12, 13, 27, *range(0x20, 0x100)} - {0x7F})
_LOOKED_AT: Final = 4096


def mime_of(octets: bytes) -> str:
    """The MIME type of a file that begins so; `text/plain` and `application/octet-stream` where no mark is known."""
    for offset, mark, mime in _MARKS:
        if octets.startswith(mark, offset):
            return mime
    start = octets[:_LOOKED_AT]
    if start.lstrip()[:16].lower().startswith(_HTML):
        return "text/html"
    return "application/octet-stream" if start.translate(None, _TEXT) or not start else "text/plain"
