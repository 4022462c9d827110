"""Tables without a number column: the row as it stands in the file is its number, whatever we make of it."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import duckdb
import openpyxl
import pytest
from streamlit.testing.v1 import AppTest

from minxin.ingest.mapping import Mapping
from minxin.ingest.pipeline import run_import
from minxin.ingest.preview import preview
from minxin.ingest.readers import open_source
from minxin.ingest.suggest import suggest
from minxin.settings import Home, Refused
from minxin.tables import table
from minxin.texts import masking
from minxin.warehouse.lake import Lake
from tests.ingest.samples import bring, counts, current, mapping_of, write_csv
from tests.support import ROOT

LEDGER = "时间|社区|主题|内容|满意度"
ROWS = (
    "2023-05-01 08:00|东方新村|路灯|联系张三丰，电话13800138000|很满意",
    "2023-05-01 08:00|宝民|井盖|井盖坏了|",
    "2023-05-01 08:00|宝民|井盖|井盖坏了|",
    "2023-05-02 09:30|宝民|井盖|井盖又坏了|一般般",
)


def whole(*headings: str, **rules: dict) -> Mapping:
    return mapping_of(*headings, key=["*"], name="ledger", **rules)


def ledger(**rules: dict) -> Mapping:
    return whole(*LEDGER.split("|"), **rules)


FIRST = {"satisfaction": {"values": {"很满意": "满意", "一般般": "基本满意"}}}


def test_the_same_file_is_repeated_and_two_identical_rows_are_one(tmp_home: Home, tmp_path: Path) -> None:
    assert counts(bring(tmp_home, tmp_path / "a.csv", LEDGER, *ROWS, mapping=ledger(**FIRST))) == (4, 3, 0, 1, 0)
    assert counts(bring(tmp_home, tmp_path / "a.csv", LEDGER, *ROWS, mapping=ledger(**FIRST))) == (4, 0, 0, 4, 0)
    numbers = [n for (n,) in current(tmp_home, "petition_id")]
    assert len(set(numbers)) == 3 and all(n.startswith("N") for n in numbers)


def test_another_map_of_values_replaces_and_doubles_nothing(tmp_home: Home, tmp_path: Path) -> None:
    bring(tmp_home, tmp_path / "a.csv", LEDGER, *ROWS, mapping=ledger(**FIRST))
    changed = ledger(satisfaction={"values": {"很满意": "基本满意", "一般般": "基本满意"}})
    assert counts(bring(tmp_home, tmp_path / "a.csv", LEDGER, *ROWS, mapping=changed)) == (4, 0, 1, 3, 0)
    assert len(current(tmp_home)) == 3


def test_a_new_alias_of_a_community_replaces_and_doubles_nothing(tmp_home: Home, tmp_path: Path) -> None:
    bring(tmp_home, tmp_path / "a.csv", LEDGER, *ROWS, mapping=ledger(**FIRST))
    communities = tuple(
        replace(c, aliases=(*c.aliases, "东方新村")) if c.name == "宝民社区" else c
        for c in tmp_home.deployment.communities
    )
    home = Home(tmp_home.path, replace(tmp_home.deployment, communities=communities))
    assert counts(bring(home, tmp_path / "a.csv", LEDGER, *ROWS, mapping=ledger(**FIRST))) == (4, 0, 1, 3, 0)
    assert {name for (name,) in current(home, "community_name")} == {"宝民社区"}
    assert len(current(home)) == 3


def test_another_mask_replaces_and_doubles_nothing(
    tmp_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(tmp_home, tmp_path / "a.csv", LEDGER, *ROWS, mapping=ledger(**FIRST))
    more = masking.Family(test="井盖", rules=(("井盖", "〔物〕"),))
    monkeypatch.setattr(masking, "FAMILIES", (*masking.FAMILIES, more))
    monkeypatch.setattr(masking, "ANY_TEST", f"{masking.ANY_TEST}|井盖")
    # The two identical rows are changed once.
    assert counts(bring(tmp_home, tmp_path / "a.csv", LEDGER, *ROWS, mapping=ledger(**FIRST))) == (4, 0, 2, 2, 0)
    assert len(current(tmp_home)) == 3


def test_formats_and_zone_of_the_mapping_do_not_make_new_rows(tmp_home: Home, tmp_path: Path) -> None:
    row = "03/05/2023 08:00|宝民|井盖|坏了|满意"
    for form, zone in (("%d/%m/%Y %H:%M", ""), ("%m/%d/%Y %H:%M", ""), ("%d/%m/%Y %H:%M", "UTC")):
        mapping = replace(ledger(created_at={"formats": [form]}), timezone=zone)
        bring(tmp_home, tmp_path / "a.csv", LEDGER, row, mapping=mapping)
    assert current(tmp_home, "created_at") == [(datetime(2023, 5, 3, 16),)]


def test_a_column_mapped_later_or_no_more_does_not_make_new_rows(tmp_home: Home, tmp_path: Path) -> None:
    most = whole("时间", "社区", "主题", "内容")
    bring(tmp_home, tmp_path / "a.csv", LEDGER, *ROWS, mapping=most)
    assert counts(bring(tmp_home, tmp_path / "a.csv", LEDGER, *ROWS, mapping=ledger(**FIRST))) == (4, 0, 2, 2, 0)
    fewer = whole("时间", "主题")
    assert counts(bring(tmp_home, tmp_path / "a.csv", LEDGER, *ROWS, mapping=fewer)) == (4, 0, 0, 4, 0)
    assert len(current(tmp_home)) == 3
    assert {s for (s,) in current(tmp_home, "satisfaction")} == {"满意", "基本满意", None}


def test_rows_that_only_a_later_mapped_column_tells_apart_are_not_merged(tmp_home: Home, tmp_path: Path) -> None:
    first = bring(tmp_home, tmp_path / "a.csv", LEDGER, *ROWS, mapping=whole("时间", "社区"))
    assert counts(first) == (4, 3, 0, 1, 0)
    rows = (*ROWS, "2023-05-02 09:30|宝民|噪音|太吵|")
    with pytest.raises(Refused, match=f"没有编号列，批次 {first.batch} .*撤回") as refused:
        bring(tmp_home, tmp_path / "b.csv", LEDGER, *rows, mapping=ledger(**FIRST))
    assert "\n" not in str(refused.value) and len(Lake(tmp_home).batches()) == 1
    Lake(tmp_home).withdraw(str(first.batch), "甲")
    assert counts(bring(tmp_home, tmp_path / "b.csv", LEDGER, *rows, mapping=ledger(**FIRST))) == (5, 4, 0, 1, 0)


def test_columns_that_nobody_mapped_do_not_matter(tmp_home: Home, tmp_path: Path) -> None:
    bring(tmp_home, tmp_path / "a.csv", LEDGER, *ROWS, mapping=ledger(**FIRST))
    numbered = [f"{i}|{row}|2023-07-0{i + 1}" for i, row in enumerate(reversed(ROWS))]
    later = bring(tmp_home, tmp_path / "b.csv", f"序号|{LEDGER}|导出时间", *numbered, mapping=ledger(**FIRST))
    assert counts(later) == (4, 0, 0, 4, 0)


def test_kind_encoding_and_order_of_columns_do_not_matter(tmp_home: Home, tmp_path: Path) -> None:
    headings = ["时间", "社区", "主题", "内容", "点赞"]
    mapping = whole(*headings)
    rows = [
        ["2023/5/1 8:00", " 宝民 ", "café", "第一行\r\n第二行", "1,200"],
        ["2023-05-02", "宝民", "灯", "坏了", "3.0"],
    ]
    first = run_import(write_csv(tmp_path / "a.csv", headings, rows), mapping, tmp_home)
    assert counts(first) == (2, 2, 0, 0, 0)
    write_csv(tmp_path / "b.csv", headings, [[c for c in r] for r in rows], "utf-16")
    assert counts(run_import(tmp_path / "b.csv", mapping, tmp_home)) == (2, 0, 0, 2, 0)
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(headings[::-1])
    sheet.append([1200, "第一行\n第二行", unicodedata.normalize("NFD", "café"), "宝民", datetime(2023, 5, 1, 8)])
    sheet.append([3, "坏了", "灯", "宝民", datetime(2023, 5, 2)])
    book.save(tmp_path / "c.xlsx")
    again = run_import(tmp_path / "c.xlsx", mapping, tmp_home)
    assert (again.accepted, again.rejected) == (0, 0) and len(current(tmp_home)) == 2


def test_nothing_of_the_row_can_be_got_back_without_the_key(tmp_home: Home, tmp_path: Path) -> None:
    bring(tmp_home, tmp_path / "a.csv", LEDGER, ROWS[1], mapping=ledger(**FIRST))
    with duckdb.connect() as connection:
        plain = connection.execute(
            "select md5_number(t) >> 64, cast('0x' || left(sha256(t), 16) as ubigint)"
            " from (select concat_ws(chr(31), '2023-05-01 08:00:00.000000', '宝民', '井盖', '井盖坏了', '') as t)"
        ).fetchall()[0]
    ((key, number),) = current(tmp_home, "_key, petition_id")
    assert key not in plain and number == f"N{key:X}"
    (manifest,) = Lake(tmp_home).batches()
    assert len(manifest.key_headings) == 5 and "社区" not in "".join([*manifest.headings, *manifest.key_headings])
    # Another key of the deployment, other numbers.
    (tmp_home.path.parent / "home-secrets" / "hash.key").unlink()
    assert counts(bring(tmp_home, tmp_path / "a.csv", LEDGER, ROWS[1], mapping=ledger(**FIRST)))[1] == 1


def test_a_mended_row_keeps_its_number(tmp_home: Home, tmp_path: Path) -> None:
    bad = "昨天|宝民|=1+1|坏了|满意"
    rejects = tmp_path / "r.csv"
    file = write_csv(tmp_path / "a.csv", LEDGER.split("|"), [r.split("|") for r in (ROWS[1], bad)])
    assert counts(run_import(file, ledger(**FIRST), tmp_home, rejects_to=rejects)) == (2, 1, 0, 0, 1)
    rejects.write_text(rejects.read_text("utf-8-sig").replace("昨天", "2023-05-03"), encoding="utf-8")
    assert counts(run_import(rejects, ledger(**FIRST), tmp_home)) == (1, 1, 0, 0, 0)
    mended = bad.replace("昨天", "2023-05-03")
    assert counts(bring(tmp_home, tmp_path / "b.csv", LEDGER, mended, mapping=ledger(**FIRST))) == (1, 0, 0, 1, 0)


def test_a_preview_and_a_trial_show_the_numbers(tmp_home: Home, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "a.csv", LEDGER.split("|"), [r.split("|") for r in ROWS])
    seen = preview(file, ledger(**FIRST), tmp_home)
    assert seen.frame["petition_id"].str.startswith("N").all() and seen.frame["petition_id"].nunique() == 3
    assert counts(run_import(file, ledger(**FIRST), tmp_home, dry_run=True)) == (4, 3, 0, 1, 0)
    run_import(file, ledger(**FIRST), tmp_home)
    assert {n for (n,) in current(tmp_home, "petition_id")} == set(seen.frame["petition_id"])


def test_a_suggestion_without_a_number_is_the_whole_row(tmp_home: Home, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "a.csv", ["创建时间", "所属社区", "诉求内容"], [["2023-05-01", "宝民", "井盖坏了"]])
    mapping = suggest(open_source(file, tmp_path / "w"), table("petition")).mapping
    assert mapping.key == ("*",)
    assert counts(run_import(file, mapping, tmp_home)) == (1, 1, 0, 0, 0)
    assert counts(run_import(file, mapping, tmp_home)) == (1, 0, 0, 1, 0)


def test_the_page_says_so_and_waits_for_a_yes(tmp_home: Home) -> None:
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).run()
    at.switch_page("pages/data/imports.py").run()
    text = "创建时间,所属社区,诉求内容\n2023-05-01 08:00,宝民,井盖坏了\n2023-05-01 09:00,宝民,路灯不亮\n"
    at.file_uploader[0].upload("台账.csv", text.encode())
    at.run()
    assert not at.exception and any("以整行内容作为编号" in w.value for w in at.warning)
    (agreed,) = [box for box in at.checkbox if "以整行内容作为编号" in box.label]
    assert not agreed.value and at.get_by_key("start").disabled and not at.get_by_key("trial").disabled
    at.get_by_key("trial").click().run()
    assert Lake(tmp_home).batches() == []
    (agreed,) = [box for box in at.checkbox if "以整行内容作为编号" in box.label]
    agreed.check().run()
    assert not at.get_by_key("start").disabled
    at.get_by_key("start").click().run()
    assert not at.exception and not at.error
    (manifest,) = Lake(tmp_home).batches()
    assert (manifest.rows, manifest.accepted) == (2, 2) and len(manifest.key_headings) == 3


def test_the_page_asks_nothing_where_there_is_a_number(tmp_home: Home) -> None:
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).run()
    at.switch_page("pages/data/imports.py").run()
    at.file_uploader[0].upload("台账.csv", "工单编号,创建时间,诉求内容\nA1,2023-05-01 08:00,井盖坏了\n".encode())
    at.run()
    assert not at.exception and not at.checkbox and not at.get_by_key("start").disabled
