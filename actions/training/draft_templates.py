"""Narrow templates that make questions of a manual's own words, each of one sentence."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from actions.training.draft_reading import (
    Block,
    Figure,
    Item,
    Listed,
    Sentence,
    blocks,
    figures,
    list_in,
    sentences,
)
from actions.training.questions import FALSE, TRUE, QuestionType
from knowledge.document import Document

BLANK = "（　　）"
_TITLE = re.compile(r"《[^》]{4,40}》")
_PRINCIPLE = re.compile(
    r"[^。；]{4,}?(?:“|原则：|标准：|策略：)(?P<items>[^”：、，。]{2,8}(?:[、，][^”、，。]{2,8}){2,5})(?=[”。])"
)
_DEFINED = re.compile(r"^(?P<name>[^，。：]{2,16}?)(?:（[^）]*）)?(?:是指|指的是)(?P<said>[^。]{8,90})")
_DUTIES = {
    "不得": "可以",
    "坚决不允许": "视情况允许",
    "一律禁止": "经主管同意后可以例外",
    "要求": "建议但不要求",
}
_DUTY = re.compile(
    r"不得|坚决不允许|一律禁止|必须|应当|(?<![响对适反供效相])应(?=[^用急对收答变])|(?<![所必])需(?=[^求要])"
    r"|(?<=》)要求(?!，)|(?<![主重需纲摘首必都是只])要(?=[^求素点闻约么有是想靠看写])"
)
_ROUGH = re.compile(
    r"左右|大约|行业平均|约\d|报告|数据显示|预计|将"
)  # nobody need know such a figure by heart
_SUBJECT = re.compile(r"(?:企业|平台|机构|部门|公司|人员|员工|平台方|各方|双方|团队)$")
_ACTORS = (
    "合规部门",
    "风险管理部门",
    "金融机构",
    "监管机构",
    "征信机构",
    "支付机构",
    "客服",
    "第三方服务机构",
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A question as a template makes it; `options` holds the key first, then what is wrong.

    `target` is what is asked of the sentence: two drafts of one target say the same. `keys` counts the right
    options.
    """

    template: str
    type: QuestionType
    section: str
    sentence: str
    stem: str
    answer: tuple[str, ...]
    explanation: str
    target: str
    options: tuple[str, ...] = ()
    keys: int = 1
    difficulty: str = "easy"


@dataclass(frozen=True, slots=True)
class Source:
    """A manual as the templates read it."""

    document: Document
    sentences: tuple[Sentence, ...]
    figures: tuple[Figure, ...]
    lists: tuple[Listed, ...]
    blocks: tuple[Block, ...]
    titles: tuple[str, ...] = field(default=())


def source(document: Document) -> Source:
    """Read a manual for the templates."""
    found = tuple(sentences(document))
    titles = dict.fromkeys(
        title for one in found for title in _TITLE.findall(one.text) if "手册" not in title
    )
    return Source(
        document,
        found,
        tuple(figure for one in found for figure in figures(one)),
        tuple(held for one in found if one.alone and (held := list_in(one))),
        tuple(blocks(document)),
        tuple(titles),
    )


def drafts(manual: Source) -> Iterator[Draft]:
    """Yield what all templates make, the better ones first."""
    for template in TEMPLATES:
        yield from template(manual)


def _number(text: str) -> int:
    """Return a number that a text always has: what is picked by it is the same each time."""
    return zlib.crc32(text.encode())


def _picked(of: Sequence[str], count: int, by: str) -> tuple[str, ...]:
    return tuple(sorted(dict.fromkeys(of), key=lambda one: _number(by + one))[:count])


def _place(title: str, intro: str) -> str:
    """Return what announces a list, with its section where it is too short to be understood."""
    said = intro.rstrip("：:")
    where = "" if len(said) >= 16 else f"“{title}”一节"
    return f"手册{where}列举“{said}：……”。"


def figure_drafts(manual: Source) -> Iterator[Draft]:
    """Ask for a figure, a limit or a ratio: wrong ones are others of its unit; where too few, it is typed."""
    for one in manual.figures:
        sentence = one.sentence
        if not sentence.alone or sentence.anecdote:
            continue
        blanked = sentence.text[: one.start] + BLANK + sentence.text[one.start + len(one.text) :]
        same = [f.text for f in manual.figures if f.unit == one.unit and f.text not in sentence.text]
        number, text, target = sentence.section.number, sentence.text, f"{sentence.text}#{one.start}"
        if len(set(same)) >= 3:
            near = sorted(dict.fromkeys(same), key=lambda held: (abs(_value(held) - float(one.number)), held))
            yield Draft(
                "figure", QuestionType.SINGLE, number, text, f"{blanked}括号里应当是哪一项？", (one.text,),
                f"原文：{text}", target, (one.text, *near[:3]), 1, "medium",
            )  # fmt: skip
        elif not _ROUGH.search(text):
            blank = text[: one.start] + BLANK + text[one.start + len(one.number) :]
            yield Draft(
                "figure_typed",
                QuestionType.NUMERIC,
                number,
                text,
                blank,
                (one.number,),
                f"原文：{text}",
                target,
            )


def _value(text: str) -> float:
    return float(re.match(r"[\d.]+", text)[0])  # type: ignore[index]


def list_drafts(manual: Source) -> Iterator[Draft]:
    """Ask what is in a list inside of a sentence; wrong items come from lists of other sections."""
    for one in manual.lists:
        section = one.sentence.section
        text = "".join(p.text for p in section.paragraphs)
        other = [
            item
            for held in manual.lists
            if held.sentence.section.number != section.number
            for item in held.items
            if item not in text and not _akin(item, one.items)
        ]
        right, wrong = _picked(one.items, 3, one.lead), _picked(other, 2, one.sentence.text)
        if len(wrong) == 2:
            yield Draft(
                "list", QuestionType.MULTIPLE, section.number, one.sentence.text,
                f"{one.lead}{one.verb}下列哪些？", right, f"原文：{one.sentence.text}",
                one.sentence.text + "#list", (*right, *wrong), 3, "medium",
            )  # fmt: skip


def _akin(item: str, others: Sequence[str]) -> bool:
    """Tell whether an item shares two characters in a row with one of others: it may mean the same."""
    pairs = {item[at : at + 2] for at in range(len(item) - 1)}
    return any(pair in other for pair in pairs for other in others)


def block_drafts(manual: Source) -> Iterator[Draft]:
    """Ask which items a list of paragraphs has; wrong ones are names of lists in other sections."""
    for one in manual.blocks:
        names = [item.name for item in one.items]
        text = "".join(p.text for p in one.section.paragraphs)
        other = [
            item.name
            for held in manual.blocks
            if held.section.number != one.section.number
            for item in held.items
            if item.name not in text and not _akin(item.name, names)
        ]
        right, wrong = _picked(names, 3, one.intro), _picked(other, 2, one.intro)
        if len(wrong) == 2:
            yield Draft(
                "block", QuestionType.MULTIPLE, one.section.number, one.intro,
                f"{_place(one.section.title, one.intro)}下列哪些在其中？", right,
                f"原文列出的是：{'、'.join(names)}。", one.intro + "#block", (*right, *wrong), 3, "medium",
            )  # fmt: skip


def item_drafts(manual: Source) -> Iterator[Draft]:
    """Ask which item of a list is described; wrong ones are the other items of the same list."""
    for one in manual.blocks:
        for item in one.items:
            others = [held.name for held in one.items if held is not item]
            if _gives_away(item, others) or len(item.said) < 12:
                continue
            yield Draft(
                "item", QuestionType.SINGLE, one.section.number, item.text,
                f"{_place(one.section.title, one.intro)}其中哪一项的内容是“{_after_name(item)}”？",
                (item.name,), f"原文：{item.text}", item.text + "#name",
                (item.name, *_picked(others, 3, item.text)), 1, "medium",
            )  # fmt: skip


def _after_name(item: Item) -> str:
    return re.sub(r"^如(?=.)", "", item.said)


def _gives_away(item: Item, others: Sequence[str]) -> bool:
    """Tell whether the description has a pair of the name's characters that no other name has."""
    pairs = {item.name[at : at + 2] for at in range(len(item.name) - 1)}
    return any(pair in item.said and not any(pair in other for other in others) for pair in pairs)


def member_drafts(manual: Source) -> Iterator[Draft]:
    """Ask what belongs to an item of a list, and what it belongs to; wrong ones are of its neighbours."""
    for one in manual.blocks:
        for item in one.items:
            own = [m for m in item.members if item.name not in m and not _akin(m, [item.name])]
            others = [
                m for held in one.items if held is not item for m in held.members
                if m not in item.said and not _akin(m, [item.name])
            ]  # fmt: skip
            if own and len(set(others)) >= 3:
                key = _picked(own, 1, item.text)[0]
                yield Draft(
                    "member", QuestionType.SINGLE, one.section.number, item.text,
                    f"{_place(one.section.title, one.intro)}下列哪一项归在“{item.name}”之下？", (key,),
                    f"原文：{item.text}", item.text + "#" + key,
                    (key, *_picked(others, 3, item.text)), 1, "medium",
                )  # fmt: skip


def holder_drafts(manual: Source) -> Iterator[Draft]:
    """Ask to which item of a list something belongs; wrong ones are the other items."""
    for one in manual.blocks:
        for item in one.items:
            others = [held.name for held in one.items if held is not item]
            own = [m for m in item.members if not _akin(m, [item.name]) and item.name not in m]
            if len(own) >= 2 and not any(own[-1] in held.said for held in one.items if held is not item):
                asked = _picked(own, 2, item.text)[1]
                yield Draft(
                    "holder", QuestionType.SINGLE, one.section.number, item.text,
                    f"{_place(one.section.title, one.intro)}“{asked}”归在哪一项之下？",
                    (item.name,), f"原文：{item.text}", item.text + "#holder",
                    (item.name, *_picked(others, 3, item.text)), 1, "medium",
                )  # fmt: skip


def order_drafts(manual: Source) -> Iterator[Draft]:
    """Ask which step of a numbered list follows another; wrong ones are its other steps."""
    for one in manual.blocks:
        names = [item.name for item in one.items]
        if not one.ordered or len(names) < 5:
            continue
        for at in range(len(names) - 1):
            rest = [name for name in names if name not in names[at : at + 2]]
            yield Draft(
                "order", QuestionType.SINGLE, one.section.number, one.items[at + 1].text,
                f"{_place(one.section.title, one.intro)}紧接在“{names[at]}”后面的是哪一个？",
                (names[at + 1],),
                f"原文的先后是：{'、'.join(names)}。", one.intro + f"#after{at}",
                (names[at + 1], *_picked(rest, 3, names[at])), 1, "medium",
            )  # fmt: skip


def principle_drafts(manual: Source) -> Iterator[Draft]:
    """Leave out one of the principles in quotation marks, to be filled in."""
    for one in manual.sentences:
        found = _PRINCIPLE.search(one.text)
        if not found or not one.alone or one.anecdote:
            continue
        gone = _picked(re.split("[、，]", found["items"]), 1, one.text)[0]
        shown = found["items"].replace(gone, BLANK, 1)
        before, after = one.text[: found.start("items")], one.text[found.end("items") :]
        yield Draft(
            "principle", QuestionType.FILL, one.section.number, one.text, f"{before}{shown}{after}", (gone,),
            f"原文：{one.text}", one.text + "#principle", difficulty="medium",
        )  # fmt: skip


def definition_drafts(manual: Source) -> Iterator[Draft]:
    """Ask what a term means; wrong meanings are those of other terms."""
    held = [
        (one, m["name"], m["said"])
        for one in manual.sentences
        if one.alone and (m := _DEFINED.match(one.text))
    ]
    for one, name, said in held:
        others = [other for _, term, other in held if term != name]
        if len(others) >= 3:
            yield Draft(
                "definition", QuestionType.SINGLE, one.section.number, one.text,
                f"手册里，“{name}”指的是什么？",
                (said,), f"原文：{one.text}", one.text + "#definition",
                (said, *_picked(others, 3, one.text)), 1, "medium",
            )  # fmt: skip


def true_false_drafts(manual: Source) -> Iterator[Draft]:
    """Say a sentence as it is, or with one change: a duty made a choice, another figure, another actor."""
    for one in manual.sentences:
        if not one.alone or one.anecdote or not 16 <= len(one.text) <= 90:
            continue
        changes = [
            change for made in (_other_figure, _no_duty, _other_actor) if (change := made(one, manual))
        ]
        if not changes:
            continue
        said, what = changes[0]
        true = _number(one.text) % 2 == 0
        yield Draft(
            "true" if true else "false", QuestionType.TRUE_FALSE, one.section.number, one.text,
            one.text if true else said, (TRUE if true else FALSE,),
            f"原文：{one.text}" if true else f"{what}原文：{one.text}", one.text + "#truth",
        )  # fmt: skip


def _no_duty(one: Sentence, _manual: Source) -> tuple[str, str] | None:
    clear = re.sub(r"《[^》]*》", lambda m: "《" + "　" * (len(m[0]) - 2) + "》", one.text)
    found = _DUTY.search(clear)
    if found is None:
        return None
    other = _DUTIES.get(found[0]) or _no_need(clear, found)
    if not other:
        return None
    said = one.text[: found.start()] + other + one.text[found.end() :]
    return said, f"手册写的是“{found[0]}”，不是“{other}”。"


def _no_need(text: str, duty: re.Match[str]) -> str:
    """Return what makes a duty of no duty: a choice for who can choose; "" where it is unclear."""
    if re.match(r"[^，。]{1,5}的", text[duty.end() :]):
        return ""
    if _SUBJECT.search(text[: duty.start()]):
        return "可以自行决定是否"
    return "" if duty[0] == "要" else "不必"


def _other_figure(one: Sentence, manual: Source) -> tuple[str, str] | None:
    for figure in figures(one):
        other = [f.text for f in manual.figures if f.unit == figure.unit and f.text not in one.text]
        if other:
            text = _picked(other, 1, one.text)[0]
            end = figure.start + len(figure.text)
            return one.text[: figure.start] + text + one.text[end:], f"应当是{figure.text}。"
    return None


def _other_actor(one: Sentence, _manual: Source) -> tuple[str, str] | None:
    actor = next((actor for actor in _ACTORS if one.text.startswith(actor)), None)
    if actor is None or any(other in one.text for other in _ACTORS if other != actor):
        return None
    other = _picked([name for name in _ACTORS if name != actor], 1, one.text)[0]
    return other + one.text[len(actor) :], f"说的是{actor}，不是{other}。"


def title_drafts(manual: Source) -> Iterator[Draft]:
    """Ask which document demands something; wrong ones are other documents that the manual names."""
    for one in manual.sentences:
        named = _TITLE.findall(one.text)
        if len(named) != 1 or not one.alone or one.anecdote or named[0] not in manual.titles:
            continue
        title = named[0]
        said = one.text.replace(title, BLANK)
        likely = sorted(
            (other for other in manual.titles if other != title),
            key=lambda other: (-_shared(other, title, said), other[-3:] != title[-3:], _number(said + other)),
        )[:3]
        if _gives_away(Item("", title[1:-1], said, ()), likely):
            continue
        yield Draft(
            "title", QuestionType.SINGLE, one.section.number, one.text, f"{said}括号里是哪份文件？", (title,),
            f"原文：{one.text}", one.text + "#title", (title, *likely), 1, "hard",
        )  # fmt: skip


def _shared(other: str, title: str, said: str) -> int:
    """Count the pairs of characters that a stem has of a title and another title has, too."""
    pairs = {title[at : at + 2] for at in range(1, len(title) - 2)}
    return sum(pair in said and pair in other for pair in pairs)


TEMPLATES: tuple[Callable[[Source], Iterator[Draft]], ...] = (
    figure_drafts,
    principle_drafts,
    definition_drafts,
    list_drafts,
    block_drafts,
    item_drafts,
    member_drafts,
    holder_drafts,
    order_drafts,
    true_false_drafts,
    title_drafts,
)
