"""``minxin demo`` from nothing to published, again, and where it must not."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from minxin import access, queries
from minxin.__main__ import main
from minxin.analysis.whitelist import boosting, files, firms, training
from minxin.settings import Home
from minxin.warehouse.build import build
from minxin.warehouse.lake import Lake


def statuses(home: Home) -> dict[str, str]:
    asked = queries.current(home)
    assert asked is not None
    frame = asked.run("published.check", access.Viewer.local(home.deployment))
    return dict(zip(frame["id"], frame["status"], strict=True))


def test_twice_is_like_once(tmp_home: Home, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--subject", "petitions", "--petitions", "13000", "--json"]) == 0
    first = json.loads(capfd.readouterr().out)
    assert main(["demo", "--subject", "petitions", "--petitions", "13000", "--json"]) == 0
    second = json.loads(capfd.readouterr().out)
    assert first["petitions"] == second["petitions"] == 13_000
    assert (first["as_of"], second["as_of"]) == ("2023-07-04 00:00:00",) * 2
    assert [m.batch_id for m in Lake(tmp_home).batches()] == [second["batch"]]
    assert tmp_home.kind == "demo"
    found = statuses(tmp_home)
    assert set(found.values()) == {"reproduced", "quoted"}
    assert all(found[f"X01.{name}"] == "reproduced" for name in ("total", "complaint", "consult", "other", "closed"))
    _one_more(tmp_home)
    build(tmp_home)
    changed = statuses(tmp_home)
    assert {name for name in changed if changed[name] != found[name]} == {
        f"X01.{name}" for name in ("total", "complaint", "closed", "followed")
    }
    assert changed["X01.total"] == "wrong"


def _one_more(home: Home) -> None:
    """A batch with one more complaint of the mailbox, closed and followed up."""
    source = Lake(home).files("petition")
    row = duckdb.execute(
        "select * replace ('XX2023070399999' as petition_id,"
        " cast(md5_number('XX2023070399999') >> 64 as ubigint) as _key)"
        f" from read_parquet({source!r}, hive_partitioning = false)"
        " where channel = '信箱' and kind = '投诉' and followup_at is not null and created_at >= '2023-06-01' limit 1"
    ).df()
    with Lake(home).writer(source="试验", mapping="test", who="test", table="petition") as batch:
        schema = pq.read_schema(source[0])
        pq.write_table(
            pa.Table.from_pandas(row, schema=schema), batch.month_folder("petition", "2023-06") / "part-0.parquet"
        )
        batch.finish(rows=1, accepted=1, replaced=0, repeated=0, rejected=0)


def test_the_subjects_replace_only_themselves(tmp_home: Home, capfd: pytest.CaptureFixture[str]) -> None:
    small = ["--enterprises", "600", "--credit-records", "5000", "--json"]
    assert main(["demo", "--subject", "petitions", "--petitions", "13000", "--json"]) == 0
    petitions = json.loads(capfd.readouterr().out)["batch"]
    assert main(["demo", "--subject", "credit", *small]) == 0
    first = json.loads(capfd.readouterr().out)
    assert [m.batch_id for m in Lake(tmp_home).batches()] == [petitions, first["credit_batch"]]
    assert main(["demo", "--subject", "credit", "--seed", "5", *small]) == 0
    second = json.loads(capfd.readouterr().out)
    assert [m.batch_id for m in Lake(tmp_home).batches()] == [petitions, second["credit_batch"]]


def test_the_white_list_of_the_firms_is_trained_with_them(
    tmp_home: Home, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where enough loans came to their end; with fewer the demo is published all the same and says so."""
    monkeypatch.setattr(boosting, "TREES", 8)
    monkeypatch.setattr(training, "SMALLEST", 5)
    assert main(["demo", "--subject", "credit", "--enterprises", "600", "--credit-records", "2000"]) == 0
    said = capfd.readouterr()
    assert "没有训练白名单模型" in said.out and "没有训练白名单模型：" in said.err
    assert not (firms.folder(tmp_home) / files.MODEL).exists()
    assert main(["demo", "--subject", "credit", "--enterprises", "12000", "--credit-records", "2000"]) == 0
    said = capfd.readouterr()
    assert "没有训练" not in said.out + said.err and "训练白名单模型" in said.err
    held = files.load(firms.folder(tmp_home))
    assert held.about["model"] == "scorecard" and (firms.folder(tmp_home) / files.CARDS[0]).is_file()


def test_a_real_home_is_refused(tmp_home: Home, capfd: pytest.CaptureFixture[str]) -> None:
    tmp_home.open(kind="real")
    assert main(["demo", "--petitions", "12500"]) == 1
    assert "真实数据" in capfd.readouterr().err
    assert Lake(tmp_home).batches() == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["--petitions", "0"],
        ["--seed", "-1"],
        ["--enterprises", "3"],
        ["--credit-records", "-1"],
        ["--subject", "petitions", "--enterprises", "1000"],
        ["--subject", "credit", "--petitions", "20000"],
    ],
)
def test_unusable_arguments(tmp_home: Home, capfd: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert main(["demo", *arguments]) == 2
    assert capfd.readouterr().err.count("\n") == 1
    assert tmp_home.kind is None


def test_a_simulation_that_fails_leaves_the_earlier_one(
    tmp_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from minxin.demo import simulate

    first = simulate.simulate(tmp_home, 12_500)

    def stop(share: float, text: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate.simulate(tmp_home, 12_500, progress=stop)
    assert [m.batch_id for m in Lake(tmp_home).batches()] == [first.batch_id]
