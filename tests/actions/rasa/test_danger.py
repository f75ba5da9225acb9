"""Tests of the words that cannot wait, and of those that only sound like them."""

from __future__ import annotations

import pytest

from actions.rasa.danger import Danger, danger_in, only_sounds_dangerous


@pytest.mark.parametrize(
    "text",
    [
        *(
            "我不想活了",
            "活着好累，想一了百了",
            "真想死",
            "我写好遗书了",
            "我要自殺",
            "不如去死",
            "再逼我就跳楼",
            "逼得我想死",
        ),
        *("wo bu xiang huo le", "被催收逼得生不如死", "我 想 死", "想死的心都有了", "我爸一直说要轻生"),
    ],
)
def test_a_life(text: str) -> None:
    assert danger_in(text) is Danger.LIFE


@pytest.mark.parametrize(
    "text",
    [
        "有个自称你们客服的人让我共享屏幕",
        "他叫我把钱转到安全账户，我正在转",
        "对方让我提供验证码，说不提供就冻结我",
        "刷单让我再垫5000才能提现，我已经转了",
        "警察说我的卡涉案，让我把钱转过去",
        "对方让我开会议软件看我手机",
        "网上认识的人让我投资，那人现在要我先交税",
        "我妈现在在ATM给陌生人汇款，拦不住",
        "说我涉嫌洗钱，让我配合",
        "说百万保障到期了不关会扣钱",
        "加我微信要我先交解冻金",
    ],
)
def test_a_fraud_under_way(text: str) -> None:
    assert danger_in(text) is Danger.FRAUD


@pytest.mark.parametrize(
    "text",
    [
        *("我的账户被盗了", "卡里钱被人转走了", "我号被黑了", "密码被改了登不上去", "有笔消费不是我弄的"),
        *("卡里莫名其妙少了五千", "钱不翼而飞了", "有人冒用我身份开了户", "异地登录提醒，不是我"),
        "刚把验证码告诉一个自称客服的人了",
    ],
)
def test_a_theft(text: str) -> None:
    assert danger_in(text) is Danger.STOLEN


@pytest.mark.parametrize(
    "text",
    [
        *("等得我想死，什么时候能好", "我家猫跳楼了，笑哭", "保险里自杀条款怎么规定", "笑不活了"),
        *("我同事自杀式加班", "跳楼价清仓", "跳楼大甩卖有吗", "上吊灯坏了", "烧炭烤肉有优惠吗", "想死你了"),
        *("打工人不想活动", "一了百了地把账结清", "生不如死的排队", "这几年轻生意好做"),
    ],
)
def test_what_only_sounds_like_danger(text: str) -> None:
    assert danger_in(text) is None
    assert only_sounds_dangerous(text)


@pytest.mark.parametrize(
    "text",
    [
        *("防诈骗宣传是什么", "怎么防范电信诈骗", "安全账户是什么意思", "刷单是什么", "什么是盗刷"),
        *("客服让我转账失败后重新提交", "客服让我提供转账截图", "客服让我等验证码，一直没收到验证码"),
        *(
            "我的钱被转到理财里了",
            "我的额度被黑心降了",
            "我被偷偷扣了钱",
            "利率被改了",
            "警察让我开一个流水证明",
        ),
        *("客服让我转到人工台", "气死我了", "累死了", "这天热死了", "我被列入黑名单"),
    ],
)
def test_ordinary_talk_is_no_danger(text: str) -> None:
    assert danger_in(text) is None
    assert not only_sounds_dangerous(text)


def test_real_danger_beside_such_words_stays_one() -> None:
    assert danger_in("什么跳楼价，我真的想跳楼") is Danger.LIFE
    assert not only_sounds_dangerous("什么跳楼价，我真的想跳楼")
