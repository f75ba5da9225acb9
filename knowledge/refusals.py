"""Why a question is not answered, said in the words of the desk, and whether only a person can help."""

from __future__ import annotations

from collections.abc import Iterable

from knowledge.text import words

_ACCOUNT = frozenset({"near_account", "near_order", "near_loan", "near_refund"})

_REASONS = {
    "near_account": "这涉及您个人的账户，我看不到账户信息，不能替您判断。",
    "near_order": "这涉及您的具体订单或到账情况，我看不到交易记录，不能替您判断。",
    "near_loan": "这涉及您个人的借款，我看不到借款信息，不能替您判断。",
    "near_refund": "这涉及您的具体款项，我看不到交易记录，不能替您判断。",
    "near_fee_rate": "手册里没有写具体的费率和罚息，我不能替您估算。",
    "near_limit": "手册里没有写具体的限额和次数，我不能替您估算。",
    "near_app_howto": "手册里没有写这项操作的步骤。",
    "near_product": "手册里没有具体产品的介绍，我也不能推荐产品。",
    "near_credit": "手册里没有写征信方面的具体规定。",
    "near_legal": "手册里没有写这方面的法律事务，我不能给出法律意见。",
    "near_market": "手册里没有行情信息，我不能报价或预测。",
    "near_eligibility": "手册里没有写具体的申请条件。",
    "near_contact": "手册里没有写电话、地址等联系方式。",
    "near_other_company": "这是其他公司的情况，手册里没有写。",
    "near_company": "手册里没有写公司概况方面的内容。",
    "near_people": "手册里没有写公司人员的信息。",
    "near_invoice": "手册里没有写发票方面的规定。",
    "near_tax": "手册里没有写税务方面的规定。",
    "near_source": "手册没有写明这份资料的出处。",
    "near_figure_year": "手册里没有写这一年的数字，我不能替您推算。",
    "near_missing_chapter": "手册没有收录这一部分。",
    "staff_hr": "手册里没有写这项人事规定。",
    "staff_kpi": "手册里没有写这项具体指标。",
    "staff_law": "手册只提到法规的名称，没有收录条文。",
    "staff_org": "手册里没有写部门与人员的安排。",
    "staff_procedure": "手册里没有写这项具体做法。",
    "staff_system": "手册里没有写这个系统的信息。",
}
_OTHERWISE = "这个问题手册里没有写，我不能随便回答。"
LEAST_COMMON = 2  # words that a question shares with the title of a missing part
_PLAIN = frozenset({"管理", "技术", "系统", "数据"})
_OFFER = "可以帮您转人工，或登记后由专人回复。"


def wants_a_person(kind: str) -> bool:
    """Tell whether questions of this kind are about somebody's own account, which only a person can see."""
    return kind in _ACCOUNT


def reason_of_missing(text: str, missing: Iterable[tuple[str, str]], *, named: bool) -> str:
    """Return what is said to a normalised question about a part that the source lacks, "" to any other.

    `named` tells whether the reader may hear the part's number and title.
    """
    asked = set(words(text))
    for number, title in missing:
        if number in text or len(asked & (set(words(title)) - _PLAIN)) >= LEAST_COMMON:
            place = f"（{number} {title}）" if named else ""
            return f"手册没有收录这一部分{place}。{_OFFER}"
    return ""


def reason_for(kind: str) -> str:
    """Return what is said instead of an answer: the reason, then what can be done."""
    return _REASONS.get(kind, _OTHERWISE) + _OFFER
