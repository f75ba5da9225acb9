"""From a damaged scrape to clean text: find the document, read it, say what was done and what is lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from knowledge.restore.annotations import is_damaged, strip_annotations
from knowledge.restore.losses import find_losses, place_around
from knowledge.restore.script import LATIN_READING, simplify, widen
from knowledge.restore.shifted import UNKNOWN, ShiftedReader
from knowledge.restore.site import find_body
from knowledge.restore.types import Loss, LossKind, Repair, RepairKind, Restored
from knowledge.restore.words import WordModel

_NOT_TEXT = re.compile(r"[^\u3400-\u9fff。、，；：《》“”（）]")
_REAL_QUESTION_MARK = re.compile(rf"\?(?=\?[?;](?!{LATIN_READING}\))|\?{LATIN_READING}\))")


@dataclass
class _Progress:
    """A document half repaired: the text so far (traditional), without its readings."""

    text: list[str] = field(default_factory=list)
    last: str = ""
    annotations: int = 0
    repairs: list[Repair] = field(default_factory=list)

    def add(self, part: str) -> None:
        stripped, count = strip_annotations(part)
        self.annotations += count
        self.keep(stripped)

    def keep(self, part: str) -> None:
        self.text.append(part)
        self.last = (self.last + part)[-16:]


def restore(text: str, *, progress: Callable[[int, int], None] | None = None) -> Restored:
    """Restore a scraped text; text without the site's damage comes back as it is.

    The damage is described in `shifted.py`. What cannot be read is flagged and stays as it was printed.
    `progress` gets (characters done, all characters).
    """
    if not is_damaged(text):
        return Restored(text, damaged=False)
    lines = text.splitlines(keepends=True)
    body = find_body(lines, [widen(simplify(strip_annotations(line)[0])) for line in lines])
    done = _repair(text[body.start : body.end], body.start, progress)
    clean = widen(simplify("".join(done.text)))
    ours = [*_site_text(text, 0, body.start), *done.repairs, *_site_text(text, body.end, len(text))]
    lost = [*find_losses(clean), *_unreadable(clean)]
    return Restored(
        text=clean,
        damaged=True,
        repairs=tuple(ours),
        losses=tuple(sorted(lost, key=lambda loss: loss.position)),
        annotations=done.annotations,
        first_line=len(text[: body.start].splitlines()),
    )


def _repair(source: str, offset: int, tell: Callable[[int, int], None] | None) -> _Progress:
    progress = _Progress()
    reader: ShiftedReader | None = None
    done = 0
    for match in re.finditer(r"\?", source):
        at = match.start()
        if at < done or _REAL_QUESTION_MARK.match(source, at):
            continue
        reader = reader or _reader(source)
        progress.add(source[done:at])
        done = at
        reading = reader.read(source, at, progress.last)
        if tell:
            tell(at, len(source))
        if reading is None:
            continue
        kind = RepairKind.SPLIT_MARK if source[at + 1] in ";?；？" else RepairKind.SHIFTED_ANNOTATION
        raw = source[at : reading.end]
        progress.repairs.append(Repair(kind, raw, widen(simplify(reading.text)), offset + at))
        progress.keep(reading.text)
        done = reading.end
    progress.add(source[done:])
    return progress


def _reader(source: str) -> ShiftedReader:
    clean = _NOT_TEXT.sub("", widen(simplify(strip_annotations(source)[0])))
    return ShiftedReader(source, WordModel(clean))


def _site_text(text: str, start: int, end: int) -> list[Repair]:
    return [Repair(RepairKind.SITE_TEXT, text[start:end], "", start)] if text[start:end].strip() else []


def _unreadable(text: str) -> list[Loss]:
    places = [m.start() for m in re.finditer(UNKNOWN, text)]
    return [Loss(LossKind.UNREADABLE, place_around(text, at), at, "此处有字符无法复原") for at in places]
