"""What happens to direct identifiers at the door: placeholders in free text, keyed hashes of persons.

All of it is SQL on RE2 patterns (linear time, no backtracking), so it runs at the speed of the scan.
A text goes through the patterns of a family only when a cheap first test says that the family may
occur in it. Placeholders follow DOMAIN 8: 〔姓名〕〔电话〕〔门牌〕 and their like.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import duckdb

from minxin.texts.sql_text import literal, quote

#: Hexadecimal digits kept of HMAC-SHA256: 128 bits, as RFC 2104 allows.
HASH_DIGITS = 32

FULL_WIDTH = "".join(chr(c) for c in range(0xFF01, 0xFF5F)) + "　"
HALF_WIDTH = "".join(chr(c - 0xFEE0) for c in range(0xFF01, 0xFF5F)) + " "
_WIDE_DIGITS = "０１２３４５６７８９－＠．"
_NARROW_DIGITS = "0123456789-@."

_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱林何郭罗宋郑谢韩唐冯董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范石姚谭廖邹熊金陆郝孔崔康毛邱秦江"
    "史顾侯邵孟龙段章钱汤尹黎易武乔贺赖龚庞樊兰殷施陶洪翟颜倪严牛温芦季俞葛肖聂翁祝柯岳齐沿梅庄辛管耿焦左涂祁童尚欧甘裴阮纪覃柳蒲盛靳邢柴单卓"
)
_DOUBLE = "欧阳|上官|司马|诸葛|司徒|东方|皇甫|尉迟|夏侯|令狐|慕容"
_SURNAME = f"(?:{_DOUBLE}|[{_SURNAMES}])"
_HAN = r"\x{4e00}-\x{9fa5}"

_HOUSE = r"(?:[A-Za-z]?[0-9]{1,4}|[A-Za-z])"
_UNIT = r"(?:[A-Za-z]?[0-9一二三四五六七八九十]{1,3}(?:单元|门|梯))"
_INSIDE = (
    rf"{_UNIT}?(?:[A-Za-z]?[0-9一二三四五六七八九十]{{1,3}}[楼层])?"
    r"(?:[\-—]?[A-Za-z]?[0-9]{3,4}(?:[A-Za-z]|号房|号|室|房|户)?|[0-9]{1,2}(?:号房|室|房|户))?"
)
_EDGE = r"(\b|[A-Za-z_])"
_GAP = r"[ \-—_·.]{0,2}"
_FLAG = "__mask"


@dataclass(frozen=True)
class Family:
    """Patterns that one quick test stands before."""

    test: str
    rules: tuple[tuple[str, str], ...]


#: Order matters: longer numbers first, so that no part of one is taken for another.
FAMILIES: tuple[Family, ...] = (
    Family(
        test=r"@",
        rules=((r"[A-Za-z0-9][A-Za-z0-9._%+\-]*@[A-Za-z0-9][A-Za-z0-9.\-]*\.[A-Za-z]{2,}", "〔邮箱〕"),),
    ),
    Family(
        # The cores of the patterns below; a plain date or a sum of money passes none of them.
        test=r"[0-9]{12}|1[ \-—_·.]{0,2}[3-9](?:[ \-—_·.]{0,2}[0-9]){9}"
        r"|0[0-9]{2,3}[）)]?[ \-—]{0,3}[2-9][0-9]{2,3}[ \-]?[0-9]{4}"
        r"|[0-9] ?(?:18|19|20)[0-9]{2} ?[01][0-9]{3}|62[0-9]{2}[ \-][0-9]{4}|[卡账帐]号[^0-9]{0,3}[0-9]{4}"
        r"|[话机线式电打拔系ELl]号?码?[^0-9，。；！？\n]{0,6}[2-9][0-9]{2,3}[ \-]?[0-9]{4}",
        rules=(
            # 18 digits with a plausible date of birth in 7–14; 15 digits with month and day in 9–12.
            (
                _EDGE + r"[1-9][0-9]{5} ?(?:18|19|20)[0-9]{2} ?(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01]) ?"
                r"[0-9]{3}[0-9Xx*](\b|[A-WYZa-wyz_])",
                r"\1〔证件号〕\2",
            ),
            (
                _EDGE + r"[1-9][0-9]{5}[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}" + _EDGE,
                r"\1〔证件号〕\2",
            ),
            # Bank cards: UnionPay begins with 62; any other long number only after a word that says so.
            (_EDGE + r"62[0-9]{2}(?:[ \-]?[0-9]{4}){3}(?:[ \-]?[0-9]{1,3})?" + _EDGE, r"\1〔银行卡〕\2"),
            (
                r"((?:卡号|账号|帐号|账户|帐户|银行卡|存折)(?:号码|号)?(?:[:：为是]|)[ ]?)[0-9](?:[ \-]?[0-9]){11,20}"
                + _EDGE,
                r"\1〔银行卡〕\2",
            ),
            # Mobile numbers, with or without 86, in one piece or spaced in any way.
            (_EDGE + r"(?:(?:\+|00)?86[ \-]?)?1" + _GAP + r"[3-9](?:" + _GAP + r"[0-9]){9}" + _EDGE, r"\1〔电话〕\2"),
            # Landlines: area code and 7 or 8 digits; without an area code only after a word for telephone.
            (
                _EDGE + r"[（(]?0(?:10|2[0-9]|[3-9][0-9]{2})[）)]?[ \-—]{0,3}[2-9][0-9]{2,3}[ \-]?[0-9]{4}"
                r"(?:[ \-转]{1,2}[0-9]{1,5})?" + _EDGE,
                r"\1〔电话〕\2",
            ),
            (
                r"((?:电话|座机|手机|热线|联系方式|致电|拨打|拔打|来电|联系|TEL|Tel|tel)(?:号码|号)?(?:[^0-9，。；！？\n]{0,6}))"
                r"[2-9][0-9]{2,3}[ \-]?[0-9]{4}(?:[ \-转]{1,2}[0-9]{1,5})?" + _EDGE,
                r"\1〔电话〕\2",
            ),
            # A second number after one just found: 〔电话〕、85666666.
            (r"(〔电话〕(?:或者|[、/／，,或和;； ]){1,2})[2-9][0-9]{2,3}[ \-]?[0-9]{4}" + _EDGE, r"\1〔电话〕\2"),
        ),
    ),
    Family(
        test=r"[Qq][Qq]|微信|[Ww]e[Cc]hat|weixin|扣扣|支付宝",
        rules=(
            (
                r"((?:[Qq][Qq]|微信|[Ww]e[Cc]hat|weixin|扣扣|支付宝)"
                r"(?:号码|账号|帐号|号|群)?(?:群号|号)?[ ]?(?:[:：为是]|)[ ]?)"
                r"[A-Za-z0-9_\-]{5,20}",
                r"\1〔账号〕",
            ),
        ),
    ),
    Family(
        test=r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使][A-Za-z][ ·•.\-*]{0,2}[A-Za-z0-9]{4}",
        rules=(
            (
                r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使][A-HJ-NP-Za-hj-np-z][ ·•.\-*]{0,2}"
                r"(?:[A-HJ-NP-Za-hj-np-z0-9]{5,7}|[A-HJ-NP-Za-hj-np-z0-9]{4}[挂学警港澳领])",
                "〔车牌〕",
            ),
        ),
    ),
    Family(
        test=r"姓名|联系人|[我人]叫|名叫|先生|女士|小姐|身份证|〔证件号〕|(?:投诉|举报|反映|来电|申请|当事)人|[业户]主[:：]",
        rules=(
            # Introduced by a label and a colon (or 是, 为): surname and one or two characters.
            (
                r"((?:姓名|联系人|投诉人|举报人|反映人|来电人|申请人|业主|户主|当事人)"
                r"(?:姓名)?[ ]?(?:[:：为是]|——)[ ]?)" + _SURNAME + rf"[{_HAN}]{{1,2}}",
                r"\1〔姓名〕",
            ),
            # Introduced by 叫.
            (
                r"((?:我叫|我名叫|本人叫|人名叫|[老男女病此那责系]人叫|孩子叫|有人叫|联系人)[ ]?)"
                + _SURNAME
                + rf"[{_HAN}]{{1,2}}",
                r"\1〔姓名〕",
            ),
            # Before a form of address, which stays: a bare surname anywhere, a whole name where it begins.
            (
                rf"(^|[^{_HAN}]|[的是和与及由向找问叫请被让对给据询])"
                + _SURNAME
                + rf"[{_HAN}]{{1,2}}[ ]?(先生|女士|小姐)",
                r"\1〔姓名〕\2",
            ),
            # The same after a word for whom one speaks to or of, which may end in what looks like a surname.
            (
                r"((?:联系|联络|通知|告知|转告|转交|致电|回复|答复|找到|咨询|业主|住户|居民|市民|群众|租户|租客|房东"
                r"|邻居|家长|患者|客户|老板|经理|主任|书记|队长|工作人员|负责人)[ ]?)"
                + _SURNAME
                + rf"[{_HAN}]{{1,2}}[ ]?(先生|女士|小姐)",
                r"\1〔姓名〕\2",
            ),
            (_SURNAME + r"[ ]?(先生|女士|小姐)", r"〔姓名〕\1"),
            # Before an identity number that has been masked already, or the words for one.
            (
                rf"(^|[^{_HAN}])" + _SURNAME + rf"[{_HAN}]{{1,2}}([，, ：:（(]{{0,2}}(?:身份证|〔证件号〕))",
                r"\1〔姓名〕\2",
            ),
        ),
    ),
    Family(
        test=r"[0-9A-Za-z](?:栋|幢|座|单元|号楼|号房|室)|[一二三四五六七八九十](?:栋|幢|号楼|单元)[0-9一二三四五六七八九十]"
        r"|[路街巷弄同道组村] ?[0-9]+[\-之0-9]*号|门牌|单元[0-9]",
        rules=(
            # Building, or a list of them, with or without unit, floor and room: A栋2单元301室, 9、11栋.
            (
                r"(^|[^0-9A-Za-z共有计余约建这那每近了等出某几多两各.])"
                rf"(?:{_HOUSE}[、，,和及至到\-~—/])*{_HOUSE}[\-#]?(?:栋|幢|号楼){_INSIDE}"
                rf"(?:[、，,和及至到]?{_HOUSE}[\-#]?(?:栋|幢|号楼){_INSIDE})*",
                r"\1〔门牌〕",
            ),
            (rf"[一二三四五六七八九十]{{1,3}}(?:栋|幢|号楼){_UNIT}{_INSIDE}", "〔门牌〕"),
            (r"(^|[^0-9A-Za-z])[A-Za-z]座(?:[A-Za-z]?[0-9]{3,4}(?:号房|号|室|房|户)?)?", r"\1〔门牌〕"),
            # Unit and room without a building, room alone.
            (rf"{_UNIT}{_INSIDE}", "〔门牌〕"),
            (r"(^|[^0-9A-Za-z])[A-Za-z]?[0-9]{3,4}[A-Za-z]?(?:室|号房)", r"\1〔门牌〕"),
            # House number in a street: 人民路120号. An underground line, a plot or a document is none.
            (
                r"((?:路|街|巷|弄|胡同|大道|组|村)[ ]?)[0-9]{1,4}(?:[\-之][0-9]{1,4})?号(?:附[0-9]{1,3}号)?"
                r"([^线馆楼桥码通文地坑井出公]|$)",
                r"\1〔门牌〕\2",
            ),
            (r"(门牌号?码?(?:为|是|:|：)[ ]?)[A-Za-z0-9\-]{1,10}号?", r"\1〔门牌〕"),
        ),
    ),
)

#: One scan that says whether any family needs to look.
ANY_TEST = "|".join(["[０-９]{3}|＠", *(f"(?:{family.test})" for family in FAMILIES)])

PLACEHOLDERS = ("〔姓名〕", "〔电话〕", "〔证件号〕", "〔银行卡〕", "〔账号〕", "〔车牌〕", "〔邮箱〕", "〔门牌〕")


def narrow_sql(text: str) -> str:
    """Full-width ASCII and the ideographic space turned into their ordinary forms."""
    return f"translate({text}, {literal(FULL_WIDTH)}, {literal(HALF_WIDTH)})"


def mask_steps() -> list[str]:
    """Expressions that mask a text one family after another; ``{0}`` stands for the text so far.

    To be laid out as successive projections, so that nothing is evaluated twice. ``{1}`` stands for
    the result of the quick first test (``first_test_sql``), taken on the text as it came.
    """

    def braced(text: str) -> str:
        return literal(text).replace("{", "{{").replace("}", "}}")

    steps = [
        f"case when {{1}} then case when regexp_matches({{0}}, '[０-９＠]')"
        f" then translate({{0}}, {literal(_WIDE_DIGITS)}, {literal(_NARROW_DIGITS)}) else {{0}} end else {{0}} end"
    ]
    for family in FAMILIES:
        masked = "{0}"
        for pattern, placeholder in family.rules:
            masked = f"regexp_replace({masked}, {braced(pattern)}, {literal(placeholder)}, 'g')"
        test = braced(family.test)
        steps.append(
            f"case when {{1}} then case when regexp_matches({{0}}, {test}) then {masked} else {{0}} end else {{0}} end"
        )
    return steps


def first_test_sql(text: str) -> str:
    """Whether a text may hold any direct identifier: one scan instead of six."""
    return f"coalesce(regexp_matches({text}, {literal(ANY_TEST)}), false)"


def masked_sql(relation: str, columns: list[str]) -> str:
    """A query over ``relation`` with direct identifiers in the text ``columns`` replaced by placeholders."""
    query = (
        f"select *, {', '.join(f'{first_test_sql(quote(c))} as {quote(c + _FLAG)}' for c in columns)} from {relation}"
    )
    for step in mask_steps():
        replaced = ", ".join(f"{step.format(quote(c), quote(c + _FLAG))} as {quote(c)}" for c in columns)
        query = f"select * replace ({replaced}) from ({query})"
    return f"select * exclude ({', '.join(quote(c + _FLAG) for c in columns)}) from ({query})"


def offer_key(connection: duckdb.DuckDBPyConnection, key: bytes) -> None:
    """Give the secret of ``hash_sql`` to a connection, as two session variables in memory.

    It is bound as a parameter, so it stands in no query text, and in no table that could be spilled.
    """
    block = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    connection.execute("set variable minxin_inner = ?", [bytes(b ^ 0x36 for b in block)])
    connection.execute("set variable minxin_outer = ?", [bytes(b ^ 0x5C for b in block)])


def withdraw_key(connection: duckdb.DuckDBPyConnection) -> None:
    """Forget what ``offer_key`` gave."""
    connection.execute("reset variable minxin_inner")
    connection.execute("reset variable minxin_outer")


def person_sql(text: str) -> str:
    """One spelling for one person: a telephone number as its digits, anything else without spaces, upper case."""
    narrow = f"(case when regexp_matches({text}, '[^ -~]') then {narrow_sql(text)} else {text} end)"
    digits = f"regexp_replace(regexp_replace({narrow}, '[^0-9]', '', 'g'), '^(?:00)?86(1[3-9][0-9]{{9}})$', '\\1')"
    is_number = f"regexp_full_match({narrow}, '[+0-9 ()\\-]*[0-9][+0-9 ()\\-]*') and length({narrow}) >= 7"
    return f"case when {is_number} then {digits} else upper(regexp_replace({narrow}, '\\s', '', 'g')) end"


def hash_sql(text: str) -> str:
    """HMAC-SHA256 of a person's spelling (``person_sql``), its first 32 hexadecimal digits; null stays null.

    RFC 2104, written out, since DuckDB has SHA-256 but no HMAC. Needs ``offer_key`` before.
    """
    return f"left({keyed_sql(person_sql(text))}, {HASH_DIGITS})"


def keyed_sql(text: str) -> str:
    """HMAC-SHA256 of a text in hexadecimal; needs ``offer_key`` before."""
    inner = f"unhex(sha256(getvariable('minxin_inner') || encode({text})))"
    return f"sha256(getvariable('minxin_outer') || {inner})"
