"""Chinese fonts of the system that can be embedded: fontconfig is asked first, then usual places."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_USUAL = (
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/wqy-zenhei/wqy-zenhei.ttc",
    "/usr/share/fonts/wqy-microhei/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/arphic/uming.ttc",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
    "/Library/Fonts/Arial Unicode.ttf",
    "/System/Library/Fonts/STHeiti Medium.ttc",
    "C:/Windows/Fonts/simsun.ttc",
    "C:/Windows/Fonts/simhei.ttf",
)
_PREFERRED = ("Noto", "Source Han")
_LANGUAGE, _SECONDS = "zh-cn", 10
_FORMAT = "%{fontformat}\t%{index}\t%{lang}\t%{family}\t%{file}\n"


@dataclass(frozen=True, slots=True)
class FontFile:
    """A font: its file, and its number in a collection (0 in a file of one)."""

    path: str
    index: int = 0


def candidates() -> list[FontFile]:
    """Return Chinese fonts with TrueType outlines, the preferred first; whether they work is not tried."""
    return [*_of_fontconfig(), *(FontFile(path) for path in _USUAL if Path(path).is_file())]


def _of_fontconfig() -> list[FontFile]:
    """Return what fontconfig would use for simplified Chinese, Noto and Source Han first; [] without it."""
    program = shutil.which("fc-match")
    if program is None:
        return []
    command = [program, "--all", "--format", _FORMAT, f"sans-serif:lang={_LANGUAGE}"]
    try:
        told = subprocess.run(  # noqa: S603  nothing in it comes from outside
            command, capture_output=True, text=True, timeout=_SECONDS, check=True
        ).stdout
    except (OSError, UnicodeDecodeError, subprocess.SubprocessError):
        return []
    found: list[tuple[bool, FontFile]] = []
    for line in told.splitlines():
        outlines, index, languages, family, path = line.split("\t", 4)
        if outlines == "TrueType" and _LANGUAGE in languages.split("|"):
            number = int(index) & 0xFFFF  # above it stands the instance of a variable font
            found.append((not family.startswith(_PREFERRED), FontFile(path, number)))
    return [font for _, font in sorted(found, key=lambda one: one[0])]
