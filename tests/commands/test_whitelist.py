"""``minxin whitelist``: what is scored is what was tested, the card says what it must, faults are one line each."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from minxin.analysis.whitelist import boosting, reading, training
from tests.analysis.test_whitelist import sample
from tests.support import ROOT, environment, here


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Fewer trees and inner folds; on the real file enough to say what the manual says."""
    monkeypatch.setattr(training, "INNER", 3)
    monkeypatch.setattr(boosting, "TREES", 60 if "inputs" in request.fixturenames else 12)


def written(path: Path, rows: int = 700, **more: object) -> Path:
    frame, y = sample(rows)
    frame = frame.assign(bad=y.astype(int), month=np.repeat(["2022-01", "2022-02", "2022-03", "2022-04"], rows // 4))
    frame.assign(**more).to_csv(path, index=False)
    return path


def trained(file: Path, out: Path, *more: str) -> dict:
    done = here("whitelist", "train", file, "--target", "bad", "--out", out, "--json", *more)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_three_models_are_measured_side_by_side(tmp_path: Path) -> None:
    file = written(tmp_path / "a.csv")
    said = trained(file, tmp_path / "m", "--folds", "4", "--leave-out", "month")
    assert set(said["models"]) == {"scorecard", "monotone", "free"}
    for found in said["models"].values():
        assert {"auc", "auc_low", "auc_high", "ks", "ece", "brier_skill", "calibration_slope", "psi"} <= set(found)
        assert 0.5 < found["auc_low"] < found["auc"] < found["auc_high"] < 1
        assert found["n"] == 700
    again = trained(file, tmp_path / "n", "--folds", "4", "--leave-out", "month")
    assert again == said, "the same file gives the same figures"
    assert (tmp_path / "m" / "model.json").read_bytes() == (tmp_path / "n" / "model.json").read_bytes()


def test_scoring_a_fold_never_seen_gives_what_was_stored_of_it(tmp_path: Path) -> None:
    file = written(tmp_path / "a.csv")
    trained(file, tmp_path / "all", "--folds", "5", "--leave-out", "month")
    held = pq.read_table(tmp_path / "all" / "out_of_fold.parquet").to_pandas()
    frame = pd.read_csv(file)
    frame[held["fold"] != 2].to_csv(tmp_path / "nine.csv", index=False)
    frame[held["fold"] == 2].drop(columns="bad").to_csv(tmp_path / "tenth.csv", index=False)
    trained(tmp_path / "nine.csv", tmp_path / "nine", "--folds", "2", "--leave-out", "month")
    for model in training.MODELS:
        out = tmp_path / f"{model}.csv"
        done = here("whitelist", "score", tmp_path / "nine", tmp_path / "tenth.csv", "--model", model, "--out", out)
        assert done.returncode == 0, done.stderr
        scored = pd.read_csv(out)
        assert scored["probability"].to_numpy() == pytest.approx(held.loc[held["fold"] == 2, model].to_numpy(), abs=0)


def test_scores_keep_rows_order_and_other_columns(tmp_path: Path) -> None:
    file = written(tmp_path / "a.csv")
    trained(file, tmp_path / "m", "--folds", "2", "--leave-out", "month")
    given = pd.read_csv(file).iloc[::-1].head(50).assign(uscc=[f"9199{i}" for i in range(50)])
    given.to_parquet(tmp_path / "b.parquet", index=False)
    for ending in ("csv", "parquet"):
        out = tmp_path / f"out.{ending}"
        done = here("whitelist", "score", tmp_path / "m", tmp_path / "b.parquet", "--out", out)
        assert done.returncode == 0, done.stderr
        scored = pd.read_csv(out, dtype={"uscc": str}) if ending == "csv" else pd.read_parquet(out)
        assert scored["uscc"].tolist() == given["uscc"].tolist()
        assert scored["probability"].between(0, 1).all()
        assert (scored.sort_values("probability")["points"].diff().dropna() <= 0).all()
        assert scored["reasons"].fillna("").str.split("；").str.len().max() <= 4
    assert "PSI" in done.stderr and "银行自主审批" in done.stdout


CODES = ["91410600{i:010d}", "00{i:02d}", "1.50", " 两边 空格 ", "NA", "?", "", "-3.5", "+86 138", "=HYPERLINK(1)"]


def test_columns_of_no_use_are_carried_through_as_they_stand(tmp_path: Path) -> None:
    """From each kind of file, in train and in score; only what a spreadsheet would run is marked, in CSV only."""
    file = written(tmp_path / "a.csv")
    rows = pd.read_csv(file, dtype=str, keep_default_na=False)
    codes = pd.DataFrame({f"c{n}": [text.format(i=i) for i in range(700)] for n, text in enumerate(CODES)})
    # Two of three are digits: neither numbers nor words.
    codes["mixed"] = [f"9141{i:010d}" if i % 3 else f"91MA{i:010d}" for i in range(700)]
    pd.concat([rows, codes], axis=1).to_csv(file, index=False)
    out = [part for name in ("month", *codes) for part in ("--leave-out", name)]
    trained(file, tmp_path / "m", "--folds", "2", *out)
    for ending in ("csv", "parquet"):
        scored = tmp_path / f"s.{ending}"
        done = here("whitelist", "score", tmp_path / "m", file, "--out", scored)
        assert done.returncode == 0 and "模型不用的列原样保留" in done.stderr, done.stderr
    as_csv = pd.read_csv(tmp_path / "s.csv", dtype=str, keep_default_na=False)
    marked = {"c8": "'+86 138", "c9": "'=HYPERLINK(1)"}
    assert as_csv[[*codes]].equals(codes.assign(**marked).astype(as_csv["c0"].dtype))
    as_parquet = pd.read_parquet(tmp_path / "s.parquet")
    assert as_parquet[[*codes]].fillna("").astype(object).equals(codes.astype(object))
    assert as_parquet["probability"].to_numpy() == pytest.approx(as_csv["probability"].astype(float).to_numpy())


def test_a_formula_in_a_heading_or_a_variable_is_not_run_either(tmp_path: Path) -> None:
    file = written(tmp_path / "a.csv", **{"=cmd()": 1.5})
    frame = pd.read_csv(file).replace({"kind": {"甲": "=1+1"}})
    frame.to_csv(file, index=False)
    trained(file, tmp_path / "m", "--folds", "2", "--leave-out", "month")
    assert here("whitelist", "score", tmp_path / "m", file, "--out", tmp_path / "s.csv").returncode == 0
    scored = pd.read_csv(tmp_path / "s.csv")
    assert "'=cmd()" in scored and set(scored["kind"]) == {"'=1+1", "乙", "丙"}
    assert scored["debt"].tolist() == frame["debt"].tolist() and scored["debt"].min() < 0


def test_arff_carries_codes_through(tmp_path: Path) -> None:
    file = written(tmp_path / "a.csv")
    trained(file, tmp_path / "m", "--folds", "2", "--leave-out", "month")
    rows = "".join(f"{i / 9},{-i / 7},0.5,甲,00{i},914106000000000{i:03d}\n" for i in range(5))
    (tmp_path / "b.arff").write_text(
        "@relation r\n@attribute debt numeric\n@attribute profit numeric\n@attribute noise numeric\n"
        "@attribute kind {甲,乙,丙}\n@attribute short numeric\n@attribute uscc numeric\n@data\n" + rows,
        encoding="utf-8",
    )
    assert here("whitelist", "score", tmp_path / "m", tmp_path / "b.arff", "--out", tmp_path / "s.csv").returncode == 0
    scored = pd.read_csv(tmp_path / "s.csv", dtype=str)
    assert scored["short"].tolist() == [f"00{i}" for i in range(5)]
    assert scored["uscc"].tolist() == [f"914106000000000{i:03d}" for i in range(5)]


def test_whole_numbers_that_no_float_holds_are_codes(tmp_path: Path) -> None:
    """In a text file they are left out with a remark, in Parquet refused; left out or unused they are no matter."""
    codes = [91410600000000000 + i for i in range(700)]
    text = written(tmp_path / "a.csv", uscc=codes)
    done = here(
        "whitelist", "train", text, "--target", "bad", "--folds", "2", "--leave-out", "month", "--out", tmp_path / "m"
    )
    assert done.returncode == 0 and "“uscc”几乎行行不同，看作编号" in done.stderr
    wide = tmp_path / "b.parquet"
    table = pa.table(pd.read_csv(text).drop(columns=["month", "uscc"]).to_dict("list"))
    for kind, begin in ((pa.int64(), 91410600000000000), (pa.uint64(), 2**63 + 1)):
        held = [begin + i if i else None for i in range(700)]
        pq.write_table(
            table.append_column("编号", pa.array(held, kind)).append_column(
                "l", pa.array(["=x"] * 700, pa.string_view())
            ),
            wide,
        )
        train = ("train", wide, "--target", "bad", "--folds", "2", "--leave-out", "l")
        assert "“编号”列有 16 位以上的整数" in line(*train, "--out", tmp_path / "no")
        trained(wide, tmp_path / "n", "--folds", "2", "--leave-out", "编号", "--leave-out", "l")
        trained(wide, tmp_path / "g", "--folds", "2", "--group-column", "编号", "--leave-out", "l")
        for ending in ("parquet", "csv"):
            out = tmp_path / f"s.{ending}"
            assert here("whitelist", "score", tmp_path / "n", wide, "--out", out).returncode == 0
        scored = pq.read_table(tmp_path / "s.parquet").column("编号")
        assert scored.type == kind and scored.to_pylist() == held
        as_csv = pd.read_csv(tmp_path / "s.csv", dtype=str, keep_default_na=False)
        assert set(as_csv["l"]) == {"'=x"}
        assert as_csv["编号"].tolist() == ["" if code is None else str(code) for code in held]


def test_a_category_of_digits_is_the_same_in_scoring(tmp_path: Path) -> None:
    """Trained on 0012 and words, scored on a file where only 0012 is left."""
    file = written(tmp_path / "a.csv")
    frame = pd.read_csv(file).replace({"kind": {"丙": "0012"}})
    frame.to_csv(file, index=False)
    trained(file, tmp_path / "m", "--folds", "2", "--leave-out", "month")
    one = frame[frame["kind"] == "0012"]
    one.to_csv(tmp_path / "b.csv", index=False)
    for given in ("a", "b"):
        out = tmp_path / f"s{given}.csv"
        assert here("whitelist", "score", tmp_path / "m", tmp_path / f"{given}.csv", "--out", out).returncode == 0
    whole, part = (pd.read_csv(tmp_path / f"s{given}.csv", dtype={"kind": str}) for given in ("a", "b"))
    assert part["kind"].tolist() == ["0012"] * len(one)
    assert part["probability"].tolist() == whole.loc[whole["kind"] == "0012", "probability"].tolist()


def test_later_rows_are_tested_and_earlier_ones_trained_on(tmp_path: Path) -> None:
    said = trained(written(tmp_path / "a.csv", 1200), tmp_path / "m", "--time-column", "month")
    assert said["cut"] == "2022-04" and said["rows_seen"] == 900
    held = pq.read_table(tmp_path / "m" / "out_of_fold.parquet").to_pandas()
    assert (held["fold"] == 0).sum() == 300 and held.loc[held["fold"] < 0, "free"].isna().all()
    scored = tmp_path / "s.parquet"
    here("whitelist", "score", tmp_path / "m", tmp_path / "a.csv", "--out", scored)
    assert pd.read_parquet(scored)["probability"].to_numpy()[-300:] == pytest.approx(
        held["monotone"].to_numpy()[-300:], abs=0
    )


def test_months_without_a_zero_are_tested_in_their_order(tmp_path: Path) -> None:
    months = np.repeat([f"2023年{n}月" for n in range(1, 13)], 100)
    said = trained(written(tmp_path / "a.csv", 1200, month=months), tmp_path / "m", "--time-column", "month")
    assert said["cut"] == "2023年10月" and said["rows_seen"] == 900
    months[700] = "10月"
    file = written(tmp_path / "b.csv", 1200, month=months)
    found = line("train", file, "--target", "bad", "--time-column", "month", "--out", tmp_path / "n")
    assert "“month”第 701 个数据行写着“10月”" in found and "分不出先后" in found


def test_rows_of_a_firm_are_never_divided(tmp_path: Path) -> None:
    """Six rows of each firm, alike but for a hair, with an outcome by chance: out of fold nothing is foretold."""
    draw = np.random.default_rng(8)
    frame = pd.DataFrame({n: np.repeat(draw.normal(size=120), 6) + draw.normal(size=720) / 1e6 for n in "abc"})
    frame["firm"] = np.repeat([f"企业{n}" for n in range(120)], 6)
    frame["bad"] = np.repeat((draw.random(120) < 0.4).astype(int), 6)
    frame["month"] = np.tile(["2022-01", "2022-02", "2022-03", "2022-04", "2022-05", "2022-06"], 120)
    frame.loc[frame.index // 6 % 2 == 0, "month"] = "2022-01"
    frame.to_csv(tmp_path / "a.csv", index=False)
    said = trained(tmp_path / "a.csv", tmp_path / "m", "--folds", "4", "--leave-out", "month", "--group-column", "firm")
    assert said["group_column"] == "firm" and said["same_rows"] == 0
    assert said["models"]["free"]["auc_low"] < 0.55
    held = pq.read_table(tmp_path / "m" / "out_of_fold.parquet").to_pandas()
    assert (held.groupby(frame["firm"])["fold"].nunique() == 1).all()
    assert "“firm”相同的行（同一企业）" in card_of(tmp_path / "m")
    later = trained(tmp_path / "a.csv", tmp_path / "t", "--time-column", "month", "--group-column", "firm")
    assert later["cut"] == "2022-06" and later["rows_seen"] == 360, "a firm lies where its last row does"
    assert "没有“企业”列" in line(
        "train", tmp_path / "a.csv", "--target", "bad", "--group-column", "企业", "--out", tmp_path / "x"
    )


def card_of(folder: Path) -> str:
    assert here("whitelist", "report", folder).returncode == 0
    return (folder / "card.md").read_text(encoding="utf-8")


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of files there")
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_result_that_cannot_be_written_whole_is_not_written(ending: str, tmp_path: Path) -> None:
    file = written(tmp_path / "a.csv")
    trained(file, tmp_path / "m", "--folds", "2", "--leave-out", "month")
    (tmp_path / "to").mkdir()
    out = tmp_path / "to" / f"scored.{ending}"
    out.write_text("of yesterday", encoding="utf-8")
    # The kernel lets nobody write more than 4 KB into a file, as on a full disk.
    small = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)); import runpy, sys; "
    run = f"{small}sys.argv[0] = 'minxin'; runpy.run_module('minxin', run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-c", run, "whitelist", "score", tmp_path / "m", file, "--out", out],
        cwd=ROOT, env=environment(tmp_path / "home"), capture_output=True, text=True, encoding="utf-8", timeout=120,
    )  # fmt: skip
    assert done.returncode == 2 and f"无法写入 scored.{ending}" in done.stderr, done.stderr
    assert out.read_text(encoding="utf-8") == "of yesterday" and [f.name for f in out.parent.iterdir()] == [out.name]


def test_the_card_says_what_a_bank_must_know(tmp_path: Path) -> None:
    trained(written(tmp_path / "a.csv"), tmp_path / "m", "--folds", "2", "--leave-out", "month")
    done = here("whitelist", "report", tmp_path / "m")
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "m" / "card.md").read_text(encoding="utf-8")
    for must in ("银行自主审批", "没有检验过的对象", "拒绝推断", "WOE", "申诉", "95% 区间", "斜率", "PSI", "原因代码"):
        assert must in text, must
    page = (tmp_path / "m" / "card.html").read_text(encoding="utf-8")
    assert "http" not in page and "<script" not in page
    assert (tmp_path / "m" / "card.docx").read_bytes()[:2] == b"PK"


def test_a_hostile_column_name_stays_text_in_the_card(tmp_path: Path) -> None:
    frame, y = sample(400)
    frame.rename(columns={"debt": "<img src=x onerror=1>|a"}).assign(bad=y).to_csv(tmp_path / "a.csv", index=False)
    trained(tmp_path / "a.csv", tmp_path / "m", "--folds", "2")
    here("whitelist", "report", tmp_path / "m")
    assert "<img" not in (tmp_path / "m" / "card.html").read_text(encoding="utf-8")


# ── what cannot be used ─────────────────────────────────────────────────────────────────────────


def line(*arguments: object) -> str:
    done = here("whitelist", *map(str, arguments))
    assert done.returncode == 2, (done.returncode, done.stdout, done.stderr)
    said = [t for t in done.stderr.splitlines() if t and not t.startswith("第 ")]
    assert len(said) == 1 and not done.stdout
    return said[0]


HEAD = "a,b,bad\n"
GOOD = "".join(f"{i % 7},{i % 5},{int(i % 3 == 0)}\n" for i in range(200))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", "", "空的"),
        ("a.csv", HEAD, "没有数据行"),
        ("a.csv", "a,b,good\n" + GOOD, "没有“bad”列"),
        ("a.csv", HEAD + GOOD + "1,2,\n", "目标列“bad”第 201 个数据行是空的"),
        ("a.csv", HEAD + GOOD + "1,2,7\n", "有 3 种取值"),
        ("a.csv", HEAD + GOOD.replace(",1\n", ",0\n"), "只有一种取值"),
        ("a.csv", HEAD + GOOD + "1,x,0\n", "第 202 行“b”写着“x”"),
        ("a.csv", HEAD + GOOD + "1,inf,0\n", "无穷大"),
        ("a.csv", HEAD + GOOD + "1,1e999,0\n", "无穷大"),
        ("a.csv", HEAD + GOOD + "1,2\n", "第 202 行有 2 列"),
        ("a.csv", "a,a,bad\n" + GOOD, "不止一次"),
        ("a.csv", "年龄,b,bad\n" + GOOD, "个人属性"),
        ("a.csv", HEAD + "1,2,0\n" * 100 + "1,2,1\n" * 5, "至少要"),
        ("a.csv", HEAD + "1,2,0\n" * 100 + "1,2,1\n" * 100, "没有可用的变量"),
        ("a.csv", HEAD + GOOD.replace(",1\n", ",红\n").replace(",0\n", ",蓝\n"), "请改写为"),
        ("a.arff", "@relation r\n@attribute a numeric\n", "@data"),
        ("a.arff", "@relation r\n@attribute a date\n@data\n1\n", "只支持数值与枚举"),
        ("a.arff", "@relation r\n@attribute a numeric\n@attribute bad {0,1}\n@data\n1,0,3\n", "第 5 行有 3 个值"),
        ("a.arff", "@relation r\n@attribute a numeric\n@attribute bad {0,1}\n@data\n{0 1}\n", "稀疏"),
        ("a.csv", HEAD + "1,2,0\n1,2,1\n2,2,0\n" * 40, "彼此不同的行太少"),
        ("a.arff", "@attribute a string\n@attribute bad {0,1}\n@data\n'x\ny',1\n", "没配对的引号"),
        ("a.parquet", "not parquet", "不是完整的 parquet"),
        ("a.xlsx", "x", "不认识"),
    ],
)
def test_what_cannot_be_trained_on_is_named_in_one_line(name: str, content: str, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert said in line("train", tmp_path / name, "--target", "bad", "--out", tmp_path / "m")
    assert not (tmp_path / "m").exists()


def test_wrong_questions_are_named_in_one_line(tmp_path: Path) -> None:
    file = written(tmp_path / "a.csv")
    assert "折数" in line("train", file, "--target", "bad", "--folds", "1", "--out", tmp_path / "m")
    assert "没有“”列" in line("train", file, "--target", "", "--out", tmp_path / "m")
    assert "找不到" in line("train", tmp_path / "none.csv", "--target", "bad", "--out", tmp_path / "m")
    assert "分不出先后" in line(
        "train", written(tmp_path / "c.csv", when="2022"), "--target", "bad", "--time-column", "when", "--out",
        tmp_path / "m",
    )  # fmt: skip
    assert "已是一个文件" in line("train", file, "--target", "bad", "--out", file)
    assert "没有 model.json" in line("score", tmp_path, file, "--out", tmp_path / "o.csv")
    trained(file, tmp_path / "m", "--folds", "2", "--leave-out", "month")
    pd.read_csv(file).drop(columns="debt").to_csv(tmp_path / "b.csv", index=False)
    assert "缺少模型需要的列：debt" in line("score", tmp_path / "m", tmp_path / "b.csv", "--out", tmp_path / "o.csv")
    assert "应以 .csv 或 .parquet" in line("score", tmp_path / "m", file, "--out", tmp_path / "o.xlsx")
    pd.read_csv(file).assign(debt="很多").to_csv(tmp_path / "d.csv", index=False)
    assert "应为数" in line("score", tmp_path / "m", tmp_path / "d.csv", "--out", tmp_path / "o.csv")


def test_arff_with_marks_of_missing_and_nominal_values_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.arff").write_text(
        "% remark\n@relation 'r'\n@attribute 'a b' numeric\n@ATTRIBUTE kind {'甲, 乙',丙}\n@attribute bad {0,1}\n"
        "@data\n1.5,'甲, 乙',0\n?,丙,1\n% remark\n-2e-3,?,0\n",
        encoding="utf-8",
    )
    frame = reading.read(tmp_path / "a.arff")
    assert frame.columns.tolist() == ["a b", "kind", "bad"]
    assert frame["a b"].tolist()[::2] == [1.5, -0.002] and np.isnan(frame["a b"][1])
    assert frame["kind"].tolist() == ["甲, 乙", "丙", None] and frame["bad"].tolist() == [0, 1, 0]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_real_file_of_bankruptcies(inputs: Path, tmp_path: Path) -> None:
    """Fewer folds than the manual's ten: the models of half the firms each are a little weaker."""
    file = inputs / "credit" / "polish_1year.arff"
    done = here("whitelist", "train", file, "--target", "bankruptcy", "--folds", "3", "--out", tmp_path / "m", "--json")
    assert done.returncode == 0, done.stderr
    models = json.loads(done.stdout)["models"]
    assert models["free"]["auc"] > 0.94
    assert models["monotone"]["auc"] > models["free"]["auc"] - 0.04
    assert models["scorecard"]["auc"] > models["free"]["auc"] - 0.08
    for found in models.values():
        assert found["brier_skill"] > 0
        assert 0.8 <= found["calibration_slope"] <= 1.2


def test_a_changed_model_is_named_in_one_line(tmp_path: Path) -> None:
    trained(written(tmp_path / "a.csv"), tmp_path / "m", "--folds", "2", "--leave-out", "month")
    file = tmp_path / "m" / "model.json"
    good = file.read_text(encoding="utf-8")

    def changed(*place: str | int, to: object) -> None:
        held = json.loads(good)
        at = held
        for step in place[:-1]:
            at = at[step]
        at[place[-1]] = to
        file.write_text(json.dumps(held), encoding="utf-8")

    for place, value in (
        (("about",), {}),
        (("about", "model"), "other"),
        (("models", 1, "core", "left", 0), 10**30),
        (("models", 1, "core", "baseline"), float("nan")),
        (("models", 1, "expected", 0), -5),
        (("models", 0, "calibration", "slope"), 1e300),
        (("bins", 0, "woe", 0), 1e300),
    ):
        changed(*place, to=value)
        out = tmp_path / "scored.csv"
        assert "请重新训练" in line("score", tmp_path / "m", tmp_path / "a.csv", "--out", out)
        assert "请重新训练" in line("report", tmp_path / "m")
        assert not out.exists()
    changed("about", "measures", to={})
    assert "请重新训练" in line("report", tmp_path / "m")
    assert not (tmp_path / "m" / "card.html").exists()
