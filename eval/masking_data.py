"""Made-up personal data in all disguises, and numbers that name nobody, in customers' sentences."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from actions.store.masking.checks import id_check, luhn
from eval import masking_places as places
from eval.masking_disguises import HARD, disguises_of

SENTENCES = Path(__file__).with_name("masking.yml")
PARTS = ("tune", "report")
PROVINCES = (
    "110101",
    "310115",
    "330106",
    "440305",
    "510104",
    "420111",
    "370202",
    "610113",
    "230103",
    "650102",
)
FIRST = date(1945, 1, 1)
MAILS = ("qq.com", "163.com", "126.com", "gmail.com", "sina.com.cn", "foxmail.com", "bank.com.cn")
NAMES = ("zhangwei", "li.na", "wangfang88", "chen_jie", "liuyang1990", "zhao-lei", "sunny2020", "huangmin")
STATES = ("100", "4.35%", "3.65％", "14.4%", "万分之五", "0.05%", "24%", "1.2厘", "年化 7.2%", "3.1%-4.9%")
Made = tuple[str, Callable[[str], set[int]]]  # a value, and which of its characters must be hidden


@dataclass(frozen=True, slots=True)
class Case:
    """One sentence. `secret` are the positions that must be starred, `value` those that may be."""

    kind: str
    disguise: str
    text: str
    secret: frozenset[int]
    value: frozenset[int]


def sentences() -> Mapping[str, Any]:
    """Return the sentences: personal or harmless, kind, part."""
    found: Mapping[str, Any] = yaml.safe_load(SENTENCES.read_text(encoding="utf-8"))
    return found


def positives(part: str, count: int, seed: int) -> Iterator[Case]:
    """Yield at least `count` sentences with one personal value each, kinds and disguises in turn."""
    rng, made = random.Random(seed), 0
    forms = sentences()["personal"]
    while made < count:
        for kind, make in PERSONAL.items():
            for disguise in disguises_of(kind):
                yield _case(kind, disguise, rng.choice(forms[kind][part]), make(rng), rng)
                made += 1


def _case(kind: str, name: str, form: str, made: Made, rng: random.Random) -> Case:
    """Put a value, disguised, into a sentence; both together may change its length."""
    value, hidden_of = made
    hidden = hidden_of(value)
    shown: list[tuple[str, bool]] = {**disguises_of(kind), **HARD}[name](value, hidden, rng)
    start = form.index("{x}")
    text = form.replace("{x}", "".join(char for char, _ in shown))
    secret = frozenset(start + at for at, (_, must) in enumerate(shown) if must)
    return Case(kind, name, text, secret, frozenset(range(start, start + len(shown))))


def hard(part: str, count: int, seed: int) -> Iterator[Case]:
    """Yield mobile numbers in disguises that no rule is made for."""
    rng, forms = random.Random(seed), sentences()["personal"]["mobile"][part]
    for at in range(count):
        name = list(HARD)[at % len(HARD)]
        yield _case("mobile", name, rng.choice(forms), _mobile(rng), rng)


def negatives(part: str, count: int, seed: int) -> Iterator[Case]:
    """Yield at least `count` sentences in which nothing may be starred, kinds in turn."""
    rng, made = random.Random(seed), 0
    forms = sentences()["harmless"]
    while made < count:
        for kind, make in HARMLESS.items():
            text = rng.choice(forms[kind][part]).replace("{x}", make(rng))
            yield Case(kind, "plain", text, frozenset(), frozenset())
            made += 1


def _digits(rng: random.Random, size: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(size))


def _inner(first: int, last: int) -> Callable[[str], set[int]]:
    return lambda value: set(range(first, len(value) - last))


def _mobile(rng: random.Random) -> Made:
    return "1" + rng.choice("3456789") + _digits(rng, 9), _inner(3, 4)


def _landline(rng: random.Random) -> Made:
    area = rng.choice(("010", "021", "020", "028", "0755", "0571", "0512", "0898"))
    local = rng.choice("2345678") + _digits(rng, 7 if len(area) == 3 else rng.choice((6, 7)))
    return area + local, _inner(len(area), 4)


def _day(rng: random.Random) -> date:
    return FIRST + timedelta(days=rng.randrange(60 * 365))


def _id(rng: random.Random) -> Made:
    body = f"{rng.choice(PROVINCES)}{_day(rng):%Y%m%d}{_digits(rng, 3)}"
    return body + id_check(body), _inner(3, 2)


def _old_id(rng: random.Random) -> Made:
    day = FIRST + timedelta(days=rng.randrange(50 * 365))
    return f"{rng.choice(PROVINCES)}{day:%y%m%d}{_digits(rng, 3)}", _inner(3, 2)


def _card(rng: random.Random) -> Made:
    start = rng.choice(("622202", "621700", "622848", "6225", "4367", "5187", "6216"))
    body = start + _digits(rng, rng.choice((16, 19)) - len(start) - 1)
    return next(body + last for last in "0123456789" if luhn(body + last)), _inner(0, 4)


def _permit(rng: random.Random) -> Made:
    head = rng.choice(("E", "G", "EA", "EJ"))
    return head + _digits(rng, 9 - len(head)), _inner(1, 2)


def _hk_permit(rng: random.Random) -> Made:
    return rng.choice("CHM") + _digits(rng, 8), _inner(1, 2)


def _email(rng: random.Random) -> Made:
    user = rng.choice((*NAMES, str(rng.randrange(10**5, 10**10))))
    return f"{user}@{rng.choice(MAILS)}", lambda value: set(range(1, value.index("@")))


def _address(rng: random.Random) -> Made:
    district, detail = places.home(rng)
    return district + detail, lambda value: {
        at for at in range(len(district), len(value)) if value[at].isalnum()
    }


def _plate(rng: random.Random) -> Made:
    size = rng.choice((5, 6))
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
    return (
        rng.choice("京沪粤浙苏川") + rng.choice("ABCDE") + "".join(rng.choice(letters) for _ in range(size)),
        _inner(2, 2),
    )


def _wechat(rng: random.Random) -> Made:
    return f"{rng.choice(('wx', 'lily', 'zhao_', 'a'))}{_digits(rng, 6)}", _inner(1, 2)


def _qq(rng: random.Random) -> Made:
    return str(rng.randrange(10**5, 10**10)), _inner(1, 2)


def _amount(rng: random.Random) -> str:
    yuan = round(10 ** rng.uniform(0.5, 8.5), 2)
    return rng.choice(
        (
            f"{yuan:.2f}元",
            f"{yuan:,.2f}元",
            f"{int(yuan)}块",
            f"¥{yuan:,.2f}",
            f"{int(yuan)} 元",
            f"{yuan / 1e4:.2f}万",
            f"{int(yuan)}人民币",
            f"{int(yuan)},{rng.randrange(100, 999)}元和{rng.randrange(1000, 99999)}元",
            rng.choice(("三千二", "一万五", "壹仟叁佰元整", "二十三万四千五百六十七元")),
        )
    )


def _order(rng: random.Random) -> str:
    day = datetime(2026, 1, 1) + timedelta(seconds=rng.randrange(10**7) * 3)  # noqa: DTZ001
    size = rng.randrange(16, 25)
    return rng.choice(
        (
            _digits(rng, size),
            f"{day:%Y%m%d%H%M%S}{_digits(rng, size - 14)}",
            "42000" + _digits(rng, 23),
            f"{day:%Y%m%d}-{_digits(rng, 6)}-{_digits(rng, 4)}",
            "WX" + _digits(rng, 16),
            "62" + _digits(rng, 17),
            f"1{rng.choice('3456789')}" + _digits(rng, 10),
            " ".join(_digits(rng, 4) for _ in range(4)),
        )
    )


def _date(rng: random.Random) -> str:
    day = datetime(2019, 1, 1) + timedelta(seconds=rng.randrange(10**8) * 2)  # noqa: DTZ001
    return rng.choice(
        (
            f"{day:%Y-%m-%d}",
            f"{day:%Y-%m-%d %H:%M:%S}",
            f"{day:%Y年%m月%d日}",
            f"{day:%Y%m%d}",
            f"{day:%Y/%m/%d %H:%M}",
            f"{day:%Y.%m.%d}",
            f"{day.month}月{day.day}号",
            f"{day:%Y%m%d%H%M%S}",
            "二〇二五年十一月二十三日",
            f"{day:%Y.%m.%d}-{day:%Y.%m.%d}",
        )
    )


def _ticket(rng: random.Random) -> str:
    day, last = _day(rng).replace(year=2026 - rng.randrange(15), day=rng.randrange(1, 28)), _digits(rng, 5)
    return rng.choice((f"TS{day:%y%m%d}-{last}", f"ts{day:%y%m%d}{last}", f"TS {day:%y%m%d} {last}"))


def _rate(rng: random.Random) -> str:
    value = rng.uniform(0.1, 36)
    return rng.choice((f"{value:.2f}%", f"{value:.4f}%", f"{value:.1f}％到{value + 2:.1f}％", *STATES[4:5]))


def _hotline(rng: random.Random) -> str:
    return rng.choice(
        (
            "95588",
            "95533",
            "12378",
            "12363",
            "10086",
            "400-820-8888",
            "4008208888",
            "400 610 6789",
            "12315",
            "1069" + _digits(rng, 4),
            "955" + _digits(rng, 2),
            "800-820-1234",
        )
    )


def _place(rng: random.Random) -> str:
    return places.business(rng)


PERSONAL: dict[str, Callable[[random.Random], Made]] = {
    "mobile": _mobile,
    "landline": _landline,
    "id": _id,
    "old_id": _old_id,
    "card": _card,
    "permit": _permit,
    "hk_permit": _hk_permit,
    "email": _email,
    "address": _address,
    "plate": _plate,
    "wechat": _wechat,
    "qq": _qq,
}
HARMLESS: dict[str, Callable[[random.Random], str]] = {
    "amount": _amount,
    "order": _order,
    "date": _date,
    "ticket": _ticket,
    "rate": _rate,
    "hotline": _hotline,
    "place": _place,
}
