"""Tests of what a sentence means while a complaint is written down."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.rasa.complaint import gives_up
from actions.rasa.complaint_demands import demand_in
from actions.rasa.complaint_reading import (
    CHANGE,
    CONFIRM,
    DROP,
    SAME,
    Kind,
    Move,
    next_step,
    read,
    sounds_aggrieved,
)
from actions.rasa.complaint_words import (
    CONTACT,
    DEMAND,
    FIELDS,
    IN_CHAT,
    MATTER,
    PRODUCT,
    UNSAID,
    Correction,
    contact_in,
    correction,
    opening,
    product_in,
    says_matter,
)
from actions.rasa.heard import Heard, heard

FILLED = {MATTER: "转账被扣两次", PRODUCT: "转账", DEMAND: "退款", CONTACT: "13800000000"}


def said(text: str, intent: str = "", confidence: float = 0.9, **entities: str) -> Heard:
    """Return one thing said."""
    return Heard(text, intent, confidence if intent else 0.0, entities)


@pytest.mark.parametrize("asked", [PRODUCT, DEMAND])
@pytest.mark.parametrize("text", ["13812345678", "我电话13812345678", "打我手机：138 1234 5678"])
def test_a_number_alone_is_a_contact_whatever_was_asked(asked: str, text: str) -> None:
    filled = {MATTER: "转账被扣两次", **({PRODUCT: "转账"} if asked == DEMAND else {})}
    move = read(said(text, phone="13812345678"), asked, filled)
    assert (move.kind, dict(move.values)) == (Kind.FILL, {CONTACT: "13812345678"})
    assert next_step({**filled, **move.values}) == asked


@pytest.mark.parametrize("text", ["尽快查清楚退给我", "把钱退给我", "赶紧退款", "给我一个说法"])
def test_a_wish_is_no_product(text: str) -> None:
    move = read(said(text), PRODUCT, {MATTER: "转账两天没到"})
    assert (move.kind, dict(move.values)) == (Kind.FILL, {DEMAND: text})


@pytest.mark.parametrize("text", ["花花贷", "退款", "就是那个零钱宝", "不知道叫什么", "app里的快捷支付"])
def test_a_product_is_still_one(text: str) -> None:
    move = read(said(text), PRODUCT, {MATTER: "转账两天没到"})
    assert set(move.values) == {PRODUCT}


@pytest.mark.parametrize(
    "text", ["我要投诉", "投诉！！！", "给我登记投诉", "怎么投诉 在哪投诉", "我想投诉一下，谢谢", "tousu"]
)
def test_a_bare_wish_says_nothing_about_the_matter(text: str) -> None:
    assert not says_matter(text)
    assert opening(said(text)) == {}


def test_the_first_sentence_fills_all_that_it_says() -> None:
    text = "提现三天没到账我要投诉，要求退款，打我电话13912345678"
    assert opening(said(text, phone="13912345678")) == {
        MATTER: text,
        PRODUCT: "提现",
        DEMAND: "要求退款",
        CONTACT: "13912345678",
    }


def test_what_was_said_before_is_used_when_the_wish_is_bare() -> None:
    assert opening(said("我要投诉"), "转账扣了两次钱")[MATTER] == "转账扣了两次钱"
    both = opening(said("投诉客服态度差，挂我电话"), "转账扣了两次钱")
    assert both[MATTER] == "转账扣了两次钱；投诉客服态度差，挂我电话"


def test_a_product_is_taken_only_when_it_is_clear() -> None:
    assert product_in("理财赎回一直不到") == "理财"
    assert product_in("充值和提现都不行") == ""
    assert product_in("客服骂人") == "客服服务"
    assert product_in("找客服退会员费没人理") == "会员"


def test_a_demand_is_a_clause_that_asks_for_something() -> None:
    assert demand_in("你们扣错了，马上给我退款，不然没完") == "马上给我退款"
    assert demand_in("你们扣了我两次钱") == ""


@pytest.mark.parametrize("text", ["不留", "就在这里回复吧", "不方便留电话", "没有", "不用联系我"])
def test_not_leaving_a_contact_is_an_answer(text: str) -> None:
    assert contact_in(said(text)).value == IN_CHAT


def test_a_wrong_contact_says_what_to_do() -> None:
    assert "11 位" in contact_in(said("1391234567")).problem
    assert "邮箱" in contact_in(said("wang@qq")).problem
    assert contact_in(said("随你便啊")).problem


@pytest.mark.parametrize(
    ("heard_", "expected"),
    [
        (said("电话写错了，是13912345679", phone="13912345679"), Correction(CONTACT, "13912345679")),
        (said("产品改成充值"), Correction(PRODUCT, "充值")),
        (said("诉求改成全额退款并道歉"), Correction(DEMAND, "全额退款并道歉")),
        (said("不是转账是提现"), Correction(PRODUCT, "提现")),
        (said("事情经过写错了"), Correction(MATTER, "")),
        (said("电话填错了"), Correction(CONTACT, "")),
        (said("说错了", "correct"), Correction()),
        (said("修改"), Correction()),
        (said("你们客服太差了"), None),
    ],
)
def test_corrections(heard_: Heard, expected: Correction | None) -> None:
    assert correction(heard_, FILLED, CONFIRM) == expected


def test_a_demand_to_change_something_is_a_demand() -> None:
    filled = {MATTER: "户名错了", PRODUCT: "转账"}
    assert read(said("要求把户名改成张三", "correct"), DEMAND, filled).values == {
        DEMAND: "要求把户名改成张三"
    }


def test_a_matter_may_sound_like_anything_else() -> None:
    for text, intent in [
        ("转人工转了半天没人理我", "ask_human"),
        ("取消订单以后钱一直不退给我，都一个月了", "cancel"),
        ("你们把我名字写错了，贷款批不下来", "correct"),
        ("为什么扣我两次钱？", "account_fees"),
    ]:
        move = read(said(text, intent), MATTER, {})
        assert (move.kind, move.values.get(MATTER)) == (Kind.FILL, text)


@pytest.mark.parametrize("slot", FIELDS)
def test_a_question_in_between_is_answered(slot: str) -> None:
    filled = {field: FILLED[field] for field in FIELDS[: FIELDS.index(slot)]}
    assert read(said("投诉多久能处理完？", "ask_manual"), slot, filled).kind is Kind.INTERRUPT
    assert read(said("你是机器人吗", "ask_if_bot"), slot, filled).kind is Kind.INTERRUPT


def test_danger_always_comes_first() -> None:
    assert read(said("我不想活了，钱都没了", "crisis", 0.6), MATTER, {}).kind is Kind.INTERRUPT


def test_stopping_asks_once() -> None:
    for slot in (*FIELDS, CONFIRM):
        assert read(said("算了，不投诉了"), slot, FILLED).kind is Kind.ASK_DROP
    assert read(said("放弃登记"), DROP, FILLED).kind is Kind.DROP
    assert read(said("取消", "cancel"), DROP, FILLED).kind is Kind.DROP
    assert read(said("继续登记"), DROP, FILLED).kind is Kind.AGAIN


def test_an_answer_in_place_of_yes_or_no_goes_on_with_the_form() -> None:
    filled = {field: FILLED[field] for field in (MATTER, PRODUCT, DEMAND)}
    heard_ = said("13912345678", phone="13912345678")
    assert read(heard_, DROP, filled) == Move(Kind.FILL, {CONTACT: "13912345678"})


@pytest.mark.parametrize("text", ["确认提交", "确认", "没问题，", "对", "好的", "ok", "提交吧"])
def test_confirming(text: str) -> None:
    assert read(said(text), CONFIRM, FILLED).kind is Kind.SUBMIT


def test_at_the_summary_facts_can_be_added() -> None:
    move = read(said("补充一下，是上周五的事"), CONFIRM, FILLED)
    assert move.values == {MATTER: "转账被扣两次；是上周五的事"}


def test_choosing_what_to_change() -> None:
    assert read(said("修改"), CONFIRM, FILLED).kind is Kind.ASK_CHANGE
    assert read(said("联系方式"), CHANGE, FILLED) == Move(Kind.CLEAR, {CONTACT: ""})
    assert read(said("都不改"), CHANGE, FILLED).kind is Kind.AGAIN
    assert read(said("产品改成充值"), CHANGE, FILLED).values == {PRODUCT: "充值"}


def test_not_knowing_is_written_down_as_not_said() -> None:
    assert read(said("不清楚"), PRODUCT, {MATTER: "…"}).values == {PRODUCT: UNSAID}


@pytest.mark.parametrize("text", ["😀😀", "……", "?", "   "])
def test_no_words_are_no_answer(text: str) -> None:
    assert read(said(text), MATTER, {}).kind is Kind.AGAIN


def test_the_next_step_is_the_first_that_is_missing() -> None:
    assert next_step({}) == MATTER
    assert next_step({MATTER: "x", DEMAND: "y"}) == PRODUCT
    assert next_step(FILLED) == CONFIRM


def test_only_a_grievance_is_remembered() -> None:
    assert sounds_aggrieved("提现三天了都没到账")
    assert not sounds_aggrieved("你们几点上班")


@pytest.mark.parametrize("text", ["烦死了", "我要投诉你们", "真是太过分了！", "气死我了"])
def test_a_feeling_is_not_what_happened(text: str) -> None:
    assert read(said(text, "dissatisfied"), MATTER, {}).kind is Kind.AGAIN


@pytest.mark.parametrize("slot", [PRODUCT, DEMAND, CONTACT, CONFIRM])
def test_who_goes_on_telling_is_written_down_as_telling(slot: str) -> None:
    filled = {field: FILLED[field] for field in FIELDS[: (*FIELDS, CONFIRM).index(slot)]}
    text = "付了一次没成功又付了一次 结果两次都扣了"
    move = read(said(text, "nlu_fallback", 0.4), slot, filled)
    assert move.values[MATTER] == f"{FILLED[MATTER]}；{text}"
    assert slot not in move.values


def test_what_answers_another_question_goes_there() -> None:
    filled = {MATTER: "扣了两次", PRODUCT: "支付", DEMAND: "退款"}
    assert read(said("客服"), DEMAND, filled).values == {PRODUCT: "客服"}
    assert read(said("再赔我100块误工费"), CONTACT, filled).values == {DEMAND: "退款；再赔我100块误工费"}
    assert read(said("到账"), CONTACT, filled).kind is Kind.AGAIN


@pytest.mark.parametrize(
    ("text", "requested", "slot"),
    [
        ("不对 是你们app里面的快捷支付", DEMAND, PRODUCT),
        ("错了，应该是全额退款", CONTACT, DEMAND),
        ("不是 是门店的人", DEMAND, PRODUCT),
    ],
)
def test_what_is_said_instead_replaces_the_right_answer(text: str, requested: str, slot: str) -> None:
    filled = {field: FILLED[field] for field in FIELDS[: FIELDS.index(requested)]}
    assert list(read(said(text), requested, filled).values) == [slot]


def test_at_the_summary_everything_may_still_be_said() -> None:
    assert read(said("再退我两笔手续费，退钱"), CONFIRM, FILLED).values == {
        DEMAND: "退款；再退我两笔手续费，退钱"
    }
    assert read(said("不留", "deny"), CONFIRM, FILLED).values == {CONTACT: IN_CHAT}
    assert read(said("诉求也改一下 我要两笔都退"), CONFIRM, FILLED).values == {DEMAND: "我要两笔都退"}
    assert read(said("等一下 投诉多久有结果", "check_ticket", 0.4), CONFIRM, FILLED).kind is Kind.INTERRUPT


def test_a_bare_yes_is_no_answer_and_a_late_answer_replaces_what_was_not_said() -> None:
    assert read(said("确认"), DEMAND, {MATTER: "x", PRODUCT: "y"}).kind is Kind.AGAIN
    unsaid = {MATTER: "x", PRODUCT: "y", DEMAND: UNSAID}
    assert read(said("退钱"), CONTACT, unsaid).values == {DEMAND: "退钱"}


def test_a_messenger_is_no_contact_and_no_phone_number() -> None:
    assert contact_in(said("我微信 wx12345")).problem == "目前只能用手机号或邮箱联系您。"
    move = read(said("我微信 wx12345"), CONTACT, FILLED)
    assert (move.kind, move.notice) == (Kind.AGAIN, "目前只能用手机号或邮箱联系您。")


@pytest.mark.parametrize("text", ["你们会不会把我电话给别人", "这个钱安不安全啊", "你们有没有牌照"])
def test_a_question_needs_no_question_word(text: str) -> None:
    assert read(said(text, "ask_manual"), CONTACT, FILLED).kind is Kind.INTERRUPT
    assert read(said(text, "ask_manual"), CONFIRM, FILLED).kind is Kind.INTERRUPT


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("并入原工单", Kind.MERGE),
        ("对，就是那件", Kind.MERGE),
        ("是的", Kind.MERGE),
        ("是另一件事", Kind.APART),
        ("不是一回事", Kind.APART),
        ("取消登记", Kind.ASK_DROP),
        ("嗯这个怎么说", Kind.AGAIN),
    ],
)
def test_whether_it_is_the_same_matter(text: str, kind: Kind) -> None:
    assert read(said(text), SAME, {MATTER: "x"}).kind is kind


def test_who_goes_on_telling_is_asked_about_the_same_matter_again() -> None:
    assert read(said("昨天又扣了我一次钱，还没人管"), SAME, {MATTER: "x"}).values == {
        MATTER: "x；昨天又扣了我一次钱，还没人管"
    }


@pytest.mark.parametrize("slot", [*FIELDS, CONFIRM])
def test_a_button_of_a_former_question_is_no_answer(slot: str) -> None:
    filled = {field: FILLED[field] for field in FIELDS[: (*FIELDS, CONFIRM).index(slot)]}
    assert read(said("是另一件事", "deny"), slot, filled).kind is Kind.AGAIN


@given(st.text(max_size=200), st.sampled_from([*FIELDS, CONFIRM, DROP, CHANGE, SAME]))
def test_nothing_that_is_typed_breaks_the_form(text: str, requested: str) -> None:
    filled = FILLED if requested in (CONFIRM, DROP, CHANGE, SAME) else {}
    move = read(said(text, "nlu_fallback", 0.5), requested, filled)
    assert all(slot in FIELDS for slot in move.values)


def test_rasas_message_is_read_as_typed() -> None:
    message = {
        "text": "／restart",
        "intent": {"name": "nlu_fallback", "confidence": 0.5},
        "entities": [{"entity": "phone", "value": "1"}, {"entity": "phone", "value": "2"}],
        "metadata": {"said": "/restart", "tapped": False},
    }
    assert heard(message) == Heard("/restart", "nlu_fallback", 0.5, {"phone": "1"})


class TestSetRight:
    """A sum or a day that is corrected changes what happened, never another answer."""

    MATTER_ = "昨天付款扣了两次 一次128一次128"

    @pytest.mark.parametrize("asked", [DEMAND, CONTACT, CONFIRM])
    @pytest.mark.parametrize("text", ["不对 是158", "金额写错了 是158", "不是128 是158", "说错了，158"])
    def test_in_what_happened(self, asked: str, text: str) -> None:
        filled = {MATTER: self.MATTER_, PRODUCT: "支付", DEMAND: "退", CONTACT: IN_CHAT}
        before = {slot: filled[slot] for slot in FIELDS[: (*FIELDS, CONFIRM).index(asked)]}
        move = read(said(text, "correct", 0.7), asked, before)
        assert dict(move.values) == {MATTER: "昨天付款扣了两次 一次158一次158"}

    def test_a_bare_sum_is_more_of_what_happened(self) -> None:
        for asked in (PRODUCT, DEMAND, CONTACT):
            filled = {field: FILLED[field] for field in FIELDS[: FIELDS.index(asked)]}
            assert dict(read(said("399"), asked, filled).values) == {MATTER: "转账被扣两次；399"}


@pytest.mark.parametrize("asked", [PRODUCT, DEMAND])
@pytest.mark.parametrize("text", ["我要投诉", "我还是要投诉", "WO YAO TOUSU", "喂你好我要偷诉", "我要投訴"])
def test_the_bare_wish_again_is_no_answer(asked: str, text: str) -> None:
    filled = {field: FILLED[field] for field in FIELDS[: FIELDS.index(asked)]}
    assert read(said(text, "complain"), asked, filled).kind is Kind.AGAIN
    assert read(said(text, "complain"), DROP, filled).kind is Kind.AGAIN
    assert not says_matter(text)


def test_a_product_is_written_down_without_what_leads_to_it() -> None:
    assert dict(read(said("是支付"), PRODUCT, {MATTER: "x"}).values) == {PRODUCT: "支付"}
    filled = {MATTER: "钱少了", PRODUCT: "贷款"}
    assert dict(read(said("是支付"), DEMAND, filled).values) == {PRODUCT: "支付"}
    assert dict(read(said("扣款两次"), DEMAND, filled).values) == {MATTER: "钱少了；扣款两次"}


def test_what_happened_is_no_product() -> None:
    filled = {MATTER: "钱少了"}
    told = read(said("两笔一模一样的"), PRODUCT, filled)
    assert dict(told.values) == {MATTER: "钱少了；两笔一模一样的"}
    told = read(said("扣款两次"), PRODUCT, filled)
    assert dict(told.values) == {MATTER: "钱少了；扣款两次", PRODUCT: "支付"}
    assert dict(read(said("二维码收款"), PRODUCT, filled).values) == {PRODUCT: "二维码收款"}


@pytest.mark.parametrize("text", ["没电话", "bu liu", "没有手机", "buyong liu", "我没有邮箱"])
def test_who_has_no_number_leaves_none(text: str) -> None:
    assert contact_in(said(text)).value == IN_CHAT


@pytest.mark.parametrize("text", ["行", "好", "可以的"])
def test_a_yes_to_the_question_for_a_contact_is_an_answer(text: str) -> None:
    assert read(said(text, "affirm"), CONTACT, FILLED).values == {CONTACT: IN_CHAT}


@pytest.mark.parametrize("text", ["说啥呢 号码你们不是有吗", "就打我注册的手机号", "用我绑定的那个号"])
def test_a_number_that_was_given_elsewhere_cannot_be_seen(text: str) -> None:
    move = read(said(text, "ask_manual"), CONTACT, FILLED)
    assert (move.kind, "看不到" in move.notice) == (Kind.AGAIN, True)


def test_a_contact_is_not_asked_for_for_ever() -> None:
    for text, kind in (("随你便啊", Kind.FILL), ("1391234567", Kind.AGAIN), ("wang@qq", Kind.AGAIN)):
        move = read(said(text), CONTACT, FILLED)
        assert gives_up(said(text), move, CONTACT, before=True).kind is kind
        assert gives_up(said(text), move, CONTACT, before=False).kind is Kind.AGAIN


@pytest.mark.parametrize("asked", [DEMAND, CONTACT, CONFIRM])
@pytest.mark.parametrize("text", ["亏了", "亏了三万", "11月3号买的", "销售说保本", "录音我有", "扣费了"])
def test_a_piece_goes_on_telling_whatever_was_asked(asked: str, text: str) -> None:
    filled = {field: FILLED[field] for field in (*FIELDS, CONFIRM)[: (*FIELDS, CONFIRM).index(asked)]}
    move = read(said(text, "nlu_fallback", 0.5), asked, filled)
    assert dict(move.values) == {MATTER: f"转账被扣两次；{text}"}


@pytest.mark.parametrize(
    "text", ["让他们别打了", "钱回来就行了", "把这笔删了", "给我退了", "你们看着办", "尽快处理"]
)
def test_a_wish_is_no_piece(text: str) -> None:
    filled = {MATTER: "x", PRODUCT: "催收"}
    assert dict(read(said(text), DEMAND, filled).values) == {DEMAND: text}


def test_what_it_is_about_is_not_what_happened() -> None:
    about = read(said("你们那个理财"), MATTER, {})
    assert dict(about.values) == {PRODUCT: "理财"}
    assert dict(read(said("理财亏了"), MATTER, {}).values) == {MATTER: "理财亏了", PRODUCT: "理财"}


def test_giving_up_before_anything_was_told_asks_once() -> None:
    assert read(said("算了", "nlu_fallback", 0.4), MATTER, {}).kind is Kind.ASK_DROP
    assert read(said("不 继续"), DROP, {}).kind is Kind.AGAIN


@pytest.mark.parametrize("text", ["你们什么意思", "怎么回事", "说话"])
def test_a_reproach_is_not_what_happened(text: str) -> None:
    assert read(said(text, "dissatisfied"), MATTER, {}).kind is Kind.AGAIN


def test_a_sum_is_set_right_where_it_is_to_be_chosen_what_to_change() -> None:
    filled = {**FILLED, MATTER: "转账扣了98元"}
    asked = read(said("金额"), CHANGE, filled)
    assert (asked.kind, "例如" in asked.notice) == (Kind.ASK_CHANGE, True)
    for text in ("5000", "金额是5000", "金额改成 5000"):
        assert dict(read(said(text), CHANGE, filled).values) == {MATTER: "转账扣了5000元"}


def test_at_the_summary_a_short_wish_and_no_contact_are_heard() -> None:
    assert dict(read(said("退"), CONFIRM, FILLED).values) == {DEMAND: "退款；退"}
    assert dict(read(said("先不留电话", "deny"), CONFIRM, FILLED).values) == {CONTACT: IN_CHAT}


@pytest.mark.parametrize("text", ["把钱退我", "赔我十倍", "退钱"])
def test_a_wish_is_not_what_happened(text: str) -> None:
    assert dict(read(said(text), MATTER, {}).values) == {DEMAND: text}
    assert MATTER in read(said(f"{text}，扣了两次"), MATTER, {}).values


def test_the_button_of_the_contact_is_one_whatever_was_asked() -> None:
    assert dict(read(said(IN_CHAT), PRODUCT, {MATTER: "x"}).values) == {CONTACT: IN_CHAT}


def test_when_a_result_comes_is_a_question_where_a_contact_is_asked_for() -> None:
    asked = said("我想知道你们多久给结果", "check_ticket", 0.5)
    assert read(asked, CONTACT, FILLED).kind is Kind.INTERRUPT
