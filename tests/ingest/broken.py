"""Makes broken, hostile and merely odd input files, the same ones for the same seed.

``broken_inputs(folder, n, seed)`` is used by the tests of the readers and by those of the whole import.
"""

from __future__ import annotations

import datetime as dt
import gzip
import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import xlsxwriter
import xlwt

HEADINGS = ("工单编号", "创建时间", "诉求类型", "所属社区", "主题", "诉求内容", "办结时间", "满意度", "经度", "纬度")
EXTENSIONS = (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".csv.gz", ".tsv.gz", ".xlsx.gz", "")
HOSTILE = (
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://127.0.0.1/","x")',
    "+1+1",
    "-1+1",
    "@SUM(1,1)",
    "\t=1+1",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "'); drop table raw; --",
    "\"; select * from read_text('x'); --",
    "${jndi:ldap://127.0.0.1/x}",
    "{{7*7}}",
    "%s%s%n",
    "../../../../etc/passwd",
    "\u202e\u0645\u0631\u062d\u0628\u0627",
    "\u200b\u200d\ufeff零宽",
    "a\u0300\u0301\u0302\u0303",
    "\U0001f600\U000e0001",
    "\ufffd\ufffe",
    "A" * 5000,
    "多行\n文字\r\n在此",
    '带"引号"和,逗号',
    "NULL",
    "nan",
    "None",
    "\\N",
    "\\",
)
ODD_TIMES = (
    "9999-12-31 23:59:59", "0000-00-00 00:00:00", "2023-02-30", "2023-13-01", "99999-01-01", "1899-12-30", "-1",
    "2958466", "1e308", "now()", "昨天", "2023/6/1 25:61", "2059-12-31 19:00:00", "2023-06-01T10:00:00+99:00",
    "infinity",
)  # fmt: skip
ODD_NUMBERS = (
    "NaN",
    "inf",
    "-inf",
    "1e400",
    "1.0E+15",
    "--1",
    "1,2,3",
    "１２３",
    "0x1F",
    "一百",
    "",
    "999999999999999999999",
)

Make = Callable[[random.Random, Path], Path]
_MAKERS: list[tuple[str, Make]] = []


def _maker(make: Make) -> Make:
    _MAKERS.append((make.__name__.strip("_"), make))
    return make


def broken_inputs(folder: Path, n: int, seed: int) -> Iterator[tuple[str, Path]]:
    """Yield ``n`` pairs of a label and a path below ``folder``; every kind comes round before any is repeated.

    Files are made as they are asked for; whoever asks may delete them. Some are not broken at all,
    some paths are folders or do not exist.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(n):
        label, make = _MAKERS[number % len(_MAKERS)]
        rng = random.Random(f"{seed}/{number}/{label}")
        yield f"{number:04d}-{label}", make(rng, folder / f"{number:04d}-{label}")


def _row(rng: random.Random, number: int) -> list[str]:
    day = rng.randint(1, 28)
    return [
        f"X{number:07d}",
        f"2023-06-{day:02d} {rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}:00",
        rng.choice(("投诉", "咨询", "求助", "建议")),
        rng.choice(("海旺社区", "宝民社区", "文汇社区", "不存在社区")),
        "小区噪音扰民",
        "夜间施工噪音很大，请尽快处理。" * rng.randint(1, 4),
        f"2023-07-{day:02d} 10:00:00" if rng.random() < 0.7 else "",
        rng.choice(("满意", "基本满意", "不满意", "")),
        f"113.{rng.randint(8000, 9999)}",
        f"22.{rng.randint(5000, 6999)}",
    ]


def _rows(rng: random.Random, least: int = 3, most: int = 60) -> list[list[str]]:
    return [list(HEADINGS), *(_row(rng, i) for i in range(rng.randint(least, most)))]


def _quoted(cell: str, delimiter: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if any(c in cell for c in ('"', "\n", "\r", delimiter)) else cell


def _csv(rows: list[list[str]], delimiter: str = ",", newline: str = "\n") -> str:
    return "".join(delimiter.join(_quoted(cell, delimiter) for cell in row) + newline for row in rows)


def _write(path: Path, suffix: str, data: bytes) -> Path:
    file = path.with_name(path.name + suffix)
    file.write_bytes(data)
    return file


def _text(path: Path, text: str, suffix: str = ".csv", encoding: str = "utf-8") -> Path:
    return _write(path, suffix, text.encode(encoding, "replace"))


def _new_book(target: io.BytesIO) -> xlsxwriter.Workbook:
    book = xlsxwriter.Workbook(target, {"in_memory": True, "nan_inf_to_errors": True})
    book.set_properties({"created": dt.datetime(2023, 7, 4)})
    return book


def _gz(data: bytes, level: int = 9) -> bytes:
    return gzip.compress(data, level, mtime=0)


def _xlsx(rows: list[list[object]]) -> bytes:
    target = io.BytesIO()
    with _new_book(target) as book:
        sheet = book.add_worksheet("数据")
        for r, row in enumerate(rows):
            for c, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(r, c, cell[:32000])
                else:
                    sheet.write(r, c, cell)
    return target.getvalue()


def _xls(rows: list[list[object]]) -> bytes:
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("数据")
    for r, row in enumerate(rows):
        for c, cell in enumerate(row):
            sheet.write(r, c, cell)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _flip(rng: random.Random, data: bytes, share: float) -> bytes:
    broken = bytearray(data)
    for _ in range(max(1, int(len(broken) * share))):
        broken[rng.randrange(len(broken))] = rng.randrange(256)
    return bytes(broken)


def _parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return {name: package.read(name) for name in package.namelist()}


def _zip(parts: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in parts.items():
            # A fixed date: the same seed makes the same bytes.
            package.writestr(zipfile.ZipInfo(name, (2023, 7, 4, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return target.getvalue()


# ── texts ───────────────────────────────────────────────────────────────────────────────────────


@_maker
def _truncated_csv(rng: random.Random, path: Path) -> Path:
    data = _csv(_rows(rng)).encode(rng.choice(("utf-8", "gb18030", "utf-16")))
    return _write(path, ".csv", data[: rng.randrange(1, len(data))])


@_maker
def _wrong_encoding(rng: random.Random, path: Path) -> Path:
    encoding = rng.choice(("big5", "shift_jis", "euc_kr", "latin-1", "cp1251", "utf-7", "utf-32", "hz", "cp037"))
    return _text(path, _csv(_rows(rng)), encoding=encoding)


@_maker
def _two_encodings(rng: random.Random, path: Path) -> Path:
    rows = _rows(rng, 20)
    cut = rng.randrange(1, len(rows))
    first, second = rng.sample(("utf-8", "gb18030", "utf-16-le", "latin-1"), 2)
    return _write(path, ".csv", _csv(rows[:cut]).encode(first, "replace") + _csv(rows[cut:]).encode(second, "replace"))


@_maker
def _utf16_without_bom(rng: random.Random, path: Path) -> Path:
    data = _csv(_rows(rng), "\t").encode(rng.choice(("utf-16-le", "utf-16-be")))
    return _write(path, rng.choice((".txt", ".csv")), data + b"\0" * rng.randint(0, 1))


@_maker
def _odd_bytes(rng: random.Random, path: Path) -> Path:
    data = _csv(_rows(rng)).encode(rng.choice(("utf-8", "gb18030")))
    return _write(path, ".csv", _flip(rng, data, rng.choice((0.0005, 0.01, 0.2))))


@_maker
def _nul_bytes(rng: random.Random, path: Path) -> Path:
    data = bytearray(_csv(_rows(rng)).encode())
    for _ in range(rng.choice((1, 3, 500))):
        data.insert(rng.randrange(len(data)), 0)
    return _write(path, ".csv", bytes(data))


@_maker
def _nothing_in_it(rng: random.Random, path: Path) -> Path:
    data = rng.choice(
        (b"", b"\n", b"\r\n" * 50, b" ", b"\xef\xbb\xbf", b"\xff\xfe", b"\0" * 100, b",,,\n" * 9, b"\t \t\n")
    )
    return _write(path, rng.choice(EXTENSIONS), data)


@_maker
def _heading_only(rng: random.Random, path: Path) -> Path:
    rows = [list(HEADINGS), *([""] * len(HEADINGS) for _ in range(rng.randint(0, 3)))]
    if rng.random() < 0.5:
        return _text(path, _csv(rows))
    return _write(path, ".xlsx", _xlsx(rows))


@_maker
def _no_heading(rng: random.Random, path: Path) -> Path:
    rows = [[cell or "0" for cell in [str(i), *_row(rng, i)[1:2], "113.9", "22.5", "7"]] for i in range(9)]
    return _text(path, _csv(rows)) if rng.random() < 0.5 else _write(path, ".xlsx", _xlsx(rows))


@_maker
def _wrong_columns(rng: random.Random, path: Path) -> Path:
    names = [rng.choice(("姓名", "金额", "a", "Ω", "列", "sum(x)", "select", "_line", "rowid", "")) for _ in range(6)]
    rows = [names, *([str(rng.random()) for _ in names] for _ in range(5))]
    return _text(path, _csv(rows)) if rng.random() < 0.5 else _write(path, ".xlsx", _xlsx(rows))


@_maker
def _same_names(rng: random.Random, path: Path) -> Path:
    rows = _rows(rng)
    rows[0] = [rng.choice(("工单编号", "工单编号 ", "\u200b工单编号", "创建时间", "ID", "id", "Id")) for _ in HEADINGS]
    return _text(path, _csv(rows))


@_maker
def _hostile_names(rng: random.Random, path: Path) -> Path:
    rows = _rows(rng)
    rows[0] = [*HEADINGS[:2], *(rng.choice(HOSTILE) for _ in HEADINGS[2:])]
    return _text(path, _csv(rows)) if rng.random() < 0.5 else _write(path, ".xlsx", _xlsx(rows))


@_maker
def _ragged(rng: random.Random, path: Path) -> Path:
    rows = _rows(rng, 10)
    for row in rng.sample(rows[1:], 5):
        if rng.random() < 0.5:
            del row[rng.randrange(1, len(row)) :]
        else:
            row += ["多余"] * rng.randint(1, 40)
    return _text(path, _csv(rows, newline=rng.choice(("\n", "\r\n", "\r"))))


@_maker
def _open_quotes(rng: random.Random, path: Path) -> Path:
    lines = _csv(_rows(rng, 10)).splitlines(keepends=True)
    for _ in range(rng.choice((1, 1, 4))):
        line = rng.randrange(1, len(lines))
        at = rng.choice((0, len(lines[line]) - 1, rng.randrange(len(lines[line]))))
        at = rng.choice((at, lines[line].find(",") + 1))
        lines[line] = lines[line][:at] + '"' + lines[line][at:]
    return _text(path, "".join(lines))


@_maker
def _open_quote_at_the_end(rng: random.Random, path: Path) -> Path:
    return _text(path, _csv(_rows(rng)) + 'X1,"' + "没有结束" * rng.choice((1, 2000)))


@_maker
def _mixed_line_ends(rng: random.Random, path: Path) -> Path:
    rows = _rows(rng, 8)
    return _text(path, "".join(_csv([row], newline=rng.choice(("\n", "\r\n", "\r", "\n\n", "\r\r\n"))) for row in rows))


@_maker
def _large_cell(rng: random.Random, path: Path) -> Path:
    rows = _rows(rng)
    rows[rng.randrange(1, len(rows))][5] = rng.choice(("长", "x", "，")) * rng.choice((1_000_000, 10_000_000))
    data = _csv(rows).encode()
    return _write(path, ".csv.gz", _gz(data, 1)) if rng.random() < 0.3 else _write(path, ".csv", data)


@_maker
def _one_long_line(rng: random.Random, path: Path) -> Path:
    return _text(path, rng.choice(("x", "x,", "工单编号,", '"')) * 3_000_000)


@_maker
def _very_wide(rng: random.Random, path: Path) -> Path:
    width = rng.choice((1_200, 20_000))
    rows = [[f"c{i}" for i in range(width)], *([str(i) for i in range(width)] for _ in range(2))]
    return _text(path, _csv(rows)) if rng.random() < 0.7 else _write(path, ".xlsx", _xlsx([r[:16_000] for r in rows]))


@_maker
def _hostile_cells(rng: random.Random, path: Path) -> Path:
    rows = _rows(rng)
    for row in rows[1:]:
        row[rng.randrange(len(row))] = rng.choice(HOSTILE)
    kind = rng.random()
    if kind < 0.5:
        return _text(path, _csv(rows))
    return _write(path, ".xlsx", _xlsx(rows)) if kind < 0.8 else _write(path, ".xls", _xls(rows))


@_maker
def _odd_times_and_numbers(rng: random.Random, path: Path) -> Path:
    rows = _rows(rng, 12)
    for row in rows[1:]:
        row[rng.choice((1, 6))] = rng.choice(ODD_TIMES)
        row[rng.choice((8, 9))] = rng.choice(ODD_NUMBERS)
    return _text(path, _csv(rows)) if rng.random() < 0.6 else _write(path, ".xlsx", _xlsx(rows))


@_maker
def _odd_delimiter(rng: random.Random, path: Path) -> Path:
    delimiter = rng.choice(("，", "\x01", " ", "||", "#", ":", "\u3000", "';'"))
    lead = rng.choice(("", "sep=;\n", "sep=,\n", "标题\n\n"))
    return _text(path, lead + "\n".join(delimiter.join(row) for row in _rows(rng)))


@_maker
def _prose(rng: random.Random, path: Path) -> Path:
    text = "各位领导：\n" + "关于小区噪音问题，情况如下，请批示。\n" * rng.randint(1, 50)
    return _text(path, text, rng.choice((".csv", ".txt", ".xls")), rng.choice(("utf-8", "gb18030")))


@_maker
def _web_page(rng: random.Random, path: Path) -> Path:
    table = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in _rows(rng))
    lead = rng.choice(
        (
            "<html><body>",
            "<!DOCTYPE html><html>",
            "\n  <TABLE>",
            '<?xml version="1.0"?><Workbook>',
            "MIME-Version: 1.0\n\n",
        )
    )
    return _text(path, lead + table, rng.choice((".xls", ".xlsx", ".csv")), rng.choice(("utf-8", "gb18030", "utf-16")))


# ── files that are something else ───────────────────────────────────────────────────────────────


@_maker
def _noise(rng: random.Random, path: Path) -> Path:
    return _write(path, rng.choice(EXTENSIONS), rng.randbytes(rng.choice((1, 7, 100, 5_000, 200_000))))


@_maker
def _noise_behind_a_signature(rng: random.Random, path: Path) -> Path:
    signature = rng.choice(
        (
            b"PK\x03\x04",
            b"PK\x05\x06",
            b"\x1f\x8b\x08\x00",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            b"%PDF-1.7\n",
            b"\x89PNG\r\n\x1a\n",
            b"Rar!\x1a\x07",
            b"\xff\xfe",
            b"\xef\xbb\xbf",
            b"\x09\x08\x10\x00\x00\x06\x05\x00",
        )
    )
    return _write(path, rng.choice(EXTENSIONS), signature + rng.randbytes(rng.choice((0, 30, 3_000))))


@_maker
def _folder(rng: random.Random, path: Path) -> Path:
    folder = path.with_name(path.name + rng.choice(EXTENSIONS))
    folder.mkdir()
    return folder


@_maker
def _not_there(rng: random.Random, path: Path) -> Path:
    names = ("没有.csv", "a" * 300 + ".csv", "con\u202e.xlsx", "x\0y.csv", "里面.csv")
    return path.parent.joinpath(*rng.choice(((), ("不在",))), rng.choice(names))


@_maker
def _odd_file_name(rng: random.Random, path: Path) -> Path:
    name = rng.choice(
        (
            "\u202egnp.csv",
            "a'b;--.csv",
            "{0}%s.csv",
            "  空格 .csv",
            "无扩展名",
            "工单.CSV",
            "x.csv.xlsx",
            "emoji\U0001f600.csv",
        )
    )
    file = path.with_name(f"{path.name} {name}")
    rows = _rows(rng)
    file.write_bytes(_csv(rows if rng.random() < 0.5 else rows[:1]).encode())
    return file


# ── workbooks ───────────────────────────────────────────────────────────────────────────────────


@_maker
def _truncated_workbook(rng: random.Random, path: Path) -> Path:
    suffix, data = rng.choice(((".xlsx", _xlsx(_rows(rng))), (".xls", _xls(_rows(rng)))))
    return _write(path, suffix, data[: rng.randrange(1, len(data))])


@_maker
def _flipped_workbook(rng: random.Random, path: Path) -> Path:
    suffix, data = rng.choice(((".xlsx", _xlsx(_rows(rng))), (".xls", _xls(_rows(rng)))))
    return _write(path, suffix, _flip(rng, data, rng.choice((0.0002, 0.002, 0.05))))


@_maker
def _flipped_old_workbook(rng: random.Random, path: Path) -> Path:
    data = _xls(_rows(rng))
    return _write(path, ".xls", data[:512] + _flip(rng, data[512:], rng.choice((0.0005, 0.005, 0.05))))


@_maker
def _workbook_with_broken_xml(rng: random.Random, path: Path) -> Path:
    parts = _parts(_xlsx(_rows(rng)))
    name = rng.choice(sorted(parts))
    way = rng.randrange(5)
    if way == 0:
        del parts[name]
    elif way == 1:
        parts[name] = parts[name][: rng.randrange(len(parts[name]) + 1)]
    elif way == 2:
        parts[name] = _flip(rng, parts[name], 0.01)
    elif way == 3:
        parts[name] = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>' + parts[name]
    else:
        parts[name] = b"<" * 100_000
    return _write(path, ".xlsx", _zip(parts))


@_maker
def _workbook_with_odd_cells(rng: random.Random, path: Path) -> Path:
    """Cells at the far corner, at impossible places, with impossible values and types."""
    parts = _parts(_xlsx(_rows(rng)))
    name = "xl/worksheets/sheet1.xml"
    extra = rng.choice((
        b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        b'<row r="99999999999"><c r="ZZZZZZZ99999999999"><v>1</v></c></row>',
        b'<row r="70000"><c r="ZZ70000"><v>1</v></c></row>',
        b'<row r="90"><c r="A90" t="s"><v>999999999</v></c></row>',
        b'<row r="90"><c r="A90" t="s"><v>-1</v></c></row>',
        b'<row r="90"><c r="A0"><v>1</v></c><c r="1A"><v>1</v></c><c r=""><v>1</v></c></row>',
        b'<row r="90"><c r="A90"><v>NaN</v></c><c r="B90"><v>1e999</v></c><c r="C90" t="d"><v>9999-9-99</v></c></row>',
        b'<row r="90"><c r="A90" t="e"><v>#REF!</v></c><c r="B90" t="b"><v>7</v></c><c r="C90" t="z"></c></row>',
        b'<row r="90"><c r="A90" t="inlineStr"><is><t>' + b"x" * 10_000_000 + b"</t></is></c></row>",
        b'<row r="90"><c r="A90"><f>1+1</f></c><c r="B90"><f>1+1</f><v></v></c><c r="C90"><f>A1</f><v>7</v></c></row>',
    ))  # fmt: skip
    parts[name] = parts[name].replace(b"</sheetData>", extra + b"</sheetData>")
    return _write(path, ".xlsx", _zip(parts))


@_maker
def _formula_cells(rng: random.Random, path: Path) -> Path:
    target = io.BytesIO()
    with _new_book(target) as book:
        sheet = book.add_worksheet()
        for r, row in enumerate(_rows(rng)):
            for c, cell in enumerate(row):
                if r and rng.random() < 0.3:
                    sheet.write_formula(
                        r,
                        c,
                        rng.choice(("=1/0", '=A1&"x"', "=NOW()", "=HYPERLINK(A1)")),
                        None,
                        rng.choice(("", cell, 7, "#N/A")),
                    )
                else:
                    sheet.write_string(r, c, cell)
    return _write(path, ".xlsx", target.getvalue())


@_maker
def _odd_dates_in_cells(rng: random.Random, path: Path) -> Path:
    target = io.BytesIO()
    with _new_book(target) as book:
        sheet = book.add_worksheet()
        shape = book.add_format({"num_format": rng.choice(("yyyy-mm-dd hh:mm", "[h]:mm:ss", "hh:mm", 'yyyy"年"m"月"'))})
        for r, row in enumerate(_rows(rng)):
            for c, cell in enumerate(row):
                if r and c in (1, 6):
                    sheet.write_number(
                        r, c, rng.choice((2958465.99999, 2958466, -1, 0, 60, 1e10, 45000.5, 1e-9)), shape
                    )
                else:
                    sheet.write_string(r, c, cell)
    return _write(path, ".xlsx", target.getvalue())


@_maker
def _merged_and_blank(rng: random.Random, path: Path) -> Path:
    target = io.BytesIO()
    with _new_book(target) as book:
        if rng.random() < 0.5:
            book.add_worksheet("空表")
        sheet = book.add_worksheet("数据")
        top, left = rng.randint(0, 6), rng.randint(0, 3)
        if top:
            sheet.merge_range(0, 0, 0, 9, "某街道诉求情况表")
        for r, row in enumerate(_rows(rng, 12)):
            for c, cell in enumerate(row):
                sheet.write_string(top + r + (r > 5), left + c, cell)
        sheet.merge_range(top + 8, left + 3, top + 11, left + 3, "海旺社区")
        if rng.random() < 0.5:
            sheet.hide()
            book.add_worksheet("另一张").activate()
    return _write(path, ".xlsx", target.getvalue())


@_maker
def _password(rng: random.Random, path: Path) -> Path:
    """An OLE file as encrypted workbooks are: the header of a real one and the stream's name."""
    data = _xls(_rows(rng))
    if rng.random() < 0.5:
        return _write(
            path,
            ".xlsx",
            data.replace("Workbook".encode("utf-16-le"), "Encrypte".encode("utf-16-le"))
            + "EncryptedPackage".encode("utf-16-le"),
        )
    # FILEPASS right behind the first BOF record of an old workbook
    at = data.find(b"\x09\x08\x10\x00\x00\x06")
    return _write(path, ".xls", data[: at + 20] + struct.pack("<HHH", 0x2F, 2, 0x1234) + data[at + 26 :])


@_maker
def _other_packages(rng: random.Random, path: Path) -> Path:
    parts = rng.choice((
        {"word/document.xml": b"<w/>", "[Content_Types].xml": b"<Types/>"},
        {"数据.csv": _csv(_rows(rng)).encode()},
        {"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"<x/>"},
        {"xl/workbook.bin": b"\0" * 50, "[Content_Types].xml": b"<Types/>"},
        {"../../x": b"x"},
        {},
    ))  # fmt: skip
    return _write(path, rng.choice((".xlsx", ".xls", ".csv", ".zip")), _zip(parts))


# ── bombs ───────────────────────────────────────────────────────────────────────────────────────


@_maker
def _zip_bomb(rng: random.Random, path: Path) -> Path:
    parts = _parts(_xlsx(_rows(rng)))
    name = rng.choice(("xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml", "xl/media/image1.png"))
    parts[name] = parts.get(name, b"") + rng.choice((b" ", b"<row/>", b"\0")) * 12_000_000
    return _write(path, ".xlsx", _zip(parts) if len(parts[name]) > 64 << 20 else _zip({**parts, name: parts[name] * 6}))


@_maker
def _zip_that_lies(rng: random.Random, path: Path) -> Path:
    """The directory declares a small part; the data inflate to much more."""
    parts = _parts(_xlsx(_rows(rng)))
    name = "xl/worksheets/sheet1.xml"
    honest = len(parts[name])
    parts[name] += b" " * rng.choice((10, 5_000_000))
    data = bytearray(_zip(parts))
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as package:
        size = package.getinfo(name).file_size
    at = data.find(struct.pack("<L", size), data.rfind(b"PK\x01\x02" if rng.random() < 0.1 else name.encode()) - 46)
    if at > 0:
        data[at : at + 4] = struct.pack("<L", honest)
    return _write(path, ".xlsx", bytes(data))


@_maker
def _many_entries(rng: random.Random, path: Path) -> Path:
    parts = _parts(_xlsx(_rows(rng)))
    return _write(path, ".xlsx", _zip({**parts, **{f"xl/x{i}.xml": b"" for i in range(6_000)}}))


@_maker
def _gz_bomb(rng: random.Random, path: Path) -> Path:
    engine = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = rng.choice((b"\0", b"a,b\n", b"\n")) * (1 << 20)
    block = block[: 1 << 20]
    data = b"".join(engine.compress(block) for _ in range(80)) + engine.flush()
    return _write(path, rng.choice((".csv.gz", ".xlsx.gz")), data)


@_maker
def _broken_gz(rng: random.Random, path: Path) -> Path:
    data = _gz(_csv(_rows(rng)).encode())
    way = rng.randrange(5)
    if way == 0:
        data = data[: rng.randrange(3, len(data))]
    elif way == 1:
        data = data[:10] + _flip(rng, data[10:], 0.05)
    elif way == 2:
        data = _gz(data)
    elif way == 3:
        data += rng.randbytes(40)
    else:
        data = _gz(b"")
    return _write(path, rng.choice((".csv.gz", ".gz", ".xlsx.gz", ".csv")), data)


@_maker
def _gz_of_a_broken_workbook(rng: random.Random, path: Path) -> Path:
    data = _xlsx(_rows(rng))
    return _write(path, ".xlsx.gz", _gz(rng.choice((data, data[: len(data) // 2], _flip(rng, data, 0.01)))))
