"""Normalising, segmenting, sentences."""

from hypothesis import given
from hypothesis import strategies as st

from knowledge.text import normalise, sentences, words


def test_traditional_full_width_and_zero_width_are_folded() -> None:
    assert normalise("投訴　多久\u200b能處理完？ＡＰＰ") == "投诉 多久能处理完?app"


def test_finance_terms_stay_whole_and_particles_go() -> None:
    found = words("请问次日到账是怎么回事呢")
    assert "次日到账" in found
    assert not {"请问", "怎么", "呢"} & set(found)


def test_a_paragraph_is_cut_after_full_stops_and_keeps_every_character() -> None:
    text = "第一句。第二句！“第三句？”第四句；第五句"
    assert sentences(text) == ["第一句。", "第二句！", "“第三句？”", "第四句；", "第五句"]


@given(st.text(alphabet="甲乙丙，。！？；：”（）\n 12aB", min_size=1, max_size=80))
def test_sentences_add_up_to_the_paragraph(text: str) -> None:
    assert "".join(sentences(text)).strip() == text.strip() or not text.strip()


@given(st.text(max_size=60))
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)
