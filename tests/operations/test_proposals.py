"""What changes facts: decided by another person, exported as the office's own batches, exactly once."""

import datetime as dt
import os
import random
import subprocess
import sys
import time

import duckdb
import pytest

from minxin.ingest.mapping import mapping_for_template
from minxin.ingest.pipeline import run_import
from minxin.operations import Stale
from minxin.operations.database import SETTING
from minxin.operations.exporting import held_row
from minxin.operations.rules import rules
from minxin.settings import ROOT, Refused, deployment
from minxin.tables import table
from minxin.warehouse.build import build
from minxin.warehouse.lake import Lake
from minxin.warehouse.snapshots import Snapshots
from tests import support
from tests.operations.conftest import VIEW, person

DAY = dt.date


def place():
    return deployment().community_codes[0]


def excluded(store, actor, petition="P001", **changes):
    values = {"grounds": "多次反映且无新事实", "facts": {"reason_code": "恶意重复"}} | changes
    return store.proposals.propose(actor, "exclude", petition, place(), view=VIEW, **values)


def listed(store, actor, petition="P001", **changes):
    values = {"grounds": "涉及产权争议，短期难以解决", "facts": {"promised_on": DAY(2023, 12, 1)}} | changes
    return store.proposals.propose(actor, "list", petition, place(), view=VIEW, **values)


def held(home, kind="exclude", petition="P001"):
    return held_row(home, rules(home.deployment).kinds[kind], petition)


def test_an_approved_exclusion_reaches_the_lake_and_a_revoked_one_leaves_it(store, any_home, clerk, leader, clock):
    made = excluded(store, clerk)
    assert (made.id, made.state_label, made.kind_label) == ("提请-2023-0001", "待审批", "剔除")
    assert store.proposals.export() == () and held(any_home) is None
    clock.at("2023-07-04 11:30")
    approved = store.proposals.approve(leader, made.id, 1)
    [done] = store.proposals.export()
    assert (done.record, done.action, done.problem) == (made.id, "add", "")
    row = held(any_home)
    assert row == {
        "petition_id": "P001",
        "reason_code": "恶意重复",
        "applied_by": None,
        "evidence": "多次反映且无新事实",
        "approved_by": "leader-01",
        "approved_at": dt.datetime(2023, 7, 4, 11, 30),
    }
    [batch] = Lake(any_home).batches()
    assert batch.source.startswith(f"operations-{made.id}-") and batch.imported_by == "leader-01"
    assert (batch.rows, batch.accepted, batch.batch_id) == (1, 1, done.batch)
    # Asked again, nothing happens.
    assert store.proposals.export() == ()
    assert len(Lake(any_home).batches(withdrawn=True)) == 1
    assert store.proposals.list(clerk.viewer)[["batch", "withdrawn"]].values.tolist() == [[done.batch, False]]

    store.proposals.revoke(leader, made.id, approved.version, "证据不足")
    [gone] = store.proposals.export()
    assert (gone.action, gone.batch) == ("withdraw", done.batch)
    assert held(any_home) is None and Lake(any_home).withdrawn_ids() == [done.batch]
    assert store.proposals.export() == ()
    assert store.proposals.list(clerk.viewer)["withdrawn"].tolist() == [True]
    # And it can be proposed anew.
    again = excluded(store, clerk)
    store.proposals.approve(leader, again.id, 1)
    assert [each.action for each in store.proposals.export()] == ["add"]
    assert held(any_home) is not None


def test_nobody_approves_what_they_proposed_and_not_everybody_approves(store, leader, clerk):
    mine = excluded(store, leader)
    with pytest.raises(Refused, match="另一人"):
        store.proposals.approve(leader, mine.id, 1)
    with pytest.raises(Refused, match="的权限"):
        store.proposals.approve(clerk, mine.id, 1)
    with pytest.raises(Refused, match="本人"):
        store.proposals.take_back(clerk, mine.id, 1)
    assert store.proposals.take_back(leader, mine.id, 1).state == "taken_back"
    with pytest.raises(Stale):
        store.proposals.approve(person("leader-02"), mine.id, 1)
    with pytest.raises(Refused, match="已收回"):
        store.proposals.approve(person("leader-02"), mine.id, 2)
    refused = excluded(store, clerk)
    with pytest.raises(Refused, match="不批准的理由"):
        store.proposals.refuse(leader, refused.id, 1, "")
    store.proposals.refuse(leader, refused.id, 1, "证据不足")
    assert store.proposals.export() == ()


def test_one_petition_is_not_proposed_twice(store, any_home, clerk, other, leader):
    first = excluded(store, clerk)
    with pytest.raises(Refused, match="尚未审批"):
        excluded(store, other)
    store.proposals.approve(leader, first.id, 1)
    with pytest.raises(Refused, match="已由 提请-2023-0001 批准"):
        excluded(store, other)
    store.proposals.export()
    with pytest.raises(Refused, match="已是「剔除」"):
        excluded(store, other)
    # Another kind about the same petition is another thing.
    listed(store, other)


@pytest.mark.parametrize(
    ("kind", "facts", "said"),
    [
        ("exclude", {}, "剔除原因"),
        ("exclude", {"reason_code": "不喜欢"}, "只能是"),
        ("exclude", {"reason_code": "恶意重复", "approved_by": "我"}, "没有「approved_by」"),
        ("list", {"promised_on": "下周"}, "承诺日期"),
        ("list", {"promised_on": DAY(2023, 7, 1)}, "早于"),
        ("clear", {"cleared_on": DAY(2023, 7, 3)}, "不是「挂账」"),
        ("delete", {}, "没有「delete」"),
    ],
)
def test_faulty_facts_are_refused_when_they_are_proposed(quick, clerk, kind, facts, said):
    with pytest.raises(Refused, match=said) as error:
        quick.proposals.propose(clerk, kind, "P001", place(), "理由", facts, VIEW)
    assert "\n" not in str(error.value)
    assert quick.proposals.list(clerk.viewer).empty


def test_listing_and_clearing_on_the_ledger(store, any_home, clerk, leader, clock):
    entry = listed(store, clerk)
    approved = store.proposals.approve(leader, entry.id, 1)
    store.proposals.export()
    with pytest.raises(Refused, match="已是「挂账」"):
        listed(store, clerk)
    clock.at("2023-07-20 09:00")
    clear = store.proposals.propose(
        clerk, "clear", "P001", place(), "管网已改造完成", {"cleared_on": DAY(2023, 7, 19)}, VIEW
    )
    done = store.proposals.approve(leader, clear.id, 1)
    store.proposals.export()
    row = held(any_home, "list")
    assert row["reason"] == "涉及产权争议，短期难以解决" and row["listed_at"] == DAY(2023, 7, 4)
    assert (row["cleared_on"], row["reviewed_by"]) == (DAY(2023, 7, 19), "leader-01")
    # What a later approval stands on is not revoked under it.
    with pytest.raises(Refused, match=f"须先撤销 {clear.id}"):
        store.proposals.revoke(leader, entry.id, approved.version, "误批")
    store.proposals.revoke(leader, clear.id, done.version, "又漏水了")
    store.proposals.export()
    assert held(any_home, "list")["cleared_on"] is None
    # Cleared and listed again: nothing of the earlier clearing stays.
    clear = store.proposals.propose(clerk, "clear", "P001", place(), "完成", {"cleared_on": DAY(2023, 7, 20)}, VIEW)
    store.proposals.approve(leader, clear.id, 1)
    store.proposals.export()
    clock.at("2023-08-01 09:00")
    again = listed(store, clerk)
    store.proposals.approve(leader, again.id, 1)
    store.proposals.export()
    row = held(any_home, "list")
    assert (row["listed_at"], row["cleared_on"]) == (DAY(2023, 8, 1), None)


def test_clearing_keeps_what_an_imported_ledger_says(quick, tmp_home, clerk, leader, tmp_path):
    file = tmp_path / "ledger.csv"
    file.write_text(
        "工单编号,挂账原因,批准岗位,挂账日期,里程碑\nP9,历史遗留,分管领导,2023-05-01,6月勘察\n", encoding="utf-8"
    )
    run_import(file, mapping_for_template(table("hard_case")), tmp_home)
    clear = quick.proposals.propose(clerk, "clear", "P9", place(), "已解决", {"cleared_on": DAY(2023, 7, 1)}, VIEW)
    quick.proposals.approve(leader, clear.id, 1)
    quick.proposals.export()
    row = held(tmp_home, "list", "P9")
    assert (row["reason"], row["approved_by"], row["milestones"]) == ("历史遗留", "分管领导", "6月勘察")
    assert row["cleared_on"] == DAY(2023, 7, 1)


def test_an_extension_has_its_own_moments(store, any_home, clerk, leader, clock):
    made = store.proposals.propose(
        clerk,
        "extend",
        "P001",
        place(),
        "等待配件",
        {"new_due_at": dt.datetime(2023, 7, 10, 18)},
        VIEW,
        at=dt.datetime(2023, 7, 3, 9),
    )
    with pytest.raises(Refused, match="晚于现在"):
        store.proposals.approve(leader, made.id, 1, at=dt.datetime(2023, 7, 4, 10, 1))
    with pytest.raises(Refused, match="早于"):
        store.proposals.approve(leader, made.id, 1, at=dt.datetime(2023, 7, 2))
    store.proposals.approve(leader, made.id, 1, at=dt.datetime(2023, 7, 3, 15))
    store.proposals.export()
    row = held(any_home, "extend")
    assert row["applied_at"] == dt.datetime(2023, 7, 3, 9) and row["approved_at"] == dt.datetime(2023, 7, 3, 15)
    assert row["new_due_at"] == dt.datetime(2023, 7, 10, 18)


def test_grounds_are_masked_in_the_store_and_in_the_lake(quick, tmp_home, clerk, leader):
    made = excluded(quick, clerk, grounds="来电13812345678，恶意反映")
    quick.proposals.approve(leader, made.id, 1)
    quick.proposals.export()
    assert made.grounds == held(tmp_home)["evidence"] == "来电〔电话〕，恶意反映"


def test_a_batch_withdrawn_by_hand_stays_withdrawn(quick, tmp_home, clerk, leader):
    made = excluded(quick, clerk)
    approved = quick.proposals.approve(leader, made.id, 1)
    [done] = quick.proposals.export()
    Lake(tmp_home).withdraw(done.batch, "管理员")
    assert quick.proposals.export() == ()
    assert quick.proposals.list(clerk.viewer)["withdrawn"].tolist() == [True]
    with pytest.raises(Refused, match=f"批次 {done.batch} 已被撤回.*请先撤销 {made.id}，再重新提请"):
        excluded(quick, clerk)
    quick.proposals.revoke(leader, made.id, approved.version, "误批")
    assert quick.proposals.export() == ()
    again = excluded(quick, clerk)
    assert quick.proposals.approve(leader, again.id, 1).state == "approved"


def test_what_was_revoked_before_it_was_exported_never_reaches_the_lake(quick, tmp_home, clerk, leader):
    made = excluded(quick, clerk)
    quick.proposals.revoke(leader, made.id, quick.proposals.approve(leader, made.id, 1).version, "误批")
    assert quick.proposals.export() == () and not Lake(tmp_home).batches(withdrawn=True)


def test_the_fact_is_in_the_build_and_gone_after_it_was_revoked(quick, tmp_home, clerk, leader, clock, tmp_path):
    def facts():
        build(tmp_home)
        with duckdb.connect(str(Snapshots(tmp_home).current().file), read_only=True) as snapshot:
            return snapshot.execute("select petition_id, reason_code from fct_exclusion").fetchall()

    file = tmp_path / "petitions.csv"
    file.write_text("工单编号,创建时间,渠道\nP001,2023-07-04 09:00:00,热线\n", encoding="utf-8")
    run_import(file, mapping_for_template(table("petition")), tmp_home)
    made = excluded(quick, clerk)
    approved = quick.proposals.approve(leader, made.id, 1)
    quick.proposals.export()
    assert facts() == [("P001", "恶意重复")]
    quick.proposals.revoke(leader, made.id, approved.version, "误批")
    quick.proposals.export()
    assert facts() == []


EXPORTING = """
import sys
from minxin.operations import Store
from minxin.settings import home
with Store.open(home()) as store:
    print("ready", flush=True)
    store.proposals.export()
print("done", flush=True)
"""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_an_export_killed_again_and_again_brings_every_approval_once(any_home, store, clerk, leader, clock):
    """Killed at random moments until a run gets to its end; two approvals are revoked meanwhile."""
    many = 8
    made = [excluded(store, clerk, f"P{n:03d}") for n in range(many)]
    approved = [store.proposals.approve(leader, each.id, 1) for each in made]
    draw = random.Random(7)
    kills = 0
    for attempt in range(200):
        process = subprocess.Popen(
            [sys.executable, "-c", EXPORTING],
            cwd=ROOT,
            env=support.environment(any_home.path) | {SETTING: os.environ.get(SETTING, "")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdout is not None and process.stdout.readline().strip() == b"ready"
        if attempt < 5:
            time.sleep(draw.uniform(0.02, 0.9))
            process.kill()
            kills += process.wait() != 0
            process.communicate()
            if attempt == 2:
                for n in (0, many - 1):
                    store.proposals.revoke(leader, made[n].id, approved[n].version, "误批")
        else:
            out, err = process.communicate(timeout=300)
            assert process.returncode == 0 and b"done" in out, err.decode("utf-8", "replace")
            break
    assert kills >= 3
    by_source = {}
    for batch in Lake(any_home).batches(withdrawn=True):
        assert batch.source not in by_source
        assert (batch.rows, batch.accepted) == (1, 1)
        by_source[batch.source] = batch
    in_force = [batch for batch in by_source.values() if not batch.withdrawn]
    assert len(in_force) == many - 2
    for n in range(many):
        assert (held(any_home, "exclude", f"P{n:03d}") is None) == (n in (0, many - 1))
    # The store knows of every batch, also of those whose exporter died right after them.
    found = store.proposals.list(leader.viewer)
    assert set(found.loc[found["state"] == "approved", "batch"]) == {b.batch_id for b in in_force}
    assert store.proposals.export() == ()
