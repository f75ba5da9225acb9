"""Customer-service questions: reading, drawing, ranking, and one run on a handful with the real encoder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from eval.charts import Charts
from eval.faq import draw, load, measure_all, ranked, sections_of_page, table, told_apart
from knowledge.errors import WenjinError
from knowledge.vectors import VectorCache

if TYPE_CHECKING:
    from knowledge.encoder import SentenceEncoder

STANDARD = {"7": "忘记密码怎么办", "2": "如何注销账号", "30": "基金赎回多久到账"}
ASKED = {
    "7": ["密码想不起来了", "登录密码忘了", "密码丢了怎么找回", "忘了密码"],
    "2": ["怎么销户", "我要把号注销掉", "账号不要了", "注销账户"],
    "30": ["卖了基金钱什么时候到", "赎回几天到银行卡", "基金的钱多久能到", "赎回到账要几天"],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lines = ["query,faq_id,standard_question,split,oos_holdout"]
    for identity, texts in ASKED.items():
        for number, text in enumerate(texts):
            split, held = ("dev" if number == 3 else "train"), int(identity == "30")
            lines.append(f"{text},{identity},{STANDARD[identity]},{split},{held}")
    (tmp_path / "queries_train_dev.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path


def test_questions_are_read_in_the_order_of_their_numbers(folder: Path) -> None:
    questions = load(folder)
    assert questions.standard == ("如何注销账号", "忘记密码怎么办", "基金赎回多久到账")
    assert questions.labels.tolist() == [1] * 4 + [0] * 4 + [2] * 4
    assert questions.train.sum() == 9 and questions.held.sum() == 4
    with pytest.raises(WenjinError, match="没有找到客服问句"):
        load(folder / "nowhere")


def test_draws_take_as_many_of_each_and_only_from_training(folder: Path) -> None:
    questions = load(folder)
    chosen = draw(questions, 2, 1)
    assert chosen.tolist() == draw(questions, 2, 1).tolist() != draw(questions, 2, 2).tolist()
    assert questions.train[chosen].all()
    assert np.bincount(questions.labels[chosen]).tolist() == [2, 2, 2]
    assert len(draw(questions, 100, 1)) == 9


def test_ranks_count_ties_against_the_system() -> None:
    scores = np.array([[3.0, 1.0, 2.0], [1.0, 1.0, 0.0]])
    assert ranked(scores, np.array([0, 0])) == {"R@1": 0.5, "R@3": 1.0, "MRR": 0.75}


def test_told_apart() -> None:
    inside = np.linspace(0, 1, 101)
    assert told_apart(inside, np.array([-1.0, 0.02, 0.5, 2.0]))["refused"] == 0.5
    assert told_apart(inside, inside - 2) == {"AUROC": 1.0, "refused": 1.0}


def test_a_whole_run_on_a_handful(folder: Path, tmp_path: Path, encoder: SentenceEncoder) -> None:
    cache = VectorCache(tmp_path / "vectors", encoder)
    result = measure_all(load(folder), cache.encode, lambda _: None, shots=(2,))
    assert list(result) == ["0", "2", "all", "out of scope"]
    assert result["all"]["Wenjin"]["R@1"] == 1.0
    assert set(result["out of scope"]) == {"BM25", "encoder", "Wenjin"}
    assert "goal R@1 0.92" in table(result)
    drawn = Charts(tmp_path)
    assert "<svg" in "".join(sections_of_page(result, drawn)) and (tmp_path / "faq.png").is_file()
