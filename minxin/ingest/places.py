"""Which community a row belongs to: by code, name or alias, else by the point, else 未归属.

Names are compared after full-width characters, spaces, case, the street before the name and words
like 社区 after it are taken away. Only the distinct texts and the distinct points of a file are looked
at, so ten million rows cost no more than their variety.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable

import duckdb
import numpy as np
import pyarrow as pa
import shapely
from shapely.geometry import shape

from minxin.settings import NO_COMMUNITY, NO_COMMUNITY_NAME, Deployment
from minxin.texts.masking import narrow_sql
from minxin.texts.sql_text import literal, literals

log = logging.getLogger(__name__)

#: Ways a community is found, as ``community_source`` says.
WAYS = ("code", "name", "alias", "point", "none")
_SUFFIXES = ("社区居民委员会", "社区居委会", "社区工作站", "社区党群服务中心", "居民委员会", "居委会", "社区")
#: Points are told apart at five decimals, about a metre.
_PER_DEGREE = 100_000
_BATCH = 1_000_000


def place_text_sql(code: str | None, name: str | None) -> str:
    """One text for what a row says of its community, to look it up by; null where it says nothing."""
    if code is None and name is None:
        return "cast(null as varchar)"
    if code is None or name is None:
        return code or name or ""
    return f"case when {code} is not null or {name} is not null then concat({code}, chr(31), {name}) end"


def point_key_sql(x: str, y: str) -> str:
    """One whole number for a point in degrees, exact to five decimals; null without a point or at 0, 0."""
    return (
        f"case when {x} between -180 and 180 and {y} between -90 and 90 and not ({x} = 0 and {y} = 0)"
        f" then (cast(round({x} * {_PER_DEGREE}) as bigint) + 18000000) * 100000000"
        f" + cast(round({y} * {_PER_DEGREE}) as bigint) + 9000000 end"
    )


def _plain(text: str) -> str:
    """SQL: a name as it is compared: narrow, lower case, no spaces and dots."""
    return f"lower(regexp_replace({narrow_sql(text)}, '[\\s·•]', '', 'g'))"


def _stripped(plain: str, deployment: Deployment) -> str:
    """SQL: a plain name without the street before and the word for community after it."""
    fronts = [deployment.name, deployment.short_name, deployment.whole_word]
    front = "|".join(_escaped(f.lower()) for f in sorted({f for f in fronts if f}, key=len, reverse=True))
    suffixes = sorted({*_SUFFIXES, deployment.area_word.lower()} - {""}, key=len, reverse=True)
    back = "|".join(_escaped(s) for s in suffixes)
    general = "(?:.{1,12}?(?:省|市))?(?:.{1,8}?(?:市|区|县))?(?:.{1,8}?(?:街道办事处|街道办|街道|镇|乡))"
    return f"regexp_replace(regexp_replace({plain}, '^(?:{front}|{general})', ''), '(?:{back})$', '')"


def _escaped(text: str) -> str:
    return "".join(f"\\x{{{ord(c):x}}}" for c in text if not c.isspace())


def make_names(connection: duckdb.DuckDBPyConnection, deployment: Deployment) -> None:
    """The temporary tables ``place_codes(form, code)`` and ``place_forms(form, code, way)``.

    They hold every spelling of a community that we answer to; one that means two is left out.
    """
    connection.execute(
        "create or replace temp table place_given (form varchar, code varchar, way varchar, rank integer)"
    )
    rows = []
    for community in deployment.communities:
        rows.append((community.code, community.code, "code", 0))
        rows.append((community.name, community.code, "name", 1))
        rows += [(alias, community.code, "alias", 2) for alias in community.aliases]
    if rows:
        # One statement: row by row this would cost more than all else in a small import.
        listed = ", ".join(f"({literal(form)}, {literal(code)}, '{way}', {rank})" for form, code, way, rank in rows)
        connection.execute(f"insert into place_given values {listed}")
    plain = _plain("form")
    connection.execute(f"""
        create or replace temp table place_codes as
        select {plain} as form, min(code) as code from place_given where way = 'code'
        group by 1 having count(distinct code) = 1""")
    connection.execute(f"""
        create or replace temp table place_forms as
        with plain as (
            select {plain} as form, code, way, rank from place_given where way <> 'code'
        ),
        stripped as (
            select {_stripped("form", deployment)} as form, code, way, rank + 2 as rank from plain
        ),
        every as (
            select form, code, way, rank from plain
            union all
            select form, code, way, rank from stripped where form <> ''
        ),
        best as (
            select form, min(rank) as rank from every group by form
        )
        select every.form, min(every.code) as code, min(every.way) as way
        from every join best on every.form = best.form and every.rank = best.rank
        group by every.form
        having count(distinct every.code) = 1""")


def resolve_names(
    connection: duckdb.DuckDBPyConnection, deployment: Deployment, said: str, code: str, name: str
) -> None:
    """The temporary table ``place_names(place_text, code, way)`` for the distinct answers in a query.

    ``said`` gives ``place_text`` and the texts ``code`` and ``name``. A code that is known goes before a
    name; a name may stand in the column of codes and the reverse.
    """
    make_names(connection, deployment)
    connection.execute(f"""
        create or replace temp table place_names as
        with said as (
            select distinct place_text, {code} as code, {name} as name from ({said}) where place_text is not null
        ),
        plain as (
            select place_text, {_plain("code")} as code, {_plain("name")} as name from said
        ),
        forms as (
            select
                place_text, code, name,
                {_stripped("code", deployment)} as bare_code, {_stripped("name", deployment)} as bare_name,
            from plain
        ),
        answers as (
            select
                forms.place_text,
                a.code as code_a,
                coalesce(b.code, c.code, d.code, e.code) as code_b,
                coalesce(b.way, c.way, d.way, e.way) as way_b,
                f.code as code_c,
            from forms
            left join place_codes as a on a.form = forms.code
            left join place_forms as b on b.form = forms.name
            left join place_forms as c on c.form = forms.bare_name
            left join place_forms as d on d.form = forms.code
            left join place_forms as e on e.form = forms.bare_code
            left join place_codes as f on f.form = forms.name
        )
        select
            place_text,
            coalesce(code_a, code_b, code_c) as code,
            case when code_a is not null or code_b is null then 'code' else way_b end as way,
        from answers
        where coalesce(code_a, code_b, code_c) is not null""")


def resolve_points(
    connection: duckdb.DuckDBPyConnection,
    deployment: Deployment,
    points: str,
    say: Callable[[int], None] | None = None,
) -> None:
    """The temporary table ``place_points(point_key, code)`` for the distinct points (WGS84) of a query.

    A point on a border belongs to the first community of the geometry's order. Points are fetched in
    batches, so memory stays bounded.
    """
    connection.execute("create or replace temp table place_points (point_key bigint, code varchar)")
    shapes, codes = _polygons(deployment)
    if not shapes:
        return
    connection.execute(
        "create or replace temp table place_asked as"
        f" select distinct point_key from ({points}) where point_key is not null"
    )
    [(total,)] = connection.execute("select count(*) from place_asked").fetchall()
    tree = shapely.STRtree(shapes)
    names = np.array(codes, dtype=object)
    for begin in range(0, total, _BATCH):
        keys = connection.execute(
            "select point_key from place_asked where rowid >= ? and rowid < ?", [begin, begin + _BATCH]
        ).fetchnumpy()["point_key"]
        found = _locate(tree, np.asarray(keys, dtype=np.int64))
        hit = found >= 0
        answer = pa.table({"point_key": keys[hit], "code": pa.array(names[found[hit]], type=pa.string())})
        connection.register("place_answer", answer)
        try:
            connection.execute("insert into place_points select point_key, code from place_answer")
        finally:
            connection.unregister("place_answer")
        if say:
            say(min(total, begin + _BATCH))
    connection.execute("drop table place_asked")


def _locate(tree: shapely.STRtree, keys: np.ndarray) -> np.ndarray:
    """Index of the polygon that covers each point, -1 for none."""
    x = (keys // 100_000_000 - 18_000_000) / _PER_DEGREE
    y = (keys % 100_000_000 - 9_000_000) / _PER_DEGREE
    which, polygon = tree.query(shapely.points(x, y), predicate="intersects")
    found = np.full(len(keys), np.iinfo(np.int64).max)
    np.minimum.at(found, which, polygon)
    return np.where(found == np.iinfo(np.int64).max, -1, found)


def _polygons(deployment: Deployment) -> tuple[list[shapely.Geometry], list[str]]:
    """The areas of the deployment's geometry whose code is one of its communities."""
    known = {community.code for community in deployment.communities}
    by_name = {community.name: community.code for community in deployment.communities}
    shapes, codes = [], []
    for feature in deployment.shapes.get("features", []):
        properties = feature.get("properties") or {}
        code = str(properties.get("code") or feature.get("id") or "")
        if code not in known:
            code = by_name.get(str(properties.get("name") or ""), "")
        if not code or not feature.get("geometry"):
            log.warning("geometry without a known community: %s", properties)
            continue
        area = shape(feature["geometry"])
        shapes.append(area if area.is_valid else shapely.make_valid(area))
        codes.append(code)
    for area in shapes:
        shapely.prepare(area)
    return shapes, codes


def names_of(deployment: Deployment) -> list[tuple[str, str]]:
    """Code and name of every community, 未归属 last."""
    return [*((c.code, c.name) for c in deployment.communities), (NO_COMMUNITY, NO_COMMUNITY_NAME)]


def name_case_sql(code: str, deployment: Deployment) -> str:
    """The official name of a community code."""
    branches = " ".join(f"when {literal(c)} then {literal(n)}" for c, n in names_of(deployment))
    return f"case {code} {branches} end"


def count_ways(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Rows by the way their community was found, every way named."""
    counts = Counter(dict(pairs))
    return {way: int(counts[way]) for way in WAYS}


__all__ = [
    "WAYS",
    "count_ways",
    "literals",
    "make_names",
    "name_case_sql",
    "names_of",
    "place_text_sql",
    "point_key_sql",
    "resolve_names",
    "resolve_points",
]
