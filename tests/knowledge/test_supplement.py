"""What is added beside the manual: who gets it, when, and what the manual still answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta

import pytest

from knowledge.answering import Answerer
from knowledge.document import Answer, Audience, Outcome
from knowledge.encoder import Encoded, Progress, SentenceEncoder, Vectors
from knowledge.errors import WenjinError
from knowledge.explain import explain
from knowledge.supplement import AttachedQuestion, FaqEntry, Supplement, Supplemented

CUSTOMER, STAFF = Audience.CUSTOMER, Audience.STAFF
TODAY = date(2026, 3, 2)
SETTLED = "结算资金时，资金应当实时到账或次日到账，这样才能保证资金安全并赢得客户信任。"
CARD = "我的钱啥时候能进卡里头"
Make = Callable[..., Supplemented]


def faq(number: int = 1, question: str = "客服电话多少", **changes: object) -> FaqEntry:
    made: dict[str, object] = {
        "variants": (),
        "answer": "客服电话 95111。",
        "audience": CUSTOMER,
        "owner": "wen",
        "valid_from": None,
        "valid_until": None,
        **changes,
    }
    return FaqEntry(str(number), "1", question, **made)  # type: ignore[arg-type]


class Manual:
    """The answerer of our own edition, as the library gives it."""

    def __init__(self, answerer: Answerer) -> None:
        self._answerer = answerer

    def get(self) -> Answerer:
        return self._answerer

    def answer(self, question: str, *, audience: Audience, context: str = "") -> Answer:
        return self._answerer.answer(question, audience=audience, context=context)


class Counting:
    """The encoder, counting what it is asked for."""

    def __init__(self, encoder: SentenceEncoder) -> None:
        self._encoder = encoder
        self.batches: list[list[str]] = []

    @property
    def fingerprint(self) -> str:
        return self._encoder.fingerprint

    @property
    def dimension(self) -> int:
        return self._encoder.dimension

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> Vectors:
        self.batches.append(list(texts))
        return self._encoder.encode(texts, progress=progress)

    def encode_full(self, texts: Sequence[str], *, progress: Progress | None = None) -> list[Encoded]:
        return self._encoder.encode_full(texts, progress=progress)

    def encode_one(self, text: str) -> Encoded:
        return self._encoder.encode_one(text)


@pytest.fixture
def make(answerer: Answerer, encoder: SentenceEncoder) -> Make:
    """Put a supplement beside our own edition."""

    def put(*entries: FaqEntry | AttachedQuestion, today: date = TODAY) -> Supplemented:
        added = Supplement(
            tuple(e for e in entries if isinstance(e, FaqEntry)),
            tuple(e for e in entries if isinstance(e, AttachedQuestion)),
            "1",
        )
        return Supplemented(Manual(answerer), lambda: encoder, lambda: added, lambda: today)

    return put


def test_an_entry_answers_with_itself_as_its_source(make: Make) -> None:
    answer = make(faq()).answer("请问客服电话是多少？", audience=CUSTOMER)
    assert (answer.outcome, answer.text) == (Outcome.ANSWERED, "客服电话 95111。")
    cited = answer.citations[0]
    assert (cited.manual, cited.section, cited.title) == ("FAQ", "FAQ-1", "客服电话多少")
    assert cited.sentence == answer.text


@pytest.mark.parametrize(
    "question", ["投诉一般多久能处理完", "今天天气怎么样", "客服电话几点有人接", "8.2讲什么"]
)
def test_all_else_is_answered_as_without(make: Make, answerer: Answerer, question: str) -> None:
    entries = (faq(), faq(2, "周末能提现吗"), faq(3, "发票怎么开"))
    for audience in Audience:
        with_it = make(*entries).answer(question, audience=audience)
        assert with_it == answerer.answer(question, audience=audience)


def test_the_nearest_entry_answers(make: Make) -> None:
    both = make(faq(1, "工作日能提现吗", answer="一"), faq(2, "周末能提现吗", answer="二"))
    assert both.answer("周末可以提现吗", audience=CUSTOMER).text == "二"
    assert both.answer("工作日可以提现吗", audience=CUSTOMER).text == "一"


def test_staff_entries_are_not_there_for_customers(make: Make, answerer: Answerer) -> None:
    closed = make(faq(audience=STAFF))
    asked = "客服电话多少"
    assert closed.answer(asked, audience=STAFF).text == "客服电话 95111。"
    assert closed.answer(asked, audience=CUSTOMER) == answerer.answer(asked, audience=CUSTOMER)
    assert closed.nearest(asked, audience=CUSTOMER) is None
    told = explain(closed, asked, CUSTOMER)
    assert told.match is None and "95111" not in str(told)


@pytest.mark.parametrize(
    ("since", "until", "answers"),
    [
        (None, None, True),
        (0, 0, True),
        (-1, None, True),
        (1, None, False),
        (None, -1, False),
        (None, 0, True),
        (-3, -1, False),
    ],
)
def test_an_entry_counts_on_its_days(make: Make, since: int | None, until: int | None, answers: bool) -> None:
    def day(offset: int | None) -> date | None:
        return None if offset is None else TODAY + timedelta(days=offset)

    dated = make(faq(valid_from=day(since), valid_until=day(until)))
    assert (dated.answer("客服电话多少", audience=CUSTOMER).outcome is Outcome.ANSWERED) is answers


def test_an_attached_question_quotes_its_sentence(make: Make) -> None:
    answer = make(AttachedQuestion("a", CARD, "2.2", SETTLED, CUSTOMER)).answer(CARD, audience=CUSTOMER)
    assert answer.text == SETTLED
    cited = answer.citations[0]
    assert (cited.manual, cited.section, cited.sentence) == ("wenjin", "2.2", SETTLED)
    assert answer.ranking[0].section == "2.2"


@pytest.mark.parametrize(
    "attached",
    [
        AttachedQuestion("a", CARD, "2.2", "手册里没有的一句话。", CUSTOMER),
        AttachedQuestion("a", CARD, "99.9", SETTLED, CUSTOMER),
        AttachedQuestion("a", CARD, "2.2", SETTLED, STAFF),
    ],
)
def test_a_sentence_that_is_gone_or_not_for_the_reader_is_not_quoted(
    make: Make, answerer: Answerer, attached: AttachedQuestion
) -> None:
    assert make(attached).answer(CARD, audience=CUSTOMER) == answerer.answer(CARD, audience=CUSTOMER)


def test_a_sentence_of_a_staff_section_is_never_a_customers(make: Make, answerer: Answerer) -> None:
    section = next(s for s in answerer.index.document if s.audience is STAFF)
    sentence = next(u.text for u in answerer.index.units if u.section == section.number)
    wrong = make(AttachedQuestion("a", "紫色大象怎么考核", section.number, sentence, CUSTOMER))
    assert wrong.answer("紫色大象怎么考核", audience=STAFF).text == sentence
    assert sentence not in str(wrong.answer("紫色大象怎么考核", audience=CUSTOMER))
    assert wrong.nearest("紫色大象怎么考核", audience=CUSTOMER) is None


def test_a_follow_up_is_read_with_what_it_points_back_to(make: Make) -> None:
    answers = make(faq(1, "提现限额多少"))
    assert answers.answer("那限额多少", audience=CUSTOMER, context="提现要多久").outcome is not None
    assert answers.nearest("那提现呢", audience=CUSTOMER, context="转账限额多少") is not None


def test_each_text_is_encoded_once(answerer: Answerer, encoder: SentenceEncoder) -> None:
    counting = Counting(encoder)
    entries = [Supplement((faq(),), (), "1")]
    answers = Supplemented(Manual(answerer), lambda: counting, lambda: entries[0], lambda: TODAY)
    for _ in range(3):
        answers.answer("今天天气怎么样", audience=CUSTOMER)
    entries[0] = Supplement((faq(), faq(2, "发票怎么开")), (), "2")
    answers.answer("今天天气怎么样", audience=CUSTOMER)
    assert counting.batches == [["客服电话多少"], ["发票怎么开"]]


@pytest.mark.parametrize("bad", ["", "问" * 2001])
def test_what_cannot_be_asked(make: Make, bad: str) -> None:
    with pytest.raises(WenjinError):
        make(faq()).answer(bad, audience=CUSTOMER)


def test_an_explanation_shows_the_signals_of_readable_sections_only(make: Make) -> None:
    told = explain(make(faq()), "投诉一般多久能处理完", CUSTOMER)
    assert (told.source, told.answer.outcome) == ("manual", Outcome.ANSWERED)
    assert told.score >= told.limit and not told.kind
    best = told.sections[0]
    assert best.section == told.answer.ranking[0].section == "3.5"
    assert "投诉" in best.terms and best.known and best.sentence
    assert set(best.signals) == set(best.standing) >= {"questions", "text", "words", "sentences"}
    assert all(one.audience is CUSTOMER for one in told.sections)
    assert [one.score for one in told.sections] == sorted((one.score for one in told.sections), reverse=True)
    refused = explain(make(), "你们借款年化利率是多少", CUSTOMER)
    assert refused.answer.outcome is Outcome.REFUSED and refused.kind == "near_fee_rate"


def test_a_draft_is_tried_as_if_it_were_published(make: Make) -> None:
    answers = make(faq(answer="旧"))
    later = faq(answer="新", valid_from=TODAY + timedelta(days=9))
    assert explain(answers, "客服电话多少", CUSTOMER, extra=Supplement((later,))).answer.text == "新"
    assert answers.answer("客服电话多少", audience=CUSTOMER).text == "旧"
    closed = faq(2, "分机多少", audience=STAFF)
    assert explain(answers, "分机多少", CUSTOMER, extra=Supplement((closed,))).source == "manual"
