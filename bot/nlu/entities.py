"""Things with a fixed form: phone, e-mail, ticket and order numbers, amounts, dates, scores."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

# Full-width ASCII and its half-width form have the same length, so that places in the text stay right.
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_DIGIT_BEFORE, _DIGIT_AFTER = r"(?<![\d.])", r"(?![\d.]*\d)"
_CHINESE_NUMBER = "[一二两三四五六七八九十百千万几]"

# In this order: what an earlier kind has taken, a later one leaves alone.
PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("ticket_number", re.compile(r"(?<![a-z0-9])ts(?:[\s-]?\d){11}(?!\d)", re.IGNORECASE)),
    (
        "email",
        re.compile(r"[a-z0-9][a-z0-9._%+-]*@[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)*\.[a-z]{2,}", re.IGNORECASE),
    ),
    ("phone", re.compile(rf"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{{4}}[- ]?\d{{4}}{_DIGIT_AFTER}")),
    ("phone", re.compile(rf"(?<!\d)0\d{{2,3}}[- ]?[2-9]\d{{6,7}}{_DIGIT_AFTER}")),
    (
        "order_number",
        re.compile(
            r"(?:订单|单|流水|交易|编)号?(?:是|为|:)?\s*([a-z0-9][a-z0-9-]{5,31})(?![a-z0-9])", re.IGNORECASE
        ),
    ),
    ("amount", re.compile(rf"[¥$]?{_DIGIT_BEFORE}\d[\d,]*(?:\.\d+)?\s*[百千万亿]?\s*(?:元|块钱?|人民币)")),
    ("amount", re.compile(rf"{_CHINESE_NUMBER}{{1,9}}(?:元|块钱?)")),
    ("date", re.compile(r"(?<!\d)\d{4}([-/.])\d{1,2}\1\d{1,2}(?!\d)")),
    ("date", re.compile(r"(?<!\d)(?:\d{4}年)?\d{1,2}月(?:\d{1,2}[日号]?)?")),
    (
        "date",
        re.compile(r"今天|昨天|前天|大前天|上个?周[一二三四五六日天末]?|上个?月(?:\d{1,2}号)?|本周|这周"),
    ),
    ("score", re.compile(r"(?<![\d.])([1-5一二三四五])\s*(?:分|颗?星)(?!钟)")),
)
# Kinds whose value is a part of what matched.
_PARTS = ("order_number", "score")


@dataclass(frozen=True, slots=True)
class Found:
    """One thing found: its kind, its place in the text, and its value in a plain form."""

    kind: str
    start: int
    end: int
    value: str


def find(text: str) -> list[Found]:
    """Return what the text names, in reading order, without overlaps."""
    plain = text.translate(_HALF_WIDTH)
    found: list[Found] = []
    for kind, pattern in PATTERNS:
        for match in pattern.finditer(plain):
            if not any(match.start() < other.end and other.start < match.end() for other in found):
                found.append(Found(kind, match.start(), match.end(), _value(kind, match)))
    return sorted(found, key=lambda item: item.start)


def _value(kind: str, match: re.Match[str]) -> str:
    text = match.group(match.lastindex or 0 if kind in _PARTS else 0).strip()
    if kind == "phone":
        digits = re.sub(r"\D", "", text)
        return digits[2:] if digits.startswith("86") and len(digits) == 13 else digits
    if kind == "ticket_number":
        digits = re.sub(r"\D", "", text)
        return f"TS{digits[:6]}-{digits[6:]}"
    if kind == "score":
        return str("一二三四五".find(text) + 1 or text)
    return text


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class PatternEntities(GraphComponent, EntityExtractorMixin):  # type: ignore[misc]
    """Adds to each message what `find` finds in it."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> PatternEntities:
        """Make the component; it has no settings."""
        del config, model_storage, resource, execution_context
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Add entities to the messages."""
        for message in messages:
            found = [
                {
                    "entity": f.kind,
                    "start": f.start,
                    "end": f.end,
                    "value": f.value,
                    "extractor": type(self).__name__,
                }
                for f in find(message.get(TEXT) or "")
            ]
            message.set(ENTITIES, message.get(ENTITIES, []) + found, add_to_output=True)
        return messages
