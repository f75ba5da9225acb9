"""Run-on text under a heading: where the heading ends, where lists and paragraphs begin."""

from __future__ import annotations

import re

from knowledge.sections.outline import Outline

LONGEST_HEADING = 24
SUMMARY = 24

_HAN = "\u3400-\u9fff"
_HEADING_ENDS = re.compile(
    "(?:策略|管理|体系|整合|应用|提升|维护|机制|执行|优化|指标|原则|实施|特征|类型|趋势|流程|要求|内容|重要性|手段|目标|方法|建设|"
    "规范|概述|制度|标准|措施|职责|范围|定义|意义|步骤|分析|评估|监控|服务|培训|考核|审计|安全|运营|设计|开发|渠道|协同|分配|支持|"
    "架构|技术|模式)$"
)
_OPENINGS = re.compile(
    "(?:在|随着|根据|为了|通过|例如|当前|目前|对于|由于|近年|按照|依据|本章|本节|互联网金融)"
)
_PREDICATE = re.compile(rf"[{_HAN}A-Z（）]{{2,12}}?(?:不仅是|是|需|应|作为|通常|的|涵盖|主要|包括|指)")
_NO_HEADING = re.compile("[。，；：是]|需(?![求要])|应(?![用对急收])")
_GOES_ON = tuple("与和及的、（）化性度率是需应作")
_SENTENCE = re.compile(r"[^。！？]*[。！？]+[”’）》]*|[^。！？]+$")
_ITEM_START = re.compile(rf"(?<=[：；。])(?=-[{_HAN}A-Z]|[1-9]\.[{_HAN}A-Z])")
_ITEM = re.compile(rf"(-|[1-9]\.)(?=[{_HAN}A-Z])")
_PARAGRAPH = re.compile(
    r"根据|据《|据中国|以某|在[^，。]{2,14}(?:方面|阶段|层面|中)，|[^，。]{2,8}方面，|总结：|总之|综上|"
    r"(?:主要|常见的)[^，。]{2,10}包括|[^，。《]{4,14}包括[：以]"
)


def split_heading(text: str) -> tuple[str, str]:
    """Split a sub-heading from the text that runs on after it: ("数据采集与整合", "客户数据是…").

    A heading ends in a noun of the trade and what follows begins like a sentence, best of all with the
    heading's own words. Where nothing fits, the heading is "".
    """
    stop = _NO_HEADING.search(text)
    longest = min(LONGEST_HEADING, stop.start() if stop else len(text) - 1)
    best, best_score = 0, 0
    for end in range(3, longest + 1):
        score = _fit(text[:end], text[end:])
        if score and score >= best_score:
            best, best_score = end, score
    return text[:best], text[best:]


def _fit(heading: str, body: str) -> int:
    if not _HEADING_ENDS.search(heading) or body.startswith(_GOES_ON):
        return 0
    if _OPENINGS.match(body):
        return 4
    if not _PREDICATE.match(re.split("[，。：；]", body)[0]):
        return 0
    if body[:2] == heading[:2]:
        return 3
    return 2 if body[:2] in heading else 1


def add_paragraphs(outline: Outline, text: str) -> None:
    """Add run-on text to the outline as paragraphs and list items.

    A sentence that opens with the chapter's title is a summary and begins a paragraph, as do the usual
    openings and every list item.
    """
    paragraph = ""
    for sentence in _SENTENCE.findall(text):
        for part in _ITEM_START.split(sentence):
            item = _ITEM.match(part)
            starts = item or _PARAGRAPH.match(part) or outline.chapter_title in part[:SUMMARY]
            if starts or _is_item(paragraph):
                _flush(outline, paragraph)
                paragraph = part
            else:
                paragraph += part
    _flush(outline, paragraph)


def _is_item(paragraph: str) -> bool:
    return _ITEM.match(paragraph) is not None


def _flush(outline: Outline, paragraph: str) -> None:
    item = _ITEM.match(paragraph)
    if item:
        outline.add(paragraph[item.end() :].strip(), item[1] + " ")
    else:
        outline.add(paragraph.strip())
