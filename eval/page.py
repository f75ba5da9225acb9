"""The report as one HTML file that needs nothing else: tables, and charts as inline SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from eval.scores import columns, share

_STYLE = """
body{font:15px/1.6 system-ui,"Noto Sans CJK SC","Microsoft YaHei",sans-serif;max-width:1200px;
margin:2rem auto;padding:0 1rem;color:#222}
h1{font-size:1.6rem}h2{margin-top:2.2rem;font-size:1.2rem;border-bottom:1px solid #ddd}
table{border-collapse:collapse;margin:.8rem 0;font-size:13px;display:block;overflow-x:auto}
th,td{padding:.25rem .6rem;border-bottom:1px solid #eee;text-align:right;white-space:nowrap}
th:first-child,td:first-child{text-align:left}thead th{background:#f6f6f6}
small{color:#777}.charts{display:flex;flex-wrap:wrap;gap:1rem}.charts svg{max-width:100%;height:auto}
"""


def page(title: str, parts: Sequence[str]) -> str:
    """Return a whole page."""
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>'
    body = "\n".join(parts)
    whole = f"<head>{head}</head><body><h1>{escape(title)}</h1>\n{body}</body>"
    return f'<!doctype html>\n<html lang="zh-CN">{whole}</html>\n'


def heading(text: str) -> str:
    """Return a heading."""
    return f"<h2>{escape(text)}</h2>"


def paragraph(text: str) -> str:
    """Return a paragraph of plain text."""
    return f"<p>{escape(text)}</p>"


def drawings(svgs: Sequence[str]) -> str:
    """Return charts beside each other."""
    return f'<div class="charts">{"".join(f"<div>{svg}</div>" for svg in svgs)}</div>'


def figures_table(results: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a table with a row a figure and a column a system, intervals in small print."""
    names = columns(results)
    rows = []
    for name in names:
        cells = [_cell(name, result) for result in results.values()]
        rows.append([escape(name), *cells])
    return _table(["", *map(escape, results)], rows)


def _cell(name: str, result: Mapping[str, Any]) -> str:
    if name not in result["figures"]:
        return "–"
    shown = share(name, result["figures"][name])
    interval = result["intervals"].get(name)
    return f"{shown} <small>{interval[0]:.3f}–{interval[1]:.3f}</small>" if interval else shown


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of plain texts."""
    return _table([escape(cell) for cell in head], [[escape(cell) for cell in row] for row in rows])


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f"<th>{cell}</th>" for cell in head)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
