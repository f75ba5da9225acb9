"""The desk's commands: prove what is kept, do by hand what the timer does, say who works on what."""

from __future__ import annotations

import argparse

from bot.runtime import Runtime
from bot.show import say, steps
from knowledge.errors import not_found

_TRAINED = {
    "left": "离职停用 {} 人",
    "frozen": "冻结培训 {} 项",
    "thawed": "恢复培训 {} 项",
    "met": "复核后合格 {} 项",
    "reopened": "复核后重新要求 {} 项",
    "given": "新布置 {} 项",
    "again": "进入下一期 {} 项",
    "reminded": "培训提醒 {} 人",
    "certificates": "发放或撤销证书 {} 张",
}
_DONE = {
    "overdue": "已超时，升级 {} 张",
    "first": "首次回复超时，提醒 {} 张",
    "closed": "答复后无异议，办结 {} 张",
    "failed": "没有成功，{} 张，原因见日志",
}


def audit_verify(arguments: argparse.Namespace) -> int:
    """Check the audit log and every ticket; print what is wrong and return 1 where anything is."""
    from actions.desk import proof

    wrong = []
    with steps() as (step, count):
        step("核对审计日志和工单")
        for line in proof.problems(Runtime(arguments.settings).db, progress=count):
            wrong.append(line)
    for line in wrong:
        print(line)
    say(f"发现 {len(wrong)} 处问题。" if wrong else "审计日志和全部工单都完整，没有被改动。")
    return 1 if wrong else 0


def upkeep(arguments: argparse.Namespace) -> int:
    """Do once what the server does every minute: reminders, escalation, closing, training."""
    from bot.upkeep import keep_training, once, prepare

    runtime = Runtime(arguments.settings)
    if prepared := prepare(runtime):
        say(f"补建旧工单的时限和索引，{prepared} 张")
    done = once(runtime)
    for kind, number in done.items():
        days = kind.removeprefix("due")
        say(_DONE.get(kind, f"{days} 天内到期，提醒 {{}} 张").format(number))
    trained = keep_training(runtime)
    for kind, number in trained.items():
        say(_TRAINED[kind].format(number))
    if not done and not trained:
        say("没有到期要做的事。")
    return 0


def user_desk(arguments: argparse.Namespace) -> int:
    """Set the queues of a handler and whether new tickets are assigned to them."""
    from actions.desk import supervision
    from actions.desk.triage import QUEUES
    from actions.service import accounts

    runtime = Runtime(arguments.settings)
    with runtime.db.begin() as session:
        user = accounts.find_user(session, arguments.name)
        if user is None:
            raise not_found(
                "user_not_found", f"没有名为“{arguments.name}”的账号，可用 wenjin user list 查看。"
            )
        named = arguments.queue or user.queues
        queues = [] if "all" in named else named
        takes = user.takes_new if arguments.takes_new is None else arguments.takes_new == "yes"
        supervision.set_work(session, user_id=user.id, queues=queues, takes_new=takes, now=runtime.now())
        words = "、".join(QUEUES[queue] for queue in user.queues) or "全部"
    say(f"{arguments.name} 的队列：{words}；{'接' if takes else '不接'}系统分派的新工单。")
    return 0
