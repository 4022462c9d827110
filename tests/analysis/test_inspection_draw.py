"""The draw: stated probabilities hold, the same inputs give the same firms, whoever repeats it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minxin.analysis.inspection import allocation, draw, frame, protocol, rules, simulate
from minxin.analysis.inspection.rules import CLASSES
from minxin.settings import ROOT, Refused, Unusable

RULE = rules.read_rules(ROOT / "data" / "rules" / "inspection.toml").named("draw-2022")
NOW = dt.datetime(2023, 7, 5, 9, 0)
LATER = NOW + dt.timedelta(hours=1)
SEED = "20237331128159211123"


def firms(*counts: int, focus: int = 0) -> pd.DataFrame:
    """So many firms of class A, B, C, D; every ``focus``-th weighs more."""
    classes = np.repeat(CLASSES, counts)
    return pd.DataFrame(
        {
            "uscc": [f"91999999MA{i * 7919 % 10**8:08d}" for i in range(len(classes))],
            "risk_class": classes,
            "focus": ["是" if focus and i % focus == 0 else "" for i in range(len(classes))],
            "name": [f"企业{i}" for i in range(len(classes))],
            "departments": ["税务、消防" if i % 3 else "消防" for i in range(len(classes))],
        }
    )


def test_the_random_number_is_what_any_sha256_gives() -> None:
    said = hashlib.sha256(b"20237331128159211123|2023Q3|91999999MA5F00034Q").hexdigest()
    assert draw.number(SEED, "2023Q3", "91999999MA5F00034Q") == int(said[:13], 16) / 2**52
    assert draw.numbers(SEED, "2023Q3", ["91999999MA5F00034Q"])[0] == int(said[:13], 16) / 2**52


def test_the_numbers_of_the_hash_are_uniform() -> None:
    u = simulate.hash_numbers([f"91999999MA{i:08d}" for i in range(2000)], 20)
    assert min(simulate.uniform_test(u)) > 0.001


@given(
    counts=st.tuples(*[st.integers(0, 300) for _ in CLASSES]).filter(lambda c: sum(c) >= 60),
    share=st.floats(0.4, 1.0),
    focus=st.integers(0, 5),
    seed=st.text("0123456789", min_size=1, max_size=20),
)
@settings(max_examples=60, deadline=None)
def test_a_draw_has_the_size_the_places_and_the_probabilities_it_states(
    counts: tuple[int, ...], share: float, focus: int, seed: str
) -> None:
    size = max(40, round(share * sum(counts)))
    plan = allocation.plan(firms(*counts, focus=focus), RULE, size)
    assert sum(plan.drawn.values()) == size
    pi = plan.firms["pi"].to_numpy()
    assert ((pi >= plan.n_random / plan.eligible - 1e-9) & (pi <= 1)).all()
    for code in CLASSES:
        assert pi[plan.firms["risk_class"] == code].sum() == pytest.approx(plan.drawn[code], abs=1e-6)
    read = frame.read_published(frame.published(plan.firms))
    assert draw.places(read) == (plan.n_random, plan.drawn)
    found = draw.draw(read, seed, "一", 0.1)
    visited = found[found["arm"] != draw.RESERVE]
    assert len(visited) == size and found["uscc"].is_unique
    assert (visited["arm"] == draw.RANDOM).sum() == plan.n_random
    assert visited["risk_class"].value_counts().to_dict() == {c: n for c, n in plan.drawn.items() if n}


def test_the_order_of_the_frame_changes_nothing() -> None:
    given_frame = firms(300, 100, 40, 20, focus=4)
    other = given_frame.sample(frac=1, random_state=3)
    one, two = (frame.published(allocation.plan(f, RULE, 90).firms) for f in (given_frame, other))
    assert one == two


def test_the_random_arm_is_the_smallest_of_all() -> None:
    plan = allocation.plan(firms(300, 100, 40, 20, focus=4), RULE, 90)
    found = draw.draw(plan.firms, SEED, "一")
    u = pd.Series(draw.numbers(SEED, "一", plan.firms["uscc"].tolist()), index=plan.firms["uscc"])
    assert set(found.loc[found["arm"] == draw.RANDOM, "uscc"]) == set(u.nsmallest(plan.n_random).index)


def test_the_simulation_selects_as_the_draw_does() -> None:
    plan = allocation.plan(firms(300, 100, 40, 20, focus=4), RULE, 90)
    for seed in map(str, range(20)):
        u = draw.numbers(seed, "一", plan.firms["uscc"].tolist())
        chosen, is_random = simulate.select(plan.firms, u[None, :])
        found = draw.draw(plan.firms, seed, "一")
        assert set(plan.firms["uscc"][chosen[0]]) == set(found["uscc"])
        assert set(plan.firms["uscc"][is_random[0]]) == set(found.loc[found["arm"] == draw.RANDOM, "uscc"])


def test_frequencies_agree_with_stated_probabilities() -> None:
    plan = allocation.plan(firms(366, 94, 26, 15), RULE, 90)
    rounds = 4000
    found = simulate.frequencies(plan.firms, rounds, np.random.default_rng(1))
    for code in CLASSES:
        own = (plan.firms["risk_class"] == code).to_numpy()
        assert simulate.fixed_size_test(found.total[own], rounds, plan.drawn[code])[2] > 0.001
    assert simulate.fixed_size_test(found.random, rounds, plan.n_random)[2] > 0.001


def test_the_test_finds_a_draw_that_prefers_somebody() -> None:
    rng = np.random.default_rng(2)
    counts = np.zeros(200, dtype=np.int64)
    weights = np.ones(200)
    weights[:20] = 1.3
    for _ in range(3000):
        counts[np.argpartition(rng.random(200) / weights, 30)[:30]] += 1
    assert simulate.fixed_size_test(counts, 3000, 30)[2] < 1e-6


def test_chi_square_is_divided_by_what_a_fixed_size_leaves() -> None:
    """Golden: 2 of 4 drawn, 6 draws that take every pair once give nothing to object to."""
    assert simulate.fixed_size_test(np.array([3, 3, 3, 3]), 6, 2) == pytest.approx((0.0, 3, 1.0))
    # Var = 6·½·½·4/3 = 2; deviations 1, −1, 0, 0.
    assert simulate.fixed_size_test(np.array([4, 2, 3, 3]), 6, 2)[0] == pytest.approx(1.0)


def test_places_follow_the_rates_and_round_to_the_total() -> None:
    assert allocation.allocate([100, 100, 50], 50, [1, 1, 1]).tolist() == [20, 20, 10]
    assert allocation.allocate([1000, 100, 10], 60, [0.02, 0.2, 1.0]).sum() == 60
    assert allocation.allocate([10, 10], 12, [0.01, 1.0]).tolist() == [2, 10]
    assert allocation.allocate([10, 10], 10, [0.0, 1.0], [3, 0]).tolist() == [3, 7]
    with pytest.raises(ValueError):
        allocation.allocate([10, 10], 2, [1, 1], [3, 0])


def test_without_a_size_the_rates_of_the_rules_decide() -> None:
    plan = allocation.plan(firms(22186, 5658, 1581, 898), RULE)
    assert plan.size == 444 + 283 + 1581 + 898, "Bayannur 2022: about 3,206 of 30,323"


def test_who_takes_no_part_is_listed_with_the_reason() -> None:
    given_frame = firms(100, 20, 10, 10)
    given_frame["status"] = ["注销", *[""] * 139]
    given_frame["track"] = ["", "举报", *[""] * 138]
    given_frame["visits"] = ["", "", "1", *[""] * 137]
    plan = allocation.plan(given_frame, RULE, 40)
    reasons = plan.firms.set_index("uscc").loc[given_frame["uscc"][:4], "reason"].tolist()
    assert all(reasons[:3]) and reasons[3] == ""
    assert plan.eligible == 137
    assert (plan.firms.loc[plan.firms["reason"] != "", "pi"] == 0).all()


def test_new_firms_without_a_class_count_as_b() -> None:
    given_frame = firms(40, 20, 10, 10)
    given_frame.loc[0, "risk_class"] = ""
    held = frame.prepare(given_frame, RULE).set_index("uscc")
    assert held.loc[given_frame["uscc"][0], "risk_class"] == "B"


@pytest.mark.parametrize(
    ("said", "letter"),
    [
        *(
            ("A", "A"),
            ("绿", "A"),
            ("黄B一般", "B"),
            ("d", "D"),
            ("", ""),
            ("Ｃ类", "C"),
            ("b级", "B"),
            ("绿●A低", "A"),
        ),
        *(("红色", "D"), ("低风险", "A"), ("高", "D"), ("较高", "C"), ("橙（C）", "C"), ("Orange", "C"), ("RED", "D")),
    ],
)
def test_classes_are_read_as_people_write_them(said: str, letter: str) -> None:
    assert frame.letter(said) == letter


@pytest.mark.parametrize(
    "said", ["Medium", "good", "bad", "low", "A+", "A-", "AB", "AAA", "绿D", "A高", "类", "中", "ORANGES", "(", "1"]
)
def test_no_class_is_picked_out_of_other_words(said: str) -> None:
    given_frame = firms(3, 3, 3, 3)
    given_frame.loc[4, "risk_class"] = said
    with pytest.raises(Unusable, match="第 6 行「信用风险类别」列") as raised:
        frame.prepare(given_frame, RULE)
    assert f"「{said}」无法识别" in str(raised.value) and "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: f.assign(uscc=f["uscc"].iloc[0]), "重复"),
        (lambda f: f.assign(uscc="91 99"), "字符"),
        (lambda f: f.assign(risk_class="优"), "无法识别"),
        (lambda f: f.assign(visits="-1"), "例行检查次数"),
        (lambda f: f.drop(columns="uscc"), "统一社会信用代码"),
    ],
)
def test_a_broken_frame_is_refused_in_a_line(change: object, words: str) -> None:
    with pytest.raises(Unusable, match=words) as raised:
        frame.prepare(frame.named(change(firms(10, 10, 10, 10))), RULE)  # type: ignore[operator]
    assert "\n" not in str(raised.value)


# ── the round in a folder ───────────────────────────────────────────────────────────────────────


@pytest.fixture
def round_folder(tmp_path: Path) -> Path:
    """A round that was frozen and drawn."""
    folder = tmp_path / "round"
    people = protocol.Staff(("甲", "乙", "丙"), {"甲": (firms(1, 0, 0, 0)["uscc"].iloc[0],)})
    protocol.freeze(folder, allocation.plan(firms(300, 100, 40, 20, focus=4), RULE, 90), "2023Q3", NOW, people)
    protocol.take(folder, SEED, LATER, source="掷骰子", witnesses=["见证人01"])
    return folder


def recipe() -> dict[str, object]:
    """The program of docs/draw.zh-CN.md."""
    text = (ROOT / "docs" / "draw.zh-CN.md").read_text(encoding="utf-8")
    found: dict[str, object] = {}
    exec(re.search(r"```python\n(.*?)```", text, re.DOTALL).group(1), found)  # type: ignore[union-attr]
    return found


def test_another_office_gets_the_same_firms_without_our_code(round_folder: Path) -> None:
    held = protocol.read(round_folder)
    again = recipe()["redraw"]((round_folder / "frame.csv").read_bytes(), held.h0, SEED, "2023Q3")  # type: ignore[operator]
    ours = protocol.drawn(round_folder, held)
    assert again == set(ours.loc[ours["arm"] != draw.RESERVE, "uscc"])


def test_a_round_repeats(round_folder: Path) -> None:
    found = protocol.verify(round_folder)
    assert found.same and found.drawn == 90
    assert not protocol.verify(round_folder, h0="0" * 64).same
    assert not protocol.verify(round_folder, seed="1").same


def test_two_people_go_to_each_firm_and_nobody_where_they_must_not(round_folder: Path) -> None:
    rows = frame.table((round_folder / "list.csv").read_bytes(), "list")
    visited = rows[rows["抽取方式"] != "备选"]
    assert (visited["执法人员"].str.count("、") == 1).all()
    barred = firms(1, 0, 0, 0)["uscc"].iloc[0]
    assert not rows.loc[rows["统一社会信用代码"] == barred, "执法人员"].str.contains("甲").any()
    load = visited["执法人员"].str.split("、").explode().value_counts()
    assert load.max() - load.min() <= 2, "an even load"


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("frame.csv", b",A,", b",B,", "抽样框已改动"),
        ("details.csv", "企业1".encode(), "企业9".encode(), "企业信息已改动"),
        ("inspectors.csv", "丙".encode(), "丁".encode(), "执法人员名单已改动"),
        ("seed.txt", b"2023", b"2024", "种子已改动"),
        ("protocol.json", SEED.encode(), b"1" + SEED.encode(), "种子已改动"),
        ("protocol.json", b'"size": 90', b'"size": 91', "公布内容已改动"),
        ("notice.txt", b"SHA-256", b"SHA-512", "公告已改动"),
        ("list.csv", b",91999999", b",92999999", "名单已改动"),
        ("list.csv", "税务".encode(), "环保".encode(), "名单已改动"),
    ],
)
def test_what_was_changed_is_named(round_folder: Path, file: str, old: bytes, new: bytes, words: str) -> None:
    raw = (round_folder / file).read_bytes()
    assert old in raw
    (round_folder / file).write_bytes(raw.replace(old, new, 1))
    problems = protocol.verify(round_folder).problems
    assert any(words in problem for problem in problems), problems
    assert all("\n" not in problem for problem in problems)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda held: held.update(method="prn-99"), "抽取方法不符"),
        (lambda held: held["steps"][2].update(at="2023-07-06T10:00:00"), "封存值不符"),
        (lambda held: held["steps"][2].update(drawn=7), "封存值不符"),
        (lambda held: held.pop("seal"), "没有封存值"),
        (lambda held: held.update(round="2023Q4"), "封存值不符"),
        (lambda held: held["steps"][2].update(at="1999-01-01T00:00:00"), "先后不符"),
        (lambda held: held["steps"][1].update(happened="2099-01-01T00:00:00"), "先后不符"),
        (lambda held: held["steps"].append({**held["steps"][2]}), "步骤次序不符"),
    ],
)
def test_no_step_can_be_changed_unseen(round_folder: Path, change: Callable[[Any], object], words: str) -> None:
    held = json.loads((round_folder / "protocol.json").read_text(encoding="utf-8"))
    change(held)
    (round_folder / "protocol.json").write_text(json.dumps(held), encoding="utf-8")
    problems = protocol.verify(round_folder).problems
    assert any(words in problem for problem in problems), problems


def test_a_count_that_is_sealed_anew_is_held_against_the_draw(round_folder: Path) -> None:
    held = protocol.read(round_folder)
    forged = dataclasses.replace(held, steps=(*held.steps[:2], {**held.steps[2], "drawn": 7}))
    (round_folder / "protocol.json").write_text(protocol._said(forged), encoding="utf-8")
    assert any("记录写着抽取 7 户，重算为 90 户" in p for p in protocol.verify(round_folder).problems)


def test_a_notice_from_before_its_hash_was_recorded_is_checked_too(round_folder: Path) -> None:
    held = protocol.read(round_folder)
    steps = [dict(step) for step in held.steps]
    del steps[0]["notice"]
    steps[1]["before"] = protocol._step_digest(steps[0])
    steps[2]["before"] = protocol._step_digest(steps[1])
    old = dataclasses.replace(held, steps=tuple(steps))
    (round_folder / "protocol.json").write_text(protocol._said(old), encoding="utf-8")
    assert protocol.verify(round_folder).same
    (round_folder / "notice.txt").write_text("SHA-256：abc", encoding="utf-8")
    assert protocol.verify(round_folder).problems == ("公告已改动：notice.txt 与抽取记录不符。",)


def test_a_seed_that_was_taken_is_not_replaced_where_its_file_is_gone(round_folder: Path) -> None:
    (round_folder / "seed.txt").unlink()
    with pytest.raises(Refused, match="不能更换种子"):
        protocol.take(round_folder, "1234567890", LATER)
    assert not (round_folder / "seed.txt").exists()
    protocol.take(round_folder, SEED, LATER)
    assert protocol.verify(round_folder).same


def test_what_was_frozen_and_changed_before_the_draw_is_not_drawn_from(tmp_path: Path) -> None:
    folder = tmp_path / "r"
    protocol.freeze(folder, allocation.plan(firms(100, 20, 10, 10), RULE, 40), "一", NOW)
    raw = (folder / "protocol.json").read_bytes()
    (folder / "protocol.json").write_bytes(raw.replace(b'"size": 40', b'"size": 41'))
    with pytest.raises(Refused, match="封存值不符"):
        protocol.take(folder, SEED, LATER)
    assert not (folder / "seed.txt").exists()


@pytest.mark.parametrize("sign", ["\u202e", "\u2028", "\u200b", "\n", "\x85", "|"])
def test_names_and_seeds_are_lines_that_people_can_read_off(tmp_path: Path, sign: str) -> None:
    folder, plan = tmp_path / "r", allocation.plan(firms(100, 20, 10, 10), RULE, 40)
    with pytest.raises(Unusable, match="轮次名称"):
        protocol.freeze(folder, plan, f"一{sign}二", NOW)
    assert not folder.exists()
    protocol.freeze(folder, plan, "一", NOW)
    with pytest.raises(Unusable, match="种子"):
        protocol.take(folder, f"12345{sign}67890", LATER)
    made = protocol.take(folder, SEED, LATER, source="掷\u202e骰子", witnesses=["见证\u202801", "\u202e"])
    assert made.steps[1]["source"] == "掷骰子" and made.steps[1]["witnesses"] == ["见证01"]


def test_a_round_is_frozen_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped at every file that is written and before the rename, and tried again."""
    folder, plan = tmp_path / "r", allocation.plan(firms(100, 20, 10, 10), RULE, 40)
    folder.mkdir()
    synced = os.fsync
    for last in range(1, 5):
        done = iter(range(1, last))

        def stop(handle: int, done: Iterator[int] = done) -> None:
            if next(done, None) is None:
                raise KeyboardInterrupt
            synced(handle)

        monkeypatch.setattr(os, "fsync", stop)
        with pytest.raises(KeyboardInterrupt):
            protocol.freeze(folder, plan, "一", NOW)
        assert list(folder.iterdir()) == [] and list(tmp_path.iterdir()) == [folder]
    monkeypatch.setattr(os, "fsync", synced)
    protocol.freeze(folder, plan, "一", NOW)
    assert protocol.take(folder, SEED, LATER) and protocol.verify(folder).same


def test_what_a_kill_left_is_finished_and_anything_else_is_left_alone(tmp_path: Path) -> None:
    whole, half, plan = tmp_path / "whole", tmp_path / "half", allocation.plan(firms(100, 20, 10, 10), RULE, 40)
    protocol.freeze(whole, plan, "一", NOW)
    half.mkdir()
    for name in ("frame.csv", "notice.txt"):
        shutil.copy(whole / name, half)
    protocol.freeze(half, plan, "一", LATER)
    protocol.take(half, SEED, LATER)
    assert protocol.verify(half).same
    for name, content in (("frame.csv", b"of somebody"), ("notes.txt", b"mine")):
        other = tmp_path / name[:5]
        other.mkdir()
        (other / name).write_bytes(content)
        with pytest.raises(Refused, match=f"已有 {name}"):
            protocol.freeze(other, plan, "一", NOW)
        assert [(f.name, f.read_bytes()) for f in other.iterdir()] == [(name, content)]
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.parametrize("file", ["frame.csv", "list.csv", "inspectors.csv", "seed.txt", "notice.txt", "details.csv"])
def test_a_missing_file_is_a_change(round_folder: Path, file: str) -> None:
    (round_folder / file).unlink()
    assert any("缺失" in problem for problem in protocol.verify(round_folder).problems)


def test_a_seed_from_before_the_hash_is_refused(tmp_path: Path) -> None:
    protocol.freeze(tmp_path / "r", allocation.plan(firms(100, 20, 10, 10), RULE, 40), "一", NOW)
    with pytest.raises(Refused, match="早于抽样框公布"):
        protocol.take(tmp_path / "r", SEED, LATER, happened=NOW - dt.timedelta(seconds=1))


def test_a_seed_that_is_still_to_come_is_refused(tmp_path: Path) -> None:
    protocol.freeze(tmp_path / "r", allocation.plan(firms(100, 20, 10, 10), RULE, 40), "一", NOW)
    with pytest.raises(Refused, match="晚于现在"):
        protocol.take(tmp_path / "r", SEED, LATER, happened=LATER + dt.timedelta(seconds=1))
    assert not (tmp_path / "r" / "seed.txt").exists()


def test_a_round_is_frozen_once_and_drawn_once(round_folder: Path) -> None:
    plan = allocation.plan(firms(100, 20, 10, 10), RULE, 40)
    with pytest.raises(Refused, match="已有"):
        protocol.freeze(round_folder, plan, "2023Q3", LATER)
    with pytest.raises(Refused, match="不能更换种子"):
        protocol.take(round_folder, "1234567890", LATER)
    before = (round_folder / "list.csv").read_bytes()
    protocol.take(round_folder, SEED, LATER)
    assert (round_folder / "list.csv").read_bytes() == before


def test_a_draw_that_was_interrupted_is_completed_by_the_same_seed(tmp_path: Path) -> None:
    folder = tmp_path / "r"
    protocol.freeze(folder, allocation.plan(firms(100, 20, 10, 10), RULE, 40), "一", NOW)
    (folder / "seed.txt").write_text(SEED, encoding="utf-8")
    assert protocol.read(folder).seed == ""
    with pytest.raises(Refused, match="不能更换种子"):
        protocol.take(folder, "9", LATER)
    protocol.take(folder, SEED, LATER)
    assert protocol.verify(folder).same


def test_a_frame_changed_before_the_draw_is_not_drawn_from(tmp_path: Path) -> None:
    folder = tmp_path / "r"
    protocol.freeze(folder, allocation.plan(firms(100, 20, 10, 10), RULE, 40), "一", NOW)
    raw = (folder / "frame.csv").read_bytes()
    (folder / "frame.csv").write_bytes(raw.replace(b",A,", b",D,", 1))
    with pytest.raises(Refused, match="抽样框已改动"):
        protocol.take(folder, SEED, LATER)
    assert not (folder / "list.csv").exists()


def test_names_that_look_like_formulas_stay_names(tmp_path: Path) -> None:
    given_frame = firms(30, 10, 10, 10).assign(name="=HYPERLINK(1)")
    protocol.freeze(tmp_path / "r", allocation.plan(given_frame, RULE, 60), "一", NOW)
    protocol.take(tmp_path / "r", SEED, LATER)
    assert b",=HYPER" not in (tmp_path / "r" / "list.csv").read_bytes()
