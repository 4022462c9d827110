"""Direct identifiers go at the door; dates, numbers of petitions, money and distances stay."""

from __future__ import annotations

import hashlib
import hmac
import re
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from minxin import tables
from minxin.ingest.mapping import mapping_for_template
from minxin.ingest.pipeline import run_import
from minxin.settings import Home
from minxin.texts.masking import HASH_DIGITS, PLACEHOLDERS, hash_sql, masked_sql, offer_key, withdraw_key
from tests.ingest.samples import current, write_csv


def mask(*texts: str | None) -> list[str | None]:
    with duckdb.connect() as connection:
        connection.register("given", pd.DataFrame({"n": range(len(texts)), "text": pd.array(texts, dtype="object")}))
        rows = connection.execute(f"select text from ({masked_sql('given', ['text'])}) order by n").fetchall()
        return [text for (text,) in rows]


GONE = [
    ("请联系13800138000核实", "13800138000", "〔电话〕"),
    ("手机138 0013 8000", "8000", "〔电话〕"),
    ("手机138-0013-8000。", "8000", "〔电话〕"),
    ("电话：1 3 8 0 0 1 3 8 0 0 0", "8 0", "〔电话〕"),
    ("电话１３８００１３８０００", "１３８", "〔电话〕"),
    ("电话+86 13800138000", "138", "〔电话〕"),
    ("13800138000、13900139000", "139", "〔电话〕、〔电话〕"),
    ("微信同号wx13800138000", "13800138000", "〔"),
    ("座机0755-27781234转801", "27781234", "〔电话〕"),
    ("座机（0755）27781234", "27781234", "〔电话〕"),
    ("联系电话27781234", "27781234", "〔电话〕"),
    ("身份证号44030619900307123X，请核", "199003", "〔证件号〕"),
    ("身份证440306199003071234", "440306", "〔证件号〕"),
    ("老身份证440306900307123。", "900307", "〔证件号〕"),
    ("打到6222021234567890123卡上", "6222", "〔银行卡〕"),
    ("卡号6222 0212 3456 7890 123", "7890", "〔银行卡〕"),
    ("账号：4000012345678901", "4000012", "〔银行卡〕"),
    ("车牌粤B12345占道", "12345", "〔车牌〕"),
    ("车牌粤B·D12345占道", "12345", "〔车牌〕"),
    ("粤b 8k888 乱停", "8k888", "〔车牌〕"),
    ("邮箱zhang.san@example.com.cn谢谢", "zhang", "〔邮箱〕"),
    ("ＱＱ不详，QQ：123456789", "123456789", "〔账号〕"),
    ("住宝民花园3栋2单元1201房", "1201", "〔门牌〕"),
    ("住A栋1203", "1203", "〔门牌〕"),
    ("楼下12号楼1503室噪音", "1503", "〔门牌〕"),
    ("新安三路120号门口", "120号", "〔门牌〕"),
    ("本小区9、11栋电梯", "11栋", "〔门牌〕"),
    ("姓名：张三丰，男", "张三丰", "〔姓名〕"),
    ("我叫李小明，住在附近", "李小明", "〔姓名〕"),
    ("联系人：欧阳娜娜", "欧阳", "〔姓名〕"),
    ("联系人王芳，电话13800138000", "王芳", "〔姓名〕"),
    ("业主陈先生反映", "陈先生", "〔姓名〕先生"),
    ("请联系王小明先生处理", "王小明", "联系〔姓名〕先生"),
    ("经工作人员刘芳女士核实", "刘芳", "工作人员〔姓名〕女士"),
    ("请与黄女士联系", "黄女士", "〔姓名〕女士"),
    ("居民:张生龙,身份证已提供", "张生龙", "〔姓名〕"),
]


@pytest.mark.parametrize(("text", "secret", "placeholder"), GONE)
def test_a_direct_identifier_goes(text: str, secret: str, placeholder: str) -> None:
    (masked,) = mask(text)
    assert masked is not None and secret not in masked and placeholder in masked, masked


STAYS = [
    "2023年7月4日上午9时30分,2019/2/28 11:25:05,2019-02-28",
    "工单编号 20190425093209 与 XA2306280001",
    "工单202306280000012已转办",
    "共计工程款2226028元，每平方米12345.67元",
    "合同金额13800000元，面积120平方米",
    "全长12345公里，限高4.5米，时速120公里",
    "拨打12345或12369热线，也可拨110",
    "地铁5号线灵芝站，轨道12号线施工",
    "共3栋楼，一栋楼有32层，建了8栋",
    "3月15日，第12号公告，文轩路579号地块",
    "社区代码440306017001，邮编518101",
    "各位先生、女士：大家好",
    "经纬度113.883912,22.572345",
    "本次共处理1234567890123件",
    "我先生昨天摔倒了",
    "Case Closed Case Resolved replaced 100 amp fuse and reset breaker 2011-07-01",
    "",
]


@pytest.mark.parametrize("text", STAYS)
def test_what_is_no_identifier_stays(text: str) -> None:
    assert mask(text) == [text]


def test_null_stays_null_and_several_columns_are_masked_alone() -> None:
    assert mask(None) == [None]
    with duckdb.connect() as connection:
        connection.execute("""create table given as select '电话13800138000' as "a b", '3月' as c, 7 as n""")
        row = connection.execute(masked_sql("given", ["a b", "c"])).fetchall()
    assert row == [("电话〔电话〕", "3月", 7)]


def _texts(inputs: Path) -> pd.Series:
    votes = pd.read_excel(inputs / "petitions" / "messages_with_votes.xlsx", engine="calamine", dtype=str)
    replies = pd.read_excel(inputs / "petitions" / "messages_with_replies.xlsx", engine="calamine", dtype=str)
    raw = pd.read_csv(inputs / "petitions" / "labelled_messages_train.csv", dtype=str)
    texts = pd.concat([votes["留言主题"], votes["留言详情"], replies["留言详情"], replies["答复意见"], raw["内容"]])
    return texts.dropna().reset_index(drop=True)


def test_real_messages_keep_their_dates_and_sums_and_lose_their_numbers(inputs: Path) -> None:
    texts = _texts(inputs)
    masked = pd.Series(mask(*texts))
    joined = "\n".join(masked)
    assert not re.search(r"(?<![0-9])1[3-9][0-9]{9}(?![0-9])", joined)
    assert not re.search(r"(?<![0-9.])0[3-9][0-9]{2}-[2-9][0-9]{6,7}(?![0-9])", joined)
    for kept in (r"20[0-9]{2}年[0-9]{1,2}月[0-9]{1,2}日", r"[0-9.]+(?:万)?元", r"[0-9.]+(?:公里|米|平方米)", r"12345"):
        before = texts.str.count(kept).sum()
        assert before > 20
        # Full-width digits are written narrow, so a few more may be seen afterwards; none may be lost.
        assert masked.str.count(kept).sum() >= before * 0.999, kept
    # Nearly all of a text stays: what goes are short pieces in few texts.
    touched = (masked != texts).sum()
    assert 500 < touched < 0.15 * len(texts)
    lost = texts.str.len().sum() - masked.str.len().sum()
    assert abs(lost) < 0.005 * texts.str.len().sum()
    for placeholder in PLACEHOLDERS[:2]:
        assert placeholder in joined


# ── persons ─────────────────────────────────────────────────────────────────────────────────────


def hashed(values: list[str | None], key: bytes) -> list[str | None]:
    with duckdb.connect() as connection:
        connection.register("given", pd.DataFrame({"n": range(len(values)), "v": pd.array(values, dtype="object")}))
        offer_key(connection, key)
        rows = connection.execute(f"select {hash_sql('v')} from given order by n").fetchall()
        withdraw_key(connection)
        return [value for (value,) in rows]


@pytest.mark.parametrize("key", [bytes(range(32)), b"k" * 64, b"long" * 40])
def test_the_keyed_hash_is_hmac_sha256(key: bytes) -> None:
    values = ["13800138000", "A00045581", "张三", "x" * 500, "0"]
    expected = [hmac.new(key, v.upper().encode(), hashlib.sha256).hexdigest()[:HASH_DIGITS] for v in values]
    assert hashed(values, key) == expected


def test_one_person_has_one_hash_however_written() -> None:
    one = hashed(
        ["13800138000", "138-0013-8000", "+86 138 0013 8000", "１３８００１３８０００", "(138)00138000"], b"k" * 32
    )
    assert len(set(one)) == 1
    other = hashed([" a001 ", "A001", "a 0 0 1", None], b"k" * 32)
    assert len(set(other[:3])) == 1 and other[3] is None
    assert hashed(["13800138000"], b"k" * 32) != hashed(["13800138000"], b"j" * 32)


def test_the_key_is_forgotten_and_stands_in_no_query() -> None:
    key = bytes(range(100, 132))
    with duckdb.connect() as connection:
        offer_key(connection, key)
        assert key.hex() not in hash_sql("v")
        withdraw_key(connection)
        assert connection.execute("select getvariable('minxin_inner'), getvariable('minxin_outer')").fetchall() == [
            (None, None)
        ]


#: Text columns that hold no sentences: numbers and codes of records and places, and names of units, firms, places,
#: products and kinds, which are public and whose house numbers would be taken for somebody's door.
PLAIN = re.compile(
    r".*_(id|code|number|no|name|version)|unit|parent|.*_unit|authority|system|bank|product|channel|category_\d|scene"
    r"|close_method|source_status|grade|kind|venue"
)
NAMED = {"enterprise", "estate", "park", "scene", "site"}


def test_every_column_that_people_write_into_is_masked() -> None:
    open_ones = [
        f"{table.name}.{column.name}"
        for table in tables.tables().values()
        for column in table.columns
        if column.type == "text" and not (column.personal or column.values or column.format or column.reference)
        if not PLAIN.fullmatch(column.name) and not (column.name == "name" and table.name in NAMED)
    ]
    assert open_ones == []


def test_a_plan_names_nobody(tmp_home: Home, tmp_path: Path) -> None:
    declared = tables.table("action")
    said = {"name": "整改，电话13812345678", "lead": "主任13812345678", "target": "440306199001011234"}
    said |= {"action_id": "A01", "milestones": "请拨13812345678", "evidence": "见13812345678"}
    columns = [c for c in declared.columns if c.name in said]
    file = write_csv(tmp_path / "a.csv", [c.label for c in columns], [[said[c.name] for c in columns]])
    run_import(file, mapping_for_template(declared), tmp_home)
    [row] = current(tmp_home, "name, lead, target, milestones, evidence", "action")
    assert row == ("整改，电话〔电话〕", "主任〔电话〕", "〔证件号〕", "请拨〔电话〕", "见〔电话〕")
