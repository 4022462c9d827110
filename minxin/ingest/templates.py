"""Workbooks to fill: one for each declared table, that can be imported without a mapping file."""

from __future__ import annotations

import io
from typing import Any

import xlsxwriter

from minxin import tables
from minxin.ingest.mapping import mapping_for_template
from minxin.tables import Column, Table

__all__ = ["DATA_SHEET", "GUIDE_SHEET", "mapping_for_template", "template"]

DATA_SHEET = "数据"
GUIDE_SHEET = "填写说明"
_ROWS = 5_000
_TYPES = {
    "text": "文字",
    "integer": "整数",
    "decimal": "数字",
    "boolean": "是或否",
    "timestamp": "日期时间，如 2023-06-28 09:30",
    "date": "日期，如 2023-06-28",
}
_FORMATS = {"text": "@", "integer": "0", "timestamp": "yyyy-mm-dd hh:mm:ss", "date": "yyyy-mm-dd"}
_PERSONAL = {
    "mask": "导入时自动隐去姓名、电话、门牌等",
    "hash": "导入时转为不可还原的代号",
    "drop": "不保存",
}
#: Excel takes a list of values in the cell only up to this length.
_LONGEST_LIST = 255


def template(table: Table | str) -> bytes:
    """An xlsx workbook: headings in sheet 数据, what each column takes in sheet 填写说明.

    Columns with a list of values and yes-or-no columns have a drop-down. KeyError for an unknown table.
    """
    declared = tables.table(table) if isinstance(table, str) else table
    columns = [column for column in declared.columns if not column.derived]
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False}) as book:
        data = book.add_worksheet(DATA_SHEET)
        guide = book.add_worksheet(GUIDE_SHEET)
        _write_data(book, data, columns, declared)
        _write_guide(book, guide, columns, declared)
    return target.getvalue()


def _write_data(book: Any, sheet: Any, columns: list[Column], table: Table) -> None:
    plain = book.add_format({"bold": True, "bottom": 1})
    needed = book.add_format({"bold": True, "bottom": 5})
    for position, column in enumerate(columns):
        required = column.required or column.name in table.key
        sheet.write_string(0, position, column.label, needed if required else plain)
        shape = book.add_format({"num_format": _FORMATS.get(column.type, "General")})
        sheet.set_column(position, position, max(12, 2 * len(column.label) + 4), shape)
        choices = list(column.values) or (["是", "否"] if column.type == "boolean" else [])
        if choices and len(",".join(choices)) <= _LONGEST_LIST:
            rule = {
                "validate": "list",
                "source": choices,
                "error_title": column.label,
                "error_message": f"只能填：{'、'.join(choices)}"[:255],
            }
            sheet.data_validation(1, position, _ROWS, position, rule)
    sheet.freeze_panes(1, 0)


def _write_guide(book: Any, sheet: Any, columns: list[Column], table: Table) -> None:
    bold = book.add_format({"bold": True, "bottom": 1})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    for position, (heading, width) in enumerate((("列名", 20), ("是否必填", 10), ("填写内容", 34), ("说明", 60))):
        sheet.write_string(0, position, heading, bold)
        sheet.set_column(position, position, width, wrapped)
    labels = {column.name: column.label for column in table.columns}
    for row, column in enumerate(columns, start=1):
        required = column.required or column.name in table.key
        sheet.write_string(row, 0, column.label)
        sheet.write_string(row, 1, "必填" if required else "选填")
        sheet.write_string(row, 2, f"只能填：{'、'.join(column.values)}" if column.values else _TYPES[column.type])
        sheet.write_string(row, 3, "；".join(_remarks(column, table, labels)))
    sheet.freeze_panes(1, 0)


def _remarks(column: Column, table: Table, labels: dict[str, str]) -> list[str]:
    found = []
    if column.name in table.key:
        found.append("用于识别同一条记录，不能重复" if len(table.key) == 1 else "与其他识别列合起来不能重复")
    if column.minimum is not None and column.maximum is not None:
        found.append(f"在 {column.minimum:g} 到 {column.maximum:g} 之间")
    elif column.minimum is not None:
        found.append(f"不小于 {column.minimum:g}")
    elif column.maximum is not None:
        found.append(f"不大于 {column.maximum:g}")
    if column.after:
        found.append(f"不早于{labels[column.after]}")
    if column.name in ("community_code", "community_name") and table.located:
        found.append("社区代码与社区填一项即可，都不填时按经纬度认定")
    if column.format == "uscc":
        found.append("18位，按校验码核对；自然人不填")
    if column.format == "industry":
        found.append("国民经济行业分类代码，门类字母加四位数字")
    if column.past:
        found.append("不晚于导入之日")
    if column.personal:
        found.append(_PERSONAL[column.personal])
    return found
