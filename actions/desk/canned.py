"""Canned replies: texts that handlers start from, filled from the ticket, changed by supervisors.

The texts that come with the product are a file; the database holds what was changed or added, by key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.desk import events
from actions.desk.cards import due_words
from actions.desk.categories import DEFAULT_FILE as CATEGORIES
from actions.desk.life import Step
from actions.desk.workdays import SHANGHAI
from actions.service.accounts import require_role
from actions.service.messages import check_field
from actions.store import audit
from actions.store.base import new_id
from actions.store.masking import mask
from actions.store.tables.accounts import User
from actions.store.tables.desk import CannedReply, Ticket
from knowledge.errors import bad_input, not_found

FILE = CATEGORIES.with_name("canned_replies.yml")
FIELDS = {
    "customer": "客户的称呼",
    "number": "工单号",
    "handler": "处理人",
    "due": "最晚答复日",
    "matter": "投诉事项",
    "product": "产品或服务",
    "demand": "诉求",
    "rule": "时限规则",
    "reason": "原因",
    "days": "时限天数",
    "basis": "依据",
    "finding": "核查结果",
    "remedy": "处理意见",
    "today": "今天",
}
CUSTOMER = "尊敬的客户"
MAX_TITLE, MAX_WHEN = 100, 200
_FIELD = re.compile(r"\{([^{}\s]{1,30})\}")


@dataclass(frozen=True, slots=True)
class Canned:
    """One text to start from; `when` says when to use it, `changed` that the house wrote it."""

    key: str
    title: str
    text: str
    when: str = ""
    active: bool = True
    changed: bool = False


def listed(s: Session, *, inactive: bool = False) -> list[Canned]:
    """Return the replies in their order, those of the house last."""
    kept = {row.key: _of(row) for row in s.scalars(select(CannedReply).order_by(CannedReply.key))}
    shipped = [kept.pop(one.key, one) for one in shipped_with(FILE)]
    return [one for one in (*shipped, *kept.values()) if one.active or inactive]


def get(s: Session, key: str) -> Canned:
    """Return a reply by its key; raise 404 `canned_not_found`."""
    found = next((one for one in listed(s, inactive=True) if one.key == key), None)
    if found is None:
        raise not_found("canned_not_found", "没有这条常用答复，请刷新列表。")
    return found


@cache
def shipped_with(file: Path) -> tuple[Canned, ...]:
    """Return the replies of a file."""
    rows = yaml.safe_load(file.read_text(encoding="utf-8"))
    return tuple(Canned(row["key"], row["title"], row["text"], row.get("when", "")) for row in rows)


def save(
    s: Session, *, key: str, title: str, text: str, when: str, active: bool, user: User, now: datetime
) -> Canned:
    """Keep a reply as a supervisor has written it; an empty `key` makes a new one.

    Raises:
        WenjinError: 403 `role_needed`; 404 `canned_not_found`; 422 `empty_field`, `field_too_long`,
            `unknown_field` for a field that no ticket has.
    """
    require_role(user, "supervisor")
    values = {
        "title": check_field(title, name="标题", required=True, limit=MAX_TITLE),
        "text": check_field(text, name="正文", required=True),
        "when": check_field(when, name="何时用", limit=MAX_WHEN),
    }
    strange = [name for name in unfilled(values["text"]) if name not in FIELDS]
    if strange:
        known = "、".join(f"{{{name}}}" for name in FIELDS)
        raise bad_input("unknown_field", f"没有 {_braced(strange)} 这个字段。可以用的是：{known}。")
    row = s.get(CannedReply, key) if key else None
    if row is None:
        row = CannedReply(key=get(s, key).key if key else new_id())
        s.add(row)
    for name, value in values.items():
        setattr(row, name, value)
    row.active, row.updated_at = active, now
    s.flush()
    audit.record(
        s, actor=user.id, action="canned.save", object_type="canned_reply", object_id=row.key,
        data={"active": active}, now=now,
    )  # fmt: skip
    return _of(row)


def values(s: Session, ticket: Ticket, user: User, now: datetime) -> dict[str, str]:
    """Return what the fields stand for in this ticket, without those that nothing is known of.

    What the customer wrote is masked: a reply goes into a conversation. Reasons and findings are the last
    ones that were written down.
    """
    told = events.timeline(s, ticket.id)
    known = {
        "customer": ticket.name or CUSTOMER,
        "number": ticket.number,
        "handler": user.called,
        "due": due_words(ticket),
        "matter": mask(ticket.matter),
        "product": mask(ticket.product),
        "demand": mask(ticket.demand),
        "rule": ticket.rule,
        "days": str(events.clock_of(s, ticket).days),
        "today": f"{now.astimezone(SHANGHAI):%Y年%-m月%-d日}",
    }
    for event in told:
        if event.type == Step.DECIDE:
            known |= {name: str(event.data.get(name, "")) for name in ("finding", "basis", "remedy")}
        elif event.type in (Step.ASK_TIME, Step.PAUSE, Step.REVIEW):
            known["reason"] = str(event.data.get("text", ""))
    return {name: value for name, value in known.items() if value}


def fill(text: str, known: Mapping[str, str]) -> str:
    """Put what is known in the place of its field; the other fields stay as they are."""
    return _FIELD.sub(lambda match: known.get(match[1], match[0]), text)


def unfilled(text: str) -> list[str]:
    """Return the names of the fields that a text still has, each once."""
    return list(dict.fromkeys(_FIELD.findall(text)))


def ready(text: str, known: Mapping[str, str]) -> str:
    """Return a text as it may be sent; raise 422 `unfilled_field` where a field is left."""
    filled = fill(text, known)
    left = unfilled(filled)
    if left:
        raise bad_input(
            "unfilled_field", f"还没有填好：{_braced(left)}。请改成要写的内容再发送。", fields=left
        )
    return filled


def _braced(names: list[str]) -> str:
    return "、".join(f"{{{name}}}" + (f"（{FIELDS[name]}）" if name in FIELDS else "") for name in names)


def _of(row: CannedReply) -> Canned:
    return Canned(row.key, row.title, row.text, row.when, row.active, changed=True)
