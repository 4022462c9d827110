"""Coordinates as SQL: from GCJ-02 and BD-09 to WGS84, and the grid that the lake keeps.

GCJ-02 is WGS84 plus a published-by-reverse-engineering offset δ; it has no closed inverse, so the
inverse is found by fixed-point iteration w ← g − δ(w). δ changes by less than 1 % of the way moved,
so three rounds leave less than a centimetre. BD-09 adds a rotation to GCJ-02 and is undone the same way.
"""

from __future__ import annotations

import math

SYSTEMS = ("wgs84", "gcj02", "bd09")
#: Decimals of longitude and latitude in the lake: about 100 m, the generalisation of DOMAIN 8.
STORED_DECIMALS = 3
ROUNDS = 3
_AXIS = 6378245.0
_ECCENTRICITY = 0.00669342162296594323


def _inside(x: str, y: str) -> str:
    """Where the offset applies; elsewhere GCJ-02 equals WGS84."""
    return f"({x} between 72.004 and 137.8347 and {y} between 0.8293 and 55.8271)"


def _offset_steps(step: str, x: str, y: str, base_x: str, base_y: str, out_x: str, out_y: str) -> list[str]:
    """Two projections that add ``out = base − δ(x, y)`` to a relation named ``step``."""
    p = f"{math.pi!r}"
    east, north = f"({x} - 105.0)", f"({y} - 35.0)"
    waves_x = f"(20.0 * sin(6.0 * {east} * {p}) + 20.0 * sin(2.0 * {east} * {p})) * 2.0 / 3.0"
    shift_y = (
        f"-100.0 + 2.0 * {east} + 3.0 * {north} + 0.2 * {north} * {north} + 0.1 * {east} * {north}"
        f" + 0.2 * sqrt(abs({east})) + {waves_x}"
        f" + (20.0 * sin({north} * {p}) + 40.0 * sin({north} / 3.0 * {p})) * 2.0 / 3.0"
        f" + (160.0 * sin({north} / 12.0 * {p}) + 320.0 * sin({north} * {p} / 30.0)) * 2.0 / 3.0"
    )
    shift_x = (
        f"300.0 + {east} + 2.0 * {north} + 0.1 * {east} * {east} + 0.1 * {east} * {north}"
        f" + 0.1 * sqrt(abs({east})) + {waves_x}"
        f" + (20.0 * sin({east} * {p}) + 40.0 * sin({east} / 3.0 * {p})) * 2.0 / 3.0"
        f" + (150.0 * sin({east} / 12.0 * {p}) + 300.0 * sin({east} / 30.0 * {p})) * 2.0 / 3.0"
    )
    magic = f"(1.0 - {_ECCENTRICITY!r} * sin({y} / 180.0 * {p}) * sin({y} / 180.0 * {p}))"
    return [
        f"select *, {shift_x} as {step}_dx, {shift_y} as {step}_dy, {magic} as {step}_m",
        f"select * exclude ({step}_dx, {step}_dy, {step}_m),"
        f" {base_x} - case when {_inside(base_x, base_y)} then {step}_dx * 180.0"
        f" / ({_AXIS!r} / sqrt({step}_m) * cos({y} / 180.0 * {p}) * {p}) else 0.0 end as {out_x},"
        f" {base_y} - case when {_inside(base_x, base_y)} then {step}_dy * 180.0"
        f" / (({_AXIS!r} * (1.0 - {_ECCENTRICITY!r})) / ({step}_m * sqrt({step}_m)) * {p}) else 0.0 end as {out_y}",
    ]


def _bd09_forward(x: str, y: str) -> tuple[str, str]:
    """GCJ-02 → BD-09 as two expressions."""
    turn = repr(math.pi * 3000.0 / 180.0)
    radius = f"(sqrt({x} * {x} + {y} * {y}) + 0.00002 * sin({y} * {turn}))"
    angle = f"(atan2({y}, {x}) + 0.000003 * cos({x} * {turn}))"
    return f"({radius} * cos({angle}) + 0.0065)", f"({radius} * sin({angle}) + 0.006)"


def to_wgs84_sql(relation: str, system: str, x: str = "x", y: str = "y") -> str:
    """A query over ``relation`` with its columns ``x, y`` (degrees, in ``system``) turned into WGS84.

    All other columns pass through; a missing coordinate stays missing. ValueError for a system we
    do not know.
    """
    if system not in SYSTEMS:
        raise ValueError(f"unknown coordinate system: {system}")
    steps: list[str] = []
    if system == "bd09":
        steps.append(f"select *, {x} - 0.0065 as b0_x, {y} - 0.006 as b0_y")
        for n in range(ROUNDS):
            forward_x, forward_y = _bd09_forward(f"b{n}_x", f"b{n}_y")
            steps.append(
                f"select * exclude (b{n}_x, b{n}_y), b{n}_x + {x} - {forward_x} as b{n + 1}_x,"
                f" b{n}_y + {y} - {forward_y} as b{n + 1}_y"
            )
        steps.append(f"select * exclude (b{ROUNDS}_x, b{ROUNDS}_y) replace (b{ROUNDS}_x as {x}, b{ROUNDS}_y as {y})")
    if system in ("gcj02", "bd09"):
        last_x, last_y = x, y
        for n in range(ROUNDS):
            steps += _offset_steps(f"g{n}", last_x, last_y, x, y, f"g{n}_x", f"g{n}_y")
            if n:
                steps.append(f"select * exclude ({last_x}, {last_y})")
            last_x, last_y = f"g{n}_x", f"g{n}_y"
        steps.append(f"select * exclude ({last_x}, {last_y}) replace ({last_x} as {x}, {last_y} as {y})")
    query = f"select * from {relation}"
    for step in steps:
        query = f"{step} from ({query})"
    return query
