"""How exams, their questions and results read in the chat; no key before it may be seen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from math import ceil

from actions.desk.workdays import SHANGHAI
from actions.rasa.services import services
from actions.service.replies import Button, Reply, ReplyKind
from actions.store.tables.training import AttemptKind, Disclosure, QuizPaper
from actions.training.disclosure import Seen
from actions.training.exams import Kept, Sheet, Standing
from actions.training.questions import QuestionType
from actions.training.views import Feedback, Result, ReviewItem, ShownItem

EXPLAINED = 3  # wrong answers that are explained in the chat; the page has all of them
NAMED = 20
RETURN, LEAVE_EXAM = "继续考试", "退出考试"
HAND_IN, CONFIRM, GO_ON = "交卷", "确认交卷", "继续作答"
_QUIZ = {"outcome": "quiz"}


def url_of(attempt_id: str) -> str:
    """Return the page on which an attempt goes on."""
    return f"/training/exams/{attempt_id}"


def left_words(deadline_at: datetime | None, now: datetime) -> str:
    """Return how much time is left: 剩 26 分 10 秒, or 不限时."""
    if deadline_at is None:
        return "不限时"
    minutes, seconds = divmod(max(0, ceil((deadline_at - now).total_seconds())), 60)
    return f"剩 {minutes} 分 {seconds} 秒" if minutes else f"剩 {seconds} 秒"


def rules_of(one: Standing) -> str:
    """Return what somebody should know of a paper before they begin it."""
    paper = one.paper
    total = sum(line["count"] for line in paper.blueprint)
    left = "次数不限" if one.attempts_left is None else f"还可作答 {one.attempts_left} 次"
    rules = [
        "考试" if paper.kind is AttemptKind.EXAM else "练习",
        f"{total} 题",
        f"限时 {paper.minutes} 分钟" if paper.minutes else "不限时",
        f"{paper.pass_percent}% 合格",
        left,
    ]
    if paper.closes_at:
        rules.append(f"{_moment(paper.closes_at)}截止")
    return "，".join(rules)


def paper_line(one: Standing, now: datetime, running: Sheet | None) -> str:
    """Return one line of the list of papers: what it is, by when, and what stands in its way."""
    due = f"；{_moment(one.due.due_at)}前完成{'，已超时' if one.due.due_at <= now else ''}" if one.due else ""
    if running:
        attempt = running.attempt
        state = (
            f"；正在作答，已答 {running.answered} / {attempt.total}，{left_words(attempt.deadline_at, now)}"
        )
    else:
        state = f"；{one.refusal.message}" if one.refusal else "；已合格" if one.passed else ""
    return f"《{one.paper.title}》：{rules_of(one)}{due}{state}"


def _moment(at: datetime) -> str:
    local = at.astimezone(SHANGHAI)
    return f"{local.month}月{local.day}日 {local:%H:%M}"


def before_reply(one: Standing) -> Reply:
    """Return what is said before a paper is begun."""
    clock = "开始后计时，离开也不停，到时间自动交卷。" if one.paper.minutes else ""
    marked = "答完一题马上看解析。" if one.paper.disclosure is Disclosure.AFTER_EACH else "交卷后判分。"
    text = f"《{one.paper.title}》：{rules_of(one)}。{clock}{marked}现在开始吗？"
    return Reply(ReplyKind.TEXT, text, _QUIZ, (Button("开始作答", "开始作答"), Button("先不考", "先不考")))


def exam_item(item: ShownItem, kept: Kept, sheet: Sheet, *, now: datetime) -> Reply:
    """Return a question of an exam with what is kept of it, its options and the ways on as buttons."""
    options = "".join(f"\n{option.key}. {option.text}" for option in item.options)
    many = "（可多选）" if item.type is QuestionType.MULTIPLE else ""
    case = f"案例：{item.scenario}\n" if item.scenario else ""
    left = left_words(sheet.attempt.deadline_at, now)
    flagged = "，已标记" if kept.flagged else ""
    given = f"\n您现在的答案：{'、'.join(kept.given)}" if kept.given else ""
    text = (
        f"{case}第 {item.index} 题，共 {item.total} 题（已答 {sheet.answered} 题，{left}{flagged}）："
        f"{item.stem}{many}{options}{given}"
    )
    data = {
        **item.data(),
        "given": list(kept.given),
        "reply_prefix": f"第 {item.index} 题：",
        "exam": exam_data(sheet, item.index, flagged=kept.flagged),
    }
    return Reply(ReplyKind.QUIZ_ITEM, text, data, _item_buttons(item, kept))


def exam_data(sheet: Sheet, index: int = 0, *, flagged: bool = False) -> dict[str, object]:
    """Return what a card shows beside a question: where it stands in the attempt, and when that ends."""
    attempt = sheet.attempt
    return {
        "attempt_id": attempt.id,
        "index": index,
        "total": attempt.total,
        "answered": sheet.answered,
        "flagged": flagged,
        "ends_at": attempt.deadline_at.isoformat() if attempt.deadline_at else None,
        "url": url_of(attempt.id),
    }


def _item_buttons(item: ShownItem, kept: Kept) -> tuple[Button, ...]:
    """Return buttons; one of an option names its question, so that an old card answers no other."""
    many = item.type is QuestionType.MULTIPLE
    keys = () if many else tuple(Button(o.key, f"第 {item.index} 题：{o.key}") for o in item.options)
    around = (["上一题"] if item.index > 1 else []) + (["下一题"] if item.index < item.total else [])
    ways = [*around, "取消标记" if kept.flagged else "标记", "答题卡", HAND_IN, LEAVE_EXAM]
    return (*keys, *(Button(way, way) for way in ways))


def sheet_reply(sheet: Sheet, *, notice: str, now: datetime) -> Reply:
    """Return the overview: what is answered, open, flagged, and how much time is left."""
    attempt = sheet.attempt
    left = left_words(attempt.deadline_at, now)
    text = f"{notice}答题卡：共 {attempt.total} 题，已答 {sheet.answered} 题，{left}。{open_words(sheet)}"
    text += "说“第 3 题”可以跳到那一题。"
    places = [{"index": p.index, "answered": p.answered, "flagged": p.flagged} for p in sheet.places]
    data = {**_QUIZ, "exam": {**exam_data(sheet), "places": places}}
    missing = next((one.index for one in sheet.places if not one.answered), 0)
    go = [f"第 {missing} 题"] if missing else []
    return Reply(ReplyKind.TEXT, text, data, tuple(Button(way, way) for way in [*go, HAND_IN, LEAVE_EXAM]))


def open_words(sheet: Sheet) -> str:
    """Return which questions have no answer, and which are flagged."""
    missing = [one.index for one in sheet.places if not one.answered]
    flagged = [one.index for one in sheet.places if one.flagged]
    said = f"还没有答：第 {_numbers(missing)} 题。" if missing else "都答完了。"
    return said + (f"已标记：第 {_numbers(flagged)} 题。" if flagged else "")


def _numbers(places: Sequence[int]) -> str:
    more = "等" if len(places) > NAMED else ""
    return "、".join(map(str, places[:NAMED])) + more


def hand_in_reply(sheet: Sheet, *, notice: str, now: datetime) -> Reply:
    """Return the question before a paper is handed in, naming what is open or flagged."""
    left = left_words(sheet.attempt.deadline_at, now)
    text = f"{notice}{open_words(sheet)}{left}。交卷后不能再改，现在交卷吗？"
    data = {**_QUIZ, "exam": exam_data(sheet)}
    return Reply(ReplyKind.TEXT, text, data, (Button(CONFIRM, CONFIRM), Button(GO_ON, GO_ON)))


def left_reply(sheet: Sheet, title: str, *, then: str, now: datetime) -> Reply:
    """Return what is said to who leaves a running exam: the clock goes on, and how to come back."""
    attempt = sheet.attempt
    clock = "这份试卷不限时"
    if attempt.deadline_at:
        clock = f"计时不会停，还{left_words(attempt.deadline_at, now)}，到时间按保存的答案自动交卷"
    text = (
        f"已离开《{title}》，答案已保存（{sheet.answered} / {attempt.total} 题），{clock}。"
        f"说“{RETURN}”接着答，也可以在页面上接着答：{url_of(attempt.id)}{then}"
    )
    ways = (Button(RETURN, RETURN), *((Button("我要投诉", "我要投诉"),) if then else ()))
    return Reply(ReplyKind.TEXT, text, {**_QUIZ, "exam": exam_data(sheet)}, ways)


def exam_result(result: Result, paper: QuizPaper, review: Sequence[ReviewItem], how: str) -> list[Reply]:
    """Return the outcome of a paper with as much of it as its rule discloses: `review` holds no more."""
    verdict = "合格" if result.passed else "未合格"
    page = f"/training/attempts/{result.attempt_id}/result"
    text = (
        f"《{paper.title}》得 {result.score} 分"
        f"（满分 {result.max_score} 分，合格线 {result.pass_mark} 分），{verdict}。逐题回顾：{page}"
    )
    data = {**result.data(), "title": paper.title, "url": page, "by_deadline": result.by_deadline}
    replies = [Reply(ReplyKind.QUIZ_RESULT, text, data, (Button("我的成绩", "我的成绩"),))]
    if how:
        replies.insert(0, _text(how))
    return [*replies, *_told(paper, review)]


def _told(paper: QuizPaper, review: Sequence[ReviewItem]) -> list[Reply]:
    wrong = [one for one in review if one.seen >= Seen.MARKS and not one.correct]
    keys = [one for one in wrong if one.seen >= Seen.KEYS]
    if not any(one.seen >= Seen.MARKS for one in review):
        closes = f"（{_moment(paper.closes_at)}）" if paper.closes_at else ""
        return [_text(f"哪些题答对了、正确答案和解析，试卷截止{closes}后才能看。")]
    if not wrong:
        return [_text("全部答对了。")]
    where = "\n".join(
        f"第 {one.item.index} 题：{one.section} {services().section_title(one.section)}".rstrip()
        for one in wrong[:NAMED]
    )
    more = "" if keys else "\n正确答案和解析在合格以后或试卷截止后可以看。"
    told = _text(f"没有答对 {len(wrong)} 题，请看《{services().manual_title()}》：\n{where}{more}")
    return [told, *(_explained(one) for one in keys[:EXPLAINED])]


def _text(text: str) -> Reply:
    return Reply(ReplyKind.TEXT, text, _QUIZ, ())


def _place(section: str) -> str:
    return f"《{services().manual_title()}》{section} {services().section_title(section)}".rstrip()


def _explained(one: ReviewItem) -> Reply:
    """Return the explanation of a wrong answer that may be seen."""
    item = one.item
    feedback = Feedback(
        attempt_id=item.attempt_id, index=item.index, total=item.total, correct=one.correct, given=one.given,
        answer=one.answer, explanation=one.explanation, section=one.section, sentence=one.sentence,
        points=one.points, max_points=item.max_points, finished=True,
    )  # fmt: skip
    reply = feedback_reply(feedback, item)
    data = {**reply.data, "stem": item.stem}
    return Reply(reply.kind, f"第 {item.index} 题：{item.stem}\n{reply.text}", data, ())


def feedback_reply(feedback: Feedback, item: ShownItem) -> Reply:
    """Return what is learnt from an answer, with its source; the right options are named in full."""
    texts = {option.key: option.text for option in item.options if option.key in "ABCDEFGH"}
    right = [f"{key} {texts[key]}" if key in texts else key for key in feedback.answer]
    key = ("或" if item.type is QuestionType.FILL else "；" if texts else "、").join(right)
    title = services().section_title(feedback.section)
    verdict = "答对了" if feedback.correct else f"答错了，正确答案是 {key}"
    source = f"出处：{_place(feedback.section)}「{feedback.sentence}」"
    text = (
        f"{verdict}，得 {feedback.points} 分（满分 {feedback.max_points}）。{feedback.explanation}\n{source}"
    )
    return Reply(ReplyKind.QUIZ_FEEDBACK, text, {**feedback.data(), "title": title, "right": key}, ())
