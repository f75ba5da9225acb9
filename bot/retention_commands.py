"""The commands of `wenjin retention`: what is due, erasing it, holds, and a customer's wish for deletion."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.runtime import Runtime
from bot.show import say, steps
from knowledge.errors import bad_input, not_found

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from actions.store.tables.accounts import User
    from actions.store.tables.desk import Ticket

Parsers = Any  # argparse's sub-parser action has no public name


def add(commands: Parsers) -> None:
    """Add `retention` to the commands of wenjin."""
    group = commands.add_parser("retention", help="个人信息的保存期限").add_subparsers(
        required=True, metavar="操作"
    )
    _one(group, "plan", plan, "列出超过保存期限、将被删除的内容，不改动任何东西")
    _one(group, "run", run, "删除超过保存期限的内容；可以随时中断，再次运行接着做")
    held = _one(group, "hold", hold, "保全一张工单：不论期限都不删除")
    held.add_argument("number", help="工单号")
    held.add_argument("--reason", required=True, metavar="原因")
    lifted = _one(group, "lift", lift, "解除一张工单的保全")
    lifted.add_argument("number", help="工单号")
    gone = _one(group, "forget", forget, "按客户要求删除他的资料（个人信息保护法第四十七条）")
    gone.add_argument("number", nargs="?", help="客户的任意一张工单的编号")
    gone.add_argument("--customer", metavar="编号", help="客户编号：应用里的、接口渠道的 sender 或本系统的")
    for one in (held, lifted, gone):
        one.add_argument("--by", metavar="用户", required=True, help="记在哪位投诉主管或管理员名下")


def plan(arguments: argparse.Namespace) -> int:
    """Print what is due, kind by kind, with the days of the first and last."""
    from actions.retention import runs

    runtime = Runtime(arguments.settings)
    planned = runs.plan(runtime.db, arguments.settings.periods(), runtime.now())
    for one in planned:
        if one.count and one.oldest and one.newest:
            print(f"{one.kind.label}\t{one.count}\t{_day(one.oldest)} 至 {_day(one.newest)}")
    kept = sorted({one.kind.label for one in planned if one.before is None})
    if kept:
        say(f"按设置一直保存：{'、'.join(kept)}。")
    if not any(one.count for one in planned):
        say("没有超过保存期限的内容。")
    return 0


def run(arguments: argparse.Namespace) -> int:
    """Erase what is due and print the counts."""
    from actions.retention import runs

    runtime = Runtime(arguments.settings)
    labels = {kind.name: kind.label for kind in runs.KINDS}
    with steps() as (step, count):

        def progress(label: str, done: int, total: int) -> None:
            step(f"删除{label}")
            count(done, total)

        done = runs.run(runtime.db, arguments.settings.periods(), runtime.now(), progress=progress)
    for name, number in done.erased.items():
        print(f"{labels[name]}\t{number}")
    if done.failed:
        say(f"有 {done.failed} 处没有删除成功，原因见日志；再次运行会重试。")
        return 1
    say("已删除，并记入审计日志。" if done.erased else "没有超过保存期限的内容。")
    return 0


def hold(arguments: argparse.Namespace) -> int:
    """Put a ticket on hold."""
    from actions.desk import holds

    with _ticket(arguments) as (s, ticket, user, now):
        holds.hold(s, ticket, user=user, reason=arguments.reason, now=now)
    say(f"工单 {ticket.number} 已保全，不会按保存期限删除。")
    return 0


def lift(arguments: argparse.Namespace) -> int:
    """Lift the hold of a ticket."""
    from actions.desk import holds

    with _ticket(arguments) as (s, ticket, user, now):
        holds.lift(s, ticket, user=user, now=now)
    say(f"工单 {ticket.number} 已解除保全，按保存期限处理。")
    return 0


def forget(arguments: argparse.Namespace) -> int:
    """Erase what is kept of a customer, and print what was erased and what was kept, with the reason.

    Raises:
        WenjinError: 422 `customer_needed`; 403 `role_needed`; 404 `customer_not_found`, `ticket_not_found`,
            `user_not_found`.
    """
    from actions.retention import forget as wish

    if bool(arguments.number) == bool(arguments.customer):
        raise bad_input("customer_needed", "请写客户的一张工单号，或用 --customer 写客户编号，两者选一。")
    runtime = Runtime(arguments.settings)
    with runtime.db.reading() as s:
        user = _user(s, arguments.by)
        who = list(_customers(s, runtime, arguments))
    done = wish.forget(runtime.db, who, arguments.settings.periods(), user=user, now=runtime.now())
    for kind, number in done.erased.items():
        print(f"已删除\t{wish.LABELS[kind]}\t{number}")
    for what, why in done.kept:
        print(f"保留\t{what}\t{why}")
    if not done.erased and not done.kept:
        say("这位客户没有可删除的资料了。")
    return 0


@contextmanager
def _ticket(arguments: argparse.Namespace) -> Iterator[tuple[Session, Ticket, User, datetime]]:
    """Open a transaction with the ticket that is named, locked, and who acts now."""
    from actions.desk import registry, steps

    runtime = Runtime(arguments.settings)
    with runtime.db.begin() as s:
        user = _user(s, arguments.by)
        yield s, steps.locked(s, registry.get_by_number(s, arguments.number).id), user, runtime.now()


def _customers(s: Session, runtime: Runtime, arguments: argparse.Namespace) -> Iterator[str]:
    """Yield the ids under which a customer may be known here."""
    from actions.desk import registry
    from actions.service.conversations import CALLBACK

    if arguments.number:
        yield registry.get_by_number(s, arguments.number).customer_id
        return
    named = arguments.customer
    yield from (named, runtime.identities.customer_id(named), f"rest:{named}", f"{CALLBACK}:{named}")


def _user(s: Session, name: str) -> User:
    from actions.service import accounts

    user = accounts.find_user(s, name)
    if user is None:
        raise not_found("user_not_found", f"没有名为“{name}”的账号，可用 wenjin user list 查看。")
    return user


def _day(at: datetime) -> str:
    from actions.desk.workdays import SHANGHAI

    return f"{at.astimezone(SHANGHAI):%Y-%m-%d}"


def _one(group: Parsers, name: str, command: Any, text: str) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = group.add_parser(name, help=text, description=text)
    made.set_defaults(run=command)
    return made
