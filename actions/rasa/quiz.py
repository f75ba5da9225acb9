"""The quiz form: one question after the other, feedback at once, taken up again where it was left."""

from __future__ import annotations

import re
from typing import ClassVar

from actions.rasa.form import answers_now, keeps_silent, opens_now, request
from actions.rasa.quiz_reading import Meaning, read
from actions.rasa.services import services
from actions.rasa.talk import DialogueAction, Events, Talk, set_slots
from actions.service.replies import Button, Reply, ReplyKind
from actions.training import attempts, daily
from actions.training.grading import HOW_TO_ANSWER
from actions.training.questions import QuestionType
from actions.training.views import Feedback, Result, ShownItem
from knowledge.document import Audience
from knowledge.errors import WenjinError

FORM = "quiz_form"
ANSWER, ATTEMPT, NOTICE, END = "quiz_answer", "quiz_attempt", "quiz_notice", "quiz_end"
LEAVE = "退出测验"
STAFF_ONLY = "测验是给本机构员工用的，需要员工登录后才能做。您可以问我服务流程、投诉处理这类问题。"
SHOWN_RESULTS = 3
REVIEW = "错题再练一遍"  # what the button says: a sentence that is understood as the wish for a quiz
_REVIEWS = re.compile(r"错题|复习|错的题|每日|薄弱|弱项")


class ValidateQuizForm(DialogueAction):
    """Takes each sentence said during the quiz: an answer, a question in between, or the wish to leave."""

    action_name: ClassVar[str] = f"validate_{FORM}"

    def act(self, talk: Talk) -> Events:
        """Mark the answer, or leave the sentence to the rules."""
        events = talk.tracker.events
        if opens_now(events, FORM):
            return _open(talk)
        item = _current(talk)
        if item is None:
            return [*set_slots({END: "left"}), request(None)]
        if not answers_now(events, FORM):
            return [*set_slots({NOTICE: "我们接着做测验。"}), request(ANSWER)]
        return _take(talk, item)


def _open(talk: Talk) -> Events:
    if talk.audience is not Audience.STAFF or talk.turn.user_id is None:
        return [*set_slots({END: "refused", ATTEMPT: None}), request(None)]
    if _REVIEWS.search(talk.heard.text):
        return _open_review(talk, talk.turn.user_id)
    known = attempts.open_attempt(talk.session, talk.turn.user_id)
    attempt = attempts.start(
        talk.session,
        user_id=talk.turn.user_id,
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
    return [*set_slots({ANSWER: None, END: None, ATTEMPT: attempt.id, NOTICE: notice}), request(ANSWER)]


def _open_review(talk: Talk, user_id: str) -> Events:
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
        return [*set_slots({END: "nothing", ATTEMPT: None}), request(None)]
    begun = f"接着今天的复习，已答 {attempt.answered} 题。" if known.open else f"到期的错题 {known.due} 道。"
    notice = f"今天的复习共 {attempt.total} 题，{begun}随时可以说“{LEAVE}”，进度会保留。"
    return [*set_slots({ANSWER: None, END: None, ATTEMPT: attempt.id, NOTICE: notice}), request(ANSWER)]


def _opening(total: int) -> str:
    rules = f"测验共 {total} 题，{services().pass_percent}% 合格，答完一题马上看解析。"
    return f"{rules}随时可以说“{LEAVE}”，进度会保留。"


def _current(talk: Talk) -> ShownItem | None:
    """Return the open question: of the attempt that was begun here, else of the person's newest."""
    user_id, begun = talk.turn.user_id, talk.slot(ATTEMPT)
    if not user_id:
        return None
    attempt = attempts.open_by_id(talk.session, str(begun), user_id) if begun else None
    if attempt is None or not attempt.marked_at_once:
        attempt = attempts.open_attempt(talk.session, user_id)
    return attempts.current_item(talk.session, attempt) if attempt else None


def _take(talk: Talk, item: ShownItem) -> Events:
    heard = talk.heard
    feedback = _mark(talk, item) if _may_be_answer(talk, item) else None
    if feedback is None:
        return _not_taken(item, read(heard, item.type, readable=False))
    talk.say(feedback_reply(feedback, item))
    if feedback.finished:
        return [*set_slots({ANSWER: None, END: "finished"}), request(None)]
    return [*set_slots({ANSWER: None, NOTICE: ""}), request(ANSWER)]


def _may_be_answer(talk: Talk, item: ShownItem) -> bool:
    return read(talk.heard, item.type, readable=True) is Meaning.ANSWER


def _mark(talk: Talk, item: ShownItem) -> Feedback | None:
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
        return [*set_slots({END: str(meaning)}), request(None)]
    notice = HOW_TO_ANSWER[item.type] if meaning is Meaning.ANSWER else ""
    return [*set_slots({NOTICE: notice}), request(ANSWER)]


class AskQuizAnswer(DialogueAction):
    """Shows the question that is open."""

    action_name: ClassVar[str] = f"action_ask_{ANSWER}"

    def act(self, talk: Talk) -> Events:
        """Show the question with its options as buttons."""
        item = _current(talk)
        if item and not keeps_silent(talk.heard):
            talk.say(item_reply(item, str(talk.slot(NOTICE) or "")))
        return set_slots({NOTICE: ""})


class EndQuiz(DialogueAction):
    """Tells the result, or how to go on later."""

    action_name: ClassVar[str] = "action_quiz_end"

    def act(self, talk: Talk) -> Events:
        """Say how the quiz ended."""
        how, attempt_id = talk.slot(END), talk.slot(ATTEMPT)
        if how == "refused":
            talk.say_text(STAFF_ONLY, outcome="refused")
        elif how == "finished" and attempt_id and talk.turn.user_id:
            result = attempts.finish(
                talk.session, attempt_id=str(attempt_id), user_id=talk.turn.user_id, now=talk.now
            )
            talk.say(result_reply(result))
        elif how == "nothing":
            pass
        elif how == "complain":
            talk.say_text("测验进度已保留。现在可以登记投诉。", "我要投诉", "开始测验", outcome="quiz")
        else:
            talk.say_text("已退出测验，进度已保留。说“开始测验”可以接着做。", "开始测验", outcome="quiz")
        return set_slots({ANSWER: None, ATTEMPT: None, NOTICE: None, END: None})


class MyResults(DialogueAction):
    """Tells a member of staff the last results."""

    action_name: ClassVar[str] = "action_my_results"

    def act(self, talk: Talk) -> Events:
        """Tell the newest results, or that there are none."""
        if talk.audience is not Audience.STAFF or talk.turn.user_id is None:
            talk.say_text(STAFF_ONLY, outcome="refused")
            return []
        if _REVIEWS.search(talk.heard.text):
            talk.say(book_reply(daily.standing(talk.session, talk.turn.user_id, talk.now)))
            return []
        found = attempts.results(talk.session, talk.turn.user_id)[:SHOWN_RESULTS]
        if not found:
            talk.say_text("您还没有完成过测验。说“开始测验”可以做一份。", "开始测验", outcome="quiz")
        for result in found:
            talk.say(result_reply(result))
        return []


def book_reply(standing: daily.Standing) -> Reply:
    """Return what is in the review book, and a way to begin."""
    weak = "、".join(f"{one.name}（{one.percent}%）" for one in standing.weak[:3])
    text = f"错题本里有 {len(standing.entries)} 道题，今天该复习 {standing.due} 道。"
    text += f"正确率最低的主题：{weak}。" if weak else ""
    return Reply(ReplyKind.TEXT, text, {"outcome": "quiz"}, (Button("今天的复习", REVIEW),))


def item_reply(item: ShownItem, notice: str = "") -> Reply:
    """Return a question as a reply that can be read and answered without buttons."""
    options = "".join(f"\n{option.key}. {option.text}" for option in item.options)
    many = "（可多选）" if item.type is QuestionType.MULTIPLE else ""
    case = f"案例：{item.scenario}\n" if item.scenario else ""
    text = f"{notice}{case}第 {item.index} 题，共 {item.total} 题：{item.stem}{many}{options}"
    keys = () if item.type is QuestionType.MULTIPLE else tuple(Button(o.key, o.key) for o in item.options)
    return Reply(ReplyKind.QUIZ_ITEM, text, item.data(), (*keys, Button(LEAVE, LEAVE)))


def feedback_reply(feedback: Feedback, item: ShownItem) -> Reply:
    """Return what is learnt from an answer, with its source; the right options are named in full."""
    texts = {option.key: option.text for option in item.options if option.key in "ABCDEFGH"}
    right = [f"{key} {texts[key]}" if key in texts else key for key in feedback.answer]
    key = ("或" if item.type is QuestionType.FILL else "；" if texts else "、").join(right)
    title = services().section_title(feedback.section)
    verdict = "答对了" if feedback.correct else f"答错了，正确答案是 {key}"
    place = f"《{services().manual_title()}》{feedback.section} {title}".rstrip()
    source = f"出处：{place}「{feedback.sentence}」"
    text = (
        f"{verdict}，得 {feedback.points} 分（满分 {feedback.max_points}）。{feedback.explanation}\n{source}"
    )
    return Reply(ReplyKind.QUIZ_FEEDBACK, text, {**feedback.data(), "title": title, "right": key}, ())


def result_reply(result: Result) -> Reply:
    """Return the outcome of a quiz."""
    verdict = "合格" if result.passed else "未合格"
    text = f"测验得分 {result.score} 分（满分 {result.max_score}，合格线 {result.pass_mark} 分），{verdict}。"
    return Reply(ReplyKind.QUIZ_RESULT, text, result.data(), (Button("再做一次", "开始测验"),))
