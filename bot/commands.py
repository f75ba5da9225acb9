"""What each command does; heavy parts are imported only by the commands that need them."""

from __future__ import annotations

import argparse
import json
import secrets
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.runtime import Runtime
from bot.settings import Settings
from bot.show import say, steps
from knowledge.answering import source_line
from knowledge.document import Answer, Audience
from knowledge.errors import WenjinError, bad_input, not_found
from knowledge.sections import to_json, to_markdown

REHEARSED = "投诉一般多久能处理完"
CITED = ("manual", "section", "title", "sentence", "score")  # the form that other programs rely on


def _runtime(arguments: argparse.Namespace) -> Runtime:
    return Runtime(arguments.settings)


def setup(arguments: argparse.Namespace) -> int:
    """Do all set-up and show its progress."""
    from bot.assistant import prepare

    started = time.monotonic()
    with steps() as (step, progress):
        prepare(_runtime(arguments), say=step, progress=progress)
    say(f"已就绪（{time.monotonic() - started:.0f} 秒）。运行 make run 启动服务。")
    return 0


def run(arguments: argparse.Namespace) -> int:
    """Set up what is missing, make the first administrator, serve."""
    from bot import workers

    names = ("host", "port", "workers")
    changes = {name: value for name in names if (value := getattr(arguments, name)) is not None}
    settings = arguments.settings.model_copy(update=changes)
    workers.check(settings)
    _check_port(settings.host, settings.port)
    return (_serve_alone if settings.workers == 1 else _serve_with_others)(settings)


def _serve_alone(settings: Settings) -> int:
    import uvicorn

    from bot.app import create_app, warm
    from bot.workers import options, settle

    runtime = Runtime(settings)
    with steps() as (step, progress):
        warm(runtime, say=step, progress=progress)
    settle()
    _first_administrator(runtime)
    _say_where(settings, "已启动")
    uvicorn.run(create_app(settings, warmed=runtime), **options(settings))
    return 0


def _serve_with_others(settings: Settings) -> int:
    from bot.workers import serve, set_up

    set_up(settings)
    runtime = Runtime(settings)
    _first_administrator(runtime)
    runtime.db.dispose()
    _say_where(settings, f"正在启动 {settings.workers} 个工作进程")
    return 0 if serve(settings) else 1


def _say_where(settings: Settings, what: str) -> None:
    say(
        f"{what}：http://{settings.host}:{settings.port}（客户聊天），/desk（工单），/training（测验），/dashboard（指标）"
    )


def _check_port(host: str, port: int) -> None:
    import socket

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            message = (
                f"{host}:{port} 不能监听（{error.strerror}），可能已有程序在用；可设 WENJIN_PORT 换一个端口。"
            )
            raise bad_input("port_in_use", message, port=port) from error


def _first_administrator(runtime: Runtime) -> None:
    from actions.service import accounts

    with runtime.db.begin() as session:
        password = accounts.ensure_admin(session, now=runtime.now())
    if password:
        say("首次启动，已创建管理员账号。下面的密码只显示这一次，请保存：")
        say(f"  账号 admin    密码 {password}")


def ask(arguments: argparse.Namespace) -> int:
    """Answer one question, or every line of a file."""
    if arguments.batch:
        return _ask_batch(arguments)
    if not arguments.question:
        raise bad_input("empty_question", '请写上问题，例如：wenjin ask "投诉一般多久能处理完"。')
    answerer = _answerer(arguments)
    if arguments.json:
        row = _answered(answerer, arguments.question, arguments.audience)
        print(json.dumps(row, ensure_ascii=False, indent=2))
        return 0
    answer = answerer.answer(arguments.question, audience=Audience(arguments.audience))
    for line in (answer.text, *(f"· {choice}" for choice in answer.choices)):
        print(line)
    if answer.citations:
        print(source_line(answer, arguments.settings.manual_title))
    return 0


def _answerer(arguments: argparse.Namespace) -> Any:
    from bot.assistant import ensure_encoder

    runtime = _runtime(arguments)
    with steps() as (step, progress):
        ensure_encoder(runtime.settings, step)
        runtime.library.index(runtime.library.in_use(), runtime.encoder, progress=progress)
    runtime.answerer.get()
    return runtime.answerer


def _answered(answerer: Any, question: Any, audience: str) -> dict[str, Any]:
    started = time.perf_counter()
    answer: Answer = answerer.answer(question, audience=Audience(audience))
    latency = (time.perf_counter() - started) * 1000
    return {
        "outcome": str(answer.outcome),
        "text": "\n".join([answer.text, *(f"· {choice}" for choice in answer.choices)]),
        "citations": [{name: getattr(cited, name) for name in CITED} for cited in answer.citations],
        "ranking": [asdict(ranked) for ranked in answer.ranking],
        "latency_ms": round(latency, 1),
    }


def _ask_batch(arguments: argparse.Namespace) -> int:
    if not arguments.out:
        raise bad_input("out_needed", "成批提问请用 --out 指定结果文件。")
    rows = list(_batch_lines(Path(arguments.batch)))
    answerer = _answerer(arguments)
    out = Path(arguments.out)
    draft = out.with_name(out.name + ".partial")
    with steps() as (step, progress), draft.open("w", encoding="utf-8") as file:
        step("回答问题")
        for audience in Audience:  # what is loaded late is not the first line's latency
            answerer.answer(REHEARSED, audience=audience)
        for done, row in enumerate(rows, 1):
            result = {"id": row["id"], **_answered_or_refused(answerer, row)}
            file.write(json.dumps(result, ensure_ascii=False) + "\n")
            progress(done, len(rows))
    draft.replace(out)
    say(f"已回答 {len(rows)} 个问题，结果在 {out}。")
    return 0


def _answered_or_refused(answerer: Any, row: dict[str, Any]) -> dict[str, Any]:
    """Answer one line; a question that cannot be used is refused with the reason, the others go on."""
    try:
        return _answered(answerer, row["question"], row["audience"])
    except WenjinError as error:
        return {
            "outcome": "refused",
            "text": error.message,
            "citations": [],
            "ranking": [],
            "latency_ms": 0.0,
        }


def _batch_lines(path: Path) -> Iterator[dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise bad_input("bad_batch", f"{path.name} 不是 UTF-8 编码的文本，请转换后再试。") from error
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            yield _batch_row(path.name, number, line)


def _batch_row(name: str, number: int, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
        audience = row.get("audience") or "customer"
        if audience not in set(Audience):
            raise ValueError(f"audience 只能是 customer 或 staff，这里是 {audience}")
        return {"id": row["id"], "question": row["question"], "audience": audience}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        why = f"缺少 {error}" if isinstance(error, KeyError) else str(error)
        raise bad_input("bad_batch", f"{name} 第 {number} 行读不出来：{why}。") from error


def manual_import(arguments: argparse.Namespace) -> int:
    """Read, restore, section, index and switch to a manual."""
    from bot.importing import import_manual

    runtime = _runtime(arguments)
    with steps() as (step, progress):
        done = import_manual(
            runtime,
            Path(arguments.file),
            name=arguments.name,
            switch=not arguments.keep,
            now=datetime.now(UTC),
            say=step,
            progress=progress,
        )
    for line in done.lines():
        say(line)
    return 0


def manual_show(arguments: argparse.Namespace) -> int:
    """Print a manual as Markdown or JSON."""
    library = _runtime(arguments).library
    document = library.document(arguments.name or library.in_use())
    if arguments.format == "json":
        print(json.dumps(to_json(document), ensure_ascii=False, indent=2))
    else:
        sys.stdout.write(to_markdown(document))
    return 0


def manual_report(arguments: argparse.Namespace) -> int:
    """Print what the import of a manual repaired and what the source had lost."""
    from bot.importing import report_lines

    library = _runtime(arguments).library
    for line in report_lines(library, arguments.name or library.in_use()):
        print(line)
    return 0


def manual_diff(arguments: argparse.Namespace) -> int:
    """Print what changed between two versions of a manual."""
    from bot.importing import diff_lines

    library = _runtime(arguments).library
    for line in diff_lines(library, arguments.name, arguments.old, arguments.new):
        print(line)
    return 0


def manual_list(arguments: argparse.Namespace) -> int:
    """Print all manuals; * marks the one in use."""
    for info in _runtime(arguments).library.manuals():
        mark = "*" if info.in_use else " "
        at = f"，导入于 {info.imported_at[:16].replace('T', ' ')}" if info.imported_at else "，自带"
        print(f"{mark} {info.name}  {info.version}  {info.sections} 节  {info.title}{at}")
    return 0


def manual_use(arguments: argparse.Namespace) -> int:
    """Switch to another manual; its index is built before the switch."""
    from bot.assistant import ensure_encoder

    runtime = _runtime(arguments)
    runtime.library.document(arguments.name)
    with steps() as (step, progress):
        ensure_encoder(runtime.settings, step)
        runtime.library.index(arguments.name, runtime.encoder, progress=progress)
    runtime.library.use(arguments.name)
    say(f"现在使用手册 {arguments.name}。正在运行的服务从下一个问题起改用它。")
    return 0


def manual_audience(arguments: argparse.Namespace) -> int:
    """Change who may read a section of an imported manual; this makes a new version."""
    from bot.importing import set_audience

    version = set_audience(
        _runtime(arguments), arguments.name, arguments.section, Audience(arguments.audience)
    )
    say(f"已设置，手册 {arguments.name} 的新版本是 {version}。")
    return 0


def user_add(arguments: argparse.Namespace) -> int:
    """Make an account with a random password, shown once."""
    from actions.service import accounts

    runtime = _runtime(arguments)
    with runtime.db.begin() as session:
        _, password = accounts.add_user(
            session,
            name=arguments.name,
            password=None,
            roles=arguments.role,
            display_name=arguments.display_name,
            now=runtime.now(),
        )
    say(f"已新建账号 {arguments.name}（{'、'.join(arguments.role)}）。密码只显示这一次：{password}")
    return 0


def user_list(arguments: argparse.Namespace) -> int:
    """Print all accounts."""
    from actions.service import accounts

    runtime = _runtime(arguments)
    with runtime.db.begin() as session:
        for user in accounts.users(session):
            state = "" if user.active else "  已停用"
            print(f"{user.name}  {'、'.join(user.roles)}  {user.display_name}{state}")
    return 0


def user_password(arguments: argparse.Namespace) -> int:
    """Give an account a new random password, shown once."""
    from actions.service import accounts

    runtime = _runtime(arguments)
    with runtime.db.begin() as session:
        user = accounts.find_user(session, arguments.name)
        if user is None:
            raise not_found(
                "user_not_found", f"没有名为“{arguments.name}”的账号，可用 wenjin user list 查看。"
            )
        password = secrets.token_urlsafe(12)
        accounts.set_password(session, user_id=user.id, password=password, now=runtime.now())
    say(f"账号 {arguments.name} 的新密码只显示这一次：{password}")
    return 0


def notices(arguments: argparse.Namespace) -> int:
    """Print the notices that have not arrived, or send one again that was given up."""
    from actions.desk import outbox, registry
    from actions.desk.workdays import SHANGHAI

    runtime = _runtime(arguments)
    if arguments.retry:
        with runtime.db.begin() as session:
            outbox.retry(session, arguments.retry, runtime.now())
        say("已重新排队，服务运行时会马上发送。")
        return 0
    with runtime.db.reading() as session:
        found = outbox.given_up(session) if arguments.failed else outbox.waiting(session)
        for notice in found:
            number = registry.get(session, notice.ticket_id).number if notice.ticket_id else "-"
            state = "已放弃" if notice.failed else f"下次 {notice.next_at.astimezone(SHANGHAI):%m-%d %H:%M}"
            tried = f"试过 {notice.attempts} 次"
            print("  ".join((notice.id, notice.channel, number, tried, state, notice.last_error)))
    if not found:
        say("没有放弃的通知。" if arguments.failed else "没有等待发送的通知。")
    return 0
