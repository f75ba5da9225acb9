"""The command `wenjin eval`: its options; what measures is imported only when it is asked for."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bot.settings import PROJECT

Parsers = Any  # argparse's sub-parser action has no public name
Command = Callable[[argparse.Namespace], int]
SHARED = Path(os.environ.get("WENJIN_SHARED", PROJECT.parent / "shared"))
FAQ = SHARED / "data" / "ths_faq"


def add(commands: Parsers) -> None:
    """Add `eval` and its measurements to the commands of wenjin (an entry point of pyproject.toml)."""
    measures = commands.add_parser("eval", help="测量：检索、理解、问句匹配、规模和速度").add_subparsers(
        required=True, metavar="测量"
    )
    whole = _add(measures, "all", _all, "全部测量，写成一页报告和可比较的 all.json")
    whole.add_argument("--part", choices=["dev", "test"], default="dev", help="盲写题的哪一半；test 只报告")
    whole.add_argument("--no-rasa", action="store_true", help="不训练和测量原版 Rasa")
    whole.add_argument("--rasa-epochs", type=int, help="原版 Rasa 训练多少轮（默认各项自己的轮数）")
    checked = _add(measures, "check", _check, "不看时钟的各项与 eval/reference.json 比较，变差就以 1 结束")
    checked.add_argument("--keep", action="store_true", help="把这次的结果存成新的参照")
    compared = measures.add_parser("compare", help="比较两次 all.json：哪些变好变差，超出随机波动才算")
    compared.set_defaults(run=_compare)
    compared.add_argument("before", type=Path, help="先前的 all.json")
    compared.add_argument("after", type=Path, help="现在的 all.json")
    _add(measures, "drafts", _drafts, "从手册起草题目：多少、来自哪些节、去掉了什么")
    retrieval = _add(measures, "retrieval", _retrieval, "检索、拒答和引用句，连同基线")
    retrieval.add_argument(
        "--set", choices=["blind", "bank"], default="blind", help="盲写题，或题库的五分之一"
    )
    retrieval.add_argument(
        "--part", choices=["dev", "test", "all"], default="dev", help="盲写题的哪一半；test 只报告，不调参"
    )
    retrieval.add_argument("--manual", default="", help="手册库里的哪一份（默认为正在使用的）")
    retrieval.add_argument("--seed", type=int, default=1, help="题库留出哪五分之一")
    retrieval.add_argument("--by-sentence", action="store_true", help="题库按整句留出，而不是按单个问题")
    retrieval.add_argument("--no-rasa", action="store_true", help="不训练原版 Rasa")
    retrieval.add_argument("--rasa-epochs", type=int, default=40, help="原版 Rasa 训练多少轮（默认 40）")
    _add_faq_data(retrieval, "--faq")
    retrieval.add_argument("--no-faq", action="store_true", help="不测客服问句")
    faq = _add(measures, "faq", _faq, "只测客服问句到标准问的匹配")
    _add_faq_data(faq, "--data")
    scale = _add(measures, "scale", _scale, "十万段文字里检索的耗时和内存")
    scale.add_argument("--passages", type=int, default=100_000, help="段数（默认 100000）")
    intents = _add(measures, "understanding", _intents, "客户的话被理解得怎样，连同原版 Rasa")
    intents.add_argument(
        "--part", choices=["dev", "test"], default="dev", help="哪些没见过的话；test 只报告，不调参"
    )
    intents.add_argument(
        "--examples", type=int, default=0, help="每个意图最多几个例句（默认全部）；少了原版 Rasa 才训练得快"
    )
    intents.add_argument("--no-rasa", action="store_true", help="不训练原版 Rasa")
    intents.add_argument("--rasa-epochs", type=int, default=100, help="原版 Rasa 训练多少轮（默认 100）")
    _add(measures, "complaints", _complaints, "投诉的分类、重复和类似")
    masking = _add(measures, "masking", _masking, "个人信息的掩码：漏掉多少，误掩多少")
    masking.add_argument(
        "--part", choices=["tune", "report"], default="report", help="写规则用的句子，或只报告的句子"
    )
    masking.add_argument("--count", type=int, default=6000, help="两类句子各多少（默认 6000）")
    masking.add_argument("--seed", type=int, default=0, help="造数的种子（默认每一半各有自己的）")
    masking.add_argument("--missed", action="store_true", help="列出漏掉和误掩的句子")
    desk = _add(measures, "desk", _desk, "十万张投诉工单的列表、筛选和搜索")
    desk.add_argument("--tickets", type=int, default=100_000, help="工单数（默认 100000）")
    board = _add(measures, "dashboard", _dashboard, "百万条对话和十万张工单时看板每一页的耗时")
    board.add_argument("--turns", type=int, default=1_000_000, help="对话条数（默认 1000000）")
    board.add_argument("--tickets", type=int, default=100_000, help="工单数（默认 100000）")
    board.add_argument("--data", type=Path, help="数据放在这个文件夹，已有就不再生成（默认临时）")
    exam = _add(measures, "exam", _exam, "许多人同时考试：保存一个答案的耗时，有没有丢")
    exam.add_argument("--people", type=int, default=500, help="人数（默认 500）")
    exam.add_argument("--answers", type=int, default=10, help="每人答几题（默认 10）")
    exam.add_argument("--pause", type=float, default=10, help="两题之间平均几秒（默认 10）")
    exam.add_argument("--database", default="", help="空的数据库地址（默认为临时的 SQLite）")
    _add(measures, "dialogue", _dialogue, "测试对话经 HTTP 逐轮核对，写法同 rasa test")
    speed = _add(
        measures, "speed", _speed, "一轮对话经 HTTP 的耗时：单独、多人同时、很长的对话，连同原版 Rasa"
    )
    speed.add_argument("--no-rasa", action="store_true", help="不测原版 Rasa")


def _add(parsers: Parsers, name: str, command: Command, text: str) -> argparse.ArgumentParser:
    one: argparse.ArgumentParser = parsers.add_parser(name, help=text, description=text)
    one.set_defaults(run=command)
    one.add_argument("--out", type=Path, help="结果放在哪个文件夹（默认为数据目录下的 eval）")
    return one


def _add_faq_data(parser: argparse.ArgumentParser, option: str) -> None:
    parser.add_argument(option, dest="faq", type=Path, default=FAQ, metavar="DIR", help="10jqka 问句的文件夹")


def _all(arguments: argparse.Namespace) -> int:
    from eval.whole import run

    return run(arguments)


def _check(arguments: argparse.Namespace) -> int:
    from eval.whole import check

    return check(arguments)


def _compare(arguments: argparse.Namespace) -> int:
    from eval.whole import run_compare

    return run_compare(arguments)


def _drafts(arguments: argparse.Namespace) -> int:
    from eval.drafts import run

    return run(arguments)


def _retrieval(arguments: argparse.Namespace) -> int:
    from eval.retrieval import run

    return run(arguments)


def _faq(arguments: argparse.Namespace) -> int:
    from eval.faq import run

    return run(arguments)


def _scale(arguments: argparse.Namespace) -> int:
    from eval.scale import run

    return run(arguments)


def _intents(arguments: argparse.Namespace) -> int:
    from eval.intents import run

    return run(arguments)


def _complaints(arguments: argparse.Namespace) -> int:
    from eval.understanding import run

    return run(arguments)


def _masking(arguments: argparse.Namespace) -> int:
    from eval.masking import run

    return run(arguments)


def _desk(arguments: argparse.Namespace) -> int:
    from eval.desk import run

    return run(arguments)


def _dashboard(arguments: argparse.Namespace) -> int:
    from eval.dashboard import run

    return run(arguments)


def _exam(arguments: argparse.Namespace) -> int:
    from eval.exam import run

    return run(arguments)


def _dialogue(arguments: argparse.Namespace) -> int:
    from eval.dialogue import run

    return run(arguments)


def _speed(arguments: argparse.Namespace) -> int:
    from eval.speed import run

    return run(arguments)
