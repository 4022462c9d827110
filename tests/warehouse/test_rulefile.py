"""Every file of rules: whatever stands where another thing is wanted is one Chinese line, and nothing is infinite."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from minxin import rulefile
from minxin.access import rules as access_rules
from minxin.analysis.assessment import rules as assessment_rules
from minxin.analysis.inspection import rules as inspection_rules
from minxin.operations import rules as operations_rules
from minxin.settings import Unusable
from minxin.warehouse import disclosure_rules, repair_rules, risk_rules
from tests.support import ROOT

FILES: dict[str, Callable[[Path], object]] = {
    "access.toml": access_rules.read_rules,
    "operations.toml": operations_rules.read_rules,
    "rules/assessment.toml": assessment_rules.read_rules,
    "rules/disclosure.toml": disclosure_rules.read_rules,
    "rules/inspection.toml": inspection_rules.read_rules,
    "rules/repair.toml": repair_rules.read_rules,
    "rules/risk.toml": risk_rules.read_rules,
}
KEY = re.compile(r"\s*([\w\"]+)\s*=\s*(?:[^\[{]*|[\[{].*[\]}]\s*(?:#.*)?)")
WRONG = ("nan", "inf", "-inf", '["x"]', "[[1]]", "{ a = 1 }", "1e300", "2022-01-01T00:00:00")
ENGLISH = re.compile(r"[a-z]+ [a-z]+ [a-z]+|unhashable|'[a-z]+' object|__init__")


@pytest.mark.parametrize("name", FILES)
def test_another_thing_in_any_place_is_refused_in_one_chinese_line(name: str, tmp_path: Path) -> None:
    text = re.sub(r"(?m)^sealed.*\n", "", (ROOT / "data" / name).read_text(encoding="utf-8"))
    lines = text.split("\n")
    file = tmp_path / Path(name).name
    file.write_text(text, encoding="utf-8")
    FILES[name](file)
    keys = {}
    for place, line in enumerate(lines):
        if found := KEY.fullmatch(line):
            keys.setdefault(found[1], place)
    assert keys
    for key, place in keys.items():
        # A list of other texts is none of what is wrong in every list.
        is_list = lines[place].split("=", 1)[1].lstrip().startswith("[")
        for value in [v for v in WRONG if not (is_list and v == '["x"]')]:
            changed = f"{key} = {value}"
            file.write_text("\n".join([*lines[:place], changed, *lines[place + 1 :]]), encoding="utf-8")
            with pytest.raises(Unusable) as refused:
                FILES[name](file)
                pytest.fail(f"taken: {changed} in line {place + 1}")
            said = str(refused.value).replace(str(file), "")
            assert "\n" not in said and said.endswith("再试。") and not ENGLISH.search(said), (changed, said)


@pytest.mark.parametrize(
    ("read", "said"),
    [
        (lambda: rulefile.number(float("nan"), "甲"), "甲 应为数字，不能是 nan 或 inf"),
        (lambda: rulefile.number(True, "甲"), "甲 应为数字"),
        (lambda: rulefile.number(10**30, "甲"), "甲 应在 -1000000000 与 1000000000 之间"),
        (lambda: rulefile.whole(1.0, "甲"), "甲 应为整数"),
        (lambda: rulefile.whole(-1, "甲", 0, 9), "甲 应在 0 与 9 之间"),
        (lambda: rulefile.text(1, "甲"), "甲 应为文字"),
        (lambda: rulefile.text(" ", "甲"), "甲 不能为空"),
        (lambda: rulefile.texts("乙", "甲"), "甲 应为文字列表"),
        (lambda: rulefile.texts(["乙"], "甲", ("丙", "丁")), "甲 中的 乙 无法识别，只能是 丙、丁"),
        (lambda: rulefile.one_of(["丙"], "甲", ("", "丙")), "甲 应为 丙 之一"),
        (lambda: rulefile.section([], "甲"), "甲 应为一节"),
        (lambda: rulefile.section({"a": 1}, "甲", ("b",), ("a",)), "甲 缺少 b"),
        (lambda: rulefile.sections({"a": {}}, "a"), "a 应写成 [[a]]"),
    ],
)
def test_what_is_allowed_is_said(read: Callable[[], Any], said: str) -> None:
    with pytest.raises(rulefile.Faulty) as refused:
        read()
    assert str(refused.value) == said


def test_a_file_of_another_encoding_is_said_to_be_one(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_bytes("甲 = 1".encode("gb18030"))
    with pytest.raises(Unusable, match="不是 UTF-8 编码，请另存为 UTF-8"):
        rulefile.read(file, "规则", dict)
