"""Every named block: its columns, an empty lake, the scope of the viewer, and agreement between blocks."""

from datetime import date

import pytest

from minxin.access import Viewer
from minxin.analysis import cells
from minxin.analysis.assessment import counted
from minxin.queries import blocks
from tests.queries.world import World, at

COUNTS = [
    "accepted",
    "closed",
    "followed_up",
    "closing_known",
    "followup_known",
    "repeat_known",
    "repeats",
    "excluded",
    "valid_followups",
    "responded",
    "resolved",
    "contact_due",
    "contact_met",
    "simple_due",
    "simple_met",
    "complex_due",
    "complex_met",
    "due",
    "due_met",
    "became_overdue",
    "overdue_closed",
    "satisfied",
    "satisfied_squares",
]
MEASURES = [*COUNTS, "overdue_open", "population"]
#: Where the stock is a part like others, the two sums of shares come last.
STOCKED = [*COUNTS[:-2], "overdue_open", *COUNTS[-2:]]
ANSWERS = ["n_valid", "n_responded", "n_resolved", "n_satisfied", "n_basic"]
ASSESSED = list(counted.COUNTS)
LATE = ["petition_id", "community_code", "community_name", "category_1", "subject", "unit", "due_at"]
EVIDENCE = [
    "code",
    "name",
    "unit",
    "n_closed",
    "n_first_hand",
    "n_valid",
    "n_satisfied",
    "n_basic",
    "n_repeat",
    "n_repeat_valid",
    "n_repeat_resolved",
    "n_ledger",
    "n_ledger_met",
]
COLUMNS = {
    "actions.list": [
        "action_id",
        "name",
        "lead",
        "target",
        "started_on",
        "due_on",
        "progress",
        "milestones",
        "evidence",
    ],
    "honours.units": EVIDENCE,
    "honours.people": EVIDENCE,
    "honours.months": ["month_start", "n_closed", "n_first_hand"],
    "honours.cases": [
        "case_id",
        "community_code",
        "community_name",
        "category_1",
        "category_2",
        "category_3",
        "unit",
        "n",
        "n_closed",
        "n_valid",
        "n_resolved",
        "n_units",
        "first_day",
        "last_day",
        "closed_on",
    ],
    "honours.case_petitions": [
        "petition_id",
        "accepted_at",
        "subject",
        "unit",
        "state",
        "closed_at",
        "close_method",
        "result",
        "satisfaction",
    ],
    "honours.case_methods": ["method", "n"],
    "honours.case_dispatches": ["unit", "role", "n", "n_returned", "n_done", "first_at", "last_at"],
    "honours.same_kind": ["week_start", "n_1", "n_2", "n_3"],
    "indicators.totals": MEASURES,
    "indicators.cells": ["community_code", "category_1", *STOCKED],
    "indicators.weeks": ["week_start", "community_code", *STOCKED],
    "weekly.late": [*LATE, "hours_late"],
    "weekly.due_soon": [*LATE, "hours_left"],
    "weekly.late_counts": ["community_code", "community_name", "overdue", "due_soon"],
    "weekly.history": ["community_code", "category_1", "days", "n"],
    "records.list": [
        "petition_id",
        "channel",
        "kind",
        "community_code",
        "community_name",
        "category_1",
        "category_2",
        "subject",
        "unit",
        "accepted_at",
        "due_at",
        "closed_at",
        "state",
        "is_overdue",
        "is_due_soon",
        "is_repeat",
        "is_excluded",
        "satisfaction",
    ],
    "records.count": ["n"],
    "decisions.past": [
        "instruction_id",
        "given_by",
        "given_at",
        "requirement",
        "unit",
        "due_on",
        "done_at",
        "state",
        "community_name",
        "petition_id",
    ],
    "decisions.past_counts": ["community_code", "n", "n_open", "n_since"],
    "decisions.departments": ["unit", "level"],
    "assessment.counts": ["community_code", "unit", "month_start", "exclusion", *ASSESSED],
    "assessment.points": ["code", "point", "cases"],
    "assessment.case_mix": ["community_code", "kind", "category_1", "complexity", "channel", *ANSWERS],
    "advice.firms": [
        "uscc",
        "risk_class",
        "score",
        "age_days",
        "capital",
        "staff",
        "in_sector",
        "n_fined",
        "n_serious",
        "n_unpaid",
        "days_fined",
        "n_cases",
        "n_black",
        "n_red",
        "n_bad",
        "n_good",
        "n_problems",
        "is_bad",
    ],
    "risk.classes": ["uscc", "risk_class"],
    "risk.months": ["month_start", "risk_class", "n"],
    "risk.versions": [
        "version",
        "title",
        "starts_on",
        "limit_b",
        "limit_c",
        "limit_d",
        "rule_hash",
        "first_month",
        "last_month",
    ],
    "risk.grid": ["row_code", "column_code", "n", "n_high", "n_before", "n_high_before"],
    "risk.penalties": ["row_code", "column_code", "n", "firms"],
    "risk.moves": ["class_before", "risk_class", "n"],
    "risk.reasons": ["reason_code", "dimension", "name", "wording", "n", "n_high", "n_worse"],
    "risk.firms": [
        "uscc",
        "name",
        "risk_class",
        "class_before",
        "score",
        "reasons",
        "county_name",
        "community_name",
        "industry_name",
        "sector_name",
        "park_name",
    ],
    "risk.names": ["dimension", "code", "name"],
    "enterprise.search": ["uscc", "name", "risk_class", "county_name", "community_name", "industry_name"],
    "enterprise.one": [
        "uscc",
        "name",
        "status",
        "registered_on",
        "capital",
        "staff",
        "size",
        "county_name",
        "community_code",
        "community_name",
        "industry_name",
        "division_name",
        "sector_code",
        "sector_name",
        "park_name",
        "risk_class",
        "score",
        "general_score",
        "sector_score",
        "month_start",
        "known_before",
        "rule_title",
        "rule_hash",
    ],
    "enterprise.history": ["month_start", "risk_class", "score", "version"],
    "enterprise.reasons": [
        "reason_code",
        "dimension",
        "scope",
        "name",
        "wording",
        "source",
        "is_assumption",
        "points",
        "floor_class",
        "is_veto",
        "facts",
        "facts_gone",
        "last_on",
        "next_end",
    ],
    "enterprise.gone": ["n"],
    "enterprise.timeline": [
        "event_id",
        "kind",
        "title",
        "polarity",
        "severity",
        "happened_on",
        "visible_until",
        "amount",
        "authority",
        "total",
        "total_bad",
    ],
    "enterprise.repairs": [
        "penalty_id",
        "document_no",
        "kind",
        "field",
        "severity",
        "amount",
        "decided_on",
        "class_name",
        "is_summary",
        "published_on",
        "fulfilled_on",
        "corrected_on",
        "repaired_on",
        "apply_from",
        "ends_on",
        "applied_on",
        "result",
    ],
    "enterprise.inspections": ["inspected_on", "arm", "departments", "has_problem", "problem_kind", "action"],
    "enterprise.loans": [
        "bank",
        "product",
        "registered_on",
        "whitelisted_on",
        "granted_on",
        "granted_amount",
        "drawn_amount",
        "due_on",
        "repaid_on",
        "overdue_days",
    ],
    "enterprise.petitions": ["category_1", "n", "n_open"],
    "quality.unlocated": ["week_start", "n", "accepted"],
    "quality.reasons": ["sequence", "imported_at", "source", "batch_id", "reason", "rows"],
    "published.check": ["id", "label", "published", "computed", "unit", "status", "query", "reason", "source"],
    "snapshot.info": ["snapshot_id", "deployment", "kind", "as_of", "built_at", "schema"],
    "snapshot.bounds": ["first_day", "last_day"],
    "deadlines.agreement": ["compared", "agreed", "unflagged"],
    "community.months": ["month_start", "community_code", *COUNTS],
    "community.estates": ["community_code", "estate_code", "estate_name", "households", "n", "n_month"],
    "community.ledger": ["community_code", "is_known", "open", "open_late", "due", "due_met"],
    "community.repeats": [
        "earlier_petition_id",
        "n",
        "latest_at",
        "petition_id",
        "category_1",
        "subject",
        "state",
    ],
    "community.night_talks": [
        "community_code",
        "is_known",
        "talks",
        "visitors",
        "talks_month",
        "visitors_month",
        "last_on",
    ],
    "community.sites": ["community_code", "level", "status", "n", "posts"],
    "visibility.known": ["kind", "n"],
    "lending.steps": [
        "county_code",
        "industry_section",
        "industry_name",
        "size",
        "is_listed",
        "n",
        "n_granted",
        "n_drawn",
        "n_repaid",
        "n_due",
        "n_overdue",
        "n_late",
        "granted_amount",
        "drawn_amount",
        "repaid_amount",
    ],
    "lending.months": ["month_start", "county_code", "granted_amount", "drawn_amount", "n_granted", "n_drawn"],
    "lending.waits": ["county_code", "step", "days", "is_done", "n"],
    "lending.features": [
        "loan_id",
        "uscc",
        "enterprise_name",
        "county_name",
        "industry_name",
        "bank",
        "whitelisted_on",
        "granted_on",
        "month_start",
        "bad",
        "age_months",
        "capital",
        "staff",
        "size",
        "n_penalty_24",
        "n_serious_24",
        "penalty_amount_24",
        "n_unfulfilled",
        "n_enforcement_24",
        "n_bad_24",
        "n_good_24",
        "is_red",
        "is_black",
        "n_inspection_24",
        "n_problem_24",
    ],
    "overview.index": ["month", "score", "rank_province", "rank_nation", "method_version"],
    "overview.dimensions": [
        "dimension",
        "month",
        "score",
        "rank_nation",
        "method_version",
        "earlier_score",
        "earlier_rank",
        "earlier_version",
    ],
    "overview.months": ["month_start", "polarity", "n", "published", "due", "on_time", "complete"],
    "overview.kinds": ["position", "disclosure_name", "types", "n", "published", "due", "on_time", "complete"],
    "overview.lists": ["month_start", "list", "n_entered", "n_left", "n_standing"],
    "overview.calls": ["system", "checks", "promises", "shared", "feedback", "since"],
    "overview.mechanisms": ["kind", "n", "last_on"],
    "parks.parks": [
        "park_code",
        "name",
        "county_name",
        "kind",
        "opened_on",
        "firms",
        "n_a",
        "n_b",
        "n_c",
        "n_d",
        "helped",
        "budget",
        "refund",
        "loans",
        "amount",
    ],
    "parks.whole": ["firms", "n_a"],
    "parks.scenes": ["scene_id", "name", "threshold", "uses", "before"],
    "parks.merchants": ["grade", "n", "score", "complaints", "n_bad"],
    "parks.policies": [
        "policy_id",
        "policy_name",
        "department",
        "service",
        "start_on",
        "source",
        "n_fitting",
        "n_matched",
        "n_fitting_matched",
        "n_fitting_served",
        "n_served",
        "n_gone",
        "amount",
    ],
    "parks.steps": ["number", "wording", "firms", "n"],
    "parks.unserved": [
        "uscc",
        "enterprise_name",
        "county_name",
        "industry_name",
        "park_name",
        "matched_on",
        "state",
        "total",
    ],
    "linkage.communities": [
        "community_code",
        "community_name",
        "population",
        "petitions",
        "property_petitions",
        "repeats",
        "firms",
        "bad",
        "property_firms",
        "property_bad",
        "property_not_green",
        "visits",
        "found",
    ],
    "linkage.sectors": ["sector_code", "sector_name", "topics", "petitions", "firms", "bad", "visits", "found"],
    "linkage.estates": [
        "estate_code",
        "name",
        "community_name",
        "households",
        "petitions",
        "repeats",
        "open",
        "property_firms",
        "property_bad",
    ],
    "linkage.firms": [
        "uscc",
        "name",
        "community_name",
        "risk_class",
        "score",
        "petitions",
        "inspected_on",
        "found",
        "total",
    ],
    "repair.counties": ["county_code", "county_name", "city", "n"],
    "repair.states": ["county_code", "class_code", "class_name", "state", "n", "firms", "n_before"],
    "repair.list": [
        "penalty_id",
        "uscc",
        "enterprise_name",
        "county_name",
        "document_no",
        "authority",
        "kind",
        "class_name",
        "decided_on",
        "corrected_on",
        "fulfilled_on",
        "apply_from",
        "ready_on",
        "ends_on",
        "applied_on",
        "state",
    ],
    "repair.coming": ["week_start", "county_code", "n", "n_done"],
    "repair.waits": ["county_code", "step", "days", "is_done", "n"],
    "repair.months": ["month_start", "county_code", "n_applied", "n_decided", "n_granted", "n_open"],
    "repair.backlog": [
        "repair_id",
        "penalty_id",
        "uscc",
        "enterprise_name",
        "county_code",
        "county_name",
        "authority",
        "class_name",
        "applied_on",
        "accepted_on",
        "days",
        "total",
    ],
    "enforcement.waits": ["county_code", "kind", "step", "days", "is_done", "n"],
    "enforcement.stands": ["county_code", "kind", "stands", "n", "n_long", "n_lapsed", "days"],
    "enforcement.ends": ["county_code", "kind", "n_closed", "n_left", "n_left_noticed", "n_punished"],
    "enforcement.stuck": [
        "case_id",
        "uscc",
        "enterprise_name",
        "county_code",
        "county_name",
        "kind",
        "debtor_kind",
        "amount",
        "discovered_on",
        "commitment_until",
        "stands",
        "since",
        "days",
        "is_lapsed",
        "total",
    ],
    "inspection.visits": [
        "inspection_id",
        "uscc",
        "arm",
        "stage",
        "departments",
        "inspected_on",
        "pi",
        "has_problem",
        "action",
        "county_code",
        "county_name",
        "industry_section",
        "industry_name",
        "size",
        "risk_class",
    ],
    "inspection.base": ["county_code", "county_name", "size", "industry_section", "industry_name", "risk_class", "n"],
    "inspection.frame": ["uscc", "name", "risk_class", "status", "size", "industry", "county", "sector", "visits"],
    "inspection.list": [
        "inspection_id",
        "inspected_on",
        "uscc",
        "enterprise_name",
        "county_name",
        "industry_name",
        "arm",
        "departments",
        "has_problem",
        "problem_kind",
        "action",
        "total",
    ],
}
#: Blocks about tables that the few rows here leave empty; test_community has rows for them.
ELSEWHERE = {"community.ledger", "community.repeats", "community.night_talks", "community.sites"}
#: Topics about firms, of which there are none here; each has tests with rows of its own.
CREDIT = {
    "advice",
    "risk",
    "enterprise",
    "lending",
    "inspection",
    "repair",
    "enforcement",
    "linkage",
    "overview",
    "parks",
    "credit",
    "visibility",
}
#: Blocks about the lake, the deployment and published totals: they tell nothing of single communities' petitions.
UNSCOPED = {
    "actions.list",
    "decisions.departments",
    "quality.batches",
    "quality.fields",
    "quality.reasons",
    "published.check",
    "overview.calls",
    "overview.dimensions",
    "overview.index",
    "overview.kinds",
    "overview.mechanisms",
    "overview.months",
    "parks.scenes",
    "parks.steps",
    "risk.versions",
    "snapshot.info",
    "snapshot.bounds",
}
ARGUMENTS = {
    "middle": "2022-07-01",
    "policy_id": "ZC01",
    "until": "2023-06-01",
    "arm": "",
    "at": "2023-07-04",
    "found": "",
    "months": 12,
    "before": "2022-06-01",
    "by_row": "industry",
    "by_column": "class",
    "class_before": "",
    "community": "",
    "county": "",
    "industry": "",
    "month": "2023-06-01",
    "park": "",
    "risk_class": "",
    "sector": "",
    "term": "a",
    "uscc": "a",
    "start": "2023-05-29",
    "since": "2022-07-01",
    "end": "2023-06-19",
    "category": "",
    "state": "",
    "limit": 100,
    "skip": 0,
    "petition_id": "b0",
    "counted_by": "accepted_at",
    "first_day": 1,
    "case_id": "k",
    "category_1": "噪声",
    "category_2": "",
    "category_3": "",
    "person": "",
    "by": "unit",
    "answer": "any",
    "exclusions": [""],
    "unit": "",
    "weeks": 13,
    "long_days": 180,
    "kind": "",
    "penalty_id": "p",
    "record_id": "p",
    "purpose": "score",
}


def arguments(name):
    return {k: v for k, v in ARGUMENTS.items() if k in blocks()[name].parameters}


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    return World(tmp_path_factory.mktemp("empty")).build()


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Three petitions in A, two in B, one in none; one of each is overdue, one of A due soon."""
    world = World(tmp_path_factory.mktemp("small"))
    late = {"created_at": at("01 08:00"), "due_at": at("05 08:00"), "category_1": "噪声", "subject": "主题"}
    soon = {"created_at": at("12 08:00"), "due_at": at("15 08:00"), "category_1": "停车"}
    done = {"created_at": at("07 08:00"), "due_at": at("09 08:00"), "closed_at": at("08 08:00"), "source_on_time": True}
    done |= {"followup_at": at("09 08:00"), "followup_valid": True, "followup_contacted": True}
    done |= {"followup_resolved": True, "satisfaction": "满意", "first_unit": "甲单位", "first_person": "hand"}
    late |= {"cluster_id": "k"}
    world.petitions(
        {"petition_id": "a0", **late},
        {"petition_id": "a1", **soon, "cluster_id": "k"},
        {"petition_id": "a2", **done},
        {"petition_id": "b0", "community_code": "B", **late | {"due_at": at("04 08:00")}},
        {"petition_id": "b1", "community_code": "B", **done, "cluster_id": "k"},
        {"petition_id": "n0", "community_code": None, **late},
    )
    sent = {"sequence": 1, "unit": "甲单位", "role": "主办", "dispatched_at": at("07 09:00")}
    world.add("dispatch", [{"petition_id": "a0", **sent}, {"petition_id": "b1", **sent, "closed_at": at("08 08:00")}])
    world.add("action", [{"action_id": "A01", "name": "行动"}])
    world.add("department", [{"unit": "司法所", "level": "街道"}, {"unit": "甲社区工作站", "level": "社区"}])
    given = {"point": "如期销账", "cases": 1, "happened_on": at("08 00:00").date(), "unit": "甲单位"}
    given |= {"approved_by": "考核办主任", "approved_at": at("09 10:00")}
    world.add("point", [{"point_id": c, "community_code": c, **given} for c in ("A", "B")])
    ordered = {"given_by": "书记", "given_at": at("08 10:00"), "requirement": "请办结", "due_on": at("10 00:00")}
    world.add(
        "instruction",
        [{"instruction_id": f"i{n}", "petition_id": p, **ordered} for n, p in enumerate(("a0", "b0", "n0", "gone"))],
    )
    return world.build()


def test_every_block_is_declared_with_a_sentence_and_either_scoped_or_known_not_to_be():
    for name, block in blocks().items():
        assert block.row.endswith("."), f"{name} does not say what one row is"
        assert block.row.startswith("One "), name
        assert ("communities" in block.parameters) == (name not in UNSCOPED), name
    assert set(COLUMNS) <= set(blocks())


@pytest.mark.parametrize("name", sorted(blocks()))
def test_every_block_runs_on_an_empty_lake(name, empty):
    frame = empty.run(name, **arguments(name))
    if name in COLUMNS:
        assert list(frame.columns) == COLUMNS[name]
    if name == "indicators.totals":
        assert frame[[*COUNTS, "overdue_open"]].to_numpy().tolist() == [[0] * (len(COUNTS) + 1)]


@pytest.mark.parametrize("name", sorted(blocks()))
def test_every_block_runs_on_a_few_rows_with_the_columns_of_the_design(name, small):
    frame = small.run(name, **arguments(name))
    if name in COLUMNS:
        assert list(frame.columns) == COLUMNS[name]
    elsewhere = {"quality.fields", "quality.reasons", "published.check", *ELSEWHERE}
    if name not in elsewhere and name.split(".")[0] not in CREDIT:
        assert len(frame) > 0


@pytest.mark.parametrize("name", sorted(set(blocks()) - UNSCOPED))
def test_a_viewer_sees_the_own_communities_only(name, small):
    """What a viewer of B gets is what B's rows alone give, and a viewer of nothing gets nothing."""
    given = arguments(name)
    of_b = small.queries.run(name, Viewer("b", (), ("B",)), **given)
    asked_more = small.queries.run(name, Viewer("b", (), ("B",)), communities=["A", "B", "none"], **given)
    assert of_b.equals(asked_more), "asking for more than the scope widened it"
    text = of_b.to_csv()
    assert "甲社区" not in text and "a0" not in text and "n0" not in text
    everything = small.run(name, **given)
    nothing = small.queries.run(name, Viewer("x", (), ()), **given)
    sums = {*ASSESSED, "n", "compared", "agreed", "unflagged", "overdue", "due_soon", "overdue_open", *COUNTS}
    counting = [c for c in nothing.columns if c in sums]
    assert nothing.empty or nothing[counting].to_numpy().sum() == 0
    if name not in {"records.one", "quality.unlocated", *ELSEWHERE} and name.split(".")[0] not in CREDIT:
        assert not everything.equals(of_b)


def test_past_instructions_are_those_of_known_petitions_and_late_after_their_day(small):
    rows = small.run("decisions.past", limit=10)
    assert rows.petition_id.tolist() == ["a0", "b0", "n0"] and set(rows.state) == {"逾期未落实"}
    counts = small.run("decisions.past_counts", start="2023-07-04")
    assert counts[["n", "n_open", "n_since"]].sum().tolist() == [3, 3, 3] and set(counts["community_code"]) == {
        "A",
        "B",
        "none",
    }
    assert small.run("decisions.departments").unit.tolist() == ["司法所"]


def test_totals_are_the_sum_of_every_split(small):
    for start, end in (("2023-05-29", "2023-06-19"), ("2023-06-03", "2023-06-08"), ("2023-06-07", "2023-06-08")):
        total = small.run("indicators.totals", start=start, end=end)
        totals = total[COUNTS].iloc[0].to_dict()
        split = small.run("indicators.cells", start=start, end=end)
        weeks = small.run("indicators.weeks", start=start, end=end)
        for frame in (split, weeks):
            assert frame[COUNTS].sum().to_dict() == pytest.approx(totals)
        last = weeks[weeks.week_start == weeks.week_start.max()]
        assert split.overdue_open.sum() == last.overdue_open.sum() == total.overdue_open[0]


def test_cells_put_together_are_the_totals(small):
    given = {"start": "2023-05-29", "end": "2023-06-14"}
    places = small.run("snapshot.communities")
    communities = cells.by_community(small.run("indicators.cells", **given), places)
    assert communities.community_code.tolist() == ["A", "B", "none"]
    assert communities.population.isna().tolist() == [False, True, True]
    for scope in (["A", "B", "none"], ["A"], ["A", "none"], ["none"]):
        total = cells.total(communities[communities.community_code.isin(scope)]).iloc[0]
        asked = small.run("indicators.totals", communities=scope, **given).astype("float64").iloc[0]
        assert total.to_dict() == pytest.approx(asked.to_dict(), nan_ok=True)
    categories = cells.by_category(small.run("indicators.cells", **given))
    assert categories.category_1.tolist() == ["噪声", "停车"]
    assert categories.accepted.sum() == communities.accepted.sum()


def test_weeks_without_anything_are_zeros(small):
    weeks = small.run("indicators.weeks", start="2023-06-02", end="2023-06-21")
    mondays = cells.mondays(date(2023, 6, 2), date(2023, 6, 21))
    assert [str(d) for d in mondays] == ["2023-05-29", "2023-06-05", "2023-06-12", "2023-06-19"]
    frame = cells.by_week(weeks, mondays)
    assert frame.accepted.tolist() == [0, 2, 1, 0]  # the 1st of June is not in the range
    assert frame.overdue_open.tolist() == [1, 3, 3, 3]
    assert cells.by_week(weeks, []).empty and cells.mondays(date(2023, 6, 5), date(2023, 6, 5)) == []


def test_population_is_missing_where_a_community_in_scope_lacks_it(small):
    given = {"start": "2023-06-01", "end": "2023-06-11"}
    assert small.run("indicators.totals", **given).population.isna().all()
    assert small.run("indicators.totals", communities=["A"], **given).population.tolist() == [30000]
    assert small.run("indicators.totals", communities=["A", "none"], **given).population.tolist() == [30000]
    assert small.run("indicators.totals", communities=["none"], **given).population.isna().all()


def test_the_lists_of_late_and_soon_late(small):
    late = small.run("weekly.late", limit=9)
    assert late.petition_id.tolist() == ["b0", "a0", "n0"]
    assert late.hours_late.tolist() == [256, 232, 232]
    # the first one of each community, in the order of all
    assert small.run("weekly.late", limit=1).petition_id.tolist() == ["b0", "a0", "n0"]
    assert small.run("weekly.late", limit=1, communities=["A", "none"]).petition_id.tolist() == ["a0", "n0"]
    soon = small.run("weekly.due_soon", limit=9)
    assert (soon.petition_id.tolist(), soon.hours_left.tolist()) == (["a1"], [8])
    counts = small.run("weekly.late_counts")
    assert counts[["overdue", "due_soon"]].to_numpy().tolist() == [[1, 1], [1, 0], [1, 0]]


def test_history_has_every_day_of_every_community_and_category(small):
    whole = small.run("weekly.history")
    held = {(r.community_code, r.category_1): dict(zip(r.days, r.n, strict=True)) for r in whole.itertuples()}
    first = (date(2023, 6, 1) - date(1970, 1, 1)).days
    assert held == {
        ("A", "停车"): {first + 11: 1},
        ("A", "噪声"): {first: 1, first + 6: 1},
        ("B", "噪声"): {first: 1, first + 6: 1},
        ("none", "噪声"): {first: 1},
    }
    assert (
        sum(sum(n) for n in whole.n) == small.run("indicators.totals", start="2023-01-01", end="2024-01-01").accepted[0]
    )


def test_records_can_be_narrowed_turned_over_and_counted(small):
    given = {"start": "2023-06-01", "end": "2023-06-19"}
    listed = small.run("records.list", category="", state="", limit=100, skip=0, **given)
    assert listed.petition_id.tolist() == ["a1", "a2", "b1", "a0", "b0", "n0"]
    assert small.run("records.count", category="", state="", **given).n[0] == 6
    assert small.run("records.list", category="", state="", limit=2, skip=1, **given).petition_id.tolist() == [
        "a2",
        "b1",
    ]
    for category, state, expected in (("停车", "", 1), ("", "逾期", 3), ("噪声", "办结", 2), ("停车", "办结", 0)):
        assert small.run("records.count", category=category, state=state, **given).n[0] == expected
        assert len(small.run("records.list", category=category, state=state, limit=100, skip=0, **given)) == expected
    one = small.run("records.one", petition_id="a0")
    assert one.subject.tolist() == ["主题"] and not {"caller", "first_person"} & set(one.columns)
    assert small.run("records.one", petition_id="a0", communities=["B"]).empty


def test_unlocated_petitions_are_counted_by_week(small):
    frame = small.run("quality.unlocated")
    assert frame[["n", "accepted"]].to_numpy().tolist() == [[1, 3], [0, 2], [0, 1]]
