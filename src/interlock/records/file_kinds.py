"""What files of a plant are by the end of their names: programs and projects, firmware, settings."""

from __future__ import annotations

from typing import Final

__all__ = ["FIRMWARES", "PROGRAMS", "SETTINGS", "ending"]

_PROGRAMS: Final = """
acd apa app apx ap13 ap14 ap15 ap16 ap17 ap18 ap19 awl boot cr9 ctx cxp cxr ecp export fbd gx2 gx3 gxw il iec
l5k l5x lad ld lib mc7 mer mlp mwp mwt opt out plc plf prg prj pro project pt2 rss s7p sdb sfc slc smbp st sta
stl stu tsproj tpzip upp vsd xef zap13 zap15 zap16 zap17 zef
"""
_FIRMWARES: Final = """
bin fw fwf hex img ldx mot rom s19 srec upd upg wup dmk
"""
_SETTINGS: Final = """
cfg cnf conf config csd dcf eds gsd gsdml icd ini json cid par reg scd toml xml yaml yml
"""
PROGRAMS: Final = frozenset(_PROGRAMS.split())
FIRMWARES: Final = frozenset(_FIRMWARES.split())
SETTINGS: Final = frozenset(_SETTINGS.split())


def ending(path: str) -> str:
    """The end of a file's name behind its last dot, in small letters; the name itself where it has none."""
    return path.replace("\\", "/").rpartition("/")[2].casefold().rpartition(".")[2]
