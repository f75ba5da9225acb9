"""How our messages look to clients of Rasa: exactly the keys that they know, the sources in the text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from knowledge.supplement import FAQ

_STARS = re.compile(r"\*{2,}")


def rest_form(message: Mapping[str, Any], recipient: str, title: str) -> dict[str, Any]:
    """Return a message as Rasa's REST and callback channels send it: the structure under `custom`.

    `title` is what answers call the manual.
    """
    out: dict[str, Any] = {"recipient_id": recipient, "text": message["text"] + _sources(message, title)}
    if message["buttons"]:
        out["buttons"] = message["buttons"]
    if message["kind"] != "text":
        out["custom"] = {"kind": message["kind"], **message["data"]}
    return out


def socket_form(message: Mapping[str, Any], title: str) -> dict[str, Any]:
    """Return a message as Rasa's Socket.IO channel sends it: `text` alone, or `text` and `quick_replies`.

    Widgets read the text as Markdown and drop a message with any other key.
    """
    text = markdown(message["text"] + _sources(message, title))
    replies = [{"content_type": "text", **button} for button in message["buttons"]]
    return {"text": text, "quick_replies": replies} if replies else {"text": text}


def markdown(text: str) -> str:
    """Return text so that Markdown shows it as it is: lines stay lines, a masked number keeps its mask."""
    dots = _STARS.sub(lambda match: "•" * len(match[0]), text)
    return "  \n".join(line.rstrip() for line in dots.split("\n"))


def _sources(message: Mapping[str, Any], title: str) -> str:
    cited = message["data"].get("citations") or []
    places = dict.fromkeys(_place(c, title) for c in cited)
    return "\n来源：" + "；".join(places) if places else ""


def _place(cited: Mapping[str, Any], title: str) -> str:
    named = "常见问答" if cited["manual"] == FAQ else f"《{title}》{cited['section']}"
    return f"{named} {cited['title']}"
