"""What may be sent: text that is there, clean, and not too long."""

from __future__ import annotations

import unicodedata

from knowledge.errors import bad_input

MAX_CHARACTERS = 2_000
# Marks that turn the reading direction: they can make a text look like another one.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Format characters that show nothing: a text of these alone is empty.
_INVISIBLE = frozenset({"Cf", "Cc", "Zs", "Zl", "Zp"})


def clean(text: str) -> str:
    """Return text without control characters, half surrogates and direction marks; line ends become "\\n"."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return "".join(char for char in text if char == "\n" or _keep(char)).strip()


def is_blank(text: str) -> bool:
    """Tell whether nothing of the text can be seen."""
    return all(unicodedata.category(char) in _INVISIBLE for char in text)


def check_message(text: object) -> str:
    """Return a message cleaned.

    Raises:
        WenjinError: 422 `empty_message` (also for null and other non-texts), 422 `message_too_long`.
    """
    cleaned = clean(text) if isinstance(text, str) else ""
    if is_blank(cleaned):
        no_text = text is not None and not isinstance(text, str)
        why = (
            "消息应当是文字，请把要说的话作为字符串发送。"
            if no_text
            else "消息是空的，请写下您的问题再发送。"
        )
        raise bad_input("empty_message", why)
    return _short_enough(cleaned)


def check_field(text: object, *, name: str, limit: int = MAX_CHARACTERS, required: bool = False) -> str:
    """Return one field of a form cleaned; `name` is how people call it.

    Raises:
        WenjinError: 422 `empty_field` where it is required and blank, 422 `field_too_long`.
    """
    cleaned = clean(text) if isinstance(text, str) else ""
    if is_blank(cleaned):
        cleaned = ""
    if required and not cleaned:
        raise bad_input("empty_field", f"请填写{name}。", field=name)
    if len(cleaned) > limit:
        raise bad_input(
            "field_too_long", f"{name}太长（{len(cleaned):,} 字），请缩短到 {limit:,} 字以内。", field=name
        )
    return cleaned


def _keep(char: str) -> bool:
    return unicodedata.category(char) not in {"Cc", "Cs"} and char not in _TURNING


def _short_enough(text: str) -> str:
    if len(text) > MAX_CHARACTERS:
        raise bad_input(
            "message_too_long",
            f"消息太长（{len(text):,} 字），请分几次发送，每次不超过 {MAX_CHARACTERS:,} 字。",
            length=len(text),
            limit=MAX_CHARACTERS,
        )
    return text
