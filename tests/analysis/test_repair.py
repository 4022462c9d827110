"""Repair dates: golden cases under both rules with their edge days, and what holds for every case."""

from __future__ import annotations

import datetime as dt
import tomllib
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minxin.analysis.credit import repair
from minxin.analysis.credit.repair import Case, State, add_months, judge
from minxin.settings import ROOT, Unusable
from minxin.warehouse import repair_rules

FILE = ROOT / "data" / "rules" / "repair.toml"
RULES = repair_rules.read_rules(FILE)
TRIAL, ORDER = "trial-2023", "order-2026"


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


#: document, kind, field, severity, summary → rule, class, apply from, first day after the longest publicity.
GOLDEN = [
    # The day of change: the last document under the trial rules, the first under the new ones.
    ("2026-03-31", "罚款", "一般", "一般", False, TRIAL, "general", "2026-07-01", "2029-04-01"),
    ("2026-04-01", "罚款", "一般", "一般", False, ORDER, "general", "2026-07-02", "2027-04-02"),
    ("2026-03-31", "罚款", "食品", "一般", False, TRIAL, "strict", "2027-04-01", "2029-04-01"),
    ("2026-04-01", "罚款", "食品", "一般", False, ORDER, "general", "2026-07-02", "2027-04-02"),
    ("2026-03-31", "吊销", "一般", "严重", False, TRIAL, "general", "2026-07-01", "2029-04-01"),
    ("2026-04-01", "吊销", "一般", "严重", False, ORDER, "serious", "2027-04-02", "2029-04-02"),
    # Month ends: 30 November has no counterpart in February, leap year or not; 31 December has one in March.
    ("2023-11-30", "罚款", "一般", "一般", False, TRIAL, "general", "2024-03-01", "2026-12-01"),
    ("2022-11-30", "没收", "一般", "一般", False, TRIAL, "general", "2023-03-01", "2025-12-01"),
    ("2026-12-31", "没收", "一般", "一般", False, ORDER, "general", "2027-04-01", "2028-01-01"),
    ("2026-11-30", "罚款", "一般", "一般", False, ORDER, "general", "2027-03-01", "2027-12-01"),
    ("2027-11-30", "罚款", "一般", "一般", False, ORDER, "general", "2028-03-01", "2028-12-01"),
    # 29 February as the day of the document and as the end of a term.
    ("2024-02-29", "罚款", "消防", "一般", False, TRIAL, "strict", "2025-03-01", "2027-03-01"),
    ("2028-02-29", "限制从业", "一般", "一般", False, ORDER, "serious", "2029-03-01", "2031-03-01"),
    ("2027-05-29", "罚款", "一般", "一般", False, ORDER, "general", "2027-08-30", "2028-05-30"),
    # Before any rule: counted by the first one, and said so.
    ("2021-07-15", "责令停产", "安全生产", "严重", False, TRIAL, "strict", "2022-07-16", "2024-07-16"),
    ("2023-04-30", "罚款", "一般", None, False, TRIAL, "general", "2023-07-31", "2026-05-01"),
    ("2023-05-01", "罚款", "一般", None, False, TRIAL, "general", "2023-08-02", "2026-05-02"),
]


@pytest.mark.parametrize(
    ("document", "kind", "field", "severity", "summary", "rule", "term", "apply", "ends"),
    GOLDEN,
    ids=[f"{g[0]}-{g[6]}" for g in GOLDEN],
)
def test_golden_dates(
    document: str,
    kind: str,
    field: str,
    severity: str | None,
    summary: bool,
    rule: str,
    term: str,
    apply: str,
    ends: str,
) -> None:
    case = Case(day(document), kind, field, severity or "", summary)
    found = judge(case, day(document), RULES)
    assert (found.rule.name, found.term.code) == (rule, term)
    assert found.apply_from == day(apply) and found.ends_on == found.visible_until == day(ends)
    assert found.minimum_last == day(apply) - dt.timedelta(days=1)
    assert found.remind_on == (day(apply) - dt.timedelta(days=30), day(apply) - dt.timedelta(days=7))
    assert judge(case, day(ends) - dt.timedelta(days=1), RULES).is_visible
    assert not judge(case, day(ends), RULES).is_visible


@pytest.mark.parametrize(
    ("kind", "severity", "summary", "published", "document", "ends"),
    [
        # Neither warnings nor what is decided summarily is public under the trial rules, whatever was done.
        ("警告", "一般", False, "2026-03-31", "2026-03-31", None),
        ("罚款", "一般", True, "2026-03-31", "2026-03-31", None),
        # Under the new ones not in principle, and for three months at most where it was.
        ("警告", "一般", False, None, "2026-04-01", None),
        ("警告", "一般", False, "2026-04-03", "2026-04-01", "2026-07-02"),
        ("罚款", "轻微", False, "2026-11-30", "2026-11-30", "2027-03-01"),
        ("罚款", "一般", True, "2026-04-02", "2026-04-01", "2026-07-02"),
    ],
)
def test_minor_ones(
    kind: str, severity: str, summary: bool, published: str | None, document: str, ends: str | None
) -> None:
    case = Case(day(document), kind, "一般", severity, summary, day(published) if published else None)
    found = judge(case, day(document), RULES)
    assert found.is_public == (ends is not None)
    if ends is None:
        assert found.state is State.UNPUBLISHED and not found.is_visible and found.visible_until == day(document)
    else:
        assert found.visible_until == day(ends) and found.apply_from == day(document) and found.remind_on == ()
        paid = judge(Case(**{**case.__dict__, "fulfilled_on": day(document)}), day(document), RULES)
        assert found.state is State.OWING and paid.can_apply, "repair as soon as the duty is done"


def test_what_the_authority_found_serious_is_serious_whatever_its_kind() -> None:
    case = Case(day("2026-05-06"), "警告", "一般", "严重", True)
    assert judge(case, day("2026-05-06"), RULES).term.code == "serious"


def test_a_case_step_by_step() -> None:
    """Decided on 31 January 2027: the shortest publicity ends with April, reminders come 30 and 7 days ahead."""
    case = Case(day("2027-01-31"), "罚款", "一般", "一般", published_on=day("2027-02-01"))
    done = Case(**{**case.__dict__, "corrected_on": day("2027-02-10"), "fulfilled_on": day("2027-05-20")})
    repaired = Case(**{**done.__dict__, "repaired_on": day("2027-05-31")})
    assert judge(case, day("2027-01-31"), RULES).remind_on == (day("2027-04-01"), day("2027-04-24"))
    assert judge(done, day("2027-03-31"), RULES).state is State.WAITING
    assert judge(done, day("2027-04-01"), RULES).state is State.SOON
    assert judge(done, day("2027-04-30"), RULES).missing[0] == "最短公示期到2027年4月30日才满"
    assert judge(case, day("2027-05-01"), RULES).missing == ("尚未改正违法行为", "尚未履行完处罚义务")
    assert judge(done, day("2027-05-01"), RULES).missing == ("尚未履行完处罚义务",), "not paid by that day"
    assert judge(done, day("2027-05-19"), RULES).state is State.OWING
    assert judge(done, day("2027-05-20"), RULES).can_apply
    assert judge(done, day("2027-05-20"), RULES).ready_on == day("2027-05-20")
    assert judge(repaired, day("2027-05-30"), RULES).is_visible
    gone = judge(repaired, day("2027-05-31"), RULES)
    assert not gone.is_visible and gone.state is State.REPAIRED and gone.missing == ()
    assert judge(done, day("2028-02-01"), RULES).state is State.EXPIRED


def test_both_versions_on_one_case() -> None:
    case = Case(day("2026-03-31"), "罚款", "食品", "一般")
    old, new = (judge(case, day("2026-06-01"), RULES, version) for version in (TRIAL, ORDER))
    assert (old.apply_from, new.apply_from) == (day("2027-04-01"), day("2026-07-01"))
    with pytest.raises(Unusable, match="没有名为「x」的修复规则"):
        judge(case, day("2026-06-01"), RULES, "x")


def test_months_are_added_as_the_database_adds_them() -> None:
    rows = duckdb.sql(
        "select cast(day as date), n, cast(day + n * interval '1 month' as date) from"
        " range(date '2023-01-01', date '2029-01-01', interval '1 day') as days(day), (values (3), (12), (36)) as m(n)"
    ).fetchall()
    assert len(rows) > 6000
    assert [r for r in rows if add_months(r[0], r[1]) != r[2]] == []


# ── what holds for every case ───────────────────────────────────────────────────────────────────

ALLOWED = repair_rules.values()
DAYS = st.dates(day("2021-01-01"), day("2030-12-31"))
CASES = st.builds(
    Case,
    decided_on=DAYS,
    kind=st.sampled_from(ALLOWED["kind"]),
    field=st.sampled_from(ALLOWED["field"]),
    severity=st.sampled_from((*ALLOWED["severity"], "")),
    is_summary=st.booleans(),
    published_on=st.none() | DAYS,
    corrected_on=st.none() | DAYS,
    fulfilled_on=st.none() | DAYS,
    repaired_on=st.none() | DAYS,
)


@given(CASES, DAYS)
def test_no_case_is_shown_beyond_its_term_and_none_can_apply_before_it(case: Case, today: dt.date) -> None:
    found = judge(case, today, RULES)
    assert found.rule is RULES.on(case.decided_on)
    if not found.is_public:
        assert not found.is_visible and not found.can_apply
        return
    assert found.apply_from is not None and found.ends_on is not None and found.maximum_last is not None
    assert case.decided_on <= found.apply_from <= found.ends_on
    assert found.is_visible == (found.visible_until is None or today < found.visible_until)
    if today > found.maximum_last:
        assert not found.is_visible
    if found.can_apply:
        assert today >= found.apply_from and not found.missing and found.is_visible
        assert found.ready_on is not None and found.ready_on <= today
    if case.repaired_on is not None and case.repaired_on <= today:
        assert not found.is_visible


@given(CASES, DAYS, DAYS)
def test_what_is_gone_stays_gone_and_what_could_apply_still_can(case: Case, one: dt.date, other: dt.date) -> None:
    early, late = sorted((one, other))
    before, after = judge(case, early, RULES), judge(case, late, RULES)
    assert before.is_visible or not after.is_visible
    if before.can_apply and after.is_visible:
        assert after.can_apply


@given(st.sampled_from(ALLOWED["kind"]), st.sampled_from(ALLOWED["field"]), DAYS)
def test_what_is_worse_is_never_shown_shorter(kind: str, field: str, document: dt.date) -> None:
    ends = [
        judge(Case(document, kind, field, severity, published_on=document), document, RULES).ends_on
        for severity in ("轻微", "一般", "严重")
    ]
    assert None not in ends and ends == sorted(ends)  # type: ignore[type-var]


# ── the file ────────────────────────────────────────────────────────────────────────────────────


def test_every_assumption_is_used_and_every_rule_names_its_document() -> None:
    used = {a for rule in RULES.versions for a in rule.assumptions}
    assert used == set(RULES.assumptions)
    assert all(rule.title.startswith("《") and rule.number for rule in RULES.versions)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("minimum = 12\nmaximum = 36", "minimum = 40\nmaximum = 36", "最短公示期长于最长公示期"),
        ('publicity = "exception"', 'publicity = "maybe"', "publicity 应为"),
        ("match = [{}]", 'match = [{ kinds = ["罚款"] }]', "最后一类应有空的 match"),
        ('kinds = ["吊销", "限制从业"]', 'kinds = ["吊死"]', "不是处罚表的取值"),
        ("from = 2026-04-01", "from = 2023-05-01", "同日生效"),
        ("from = 2026-04-01", 'from = "2026"', "from 应为日期"),
        ("days = [30, 7]", "days = [7, 30]", "由大到小"),
        ("first_day_counts = false", "first_day_count = false", "first_day_count 无法识别"),
        ('"papers"]', '"paper"]', "paper 没有定义"),
        ("minimum = 3\n", "minimum = 3.5\n", "minimum 应为整数"),
        ("[[rule]]", "[[rule]", "无法读取"),
    ],
)
def test_a_faulty_file_is_refused_in_one_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = FILE.read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "repair.toml"
    file.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(Unusable) as caught:
        repair_rules.read_rules(file)
    assert said in str(caught.value) and "\n" not in str(caught.value).split("（")[0]


def test_a_version_may_count_the_first_day_or_keep_what_was_not_mended(tmp_path: Path) -> None:
    text = FILE.read_text(encoding="utf-8")
    file = tmp_path / "repair.toml"
    file.write_text(
        text.replace("first_day_counts = false", "first_day_counts = true").replace('"stops"', '"stays"'),
        encoding="utf-8",
    )
    rules = repair_rules.read_rules(file)
    case = Case(day("2026-04-01"), "罚款", "一般", "一般")
    found = judge(case, day("2026-04-01"), rules)
    assert (found.minimum_last, found.apply_from) == (day("2026-06-30"), day("2026-07-01"))
    assert found.maximum_last == day("2027-03-31") and found.ends_on is None
    late = Case(**{**case.__dict__, "corrected_on": day("2027-05-01"), "fulfilled_on": day("2027-06-01")})
    assert judge(late, day("2027-05-31"), rules).is_visible
    assert judge(late, day("2027-06-01"), rules).visible_until == day("2027-06-01")
    assert tomllib.loads(text)["rule"][0]["first_day_counts"] is False


def test_the_rules_of_the_deployment_are_read_from_its_folder() -> None:
    assert repair.load().versions[-1].name == ORDER
