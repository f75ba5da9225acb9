"""Made-up home addresses, and places of business that are none."""

from __future__ import annotations

import random

DISTRICTS = (
    "上海市浦东新区",
    "北京市朝阳区",
    "浙江省杭州市西湖区",
    "广东省深圳市南山区",
    "成都市武侯区",
    "江苏省苏州市工业园区",
    "武汉市洪山区",
    "山东省青岛市市南区",
    "西安市雁塔区",
    "重庆市渝北区",
    "天津市和平区",
    "",
    "杭州",
    "北京海淀区",
)
COUNTIES = (
    "河南省周口市太康县",
    "湖南省长沙市宁乡市",
    "四川省绵阳市三台县",
    "河北省保定市定州市",
    "贵州省遵义市湄潭县",
)
ROADS = (
    "世纪大道",
    "中山北路",
    "文三路",
    "建国门外大街",
    "解放路",
    "人民南路",
    "科技园路",
    "幸福街",
    "延安西路",
    "长江路",
    "朝阳北路",
    "龙阳路",
    "深南大道",
    "春熙路",
    "古北路",
    "滨江东路",
)
PLACES = (
    "阳光花园",
    "万科城",
    "翠苑新村",
    "金色家园",
    "绿地小区",
    "保利香槟花园",
    "怡景苑",
    "碧桂园",
    "恒大华府",
    "梧桐公寓",
)
TOWNS = ("城关镇", "李家镇", "太平乡", "新店镇", "东风镇")
VILLAGES = ("李庄村", "王家村", "柳树屯", "大河村", "赵家庄")
BRANCHES = ("网点", "支行", "营业厅", "门店", "分行", "店")


def home(rng: random.Random) -> tuple[str, str]:
    """Return province to district, and what lies below it."""
    n = rng.randrange
    road, place = rng.choice(ROADS), rng.choice(PLACES)
    if n(6) == 0:
        detail = f"{rng.choice(TOWNS)}{rng.choice(VILLAGES)}{n(1, 12)}组{rng.choice(('', f'{n(1, 90)}号'))}"
        return rng.choice(COUNTIES), detail
    detail = rng.choice(
        (
            f"{road}{n(1, 2000)}号",
            f"{road}{n(1, 2000)}号{n(1, 40)}栋{n(101, 3300)}室",
            f"{road}{n(1, 2000)}弄{n(1, 99)}号{n(101, 2000)}室",
            f"{road}{n(1, 900)}号{place}{n(1, 30)}幢{n(1, 5)}单元{n(101, 1900)}",
            f"{place}{n(1, 30)}栋{n(1, 5)}单元{n(101, 1900)}室",
            f"{road}{place}{n(1, 30)}号楼{n(101, 1900)}",
            f"{place}{n(1, 30)}-{n(1, 5)}-{n(101, 1900)}",
        )
    )
    return rng.choice(DISTRICTS), detail


def business(rng: random.Random) -> str:
    """Return a branch, a company or a way of doing business that sounds like a street."""
    city, road = rng.choice(("上海", "北京", "杭州", "深圳", "成都")), rng.choice(ROADS)
    return rng.choice(
        (
            f"{city}分公司",
            f"{road}{rng.choice(BRANCHES)}",
            f"{city}{road}{rng.choice(BRANCHES)}",
            f"{road}{rng.randrange(1, 2000)}号{rng.choice(BRANCHES[:5])}",
            f"{rng.randrange(1, 9)}号窗口",
            f"{city}{rng.choice(('浦东', '朝阳', '西湖', '南山'))}支行",
            f"{rng.choice(('线上', '线下', '绿色'))}渠道{rng.randrange(1, 9)}号线",
            f"{city}市某某科技有限公司{rng.randrange(1, 30)}楼前台",
            f"{rng.randrange(100, 999)}路公交站旁的网点",
        )
    )
