"""Street-level addresses: what lies below the district and has a number is hidden, branches stay."""

from __future__ import annotations

import re

_CHAR = r"[\u4e00-\u9fff]"
# A name does not run over a district or over the words that lead to an address.
_NAME = r"[^\W\d_a-zA-Z省市区县镇乡州盟旗道在住是到至寄于址给往去]"
_NUMBER = r"(?:\d{1,5}|[一二三四五六七八九十百零〇○两]{1,5})"
_GAP = r"[ \n\-]{0,2}"
_ROAD = rf"{_NAME}{{1,7}}(?:大道|大街|路|街|巷|胡同|里弄)(?:[东西南北中]段?|[一二三四五六七八九十]+[段巷])?"
_DISTRICT = rf"{_NAME}{{1,6}}(?:街道|镇|乡|村|庄|屯|社区)"
_VILLAGE = rf"{_NAME}{{1,6}}(?:村|庄|屯|社区)"
_PLACE_KIND = (
    "小区|花园|家园|公寓|新村|新城|佳苑|雅苑|名苑|嘉园|华庭"
    "|豪庭|花苑|苑|府|庄园|山庄|大厦|大楼|宿舍|家属院|里|园|湾|城|庭"
)
_PLACE = rf"{_NAME}{{2,8}}?(?:{_PLACE_KIND})"
_UNIT_KIND = "号\s?楼|号院|号门|栋|幢|座|单元|室|层|楼|户|房|门|排|组|队"
_UNIT = rf"(?:[A-Za-z]|[A-Za-z]?{_NUMBER})(?:{_UNIT_KIND})"
_UNITS = rf"{_UNIT}(?:{_GAP}{_UNIT})*(?:{_GAP}\d{{3,4}}(?!\d))?"
_HOUSE = rf"{_NUMBER}(?:之{_NUMBER}|-\d{{1,4}})?(?:弄|号)(?:{_GAP}{_NUMBER}(?:支弄|弄|号(?!楼|院|门)))*"
_DASHED = rf"{_NUMBER}(?:-{_NUMBER}){{1,3}}(?!\d|[-/.年月])"
_TAIL = rf"(?:{_GAP}(?:{_PLACE}))?(?:{_GAP}(?:{_UNITS}|{_DASHED}|\d{{3,4}}(?![\d年元块万%.])))?"

_PATTERNS = tuple(
    re.compile(form)
    for form in (
        rf"(?:{_DISTRICT}{_GAP})?{_ROAD}{_GAP}{_HOUSE}{_TAIL}",
        rf"(?:{_DISTRICT}{_GAP})?(?:{_ROAD}{_GAP})?{_PLACE}{_GAP}(?:{_NUMBER}号{_GAP})?(?:{_UNITS}|{_DASHED})",
        rf"(?:{_DISTRICT}{_GAP})?{_VILLAGE}{_GAP}{_NUMBER}(?:组|队|社)(?:{_GAP}{_NUMBER}号)?",
        rf"{_DISTRICT}{_GAP}{_VILLAGE}{_GAP}{_NUMBER}号",
        rf"{_NUMBER}(?:栋|幢|号楼){_GAP}(?:{_NUMBER}单元{_GAP})?{_NUMBER}(?:室|号|房|户)?",
    )
)
# Where business is done: the place of a branch is nobody's home.
_BUSINESS = re.compile(
    r"[的那这边]{0,2}(?:网点|支行|分行|营业|门店|柜台|分理处|分公司|总部|旗舰店|体验店|专卖店|(?:店|银行)(?!\w))"
)
_NOT_ROADS = re.compile(r"(?:线路|公路|铁路|电路|套路|思路|网路|一路|半路|后路|出路|销路|货路|路路)\d")


def street_level(text: str) -> set[int]:
    """Return the positions of what is below the district in addresses that have a number."""
    hidden: set[int] = set()
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            start, end = match.span()
            if not _BUSINESS.match(text, end) and not _NOT_ROADS.search(match[0]):
                hidden |= {at for at in range(start, end) if text[at].isalnum()}
    return hidden
