"""A file speaks only of the columns that it has: what it lacks stays, what it has and leaves empty goes."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minxin import queries
from minxin.access import Viewer
from minxin.settings import Home
from minxin.warehouse.build import build
from minxin.warehouse.lake import Lake
from tests.ingest.samples import bring, counts, current, mapping_of

WIDE = "编号|时间|社区|主题|满意度|点赞|办结"
ROWS = ("P1|2023-05-01|宝民|灯|满意|7|2023-05-03", "P2|2023-05-01|宝民|井盖|||", "P3|2023-05-01|上川|噪音|不满意|1|")


@pytest.fixture
def held(tmp_home: Home, tmp_path: Path) -> Home:
    assert counts(bring(tmp_home, tmp_path / "wide.csv", WIDE, *ROWS)) == (3, 3, 0, 0, 0)
    return tmp_home


def of(home: Home, number: str, columns: str) -> tuple:
    (found,) = [row[1:] for row in current(home, f"petition_id, {columns}") if row[0] == number]
    return found


def test_what_a_narrower_file_lacks_stays(held: Home, tmp_path: Path) -> None:
    result = bring(held, tmp_path / "n.csv", "编号|时间|点赞", "P1|2023-05-01|9", "P2|2023-05-01|", "P4|2023-05-02|1")
    assert counts(result) == (3, 1, 1, 1, 0)
    assert of(held, "P1", "likes, subject, satisfaction, community_name, closed_at") == (
        9, "灯", "满意", "宝民社区", datetime(2023, 5, 3),
    )  # fmt: skip
    assert of(held, "P4", "likes, subject, community_name") == (1, None, "未归属")
    # P1 keeps its community; only the new one has none.
    assert result.unlocated == 1
    assert len(current(held)) == 4


def test_a_narrower_file_that_says_the_same_is_repeated(held: Home, tmp_path: Path) -> None:
    same = ("P1|2023-05-01|满意", "P2|2023-05-01|", "P3|2023-05-01|不满意")
    assert counts(bring(held, tmp_path / "n.csv", "编号|时间|满意度", *same)) == (3, 0, 0, 3, 0)
    assert len(Lake(held).files("petition")) == 1
    assert counts(bring(held, tmp_path / "wide.csv", WIDE, *ROWS)) == (3, 0, 0, 3, 0)


def test_what_is_there_and_empty_goes(held: Home, tmp_path: Path) -> None:
    result = bring(held, tmp_path / "n.csv", "编号|时间|满意度|社区", "P1|2023-05-01||")
    assert counts(result) == (1, 0, 1, 0, 0) and result.unlocated == 1
    assert of(held, "P1", "satisfaction, community_name, community_source, likes") == (None, "未归属", "none", 7)


def test_the_same_file_again_after_a_narrower_one_counts(held: Home, tmp_path: Path) -> None:
    bring(held, tmp_path / "n.csv", "编号|时间|点赞", "P1|2023-05-01|9")
    assert counts(bring(held, tmp_path / "wide.csv", WIDE, *ROWS)) == (3, 0, 1, 2, 0)
    assert of(held, "P1", "likes, subject") == (7, "灯")
    assert counts(bring(held, tmp_path / "n.csv", "编号|时间|点赞", "P1|2023-05-01|7")) == (1, 0, 0, 1, 0)


def test_a_column_nobody_had_before_is_new_only_where_it_says_something(held: Home, tmp_path: Path) -> None:
    rows = ("P1|2023-05-01|太暗", "P2|2023-05-01|")
    assert counts(bring(held, tmp_path / "n.csv", "编号|时间|内容", *rows)) == (2, 0, 1, 1, 0)
    assert of(held, "P1", "content, subject") == ("太暗", "灯")


def test_rows_of_a_narrower_file_follow_each_other(held: Home, tmp_path: Path) -> None:
    rows = [f"P1|2023-05-01|{n}" for n in (7, 8, 8, 7, 9)]
    assert counts(bring(held, tmp_path / "n.csv", "编号|时间|点赞", *rows)) == (5, 0, 3, 2, 0)
    assert of(held, "P1", "likes, subject") == (9, "灯")
    assert counts(bring(held, tmp_path / "n.csv", "编号|时间|点赞", *rows)) == (5, 0, 0, 5, 0)


def test_files_that_complement_each_other_meet(held: Home, tmp_path: Path) -> None:
    bring(held, tmp_path / "a.csv", "编号|时间|点赞", "P1|2023-05-01|8")
    bring(held, tmp_path / "b.csv", "编号|时间|满意度", "P1|2023-05-01|不满意")
    bring(held, tmp_path / "c.csv", "编号|时间|社区", "P1|2023-05-01|上川社区")
    bring(held, tmp_path / "d.csv", "编号|时间|点赞|主题", "P1|2023-05-01|8|路灯")
    assert of(held, "P1", "likes, satisfaction, community_name, community_source, subject") == (
        8, "不满意", "上川社区", "name", "路灯",
    )  # fmt: skip
    assert of(held, "P2", "subject, community_name") == ("井盖", "宝民社区")
    assert [len(m.keeps) for m in Lake(held).batches()] == [0, 1, 2, 3, 3]


def test_a_point_that_finds_no_community_says_nothing_of_it(held: Home, tmp_path: Path) -> None:
    rows = ("P1|2023-05-01||", "P3|2023-05-01|113.896272|22.571738")
    assert counts(bring(held, tmp_path / "n.csv", "编号|时间|经度|纬度", *rows)) == (2, 0, 1, 1, 0)
    assert of(held, "P1", "community_name, community_source, longitude") == ("宝民社区", "alias", None)
    assert of(held, "P3", "community_name, community_source, longitude") == ("宝民社区", "point", 113.896)


def test_withdrawing_a_batch_takes_what_it_said_and_nothing_else(held: Home, tmp_path: Path) -> None:
    (wide,) = Lake(held).batches()
    narrow = bring(held, tmp_path / "n.csv", "编号|时间|点赞", "P1|2023-05-01|9")
    Lake(held).withdraw(wide.batch_id, "甲")
    assert current(held, "petition_id, likes, subject, community_name") == [("P1", 9, None, "未归属")]
    bring(held, tmp_path / "wide.csv", WIDE, *ROWS)
    assert of(held, "P1", "likes, subject") == (7, "灯")
    Lake(held).withdraw(str(narrow.batch), "甲")
    assert of(held, "P1", "likes, subject") == (7, "灯")


def test_withdrawing_the_narrower_batch_brings_the_earlier_values_back(held: Home, tmp_path: Path) -> None:
    narrow = bring(held, tmp_path / "n.csv", "编号|时间|点赞|主题", "P1|2023-05-01|9|新")
    Lake(held).withdraw(str(narrow.batch), "甲")
    assert of(held, "P1", "likes, subject") == (7, "灯")


def test_what_a_withdrawn_batch_gave_to_others_leaves_the_lists_at_once(held: Home, tmp_path: Path) -> None:
    (wide,) = Lake(held).batches()
    bring(held, tmp_path / "n.csv", "编号|时间|点赞", "P1|2023-05-01|9", "P9|2023-05-01|1")

    def listed() -> dict[str, str | None]:
        found = queries.current(held)
        assert found is not None
        frame = found.run(
            "records.list",
            Viewer.local(held.deployment),
            **{"start": "2023-05-01", "end": "2023-06-01", "category": "", "state": "", "limit": 9, "skip": 0},
        )
        return {n: s if isinstance(s, str) else None for n, s in zip(frame.petition_id, frame.subject, strict=True)}

    build(held)
    assert listed() == {"P1": "灯", "P2": "井盖", "P3": "噪音", "P9": None}
    Lake(held).withdraw(wide.batch_id, "甲")
    assert listed() == {}, "P1 would still show the withdrawn subject; P9 is hidden with it until the next build"
    build(held)
    assert listed() == {"P1": None, "P9": None}


def test_whose_clocks_apply_is_not_changed_by_a_narrow_correction(held: Home, tmp_path: Path) -> None:
    (wide,) = Lake(held).batches()
    narrow = bring(held, tmp_path / "n.csv", "编号|时间|主题", "P1|2023-05-01|新", "P9|2023-05-01|新")
    assert of(held, "P1", "_batch, _origin") == (narrow.batch, wide.batch_id)
    build(held)
    found = queries.current(held)
    assert found is not None
    with queries.connection(found.snapshot).cursor() as cursor:
        known = dict(cursor.execute("select petition_id, is_closing_known from fct_petition").fetchall())
    assert known == {"P1": True, "P2": True, "P3": True, "P9": False}


# ── whatever comes in whatever order ────────────────────────────────────────────────────────────

COLUMNS = ("subject", "likes", "satisfaction")
VALUES = {"subject": ("", "甲", "乙"), "likes": ("", "1"), "satisfaction": ("", "满意", "不满意")}
HEADING = {"subject": "主题", "likes": "点赞", "satisfaction": "满意度"}
ROW = st.tuples(st.sampled_from(("P1", "P2")), *(st.sampled_from(VALUES[c]) for c in COLUMNS))
FILE = st.tuples(st.sets(st.sampled_from(COLUMNS)), st.lists(ROW, min_size=1, max_size=4))


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(files=st.lists(FILE, min_size=2, max_size=5), withdrawn=st.sets(st.integers(0, 4)))
def test_the_current_rows_are_the_latest_delivered_values(
    tmp_path_factory: pytest.TempPathFactory,
    tmp_home: Home,
    files: list[tuple[set[str], list[tuple[str, ...]]]],
    withdrawn: set[int],
) -> None:
    home = Home(tmp_path_factory.mktemp("order") / "home", tmp_home.deployment)
    expected: dict[str, dict[str, str]] = {}
    stored: list[tuple[str, list[tuple[str, dict[str, str]]]]] = []
    for has, rows in files:
        names = [c for c in COLUMNS if c in has]
        before = {k: dict(v) for k, v in expected.items()}
        changed = 0
        for number, *cells in rows:
            said = {c: v for c, v in zip(COLUMNS, cells, strict=True) if c in has}
            state = expected.setdefault(number, {})
            changed += number in before and any(state.get(c, "") != v for c, v in said.items())
            state |= said
        headings = "|".join(["编号", "时间", *(HEADING[c] for c in names)])
        lines = ["|".join([r[0], "2023-05-01", *(r[1 + COLUMNS.index(c)] for c in names)]) for r in rows]
        result = bring(home, home.path.with_name("f.csv"), headings, *lines, mapping=mapping_of(*headings.split("|")))
        assert result.rejected == 0 and result.accepted == len(set(expected) - set(before))
        if expected == before and not changed:
            assert result.repeated == result.rows
        assert _shown(home) == {k: {c: v.get(c, "") for c in COLUMNS} for k, v in expected.items()}
        stored.append((str(result.batch), []))
        again = bring(home, home.path.with_name("f.csv"), headings, *lines, mapping=mapping_of(*headings.split("|")))
        assert again.repeated == again.rows
    gone = [batch for i, (batch, _) in enumerate(stored) if i in withdrawn]
    for batch in gone:
        Lake(home).withdraw(batch, "甲")
    assert _shown(home) == _latest(home)


def _shown(home: Home) -> dict[str, dict[str, str]]:
    if not Lake(home).files("petition"):
        return {}
    rows = current(home, "petition_id, subject, likes, satisfaction")
    return {n: {c: "" if v is None else str(v) for c, v in zip(COLUMNS, r, strict=True)} for n, *r in rows}


def _latest(home: Home) -> dict[str, dict[str, str]]:
    """The same told plainly: the stored rows of the batches in force, one after the other."""
    found: dict[str, dict[str, str]] = {}
    for manifest in Lake(home).batches():
        files = sorted((home.lake / "batches" / manifest.batch_id / "petition").glob("*/*.parquet"))
        if not files:
            continue
        names = [c for c in COLUMNS if c in manifest.delivered]
        picked = "".join(f", coalesce(cast({c} as varchar), '')" for c in names)
        with duckdb.connect() as connection:
            rows = connection.execute(
                f"select petition_id{picked} from read_parquet(?, hive_partitioning = false) order by _line",
                [[f.as_posix() for f in files]],
            ).fetchall()
        for number, *cells in rows:
            found.setdefault(number, dict.fromkeys(COLUMNS, "")).update(zip(names, cells, strict=True))
    return found
