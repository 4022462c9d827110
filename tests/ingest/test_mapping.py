"""Mapping files: validated, found, written back; proposals; templates that need none."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from openpyxl import load_workbook

from minxin import tables
from minxin.ingest.mapping import (
    WHOLE_ROW,
    FieldRule,
    Mapping,
    available,
    load_mapping,
    mapping_for_template,
    names,
    parse_mapping,
    to_toml,
)
from minxin.ingest.readers import Source, open_source
from minxin.ingest.suggest import suggest
from minxin.ingest.templates import DATA_SHEET, GUIDE_SHEET, template
from minxin.settings import ROOT, Unusable

SHIPPED = ("boston_311", "citizen_replies", "citizen_votes", "petition_export")
PETITION = tables.table("petition")


def parsed(text: str) -> Mapping:
    return parse_mapping(tomllib.loads(text), "x", "x.toml")


SMALL = """
table = "petition"
[columns.petition_id]
from = ["工单编号", "编号"]
[columns.created_at]
from = ["时间"]
"""


def csv(folder: Path, text: str, name: str = "a.csv") -> Source:
    path = folder / name
    path.write_bytes(text.encode("utf-8"))
    return open_source(path, folder / "work")


# ── mapping files ───────────────────────────────────────────────────────────────────────────────


def test_the_shipped_mappings_are_valid() -> None:
    assert {mapping.name for mapping in available("petition")} >= set(SHIPPED)
    assert set(names()) >= set(SHIPPED)
    for name in SHIPPED:
        mapping = load_mapping(name)
        assert (mapping.name, mapping.table) == (name, "petition")
        assert mapping.label and mapping.description
        for target, rule in mapping.columns.items():
            allowed = PETITION.column(target).values
            given = [
                *rule.values.values(),
                *([rule.otherwise] if rule.otherwise else []),
                *filter(None, [rule.constant]),
            ]
            assert not allowed or set(given) <= set(allowed), f"{name}.{target}"


@pytest.mark.parametrize("name", SHIPPED)
def test_what_is_written_reads_back(name: str) -> None:
    mapping = load_mapping(name)
    assert parsed(to_toml(mapping)) == mapping


def test_every_kind_of_rule_reads_back() -> None:
    rule = FieldRule(
        ("a", 'b"\\\n\x7f'), " ", "c", {"d.e": "投诉", "": "x"}, "其他", ("%Y",), ("是",), ("否",), 0.5, ("-",)
    )
    mapping = Mapping("x", "标签", "petition", key=WHOLE_ROW, columns={"created_at": rule})
    assert parsed(to_toml(mapping)) == mapping


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('table = "nothing"', ("table", "nothing")),
        (SMALL + "\n[columns.nothing]\nfrom = ['x']", ("columns.nothing", "不是")),
        (SMALL + "\n[columns.community_source]\nfrom = ['x']", ("columns.community_source",)),
        (SMALL + "\n[columns.kind]\nfrom = [1]", ("columns.kind.from", "列表")),
        (SMALL + "\n[columns.kind]\nfron = ['x']", ("columns.kind.fron", "不是映射文件的项目")),
        (SMALL + "\n[columns.kind]\njoin = ' '", ("columns.kind.from",)),
        (SMALL + "\n[columns.kind]\nfrom = 'x'\nvalues = { a = 1 }", ("columns.kind.values",)),
        (SMALL + "\n[columns.closed_at]\nfrom = 'x'\nformats = ['yyyy-mm-dd']", ("formats", "yyyy-mm-dd")),
        (SMALL + "\n[columns.is_confidential]\nfrom = 'x'\ntrue = ['1']\nfalse = ['1']", ("true", "1")),
        ('timezone = "Mars/Olympus"\n' + SMALL, ("timezone", "Mars")),
        ('coordinates = "utm"\n' + SMALL, ("coordinates",)),
        ('key = ["subject"]\n' + SMALL, ("key", "subject")),
        ('table = "petition"\n[columns.petition_id]\nfrom = "x"', ("缺少必需的字段", "创建时间")),
        ("strange = 1\n" + SMALL, ("strange",)),
        (SMALL + "\n[read]\nheader_line = -1", ("read.header_line",)),
    ],
)
def test_a_faulty_mapping_names_file_and_key(text: str, words: tuple[str, ...]) -> None:
    with pytest.raises(Unusable) as caught:
        parsed(text)
    message = str(caught.value)
    assert "x.toml" in message and "\n" not in message
    assert all(word in message for word in words), message


def test_files_that_are_no_mapping(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("a = \n", encoding="utf-8")
    for name, word in (
        (str(broken), "第 1 行"),
        (str(tmp_path / "none.toml"), "找不到"),
        ("nothing", "现有"),
        ("../x", "现有"),
    ):
        with pytest.raises(Unusable) as caught:
            load_mapping(name)
        assert word in str(caught.value)
    broken.write_bytes(b"\xff\xfe\xfd")
    with pytest.raises(Unusable, match="UTF-8"):
        load_mapping(str(broken))


def test_a_mapping_by_path(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(SMALL, encoding="utf-8")
    assert load_mapping(str(file)).name == "own"


def test_the_deployment_goes_before_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from minxin import settings

    for file in ("deployment.toml", "communities.csv", "communities.geojson"):
        (tmp_path / file).write_bytes((ROOT / "data" / file).read_bytes())
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "citizen_votes.toml").write_text('label = "本地"\n' + SMALL, encoding="utf-8")
    monkeypatch.setenv("MINXIN_CONFIG", str(tmp_path))
    settings._deployment.cache_clear()
    try:
        assert load_mapping("citizen_votes").label == "本地"
        assert load_mapping("boston_311").timezone == "America/New_York"
    finally:
        monkeypatch.undo()
        settings._deployment.cache_clear()


def test_the_first_alias_that_is_there_wins() -> None:
    mapping = parsed(
        SMALL + '\n[columns.subject]\nfrom = ["标题", "主题"]\njoin = " "\n[columns.kind]\nconstant = "投诉"'
        '\n[columns.scene]\nfrom = "场景"'
    )
    found = mapping.sources(["编号", "工单编号（必填）", "时间", "主题", "标题", "别的"])
    assert found == {
        "petition_id": ["工单编号（必填）"],
        "created_at": ["时间"],
        "subject": ["标题", "主题"],
        "kind": [],
    }
    assert mapping.expected == {"工单编号", "编号", "时间", "标题", "主题", "场景"}
    assert mapping.unmet(["编号"]) == ["创建时间"]


# ── proposals ───────────────────────────────────────────────────────────────────────────────────


def test_a_known_export_gets_its_mapping(inputs: Path, tmp_path: Path) -> None:
    for file, name in (
        ("petitions/messages_with_votes.xlsx", "citizen_votes"),
        ("petitions/messages_with_replies.xlsx", "citizen_replies"),
        ("service_requests/boston_311_2011H2.csv.gz", "boston_311"),
    ):
        suggestion = suggest(open_source(inputs / file, tmp_path), PETITION)
        assert suggestion.mapping.name == name
        assert set(suggestion.confidence.values()) == {1.0}


def test_a_usual_export_is_understood(tmp_path: Path) -> None:
    heading = (
        "受理单号,来电时间,受理时间,诉求类型,所属社区,诉求内容,联系电话,承办单位,办结时间,是否解决,满意度,备注,紧急程度"
    )
    row = (
        "A1,2023年6月1日 10:00,2023-06-01 10:05,投诉类,海旺社区,噪音,13800000000,城管,"
        "2023/6/2 9:00,已解决,非常满意,,普通"
    )
    suggestion = suggest(csv(tmp_path, f"{heading}\n{row}\n"), PETITION)
    chosen = {target: rule.source[0] for target, rule in suggestion.mapping.columns.items()}
    assert chosen == {
        "petition_id": "受理单号",
        "created_at": "来电时间",
        "accepted_at": "受理时间",
        "kind": "诉求类型",
        "community_name": "所属社区",
        "content": "诉求内容",
        "caller": "联系电话",
        "first_unit": "承办单位",
        "closed_at": "办结时间",
        "followup_resolved": "是否解决",
        "satisfaction": "满意度",
        "urgency": "紧急程度",
    }
    assert suggestion.mapping.columns["kind"].values["投诉类"] == "投诉"
    assert "已解决" in suggestion.mapping.columns["followup_resolved"].true
    assert set(suggestion.confidence) == set(chosen)
    assert min(suggestion.confidence.values()) > 0.9
    assert parsed(to_toml(suggestion.mapping)) == suggestion.mapping


def test_values_speak_against_a_name(tmp_path: Path) -> None:
    suggestion = suggest(csv(tmp_path, "工单编号,创建时间,经度\n1,2023-06-01,很长\n2,2023-06-02,很短\n"), PETITION)
    assert set(suggestion.mapping.columns) == {"petition_id", "created_at"}


def test_one_time_column_serves_two_targets(tmp_path: Path) -> None:
    suggestion = suggest(csv(tmp_path, "工单编号,受理时间\n1,2023-06-01\n"), PETITION)
    assert {t: r.source for t, r in suggestion.mapping.columns.items()} == {
        "petition_id": ("工单编号",),
        "created_at": ("受理时间",),
        "accepted_at": ("受理时间",),
    }


def test_day_and_month_are_told_apart(tmp_path: Path) -> None:
    text = "工单编号;创建时间;办结时间\n1;03/04/2023 10:00;13/04/2023\n2;05/06/2023 11:00;28/06/2023\n"
    suggestion = suggest(csv(tmp_path, text), PETITION)
    assert suggestion.mapping.columns["closed_at"].formats[0] == "%d/%m/%Y"
    assert suggestion.confidence["created_at"] < 0.9, "day or month first: a guess"


def test_a_file_without_key_is_known_by_its_content(tmp_path: Path) -> None:
    suggestion = suggest(csv(tmp_path, "创建时间,内容\n2023-06-01,噪音\n"), PETITION)
    assert suggestion.mapping.key == WHOLE_ROW
    assert suggestion.mapping.unmet(("创建时间", "内容")) == []


# ── templates ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", sorted(tables.tables()))
def test_a_filled_template_needs_no_mapping_file(tmp_path: Path, name: str) -> None:
    table = tables.table(name)
    labels = [column.label for column in table.columns if not column.derived]
    path = tmp_path / "t.xlsx"
    path.write_bytes(template(table))
    book = load_workbook(path)
    assert book.sheetnames == [DATA_SHEET, GUIDE_SHEET]
    sheet = book[DATA_SHEET]
    assert [cell.value for cell in sheet[1]] == labels
    assert [row[0].value for row in book[GUIDE_SHEET].iter_rows(min_row=2)] == labels
    lists = {str(v.sqref).split(":")[0] for v in sheet.data_validations.dataValidation if v.type == "list"}
    chosen = [c for c in table.columns if not c.derived and (c.values or c.type == "boolean")]
    assert len(lists) == len(chosen)

    for position, column in enumerate([c for c in table.columns if not c.derived], start=1):
        sheet.cell(2, position).value = column.values[0] if column.values else f"{column.name} 1"
    book.save(path)
    mapping = load_mapping(f"template_{name}")
    assert mapping == mapping_for_template(table)
    source = open_source(path, tmp_path, expected=mapping.expected)
    assert (source.sheet, source.columns) == (DATA_SHEET, tuple(labels))
    assert mapping.unmet(source.columns) == []
    assert set(mapping.sources(source.columns)) == {c.name for c in table.columns if not c.derived}


def test_an_empty_template_says_so(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    path.write_bytes(template(PETITION))
    with pytest.raises(Unusable, match="没有数据行"):
        open_source(path, tmp_path, expected=mapping_for_template(PETITION).expected)
