"""The command wenjin: set up, serve, ask, manuals, users."""

from __future__ import annotations

import argparse
import errno
import logging
import os
import re
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import entry_points

from actions.desk.triage import QUEUES
from actions.service.accounts import ROLES
from bot import (
    commands,
    desk_commands,
    logs,
    quiz_commands,
    retention_commands,
    roster_commands,
    understand_commands,
)
from bot.settings import MOST_WORKERS, Settings, load_settings
from knowledge.errors import WenjinError

Command = Callable[[argparse.Namespace], int]
COMMANDS = "wenjin.commands"  # entry points that add commands; nothing here imports who they belong to


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; expected failures end in one sentence and exit status 1."""
    arguments = parser().parse_args(argv)
    try:
        settings = load_settings(os.environ, data_dir=arguments.data_dir)
        set_up_logging(settings)
        arguments.settings = settings
        command: Command = arguments.run
        return command(arguments)
    except WenjinError as error:
        print(error.message, file=sys.stderr)
    except KeyboardInterrupt:
        print("已中断。", file=sys.stderr)
    except BrokenPipeError:  # whoever read our output has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:
        sentence = outside_trouble(error)
        if sentence is None:
            raise
        print(sentence, file=sys.stderr)
    return 1


_DISK_FULL = re.compile(
    r"No space left on device|database or disk is full|Disk quota exceeded|StorageFull", re.I
)
_WHY = {
    errno.ENOENT: "没有这个文件或文件夹",
    errno.EACCES: "没有权限",
    errno.EPERM: "没有权限",
    errno.EROFS: "磁盘是只读的",
    errno.EISDIR: "这是文件夹，不是文件",
    errno.ENOTDIR: "路径里有一段不是文件夹",
    errno.EEXIST: "同名的文件已经存在",
}


def outside_trouble(error: BaseException) -> str | None:
    """Return the one sentence for a failure of the machine, not of the program; None for any other."""
    if _DISK_FULL.search(f"{type(error).__name__} {error}"):
        return "磁盘空间不够，请腾出空间后重新运行；已完成的步骤不会重做。"
    if isinstance(error, OSError):
        why = _WHY.get(error.errno or 0, error.strerror or str(error))
        return f"操作没有成功：{why}（{error.filename or '系统'}）。"
    return None


def set_up_logging(settings: Settings) -> None:
    """Log to standard error as the settings say, in every process that serves."""
    logs.set_up(settings.log_level, settings.log_format)
    _quieten()


def _quieten() -> None:
    """Keep libraries from talking to operators about their own future, and from reaching out."""
    logging.captureWarnings(True)
    logging.getLogger("py.warnings").setLevel(logging.ERROR)
    os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    for name in (
        "httpx",
        "sentence_transformers",
        "alembic",
        "jax",
        "matplotlib",
        "faiss",
        "asyncio",
        "bm25s",
        "jieba",
    ):
        logging.getLogger(name).setLevel(logging.WARNING)


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    top = argparse.ArgumentParser(prog="wenjin", description="问津：从运营手册回答客户、受理投诉、培训员工。")
    top.add_argument("--data-dir", help="数据目录（默认为项目下的 .wenjin）")
    sub = top.add_subparsers(required=True, metavar="命令")
    _add(sub, "setup", commands.setup, "准备模型、索引和题库；做过的不会重做")
    run = _add(sub, "run", commands.run, "启动服务")
    run.add_argument("--host")
    run.add_argument("--port", type=int)
    run.add_argument(
        "--workers", type=int, choices=range(1, MOST_WORKERS + 1), metavar="N", help="几个工作进程"
    )
    ask = _add(sub, "ask", commands.ask, "从手册里查一个问题，或成批地查")
    ask.add_argument("question", nargs="?")
    ask.add_argument("--audience", choices=["customer", "staff"], default="customer")
    ask.add_argument("--json", action="store_true")
    ask.add_argument("--batch", metavar="FILE.jsonl", help="每行 {id, question, audience}")
    ask.add_argument("--out", metavar="FILE.jsonl", help="成批提问的结果")
    understand_commands.add(sub)
    _add_manual(sub)
    _add_user(sub)
    _add_quiz(sub)
    _add_roster(sub)
    sent = _add(sub, "notices", commands.notices, "查看还没有送达的邮件和推送，或重发一条")
    sent.add_argument("--failed", action="store_true", help="只看多次发送都没有成功、已经放弃的")
    sent.add_argument("--retry", metavar="编号", help="重发一条已经放弃的通知")
    _add(sub, "upkeep", desk_commands.upkeep, "做一次到期的事：提醒、升级、办结；服务运行时每分钟自动做")
    retention_commands.add(sub)
    audit = sub.add_parser("audit", help="审计").add_subparsers(required=True, metavar="操作")
    _add(audit, "verify", desk_commands.audit_verify, "核对审计日志和每张工单的经过、时限，看有没有被改动")
    for entry in sorted(entry_points(group=COMMANDS), key=lambda entry: entry.name):
        entry.load()(sub)
    return top


def _add(sub: argparse._SubParsersAction[argparse.ArgumentParser], name: str, command: Command, text: str,
         ) -> argparse.ArgumentParser:  # fmt: skip
    one = sub.add_parser(name, help=text, description=text)
    one.set_defaults(run=command)
    return one


def _add_manual(sub: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    manual = sub.add_parser("manual", help="导入、查看和切换手册").add_subparsers(
        required=True, metavar="操作"
    )
    bring = _add(manual, "import", commands.manual_import, "导入一份手册并改用它")
    bring.add_argument("file")
    bring.add_argument("--name", help="手册名称（默认取自文件名）")
    bring.add_argument("--keep", action="store_true", help="只导入，不切换")
    show = _add(manual, "show", commands.manual_show, "打印正在使用的手册")
    show.add_argument("--format", choices=["md", "json"], default="md")
    show.add_argument("--name")
    _add(manual, "list", commands.manual_list, "列出所有手册")
    use = _add(manual, "use", commands.manual_use, "改用另一份手册")
    use.add_argument("name")
    report = _add(manual, "report", commands.manual_report, "导入时修复了什么，原文缺了什么")
    report.add_argument("name", nargs="?", help="手册名称（默认为正在使用的）")
    diff = _add(manual, "diff", commands.manual_diff, "比较一份手册的两个版本（默认为最近两个）")
    diff.add_argument("name")
    diff.add_argument("old", nargs="?", help="旧版本，例如 v1")
    diff.add_argument("new", nargs="?", help="新版本，例如 v2")
    audience = _add(manual, "audience", commands.manual_audience, "设置一节的读者")
    audience.add_argument("name")
    audience.add_argument("section")
    audience.add_argument("audience", choices=["customer", "staff"])


def _add_quiz(sub: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    quiz = sub.add_parser("quiz", help="题库").add_subparsers(required=True, metavar="操作")
    out = _add(quiz, "export", quiz_commands.export, "导出题库")
    out.add_argument("--format", choices=[*quiz_commands.TEXTS, *quiz_commands.PACKAGES], default="jsonl")
    out.add_argument("--status", choices=quiz_commands.STATUSES, help="只导出这种状态的题")
    out.add_argument("--out", metavar="文件", help="写到文件（默认打印；xlsx 和 qti 必须指定）")
    taken = _add(quiz, "import", quiz_commands.bring, "导入一个文件里的题目，存为草稿；有一处不对就都不导入")
    taken.add_argument("file", help="xlsx、csv、GIFT、Aiken、题库 YAML 或 JSON 行")
    taken.add_argument(
        "--format", choices=quiz_commands.READ, default="auto", help="文件格式（默认看文件名和内容）"
    )
    taken.add_argument("--by", metavar="用户", required=True, help="记在哪位培训管理员名下")
    taken.add_argument("--dry-run", action="store_true", help="只试算，不导入")
    made = _add(quiz, "draft", quiz_commands.draft, "从手册起草题目，供人审核")
    made.add_argument("--manual", metavar="名称", help="哪一份手册（默认为正在使用的）")
    made.add_argument("--out", metavar="文件", help="写到文件：.yml 为题库格式，其他为 JSON 行（默认打印）")
    made.add_argument("--save", metavar="用户", help="存为这位培训管理员的草稿")


def _add_roster(sub: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    roster = sub.add_parser("roster", help="员工名单").add_subparsers(required=True, metavar="操作")
    taken = _add(roster, "import", roster_commands.import_people, "导入员工名单，按工号新增和更新")
    taken.add_argument("file", help="xlsx 或 csv：工号、姓名、部门、岗位、入职日期、离职日期、邮箱")
    taken.add_argument("--dry-run", action="store_true", help="只试算，不改动任何人")


def _add_user(sub: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    user = sub.add_parser("user", help="员工账号").add_subparsers(required=True, metavar="操作")
    add = _add(user, "add", commands.user_add, "新建账号，随机密码只显示一次")
    add.add_argument("name")
    add.add_argument("--role", action="append", required=True, choices=ROLES)
    add.add_argument("--display-name", default="")
    _add(user, "list", commands.user_list, "列出账号")
    desk = _add(user, "desk", desk_commands.user_desk, "设置处理员的队列和是否接新工单")
    desk.add_argument("name")
    desk.add_argument(
        "--queue", action="append", choices=[*QUEUES, "all"], help="负责的队列，可写多次；不写不改"
    )
    desk.add_argument("--takes-new", choices=["yes", "no"], help="系统是否把新工单分给他")
    password = _add(user, "password", commands.user_password, "换一个新的随机密码")
    password.add_argument("name")


if __name__ == "__main__":
    sys.exit(main())
