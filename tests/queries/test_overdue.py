"""Late arithmetic against a plain computation in Python, on random petitions and at every moment."""

from datetime import date, datetime, timedelta

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from minxin.analysis.cells import by_week, mondays
from tests.queries.world import World

FIRST = datetime(2023, 5, 20)
AS_OF = datetime(2023, 6, 15)
HOURS = 26 * 24


def moment(hours):
    return None if hours is None else FIRST + timedelta(hours=hours)


@st.composite
def petition(draw):
    """One petition whose times may lie after the data time; the order of given times is as careless as in life."""
    created = draw(st.sampled_from([HOURS, HOURS - 24, HOURS - 72]) | st.integers(0, HOURS))
    # the round numbers hit the deadlines of the rules exactly
    maybe = st.sampled_from([None, 0, 24, 72]) | st.integers(0, 400)
    after = [draw(maybe) for _ in range(4)]
    accepted, contact, opinion, closed = (None if a is None else created + a for a in after)
    given_due = draw(st.sampled_from([None, HOURS]) | st.integers(-30, HOURS + 300))
    return {
        "created_at": moment(created),
        "accepted_at": moment(accepted),
        "first_contact_at": moment(contact),
        "opinion_at": moment(opinion),
        "closed_at": moment(closed),
        "due_at": moment(given_due),
        "complexity": draw(st.sampled_from(["简单", "复杂", None])),
        "community_code": draw(st.sampled_from(["A", "B", None])),
        "category_1": draw(st.sampled_from(["噪声", "停车", None])),
    }


def visible(time):
    return time if time is not None and time <= AS_OF else None


def clocks(rows):
    """For each petition: accepted, then due and stop of each clock, by the words of the rule."""
    accepted = [visible(r["accepted_at"]) or r["created_at"] for r in rows]

    def since(field, seen):
        days = [a.date() for a, r in zip(accepted, rows, strict=True) if seen(r[field]) is not None]
        return min(days, default=date.max)

    contact_since = since("first_contact_at", visible)
    opinion_since = since("opinion_at", visible)
    closing_since = since("closed_at", lambda time: time)
    found = []
    for start, row in zip(accepted, rows, strict=True):
        day = start.date()
        simple = start + timedelta(hours=24) if row["complexity"] == "简单" and day >= closing_since else None
        found.append(
            {
                "accepted": start,
                "closed": visible(row["closed_at"]),
                "community": row["community_code"] or "none",
                "category": row["category_1"] or "未分类",
                "contact": (
                    start + timedelta(minutes=15) if day >= contact_since else None,
                    visible(row["first_contact_at"]),
                ),
                "simple": (simple, visible(row["closed_at"])),
                "complex": (
                    start + timedelta(hours=72) if row["complexity"] == "复杂" and day >= opinion_since else None,
                    visible(row["opinion_at"]),
                ),
                "due": (row["due_at"] or simple, visible(row["closed_at"])),
            }
        )
    return found


def expected(found, start, end, scope):
    """The counts of a range of days, petition by petition."""
    inside = [f for f in found if f["community"] in scope]
    counts = {"accepted": sum(start <= f["accepted"].date() < end for f in inside)}
    counts["closed"] = sum(start <= f["accepted"].date() < end and f["closed"] is not None for f in inside)
    for clock in ("contact", "simple", "complex", "due"):
        due = met = 0
        for f in inside:
            deadline, stop = f[clock]
            if deadline is None or deadline >= AS_OF:
                continue
            day = max(deadline, f["accepted"]).date() if clock == "due" else deadline.date()
            if start <= day < end:
                due += 1
                met += stop is not None and stop <= deadline
        counts["due" if clock == "due" else f"{clock}_due"] = due
        counts["due_met" if clock == "due" else f"{clock}_met"] = met
    counts["overdue_open"] = sum(overdue(f, datetime.combine(end, datetime.min.time())) for f in inside)
    return counts


def overdue(f, when):
    """Whether a petition was accepted, due and not closed at that moment, as known at the data time."""
    deadline, _ = f["due"]
    if deadline is None or deadline >= AS_OF or max(deadline, f["accepted"]) >= when:
        return False
    if f["closed"] is None:
        return True
    return f["closed"] > deadline and max(f["closed"], f["accepted"]) >= when


@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(rows=st.lists(petition(), min_size=1, max_size=40), data=st.data())
def test_counts_and_stock_agree_with_a_plain_computation(rows, data, tmp_path_factory):
    world = World(tmp_path_factory.mktemp("random") / "world")
    world.petitions(*rows)
    built = world.build()
    found = clocks(rows)
    for _ in range(6):
        start = date(2023, 5, 15) + timedelta(days=data.draw(st.integers(0, 40)))
        end = start + timedelta(days=data.draw(st.integers(0, 30)))
        scope = data.draw(st.lists(st.sampled_from(["A", "B", "none"]), unique=True))
        got = built.run("indicators.totals", start=start, end=end, communities=scope).iloc[0]
        wanted = expected(found, start, end, scope)
        assert {name: int(got[name]) for name in wanted} == wanted, (start, end, scope)
        split = built.run("indicators.cells", start=start, end=end, communities=scope)
        for code in ("community_code", "category_1"):
            for value, row in split.groupby(code).sum(numeric_only=True).iterrows():
                part = [f for f in found if value in (f["community"], f["category"])]
                wanted = expected(part, start, end, scope)
                assert {name: int(row[name]) for name in wanted} == wanted, (code, value, start, end)
        weeks = built.run("indicators.weeks", start=start, end=end, communities=scope)
        for monday in mondays(start, min(end, AS_OF.date())):
            row = by_week(weeks, [monday]).iloc[0]
            wanted = expected(found, max(monday, start), min(monday + timedelta(days=7), end), scope)
            assert {name: int(row[name]) for name in wanted} == wanted, monday
    counts = built.run("weekly.late_counts").set_index("community_code").overdue.to_dict()
    late = [f for f in found if f["closed"] is None and overdue(f, datetime.max)]
    assert counts == {c: sum(f["community"] == c for f in late) for c in ("A", "B", "none")}
    assert len(built.run("weekly.late", limit=1000)) == sum(counts.values())
