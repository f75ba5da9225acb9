"""Practice in the chat: one question after the other, feedback at once, taken up again where it was left."""

from __future__ import annotations

from sqlalchemy.orm import Session

from actions.rasa.quiz_reading import Meaning, read
from actions.rasa.quiz_slots import ATTEMPT, LEAVE, Mode, again, asks, ends
from actions.rasa.quiz_words import feedback_reply
from actions.rasa.services import services
from actions.rasa.talk import Events, Talk
from actions.service.replies import Button, Reply, ReplyKind
from actions.store.tables.training import AttemptKind
from actions.training import attempts, daily, exams, plans
from actions.training.grading import HOW_TO_ANSWER
from actions.training.questions import QuestionType
from actions.training.views import Feedback, Result, ShownItem
from knowledge.errors import WenjinError

REVIEW = "错题再练一遍"  # what the button says: a sentence that is understood as the wish for a quiz
_NOT_NOW = frozenset({"in_exam", "time_over", "attempt_finished"})


def begin(talk: Talk, user_id: str) -> Events:
    """Ask the first question of a practice, or the next of the one that is open."""
    known = attempts.open_attempt(talk.session, user_id)
    attempt = attempts.start(
        talk.session,
        user_id=user_id,
        conversation_id=talk.turn.conversation_id,
        size=services().quiz_size,
        pass_percent=services().pass_percent,
        seed=talk.turn.rng.getrandbits(63),
        manual_version=services().manual_version(),
        now=talk.now,
    )
    notice = (
        f"接着上次的测验，已答 {known.answered} 题，共 {known.total} 题。"
        if known
        else _opening(attempt.total)
    )
    return asks(Mode.PRACTICE, attempt=attempt.id, notice=notice)


def begin_review(talk: Talk, user_id: str) -> Events:
    """Ask today's set of the review book, or say that there is nothing to ask."""
    known = daily.standing(talk.session, user_id, talk.now)
    try:
        attempt = daily.start(
            talk.session,
            user_id=user_id,
            conversation_id=talk.turn.conversation_id,
            pass_percent=services().pass_percent,
            seed=talk.turn.rng.getrandbits(63),
            manual_version=services().manual_version(),
            now=talk.now,
        )
    except WenjinError as error:
        if error.code != "nothing_to_review":
            raise
        talk.say_text(error.message, "开始测验", outcome="quiz")
        return ends("nothing")
    begun = f"接着今天的复习，已答 {attempt.answered} 题。" if known.open else f"到期的错题 {known.due} 道。"
    notice = f"今天的复习共 {attempt.total} 题，{begun}随时可以说“{LEAVE}”，进度会保留。"
    return asks(Mode.PRACTICE, attempt=attempt.id, notice=notice)


def _opening(total: int) -> str:
    rules = f"测验共 {total} 题，{services().pass_percent}% 合格，答完一题马上看解析。"
    return f"{rules}随时可以说“{LEAVE}”，进度会保留。"


def current(talk: Talk) -> ShownItem | None:
    """Return the open question: of the attempt that was begun here, else of the person's newest."""
    user_id, begun = str(talk.turn.user_id), talk.slot(ATTEMPT)
    exams.settle(talk.session, user_id=user_id, now=talk.now)
    attempt = attempts.open_by_id(talk.session, str(begun), user_id) if begun else None
    if attempt is None or not attempt.marked_at_once:
        attempt = attempts.open_attempt(talk.session, user_id)
    return attempts.current_item(talk.session, attempt) if attempt else None


def hear(talk: Talk) -> Events:
    """Mark the answer, or leave the sentence to the rules."""
    item = current(talk)
    if item is None:
        return ends("left")
    try:
        feedback = _mark(talk, item)
    except WenjinError as error:
        if error.code not in _NOT_NOW:
            raise
        talk.say_text(error.message, outcome="quiz")
        return ends("nothing" if error.code == "in_exam" else "left")
    if feedback is None:
        return _not_taken(item, read(talk.heard, item.type, readable=False))
    talk.say(feedback_reply(feedback, item))
    return ends("finished") if feedback.finished else again()


def _mark(talk: Talk, item: ShownItem) -> Feedback | None:
    """Return the feedback on what was said, None where it is no answer."""
    if read(talk.heard, item.type, readable=True) is not Meaning.ANSWER:
        return None
    try:
        return attempts.answer(
            talk.session,
            attempt_id=item.attempt_id,
            user_id=str(talk.turn.user_id),
            item_index=item.index,
            given=talk.heard.text,
            now=talk.now,
        )
    except WenjinError as error:
        if error.code != "unreadable_answer":
            raise
        return None


def _not_taken(item: ShownItem, meaning: Meaning) -> Events:
    if meaning is Meaning.INTERRUPT:
        return []
    if meaning in (Meaning.LEAVE, Meaning.COMPLAIN):
        return ends(str(meaning))
    return again(HOW_TO_ANSWER[item.type] if meaning is Meaning.ANSWER else "")


def show(talk: Talk, notice: str) -> Events:
    """Show the question with its options as buttons; a card shows it alone, so a notice comes before."""
    item = current(talk)
    if item and notice.strip():
        talk.say_text(notice.strip(), outcome="quiz")
    if item:
        talk.say(item_reply(item))
    return []


def end(talk: Talk, how: str) -> list[Reply]:
    """Return the result, or how to go on later."""
    attempt_id, user_id = talk.slot(ATTEMPT), str(talk.turn.user_id)
    over = bool(attempt_id) and attempts.open_by_id(talk.session, str(attempt_id), user_id) is None
    if how == "finished" or over:
        result = attempts.finish(talk.session, attempt_id=str(attempt_id), user_id=user_id, now=talk.now)
        late = _text("时间已到，已按之前的答案交卷。") if result.by_deadline else None
        return [*([late] if late else []), result_reply(talk.session, result)]
    if how == Meaning.COMPLAIN:
        return [_text("测验进度已保留。现在可以登记投诉。", "我要投诉", "开始测验")]
    return [_text("已退出测验，进度已保留。说“开始测验”可以接着做。", "开始测验")]


def _text(text: str, *ways: str) -> Reply:
    return Reply(ReplyKind.TEXT, text, {"outcome": "quiz"}, tuple(Button(way, way) for way in ways))


def book_reply(standing: daily.Standing) -> Reply:
    """Return what is in the review book, and a way to begin."""
    weak = "、".join(f"{one.name}（{one.percent}%）" for one in standing.weak[:3])
    text = f"错题本里有 {len(standing.entries)} 道题，今天该复习 {standing.due} 道。"
    text += f"正确率最低的主题：{weak}。" if weak else ""
    return Reply(ReplyKind.TEXT, text, {"outcome": "quiz"}, (Button("今天的复习", REVIEW),))


def item_reply(item: ShownItem) -> Reply:
    """Return a question as a reply that can be read and answered without buttons."""
    options = "".join(f"\n{option.key}. {option.text}" for option in item.options)
    many = "（可多选）" if item.type is QuestionType.MULTIPLE else ""
    case = f"案例：{item.scenario}\n" if item.scenario else ""
    text = f"{case}第 {item.index} 题，共 {item.total} 题：{item.stem}{many}{options}"
    keys = () if item.type is QuestionType.MULTIPLE else tuple(Button(o.key, o.key) for o in item.options)
    return Reply(ReplyKind.QUIZ_ITEM, text, item.data(), (*keys, Button(LEAVE, LEAVE)))


def result_reply(s: Session, result: Result) -> Reply:
    """Return the outcome of a quiz, named after its paper."""
    verdict = "合格" if result.passed else "未合格"
    title = _title(s, result)
    most, mark = result.max_score, result.pass_mark
    text = f"{title}得分 {result.score} 分（满分 {most} 分，合格线 {mark} 分），{verdict}。"
    once_more = {AttemptKind.REVIEW: REVIEW, AttemptKind.EXAM: "我要考试"}.get(result.kind, "开始测验")
    return Reply(
        ReplyKind.QUIZ_RESULT, text, {**result.data(), "title": title}, (Button("再做一次", once_more),)
    )


def _title(s: Session, result: Result) -> str:
    if result.paper_id:
        return f"《{plans.get(s, result.paper_id).title}》"
    return "复习" if result.kind is AttemptKind.REVIEW else "测验"
