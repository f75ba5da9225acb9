"""What SQLite and PostgreSQL compute alike: counts by a condition, times, days and hours in China."""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Integer, String, case, func
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

# `unixepoch` came with SQLite 3.38 and is several times as fast as formatting seconds and reading them.
_SECONDS = (
    "unixepoch({at})" if sqlite3.sqlite_version_info >= (3, 38) else "CAST(strftime('%s', {at}) AS INTEGER)"
)


class micros(FunctionElement[int]):
    """Microseconds since 1970 of a time, exact on both databases."""

    type = BigInteger()
    inherit_cache = True


class china_day(FunctionElement[str]):
    """The day in China of a time, as text: 2026-03-02."""

    type = String()
    inherit_cache = True


class china_hour(FunctionElement[int]):
    """The hour of the day in China of a time, 0 to 23."""

    type = Integer()
    inherit_cache = True


def how_many(condition: ColumnElement[bool]) -> ColumnElement[int]:
    """Count the rows that fulfil a condition, 0 for no rows."""
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


# SQLite keeps UTC as text with six decimals, and China is eight hours ahead of it all year.
@compiles(micros, "sqlite")
def _micros_sqlite(element: micros, compiler: SQLCompiler, **kw: Any) -> str:
    at = compiler.process(element.clauses, **kw)
    return f"({_SECONDS.format(at=_whole(at))} * 1000000 + CAST(substr({at}, 21, 6) AS INTEGER))"


def _whole(at: str) -> str:
    """Return a time's whole seconds: SQLite would round what is later than .9995 up to the next."""
    return f"substr({at}, 1, 19)"


@compiles(micros, "postgresql")
def _micros_postgresql(element: micros, compiler: SQLCompiler, **kw: Any) -> str:
    # Binary numbers hold whole seconds and whole microseconds exactly, and take a third of a numeric's time.
    at = compiler.process(element.clauses, **kw)
    seconds = f"CAST(floor(date_part('epoch', {at})) AS BIGINT)"
    return f"({seconds} * 1000000 + mod(CAST(date_part('microseconds', {at}) AS BIGINT), 1000000))"


@compiles(china_day, "sqlite")
def _day_sqlite(element: china_day, compiler: SQLCompiler, **kw: Any) -> str:
    return f"date({_whole(compiler.process(element.clauses, **kw))}, '+8 hours')"


@compiles(china_day, "postgresql")
def _day_postgresql(element: china_day, compiler: SQLCompiler, **kw: Any) -> str:
    return f"to_char({compiler.process(element.clauses, **kw)} AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD')"


@compiles(china_hour, "sqlite")
def _hour_sqlite(element: china_hour, compiler: SQLCompiler, **kw: Any) -> str:
    at = _whole(compiler.process(element.clauses, **kw))
    return f"CAST(strftime('%H', {at}, '+8 hours') AS INTEGER)"


@compiles(china_hour, "postgresql")
def _hour_postgresql(element: china_hour, compiler: SQLCompiler, **kw: Any) -> str:
    at = compiler.process(element.clauses, **kw)
    return f"CAST(extract(hour FROM {at} AT TIME ZONE 'Asia/Shanghai') AS INTEGER)"
