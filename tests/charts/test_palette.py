"""Colours hold their contrast (WCAG 2.2), classes never tear equal values apart, one place has colours."""

from __future__ import annotations

import re

import pytest

from minxin.charts.palette import Theme, classes, colours, contrast, text_on
from tests.support import ROOT


def test_contrast_is_the_published_formula() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21.0)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)  # a well-known pair just below 4.5


@pytest.mark.parametrize("theme", list(Theme))
def test_text_reads_and_marks_are_seen(theme: Theme) -> None:
    c = colours(theme)
    for ground in (c.page, c.surface):
        for ink in (c.text, c.quiet, c.primary):
            assert contrast(ink, ground) >= 4.5, (ink, ground)
    for mark in (c.primary, c.calm, *c.categories):
        assert contrast(mark, c.page) >= 3, mark
    for fill in (*c.ramp, c.few, *(r.colour for r in c.risks)):
        assert contrast(text_on(fill), fill) >= 4.5, fill


@pytest.mark.parametrize("theme", list(Theme))
def test_the_ramp_runs_one_way(theme: Theme) -> None:
    c = colours(theme)
    away = [contrast(step, c.page) for step in c.ramp]
    assert away == sorted(away), "more is further from the page, on light and dark"


def test_risks_keep_order_shape_letter_and_word() -> None:
    for theme in Theme:
        assert [(r.letter, r.word, r.shape) for r in colours(theme).risks] == [
            ("A", "绿", "●"),
            ("B", "黄", "▲"),
            ("C", "橙", "◆"),
            ("D", "红", "■"),
        ]


def test_equal_values_share_a_class_and_order_is_kept() -> None:
    values = [1, 1, 1, 1, 1, 1, 2, 3, None, 50, 51, float("nan")]
    held = classes(values)
    assert held.index[8] is None and held.index[11] is None
    pairs = [(v, k) for v, k in zip(values, held.index, strict=True) if k is not None]
    by_value = {}
    for value, place in pairs:
        assert by_value.setdefault(value, place) == place
    assert [k for _, k in sorted(pairs)] == sorted(k for _, k in pairs)
    assert held.bounds[0][0] == 1 and held.bounds[-1][1] == 51
    assert all(a[1] < b[0] for a, b in zip(held.bounds, held.bounds[1:], strict=False)), "legend steps do not overlap"


@pytest.mark.parametrize("values", [[], [None], [7.0], [7.0, 7.0, 7.0], list(range(100)), [0.0, 1e9]])
@pytest.mark.parametrize("method", ["quantile", "equal"])
def test_classes_of_odd_data(values: list[float | None], method: str) -> None:
    held = classes(values, most=7, method=method)
    assert len(held.bounds) <= 7
    shades = held.colours(colours().ramp)
    assert len(set(shades)) == len(held.bounds)


def test_unknown_method_is_refused() -> None:
    with pytest.raises(ValueError, match="jenks"):
        classes([1.0], method="jenks")


def test_colours_stand_in_the_palette_alone() -> None:
    for file in [*(ROOT / "minxin" / "charts").glob("*.py"), *(ROOT / "minxin" / "exports").glob("*.py")]:
        if file.name != "palette.py":
            found = re.findall(r"[\"']#[0-9A-Fa-f]{6}[\"']", file.read_text(encoding="utf-8"))
            assert not found, f"{file.name}: {found}"
