"""Opening and loading tables: encodings, headings, line numbers, workbooks, and that no good row is lost."""

from __future__ import annotations

import datetime as dt
import gzip
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
import xlsxwriter
import xlwt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minxin.ingest.engine import engine
from minxin.ingest.names import clean_name, find_name, plain_name, unique_names
from minxin.ingest.readers import Source, open_source
from minxin.ingest.spreadsheets import number_text
from minxin.settings import Unusable

pytestmark = pytest.mark.slow

HEADING = "工单编号,创建时间,内容"


def opened(path: Path, **options: object) -> Source:
    return open_source(path, path.parent / "work", **options)  # type: ignore[arg-type]


def written(folder: Path, data: str | bytes, name: str = "a.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(data.encode(encoding) if isinstance(data, str) else data)
    return path


def loaded(source: Source, columns: Sequence[str] | None = None) -> tuple[list[tuple], list[tuple]]:
    """Good rows and bad rows of a source, in order."""
    with duckdb.connect() as connection:
        total = source.load(connection, columns or source.columns)
        good = connection.execute("select * from raw order by _line").fetchall()
        bad = connection.execute("select line, reason from raw_bad order by line").fetchall()
    assert total == len(good) + len(bad)
    return good, bad


def carefully(source: Source) -> Source:
    """The same source, not let into DuckDB directly."""
    return replace(source, stored=replace(source.stored, clean_rows=0))


def refused(path: Path, **options: object) -> str:
    with pytest.raises(Unusable) as caught:
        opened(path, **options)
    text = str(caught.value)
    assert "\n" not in text
    return text


# ── encodings ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("encoding", "name"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("utf-16", "utf-16"), ("gb18030", "gb18030"), ("gbk", "gb18030")],
)
def test_encodings_are_recognised(tmp_path: Path, encoding: str, name: str) -> None:
    text = HEADING + "\n1,2023-06-01 10:00,海旺社区夜间施工噪音扰民，请处理。\n2,2023-06-02,“龙井”路口积水\n"
    source = opened(written(tmp_path, text, encoding=encoding))
    assert (source.encoding, source.columns) == (name, tuple(HEADING.split(",")))
    assert loaded(source) == (
        [(2, "1", "2023-06-01 10:00", "海旺社区夜间施工噪音扰民，请处理。"), (3, "2", "2023-06-02", "“龙井”路口积水")],
        [],
    )


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("bom", [True, False])
def test_utf_16_in_both_orders(tmp_path: Path, order: str, bom: bool) -> None:
    text = ("\ufeff" if bom else "") + "编号\t主题\n" + "1\t路灯不亮 street light out\n" * 20
    source = opened(written(tmp_path, text.encode(order), "a.txt"))
    assert (source.encoding, source.delimiter, source.columns) == ("utf-16", "\t", ("编号", "主题"))
    assert len(loaded(source)[0]) == 20


def test_gb18030_far_down_a_plain_file(tmp_path: Path) -> None:
    """The first megabytes are ASCII: the decision must not rest on them."""
    plain = "".join(f"{i},2023-06-01,noise at night, again\n".replace(", again", " again") for i in range(60_000))
    data = b"id,created,text\n" + plain.encode() + "60000,2023-06-02,夜间噪音扰民请尽快处理\n".encode("gb18030")
    source = opened(written(tmp_path, data))
    assert source.encoding == "gb18030"
    good, bad = loaded(source)
    assert (len(good), bad, good[-1]) == (60_001, [], (60_002, "60000", "2023-06-02", "夜间噪音扰民请尽快处理"))


def test_rare_characters_of_gb18030(tmp_path: Path) -> None:
    text = HEADING + "\n" + "1,2023-06-01,堃䶮𠮷家反映小区电梯故障，长期无人维修\n" * 5
    source = opened(written(tmp_path, text, encoding="gb18030"))
    assert loaded(source)[0][0][3] == "堃䶮𠮷家反映小区电梯故障，长期无人维修"


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_bytes_that_do_not_decode_cost_their_row_only(tmp_path: Path, encoding: str) -> None:
    lines = [HEADING, *(f"{i},2023-06-01,小区噪音扰民请处理" for i in range(1, 200))]
    data = [line.encode(encoding) for line in lines]
    data[100] += b"\xff\xff"
    source = opened(written(tmp_path, b"\n".join(data)))
    assert source.encoding == encoding
    good, bad = loaded(source)
    assert bad == [(101, "含有空字符或无法识别的字节")]
    assert [row[1] for row in good] == [str(i) for i in range(1, 200) if i != 100]
    assert all("\0" not in row[3] and "\ufffd" not in row[3] for row in good)


def test_another_encoding_is_refused_or_named(tmp_path: Path) -> None:
    text = "工單編號,創建時間,內容\n" + "1,2023-06-01,夜間施工噪音擾民，請儘快處理，謝謝。\n" * 30
    path = written(tmp_path, text, encoding="big5")
    assert "编码" in refused(path)
    assert loaded(opened(path, encoding="big5"))[0][0][3] == "夜間施工噪音擾民，請儘快處理，謝謝。"
    assert "不存在" in refused(path, encoding="klingon")


# ── separators, headings, line numbers ──────────────────────────────────────────────────────────


@pytest.mark.parametrize(("delimiter", "name"), [(",", "a.csv"), ("\t", "a.tsv"), (";", "a.csv"), ("|", "a.txt")])
def test_separators(tmp_path: Path, delimiter: str, name: str) -> None:
    rows = [["编号", "主题", "备注"], ["1", "噪音, 夜间; 施工", "无"], ["2", "停车", ""]]
    quoted = ["1", f'"{rows[1][1]}"', "无"]
    text = "\r\n".join(delimiter.join(row) for row in (rows[0], quoted, rows[2]))
    source = opened(written(tmp_path, text, name))
    assert source.delimiter == delimiter
    assert loaded(source)[0] == [(2, "1", "噪音, 夜间; 施工", "无"), (3, "2", "停车", None)]


def test_title_blank_lines_and_line_numbers(tmp_path: Path) -> None:
    text = f'某街道诉求表,,\n\n{HEADING}\n1,x,"第一行\n第二行"\n\n,,\n2,y,z\n\n\n'
    source = opened(written(tmp_path, text))
    assert source.header_line == 3
    assert "表头在第 3 行，上方 2 行已略过" in source.notes
    # A record with a line break inside quotes is one row; empty rows count, as in a spreadsheet program.
    assert loaded(source)[0] == [(4, "1", "x", "第一行\n第二行"), (7, "2", "y", "z")]
    assert source.head(1).to_dict("records") == [
        {"_line": 4, "工单编号": "1", "创建时间": "x", "内容": "第一行\n第二行"}
    ]


def test_expected_names_find_the_heading(tmp_path: Path) -> None:
    text = "导出人,张三\n说明,数据截至六月\n甲,乙\n编号,时间\n1,2\n"
    assert opened(written(tmp_path, text)).header_line == 1
    assert opened(written(tmp_path, text), expected=("编号", "时间")).header_line == 4
    assert opened(written(tmp_path, text), header_line=3).columns == ("甲", "乙")
    assert "表头" in refused(written(tmp_path, text), header_line=99)


def test_names_are_cleaned_and_unique(tmp_path: Path) -> None:
    text = '\u200b编号 ,"创建\n时间",编号,,ID,id,_line,rowid\n1,2,3,4,5,6,7,8\n'
    source = opened(written(tmp_path, text))
    assert source.columns == ("编号", "创建 时间", "编号_2", "列4", "ID", "id_2", "_line_2", "rowid")
    assert loaded(source)[0] == [(2, "1", "2", "3", "4", "5", "6", "7", "8")]
    assert unique_names(["", "列1"]) == ("列1", "列1_2")


def test_names_are_compared_by_what_people_read() -> None:
    assert find_name("村（社区）", ["*村(社区) ："]) == "*村(社区) ："
    assert plain_name(" ＩＤ ") == plain_name("id")
    assert plain_name("工单编号（必填）") == plain_name("工单编号")
    assert clean_name("\u202e倒\u0000置\n") == "倒 置"


def test_wanted_columns_only(tmp_path: Path) -> None:
    source = opened(written(tmp_path, HEADING + "\n1,2,3\n"))
    assert loaded(source, ["内容", "工单编号"])[0] == [(2, "3", "1")]
    with duckdb.connect() as connection:
        with pytest.raises(KeyError):
            source.load(connection, ["没有"])
        # A second load on the same connection replaces the first, table or view.
        for attempt in (source, carefully(source), source):
            assert attempt.load(connection, source.columns) == 1
            assert connection.execute("select * from raw").fetchall() == [(2, "1", "2", "3")]


# ── rows that cannot be read ────────────────────────────────────────────────────────────────────


def test_ragged_rows(tmp_path: Path) -> None:
    text = HEADING + "\n1,a,b\n2,a\n3,a,b,c\n4,a,b,,\n5,a,b\n"
    good, bad = loaded(opened(written(tmp_path, text)))
    assert [row[:2] for row in good] == [(2, "1"), (5, "4"), (6, "5")]
    assert bad == [(3, "字段数不符：应有 3 列，实有 2 列"), (4, "字段数不符：应有 3 列，实有 4 列")]


@pytest.mark.parametrize(
    ("broken", "lines"),
    [
        ('5,"没有结束,x', [4]),
        ('5,"没有结束', [4]),
        ('"5,x,y', [4]),
        ('5,"a"b,c', [4]),
        ('5,x,"', [4]),
    ],
)
def test_an_open_quote_costs_its_line_only(tmp_path: Path, broken: str, lines: list[int]) -> None:
    before = "\n1,a,b\n2,a,b\n"
    after = "".join(f'{i},"带""引号""和\n换行",y\n' for i in range(6, 30))
    for tail in (after, ""):
        good, bad = loaded(opened(written(tmp_path, HEADING + before + broken + "\n" + tail)))
        assert bad == [(line, "引号没有成对，本行无法拆分") for line in lines]
        assert [row[1] for row in good] == ["1", "2", *(str(i) for i in range(6, 30) if tail)]


def test_blanks_round_quotes(tmp_path: Path) -> None:
    """Also when another row sends the file the careful way."""
    rows = '1, "a,b" ,c\n2,"x" ,"y"\n'
    for more in ("", "3,短\n"):
        good, _ = loaded(opened(written(tmp_path, HEADING + "\n" + rows + more)))
        assert good == [(2, "1", "a,b", "c"), (3, "2", "x", "y")]


def test_a_cell_of_ten_megabytes(tmp_path: Path) -> None:
    text = HEADING + "\n1,a,b\n2,a," + "长" * 10_000_000 + "\n3,a,b\n"
    good, bad = loaded(opened(written(tmp_path, text)))
    assert ([row[1] for row in good], bad) == (["1", "3"], [(3, "本行内容过长，无法读取")])


def test_a_long_cell_within_the_limit_is_whole(tmp_path: Path) -> None:
    text = HEADING + "\n1,a," + "长" * 300_000 + "\n2,短\n"
    good, bad = loaded(opened(written(tmp_path, text)))
    assert (len(good[0][3]), len(bad)) == (300_000, 1)


# ── straight into DuckDB or record by record: the same rows ─────────────────────────────────────

_CELL = st.text(alphabet=st.sampled_from('ab中，,;"\n\r\t 1é\U0001f600'), max_size=6)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.lists(_CELL, min_size=3, max_size=3), min_size=1, max_size=12),
    newline=st.sampled_from(["\n", "\r\n"]),
    title=st.sampled_from(["", "标题{}", "标题{}{}"]),
    last=st.booleans(),
    quote_all=st.booleans(),
)
def test_both_ways_give_the_same(
    tmp_path: Path, rows: list[list[str]], newline: str, title: str, last: bool, quote_all: bool
) -> None:
    def cell(text: str) -> str:
        needed = quote_all or any(c in text for c in ',"\n\r') or text != text.strip()
        return '"' + text.replace('"', '""') + '"' if needed else text

    lines = [HEADING, *(",".join(["x", *map(cell, row[1:])]) for row in rows)]
    text = title.replace("{}", newline) + newline.join(lines) + (newline if last else "")
    source = opened(written(tmp_path, text.encode()), delimiter=",", expected=HEADING.split(","))
    careful = loaded(carefully(source))
    assert loaded(source) == careful
    assert careful[1] == []
    assert [row[1:] for row in careful[0]] == [("x", row[1] or None, row[2] or None) for row in rows]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.text(alphabet=st.sampled_from('ab中,,,"\n\n\r '), max_size=80))
def test_both_ways_give_the_same_for_any_text(tmp_path: Path, body: str) -> None:
    """Where DuckDB is let loose on a text at all, it sees what the careful way sees."""
    text = HEADING + "\nx,y,z\n" + body
    try:
        source = opened(written(tmp_path, text.encode()), delimiter=",", header_line=1)
    except Unusable:
        return
    quick, careful = loaded(source), loaded(carefully(source))

    def trimmed(rows: list[tuple]) -> list[tuple]:
        return [tuple((c.strip() or None) if isinstance(c, str) else c for c in row) for row in rows]

    assert (trimmed(quick[0]), quick[1]) == (trimmed(careful[0]), careful[1])


def test_a_clean_file_goes_straight_into_duckdb(tmp_path: Path) -> None:
    """Line numbers stay right when several threads read: 100,000 rows, some over several lines."""
    rng = random.Random(7)
    lines = [HEADING]
    for i in range(100_000):
        text = '"换行\n和""引号"""' if i % 97 == 0 else "噪音" * rng.randint(1, 30)
        lines.append(f"{i + 2},2023-06-01,{text}")
    source = opened(written(tmp_path, "\n".join(lines)))
    assert source.stored.clean_rows == 100_000
    with duckdb.connect() as connection:
        told: list[float] = []
        assert source.load(connection, source.columns, lambda share, _text: told.append(share)) == 100_000
        wrong = connection.execute("select count(*) from raw where cast(_line as varchar) <> 工单编号").fetchall()
        kind = connection.execute(
            "select table_type from information_schema.tables where table_name = 'raw'"
        ).fetchall()
    assert (wrong, kind, told[-1]) == ([(0,)], [("VIEW",)], 1.0)


# ── gz ──────────────────────────────────────────────────────────────────────────────────────────


def test_gz(tmp_path: Path) -> None:
    data = gzip.compress((HEADING + "\n1,a,噪音扰民\n").encode("gb18030")) + gzip.compress(
        "2,b,请处理\n".encode("gb18030")
    )
    source = opened(written(tmp_path, data, "a.csv.gz"))
    assert source.notes[:2] == ("已解压 .gz", "识别编码 GB18030")
    assert [row[1] for row in loaded(source)[0]] == ["1", "2"]
    assert source.size == len(data)


def test_gz_of_a_workbook(tmp_path: Path) -> None:
    path = workbook(tmp_path, [["编号", "主题"], ["1", "a"]])
    assert opened(written(tmp_path, gzip.compress(path.read_bytes()), "b.xlsx.gz")).kind == "xlsx"


# ── workbooks ───────────────────────────────────────────────────────────────────────────────────


def workbook(folder: Path, rows: Sequence[Sequence[object]], top: int = 0, left: int = 0) -> Path:
    path = folder / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("数据")
        stamp = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for r, row in enumerate(rows):
            for c, cell in enumerate(row):
                if isinstance(cell, dt.date):
                    sheet.write_datetime(top + r, left + c, cell, stamp if isinstance(cell, dt.datetime) else day)
                elif isinstance(cell, str):
                    sheet.write_string(top + r, left + c, cell)
                elif cell is not None:
                    sheet.write(top + r, left + c, cell)
    return path


def test_cells_become_text_without_loss(tmp_path: Path) -> None:
    rows = [
        ["编号", "时间", "数量", "标志"],
        [1e15, dt.datetime(2023, 6, 1, 9, 30, 1), 42.3594, True],
        [123456789012345, dt.date(2023, 6, 1), 0.1 + 0.2, False],
        ["000123456789012345678", "2023/6/1 9:30", 1e-7, "是"],
        [188006, "2023年6月1日", -3, None],
    ]
    source = opened(workbook(tmp_path, rows))
    assert loaded(source)[0] == [
        (2, "1000000000000000", "2023-06-01 09:30:01", "42.3594", "TRUE"),
        (3, "123456789012345", "2023-06-01", "0.3", "FALSE"),
        (4, "000123456789012345678", "2023/6/1 9:30", "0.0000001", "是"),
        (5, "188006", "2023年6月1日", "-3", None),
    ]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_have_no_exponent(value: float) -> None:
    text = number_text(value)
    assert "e" not in text.lower()
    assert float(text) == pytest.approx(value, rel=1e-14)


@given(st.integers(-(2**53) + 1, 2**53 - 1))
def test_whole_numbers_keep_every_digit(value: int) -> None:
    assert number_text(float(value)) == str(value)


def test_title_merged_cells_blank_rows_and_columns(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("六月")
        sheet.merge_range("B1:G1", "新安街道诉求台账")
        sheet.merge_range("B3:B4", "编号")
        sheet.merge_range("C3:C4", "社区")
        sheet.merge_range("D3:E3", "受理")
        sheet.merge_range("F3:G3", "回访")
        sheet.write_row("D4", ["时间", "人员", "时间", "结果"])
        sheet.write_row("B5", ["1", "海旺社区", "a", "b", "c", "d"])
        sheet.write_row("B7", ["2", "", "a", "b", "c", "d"])
        sheet.write_row("B8", ["3", "宝民社区", "a", "b", "c", "d"])
        sheet.merge_range("C5:C7", "海旺社区")
    source = opened(path)
    assert source.columns == ("编号", "社区", "受理·时间", "人员", "回访·时间", "结果")
    assert source.header_line == 4
    assert [row[:3] for row in loaded(source)[0]] == [(5, "1", "海旺社区"), (7, "2", "海旺社区"), (8, "3", "宝民社区")]
    assert source.notes == ("表头在第 4 行，上方 3 行已略过", "已略过 1 个空行", "1 行含合并单元格，已按首格的值补齐")
    assert source.head(2)["_line"].tolist() == [5, 7]


def test_the_sheet_that_fits(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("空")
        book.add_worksheet("说明").write_column("A1", ["填写说明", "请勿改动表头"])
        data = book.add_worksheet("工单")
        data.write_row("A1", ["编号", "时间", "主题"])
        data.write_row("A2", ["1", "2", "3"])
        hidden = book.add_worksheet("旧")
        hidden.write_row("A1", ["编号", "时间", "主题"])
        hidden.hide()
    source = opened(path, expected=("编号", "时间", "主题"))
    assert (source.sheet, source.sheets) == ("工单", ("空", "说明", "工单", "旧"))
    assert opened(path, sheet="说明").sheet == "说明"
    assert "没有名为「十月」的工作表" in refused(path, sheet="十月")


def test_formula_cells_give_their_saved_results(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row("A1", ["编号", "时间", "主题"])
        sheet.write_formula("A2", '="X"&1', None, "X1")
        sheet.write_formula("B2", "=1+1", None, 2)
        sheet.write_formula("C2", "=1/0", None, "#DIV/0!")
        sheet.write_formula("B3", "=1+1", None, "")
        sheet.write_row("A3", ["X2"])
    source = opened(path)
    assert loaded(source)[0] == [(2, "X1", "2", None), (3, "X2", None, None)]
    assert source.notes == (
        "含 4 个公式，按文件保存时的结果读取",
        "1 个公式没有保存结果，按空值读取",
        "1 个单元格是错误值（如 #N/A），按空值读取",
    )


def test_a_cell_nobody_can_read_costs_its_row_only(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row("A1", ["编号", "时长"])
        for row, value in enumerate((0.5, 1e10, 1.5), start=1):
            sheet.write(row, 0, str(row))
            sheet.write_number(row, 1, value, book.add_format({"num_format": "[h]:mm:ss"}))
    good, bad = loaded(opened(path))
    assert good == [(2, "1", "12:00:00"), (4, "3", "36:00:00")]
    assert bad == [(3, "含有无法读取的单元格")]


def test_an_old_workbook(tmp_path: Path) -> None:
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("工单")
    stamp = xlwt.easyxf(num_format_str="YYYY-MM-DD HH:MM:SS")
    sheet.write_merge(0, 0, 0, 2, "台账")
    for c, cell in enumerate(("编号", "时间", "内容")):
        sheet.write(1, c, cell)
    sheet.write(2, 0, 440306017001)
    sheet.write(2, 1, dt.datetime(2023, 6, 1, 9, 30), stamp)
    sheet.write(2, 2, "噪音")
    path = tmp_path / "a.xls"
    book.save(path)
    source = opened(path)
    assert (source.kind, source.header_line) == ("xls", 2)
    assert loaded(source)[0] == [(3, "440306017001", "2023-06-01 09:30:00", "噪音")]


def test_text_with_the_name_of_a_workbook(tmp_path: Path) -> None:
    source = opened(written(tmp_path, "编号\t主题\n1\t噪音扰民\n", "导出.xls", "gb18030"))
    assert (source.kind, source.delimiter) == ("csv", "\t")
    assert "扩展名是工作簿，内容是文本表格" in source.notes


# ── refusals ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("data", "name", "word"),
    [
        (b"", "a.csv", "是空的"),
        (b"\r\n\r\n", "a.csv", "是空的"),
        (HEADING, "a.csv", "只有表头"),
        (HEADING + "\n,,\n\n", "a.csv", "只有表头"),
        ("1,2023-06-01,3\n2,2023-06-02,4\n", "a.csv", "没有找到表头"),
        ("<html><table><tr><td>编号</td></tr></table></html>", "a.xls", "网页格式"),
        ("\ufeff\n<?xml version='1.0'?><Workbook/>", "a.xls", "网页格式"),
        (b"%PDF-1.7 ...", "a.xlsx", "不是表格"),
        (bytes(range(256)) * 50, "a.csv", "不是文本表格"),
        (b"PK\x03\x04" + b"\0" * 40, "a.xlsx", "已损坏"),
        (b"\x1f\x8b\x08\x00" + b"\0" * 3, "a.csv.gz", "不完整"),
        (gzip.compress(gzip.compress(b"a,b\n1,2\n")), "a.csv.gz", "不止一层"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "a.xlsx", "密码"),
    ],
    ids=[
        *("empty", "blank", "heading", "heading-and-blanks", "no-heading", "html", "xml", "pdf", "binary"),
        *("broken-zip", "cut-gz", "gz-in-gz", "password"),
    ],
)
def test_each_refusal_is_one_clear_line(tmp_path: Path, data: str | bytes, name: str, word: str) -> None:
    assert word in refused(written(tmp_path, data, name))


def test_a_folder_and_nothing(tmp_path: Path) -> None:
    assert "是文件夹" in refused(tmp_path)
    assert "找不到文件" in refused(tmp_path / "没有.csv")


def test_a_hostile_name_makes_one_line(tmp_path: Path) -> None:
    path = written(tmp_path, b"")
    assert refused(path, name="x\n\u202e伪造：导入成功。\r" + "长" * 500).count("长") < 100


# ── real files ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("file", "rows", "kind", "columns"),
    [
        ("petitions/messages_with_votes.xlsx", 4_326, "xlsx", 7),
        ("petitions/messages_with_replies.xlsx", 2_816, "xlsx", 7),
        ("petitions/category_tree.xlsx", 517, "xlsx", 3),
        ("petitions/labelled_messages_train.csv", 1_842, "csv", 2),
        ("service_requests/boston_311_2011H2.csv.gz", 58_251, "csv", 29),
        ("communities/communities_22_statistical.csv", 22, "csv", 9),
    ],
)
def test_every_row_of_a_real_file(inputs: Path, tmp_path: Path, file: str, rows: int, kind: str, columns: int) -> None:
    source = open_source(inputs / file, tmp_path)
    good, bad = loaded(source)
    assert (source.kind, len(source.columns), len(good), bad) == (kind, columns, rows, [])
    assert [row[0] for row in good] == list(range(2, rows + 2))


def test_a_real_file_is_not_garbled(inputs: Path, tmp_path: Path) -> None:
    """Also as GB18030: every text comes back as it was in the workbook."""
    source = open_source(inputs / "petitions" / "messages_with_votes.xlsx", tmp_path)
    good, _ = loaded(source)
    assert all(row[1].isdigit() and "." not in row[6] for row in good)
    text = "\n".join(",".join('"' + str(c).replace('"', '""') + '"' for c in row[1:]) for row in good)
    path = written(tmp_path, ",".join(source.columns) + "\n" + text, "again.csv", "gb18030")
    again = opened(path)
    assert again.encoding == "gb18030"
    assert loaded(again)[0] == good


def test_lines_of_a_large_file_are_those_of_the_file(tmp_path):
    # Several threads read a file of more than one block; the pipeline's own connection must keep its order.
    file = tmp_path / "large.csv"
    with file.open("w", encoding="utf-8") as out:
        out.write("编号,内容\n")
        out.writelines(f"{i},{'路灯不亮' * 8}\n" for i in range(2, 450_002))
    assert file.stat().st_size > 40_000_000
    with engine(tmp_path / "work") as connection:
        connection.execute("set threads = 4")
        assert open_source(file, tmp_path / "work").load(connection, ["编号"]) == 450_000
        [(wrong,)] = connection.execute('select count(*) from raw where _line <> cast("编号" as bigint)').fetchall()
        [(ordered,)] = connection.execute("select current_setting('preserve_insertion_order')").fetchall()
    assert wrong == 0 and ordered is False
