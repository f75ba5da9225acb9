"""What is recognised in a complaint: amounts, days, numbers, products, and the place that it speaks of.

Words are matched by spaCy, things with a fixed form by rules (`actions.desk.forms`). What is found is kept
with the ticket, encrypted: `amounts` [{text, value}], `days` [{text, from, to}], `orders`, `cards` (last
digits), `phones`, `tickets`, `products`, `places`; a kind of which there is nothing is left out.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from actions.desk import amounts, days, forms
from actions.store.masking import mask
from knowledge.text import simplified

# What customers call a product or service, each with the words that name it.
PRODUCTS: dict[str, tuple[str, ...]] = {
    "提现": ("提现", "取现", "取钱", "提款"),
    "充值": ("充值", "充话费"),
    "转账": ("转账", "汇款"),
    "支付": ("支付", "付款", "代扣", "免密"),
    "贷款": ("贷款", "借款", "网贷", "消费贷"),
    "信用卡": ("信用卡",),
    "理财": ("理财",),
    "基金": ("基金", "定投"),
    "保险": ("保险", "理赔", "保单", "退保"),
    "会员": ("会员", "自动续费"),
    "催收": ("催收", "催款"),
    "征信": ("征信",),
    "优惠活动": ("优惠券", "红包", "返现", "抽奖", "满减"),
    "账户": (),
}
# Words that speak of one without naming it: 信用卡逾期 is about the card, 逾期了 about a loan.
HINTS: dict[str, tuple[str, ...]] = {
    "支付": ("扣款", "扫码", "付钱"),
    "贷款": ("利息", "放款", "还款", "逾期", "罚息", "分期"),
    "理财": ("赎回", "收益"),
    "账户": ("账户", "账号", "帐号", "帐户", "注销", "实名", "登录", "登不上", "人脸识别", "冻结"),
}
SERVICE, SERVICE_WORDS = "客服服务", ("客服", "工号", "态度", "挂电话", "挂我电话")
# A complaint about something else often ends with how nobody answered: then it is not about the service.
_OTHER_MATTER = re.compile(r"[钱款费账帐卡额]|\d[\d.,]*[元块]|订单|登录|登不|冻结|快递|退货")
_ABOUT_SERVICE = re.compile(r"客服|工号|态度|电话|坐席|接线|[接打骂吼凶挂理等说问答回]|人工|敷衍|推诿|耐烦")
_CLAUSE = re.compile(r"[^，。,.；;！!？?、\s]+")
_NEVER = re.compile(r"(?:没有?|不会)用过?.{0,2}$")  # 她没用过手机支付 is not about it
_ASIDE = 3  # letters of a clause that says nothing by itself: 气死我, 第一次
# Where it happened, as keys of the axis "channel"; a sentence may name one.
PLACES: dict[str, tuple[str, ...]] = {
    "phone": ("电话里", "打电话", "打了电话", "热线", "来电", "坐席", "话务员", "接线员"),
    "branch": ("门店", "网点", "柜台", "柜员", "营业厅", "大堂", "窗口", "线下"),
    "wechat": ("微信", "公众号", "小程序", "企微"),
    "app": ("app", "手机应用", "手机软件"),
    "letter": ("寄信", "挂号信", "传真", "来信"),
}
_ENTITIES = {"order_number": "orders", "card": "cards", "phone": "phones", "ticket_number": "tickets"}
MOST = 8  # things of one kind that are kept


@lru_cache(maxsize=1)
def _matcher() -> Any:
    """Return a spaCy pipeline that marks the words above; its tokens are single characters."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import spacy

        nlp = spacy.blank("zh")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns(
        [
            {"label": label, "id": name, "pattern": word}
            for label, table in (
                ("products", PRODUCTS),
                ("products", HINTS),
                ("products", {SERVICE: SERVICE_WORDS}),
                ("places", PLACES),
            )
            for name, words in table.items()
            for word in words
        ]
    )
    return nlp


def find(text: str, today: date, known: Mapping[str, Mapping[str, str]] | None = None) -> dict[str, Any]:
    """Return what a text names; days are counted from `today`, the day it was said.

    `known` are days that were found before, by their words: they stay what they were.
    """
    plain = simplified(forms.half_width(text))
    found: dict[str, list[Any]] = {}
    for one in forms.find(plain):
        if one.kind in _ENTITIES:
            found.setdefault(_ENTITIES[one.kind], []).append(one.value)
        elif one.kind == "amount":
            worth = amounts.value(one.value)
            found.setdefault("amounts", []).append(
                {"text": one.value, "value": "" if worth is None else f"{worth.normalize():f}"}
            )
        elif one.kind in ("date", "day"):
            found.setdefault("days", []).extend(_days(plain[one.start : one.end], today, known or {}))
    for label, name in named(plain):
        found.setdefault(label, []).append(name)
    return {kind: _distinct(values) for kind, values in found.items() if values}


def _days(text: str, today: date, known: Mapping[str, Mapping[str, str]]) -> list[dict[str, str]]:
    if text in known:
        return [dict(known[text])]
    return [
        {"text": text, "from": one.span.first.isoformat(), "to": one.span.last.isoformat()}
        for one in days.find(text, today)
    ]


def named(text: str) -> list[tuple[str, str]]:
    """Return the products and places that a text names, as (kind, name), in reading order."""
    return [(kind, name) for kind, name, _, _ in spots(text)]


def spots(text: str) -> list[tuple[str, str, int, int]]:
    """Return what `named` does with its place: kind, name, first character, the one after the last."""
    marked = _matcher()(simplified(text).lower()).ents
    return [(one.label_, one.ent_id_, one.start_char, one.end_char) for one in marked]


def product(text: str) -> str:
    """Return the one product that the text names, else the one that it hints at, or "".

    The service is what a complaint is about where it speaks of nothing else.
    """
    plain = simplified(text).lower()
    said = [
        (name, plain[start:end])
        for label, name, start, end in spots(text)
        if label == "products" and not _NEVER.search(plain[:start])
    ]
    things = [(name, word) for name, word in said if name != SERVICE]
    if said and not things:
        return SERVICE if _about_service(plain) else ""
    sure = _distinct([name for name, word in things if word in PRODUCTS[name]])
    names = sure or _distinct([name for name, _ in things])
    return str(names[0]) if len(names) == 1 else ""


def _about_service(plain: str) -> bool:
    """Tell whether a sentence speaks of how somebody was served and of nothing else."""
    if _OTHER_MATTER.search(plain) or any(name == "branch" for _, name in named(plain)):
        return False
    clauses = [one for one in _CLAUSE.findall(plain) if len(one) > _ASIDE]
    return all(_ABOUT_SERVICE.search(one) for one in clauses)


def _distinct(values: Sequence[Any]) -> list[Any]:
    kept: list[Any] = []
    for value in values:
        if value not in kept:
            kept.append(value)
    return kept[:MOST]


def largest_amount(found: Mapping[str, Any]) -> Decimal:
    """Return the largest sum that was named, in yuan, 0 without any."""
    sums = [Decimal(one["value"]) for one in found.get("amounts", ()) if one["value"]]
    return max(sums, default=Decimal(0))


def line(found: Mapping[str, Any], today: date) -> str:
    """Return what was recognised in one line: 涉及金额 3,000 元，11月20日，订单号 …."""
    sums = [amounts.words(Decimal(a["value"])) if a["value"] else a["text"] for a in found.get("amounts", ())]
    parts = [f"涉及金额 {'、'.join(sums)}"] if sums else []
    parts += [_span(one).words(today) for one in found.get("days", ())]
    parts += [f"订单号 {number}" for number in found.get("orders", ())]
    parts += [f"尾号 {number}" for number in found.get("cards", ())]
    return mask("，".join(parts))


def _span(day: Mapping[str, str]) -> days.Span:
    return days.Span(date.fromisoformat(day["from"]), date.fromisoformat(day["to"]))
