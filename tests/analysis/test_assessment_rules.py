"""Rules of assessment: what is in force when, what is refused, and that nothing in force changes unseen."""

import dataclasses
import datetime as dt
import tomllib

import pytest

from minxin.analysis.assessment import rules
from minxin.settings import Unusable
from tests.support import ROOT

FILE = ROOT / "data" / "rules" / "assessment.toml"
LINES = FILE.read_text(encoding="utf-8").splitlines(keepends=True)
#: The file without its seals.
TEXT = "".join(line for line in LINES if not line.startswith("sealed"))


def read(tmp_path, text):
    file = tmp_path / "assessment.toml"
    file.write_text(text, encoding="utf-8")
    return rules.read_rules(file)


def refused(tmp_path, text):
    with pytest.raises(Unusable) as error:
        read(tmp_path, text)
    said = str(error.value)
    assert "\n" not in said and said.endswith("请改正后再试。")
    return said


def later(name, start, weights):
    return (
        f'\n[[rule]]\nname = "{name}"\ntitle = "第二版"\nfrom = {start}\nlike = "trial-2022"\nweights = "{weights}"\n'
    )


def test_both_sets_of_weights_are_shipped_with_their_source_and_none_is_called_official():
    held = rules.load().weights
    assert held["10-50-40"].values == (0.1, 0.5, 0.4)
    assert held["30-35-35"].values == (0.3, 0.35, 0.35)
    assert all(w.source for w in held.values())
    assert "怀柔" in held["10-50-40"].source and "准格尔" in held["30-35-35"].source
    raw = tomllib.loads(TEXT)
    assert not [t for part in ("weights", "rule") for entry in raw[part] for t in entry.values() if "官方" in str(t)]


def test_exclusion_codes_are_those_of_the_table_and_say_who_may_approve():
    table = tomllib.loads((ROOT / "queries" / "staging" / "exclusion.toml").read_text(encoding="utf-8"))
    codes = next(c["values"] for c in table["column"] if c["name"] == "reason_code")
    held = rules.load().exclusions
    assert list(held) == codes
    assert all(reason.approved_by for reason in held.values())


def test_the_rule_in_force_is_the_last_that_has_begun_for_ever(tmp_path):
    found = read(tmp_path, TEXT + later("second", "2023-03-01", "30-35-35"))
    assert found.rule_on(dt.date(2023, 2, 28)).name == "trial-2022"
    assert found.rule_on(dt.date(2023, 3, 1)).name == "second"
    assert found.rule_on(dt.date(2033, 3, 1)).weights.values == (0.3, 0.35, 0.35)
    assert found.for_month(2023, 2).name == "trial-2022"
    nearest = [(found.nearest(*month)[0].name, found.nearest(*month)[1]) for month in ((2023, 3), (2022, 6), (2021, 1))]
    assert nearest == [("second", False), ("trial-2022", False), ("trial-2022", True)]
    # A later version changes nothing of what an earlier day is assessed by.
    assert found.rule_on(dt.date(2022, 6, 1)) == rules.load().rule_on(dt.date(2022, 6, 1))
    with pytest.raises(Unusable, match="2022-05-31"):
        found.rule_on(dt.date(2022, 5, 31))


def test_a_rule_to_try_out_is_never_in_force():
    found = rules.load()
    assert {r.name for r in found.versions if r.start is None} >= {"weights-30-35-35", "period-19", "no-exclusions"}
    assert found.rule_on(dt.date(2026, 1, 1)).start is not None
    assert found.named("period-19").period_first_day == 19
    with pytest.raises(Unusable, match="weights-30-35-35"):
        found.named("nobody")


def test_a_sealed_rule_that_was_changed_is_refused(tmp_path):
    digest = rules.load().named("trial-2022").digest
    sealed = TEXT.replace('name = "trial-2022"\n', f'name = "trial-2022"\nsealed = "{digest}"\n', 1)
    assert read(tmp_path, sealed).named("trial-2022").digest == digest
    assert "封存" in refused(tmp_path, sealed.replace("basic_value = 0.9 ", "basic_value = 0.8 ", 1))
    # What a rule takes from shared sections is sealed with it.
    assert "封存" in refused(tmp_path, sealed.replace("value = 1.0\n", "value = 2.0\n", 1))


def test_the_digest_leaves_out_what_says_nothing():
    rule = rules.load().named("trial-2022")
    assert dataclasses.replace(rule, title="x").digest == rule.digest
    assert dataclasses.replace(rule, smallest_n=31).digest != rule.digest
    assert dataclasses.replace(rule.valid, needs_answer=True) == rule.valid


def test_the_shipped_rule_in_force_is_sealed():
    raw = tomllib.loads(FILE.read_text(encoding="utf-8"))["rule"]
    assert all("sealed" in rule for rule in raw if "from" in rule)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("satisfaction = 0.40", "satisfaction = 0.50", "合计为 1"),
        ('weights = "10-50-40"\nbasic', 'weights = "x"\nbasic', "权重 x 没有定义"),
        ("basic_value = 0.9 ", "basic_value = 1.2 ", "basic_value"),
        ("basic_value = 0.9 ", "basic_value = true ", "basic_value 应为数字"),
        ("period_first_day = 1 ", "period_first_day = 31 ", "period_first_day"),
        ("smallest_n = 30 ", "smallest_n = 0 ", "smallest_n"),
        ("smallest_n = 30 ", "smallest = 30 ", "smallest 无法识别"),
        ("cut = 0.80 ", "cut = 1.0 ", "classes.cut"),
        ("alike = 0.70", "alike = 0.80", "合计为 1"),
        ("from = 2022-06-01", 'from = "2022-06"', "from 应为日期"),
        ("from = 2022-06-01\n", "", "生效日期"),
        ('like = "trial-2022"', 'like = "later"', "不在前面"),
        ('approved_by = ["分管领导"]', "approved_by = []", "谁可批准"),
        ('"拒访未接通"]\nsmallest', '"不存在"]\nsmallest', "不存在"),
        ('counted_by = "accepted_at"', 'counted_by = "closed_at"', "counted_by"),
        ("[rule.funnel]", "[rule.tunnel]", "无法识别"),
        ('weights = "10-50-40"\nbasic', 'weights = ["10-50-40"]\nbasic', "规则 trial-2022 的 weights 应为文字"),
        ('like = "trial-2022"', 'like = ["trial-2022"]', "like 应为文字"),
        ("value = 1.0\n", "value = nan\n", "[[point]] 主动治理 的 value 应为数字，不能是 nan 或 inf"),
        ("value = 1.0\n", "value = 1000\n", "应在 -100 与 100 之间"),
        ("points_cap = 5.0", "points_cap = inf", "points_cap 应为数字，不能是"),
        ("late_hours = 24", "late_hours = nan", "late_hours 应为数字，不能是"),
        ("late_hours = 24", "late_hours = -1", "gaming.late_hours 应在 0 与 8760 之间"),
        ("volume_factor = 1.5", "volume_factor = inf", "volume_factor 应为数字，不能是"),
        ("spread = 0.4", "spread = inf", "spread 应为数字，不能是"),
        ("spread = 0.4", "spread = 1e3", "prior.spread 应大于 0，不大于 5"),
        ("apart = 0.9", "apart = inf", "apart 应为数字，不能是"),
        ('methods = ["电话", "短信", "上门", "自动"]', "methods = []", "valid.methods 至少要写一项"),
        (
            'methods = ["电话", "短信", "上门", "自动"]',
            'methods = ["飞鸽"]',
            "飞鸽 无法识别，只能是 电话、短信",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line(tmp_path, old, new, said):
    assert old in TEXT
    assert said in refused(tmp_path, TEXT.replace(old, new, 1))


def test_a_rule_that_is_no_section_is_refused(tmp_path):
    assert "rule 应写成 [[rule]]" in refused(tmp_path, 'rule = ["x"]\n' + TEXT[: TEXT.index("[[rule]]")])


def test_two_rules_from_one_day_are_refused(tmp_path):
    assert "同日生效" in refused(tmp_path, TEXT + later("second", "2022-06-01", "30-35-35"))


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(Unusable):
        rules.read_rules(tmp_path / "none.toml")


def test_the_assessed_month_may_be_the_calendar_month_or_begin_on_the_19th():
    plain, late = rules.load().named("trial-2022"), rules.load().named("period-19")
    assert plain.month(2023, 6) == (dt.date(2023, 6, 1), dt.date(2023, 7, 1))
    assert late.month(2023, 6) == (dt.date(2023, 5, 19), dt.date(2023, 6, 19))
    assert late.month(2023, 1) == (dt.date(2022, 12, 19), dt.date(2023, 1, 19))
    assert late.month_of(dt.date(2022, 12, 19)) == (2023, 1) and late.month_of(dt.date(2023, 1, 18)) == (2023, 1)
    assert plain.month_of(dt.date(2022, 12, 31)) == (2022, 12)


@pytest.mark.parametrize("name", ["trial-2022", "period-19"])
def test_windows_are_made_of_whole_months_and_lie_end_to_end(name):
    rule = rules.load().named(name)
    for year, month in ((2023, 6), (2023, 1), (2024, 12)):
        start, end = rule.window(year, month)
        assert end == rule.month(year, month)[1]
        assert rule.window_before(year, month)[1] == start
        assert rule.window(year, month, 1) == rule.month(year, month)
        assert rule.month_of(end - dt.timedelta(days=1)) == (year, month)


def test_trial_weights_sum_to_one():
    assert rules.trial_weights([2, 1, 1]).values == (0.5, 0.25, 0.25)
    for wrong in ([0, 0, 0], [1, -1, 1], [1, 1]):
        with pytest.raises(ValueError, match="weights"):
            rules.trial_weights(wrong)
