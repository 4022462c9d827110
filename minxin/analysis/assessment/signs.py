"""Two signs for a series of months: is something special going on, and can the target be relied on?

After "Making data count" (NHS England 2019; NHSRplotthedots): *variation* says improvement, concern or
common cause; *assurance* says whether the target is reached always, never, or by luck. The limits are
those of Laney's p′-chart (Laney 2002, Qual. Eng. 14, 531), which unequal months and a spread beyond
chance do not fool.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from minxin.analysis.rates import Array

Variation = Literal["improvement", "concern", "common", "few"]
Assurance = Literal["hits", "misses", "hit_or_miss", "few", "none"]
VARIATION_NAMES: dict[Variation, str] = {
    "improvement": "持续向好",
    "concern": "值得关注",
    "common": "正常波动",
    "few": "期数不足",
}
ASSURANCE_NAMES: dict[Assurance, str] = {
    "hits": "稳定达标",
    "misses": "难以达标",
    "hit_or_miss": "时好时差",
    "few": "期数不足",
    "none": "无目标",
}
#: Months that a chart needs, the run on one side of the mean, and the run of rises or falls.
LEAST, SHIFT, TREND = 10, 7, 7
_SIGMAS, _NEAR = 3.0, 2.0


@dataclass(frozen=True)
class Signs:
    """``variation`` and ``assurance`` with what they were read from; arrays (months,), NaN where no cases.

    ``course``: 走高 or 走低 where the variation is special, else ''.
    """

    variation: Variation
    assurance: Assurance
    reasons: tuple[str, ...]
    value: Array
    centre: float
    low: Array
    high: Array
    course: str = ""

    @property
    def words(self) -> str:
        """The variation, and where it is of concern which way it goes: 值得关注（走低）."""
        said = VARIATION_NAMES[self.variation]
        return f"{said}（{self.course}）" if self.variation == "concern" else said


def _run(flags: NDArray[np.bool_]) -> int:
    """Length of the run of True that ends the series."""
    stops = np.flatnonzero(~flags)
    return len(flags) - (int(stops[-1]) + 1 if len(stops) else 0)


def _sides(z: Array) -> dict[str, tuple[bool, bool]]:
    """Rule → whether the latest months break it upwards, downwards."""
    last, recent = z[-1], z[-3:]
    steps = np.diff(z)
    near_up = (recent > _NEAR).sum() >= 2 and last > _NEAR
    near_down = (recent < -_NEAR).sum() >= 2 and last < -_NEAR
    return {
        "outside": (bool(last > _SIGMAS), bool(last < -_SIGMAS)),
        "shift": (_run(z > 0) >= SHIFT, _run(z < 0) >= SHIFT),
        "trend": (_run(steps > 0) >= TREND - 1, _run(steps < 0) >= TREND - 1),
        "two_of_three": (bool(near_up), bool(near_down)),
    }


REASONS = {
    "outside": "最近一期超出控制限",
    "shift": f"连续{SHIFT}期在均值同侧",
    "trend": f"连续{TREND}期同向变化",
    "two_of_three": "近三期有两期接近控制限",
}


def signs(x: ArrayLike, n: ArrayLike, target: float | None = None, low_is_good: bool = False) -> Signs:
    """Variation and assurance of shares x/n month by month, the latest last.

    Months without cases are left out. ``few`` where less than 10 are left. Weighted counts are allowed.
    """
    x, n = np.asarray(x, dtype="float64"), np.asarray(n, dtype="float64")
    seen = n > 0
    value, low, high = (np.full(n.shape, np.nan) for _ in range(3))
    value[seen] = x[seen] / n[seen]
    centre = float(x[seen].sum() / n[seen].sum()) if seen.any() else float("nan")
    if seen.sum() < LEAST:
        return Signs("few", "none" if target is None else "few", (), value, centre, low, high)
    chance = np.sqrt(max(centre * (1 - centre), 1e-12) / n[seen])
    scaled = (value[seen] - centre) / chance
    # Laney's σ_z, from moving ranges; those far beyond the usual say nothing of the usual.
    moves = np.abs(np.diff(scaled))
    usual = moves[moves <= 3.267 * moves.mean()] if moves.mean() > 0 else moves
    spread = max(float(usual.mean()) / 1.128, 1e-9)
    z = scaled / spread
    low[seen] = np.clip(centre - _SIGMAS * spread * chance, 0, 1)
    high[seen] = np.clip(centre + _SIGMAS * spread * chance, 0, 1)
    broken = _sides(z)
    up, down = any(r[0] for r in broken.values()), any(r[1] for r in broken.values())
    better, worse = (down, up) if low_is_good else (up, down)
    # Both at once happens where a fall follows a long good run: the alarm goes first.
    variation: Variation = "concern" if worse else "improvement" if better else "common"
    side = 1 if variation != "common" and (variation == "concern") != low_is_good else 0
    reasons = tuple(REASONS[name] for name, hit in broken.items() if variation != "common" and hit[side])
    course = "" if variation == "common" else ("走高", "走低")[side]
    return Signs(variation, _assurance(low, high, target, low_is_good), reasons, value, centre, low, high, course)


def _assurance(low: Array, high: Array, target: float | None, low_is_good: bool) -> Assurance:
    """By the limits of the latest month: the target lies below, above or between them."""
    if target is None:
        return "none"
    last = np.flatnonzero(~np.isnan(low))[-1]
    below, above = target <= low[last], target >= high[last]
    if below or above:
        return "hits" if below != low_is_good else "misses"
    return "hit_or_miss"
