"""``minxin whitelist``: train, apply and describe a white list the way banks check it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from minxin.access import harmless
from minxin.settings import Home, Unusable, in_one_step

if TYPE_CHECKING:
    from minxin.analysis.whitelist import run


#: The model that the page shows unless another is asked for: a bank officer can work it out by hand.
OF_FIRMS = "scorecard"


def register(subparsers: Any) -> None:
    """Add ``whitelist train``, ``whitelist score`` and ``whitelist report`` to the command line."""
    parser = subparsers.add_parser("whitelist", help="训练、使用白名单模型，写出模型卡", description=__doc__)
    actions = parser.add_subparsers(dest="action", metavar="动作", required=True)
    train = actions.add_parser("train", help="用一份已知结果的名单训练评分卡与提升树，并在未见过的行上检验")
    train.add_argument("file", type=Path, help="csv、parquet 或 arff")
    train.add_argument("--target", required=True, metavar="COLUMN", help="结果列，1 为不良，0 为良好")
    how = train.add_mutually_exclusive_group()
    how.add_argument("--folds", type=int, default=10, metavar="K", help="折数，默认 10；完全相同的行不分开")
    how.add_argument("--time-column", default="", metavar="C", help="按这一列的先后划分：用先前的训练，用后来的检验")
    train.add_argument(
        "--group-column", default="", metavar="C", help="企业代码之类的列：这一列相同的行不拆开，也不作变量"
    )
    train.add_argument(
        "--model", choices=["scorecard", "monotone", "free"], default="monotone", help="评分时默认用的模型"
    )
    train.add_argument("--leave-out", action="append", default=[], metavar="COLUMN", help="不作变量的列，可以重复")
    train.add_argument(
        "--variables", type=Path, metavar="FILE", help="变量说明（中文名、专家方向），默认用部署文件夹里的"
    )
    train.add_argument("--population", default="", metavar="TEXT", help="样本是谁，写进模型卡")
    train.add_argument("--out", type=Path, required=True, metavar="DIR", help="模型文件夹")
    train.add_argument("--json", action="store_true", help="输出 JSON")
    train.set_defaults(run=run_train)
    score = actions.add_parser("score", help="给一份名单评分：同样的行、同样的次序，加上概率、分数和原因")
    score.add_argument("folder", type=Path, metavar="dir", help="模型文件夹")
    score.add_argument("file", type=Path, help="csv、parquet 或 arff")
    score.add_argument("--model", choices=["scorecard", "monotone", "free"], help="换用另一个模型")
    score.add_argument("--out", type=Path, required=True, metavar="FILE", help="csv 或 parquet")
    score.set_defaults(run=run_score)
    firms = actions.add_parser("firms", help="用快照里到期的信易贷贷款训练，供「信易贷与白名单」页使用")
    firms.add_argument("--model", choices=["scorecard", "monotone", "free"], default=OF_FIRMS, help="页面所用的模型")
    firms.add_argument("--json", action="store_true", help="输出 JSON")
    firms.set_defaults(run=run_firms)
    report = actions.add_parser("report", help="写出给银行看的模型卡（网页、文档与纯文本）")
    report.add_argument("folder", type=Path, metavar="dir", help="模型文件夹")
    report.set_defaults(run=run_report)


def run_train(args: argparse.Namespace) -> int:
    """Train, test and write the folder; 2 for a file or column that cannot be used."""
    from minxin.analysis.whitelist import run, variables

    if args.out.exists() and not args.out.is_dir():
        raise Unusable(f"{args.out.name} 已是一个文件，请为 --out 另选文件夹。")
    wanted = run.Wanted(
        args.target, args.folds, args.time_column, args.model, args.population, tuple(args.leave_out), args.group_column
    )
    trained = run.train(args.file, wanted, variables.load(args.variables), _say)
    run.keep(args.out, trained)
    return _told(trained, args.json)


def run_firms(args: argparse.Namespace) -> int:
    """Train on the snapshot's loans and keep the model and its card in the home; 1 while nothing is published."""
    from minxin import settings

    return _told(train_firms(settings.home().open(), args.model, _say), args.json)


def train_firms(home: Home, model: str, say: Callable[[str], None]) -> run.Trained:
    """The model of the page 信易贷与白名单 and its card, kept in the home.

    Refused where nothing is published or no loan has come to its end, Unusable where too few have.
    """
    from minxin import access, queries, settings
    from minxin.analysis.whitelist import card, firms, run, variables
    from minxin.exports import card_files

    asked = queries.current(home)
    if asked is None:
        raise settings.Refused("尚无已发布的数据；请先运行 minxin demo 或 minxin import 与 minxin build。")
    viewer = access.Viewer.local(settings.deployment())

    def ask(block: str, **given: Any) -> pd.DataFrame:
        return asked.run(block, viewer, **given)

    trained = firms.train(ask, variables.load(), model, say)
    run.keep(firms.folder(home), trained)
    card_files.write(firms.folder(home), card.card(trained.folder))
    return trained


def _told(trained: run.Trained, as_json: bool) -> int:
    for remark in trained.remarks:
        _say(remark)
    about = trained.folder.about
    if as_json:
        kept = ("target", "rows", "bad", "folds", "time_column", "group_column", "cut",
                "rows_seen", "same_rows", "seed", "compared")  # fmt: skip
        text = json.dumps(
            {"models": about["measures"], "model": about["model"], **{k: about[k] for k in kept}},
            ensure_ascii=False,
            indent=2,
        )
    else:
        text = _table(about)
    sys.stdout.write(text + "\n")
    return 0


def run_score(args: argparse.Namespace) -> int:
    """Score a file; 2 where it lacks what the model needs."""
    from minxin.analysis.whitelist import files, measures, run

    if args.out.suffix.lower() not in (".csv", ".parquet"):
        raise Unusable(f"结果文件 {args.out.name} 应以 .csv 或 .parquet 结尾。")
    result, shift, remarks = run.score(files.load(args.folder), args.file, args.model or "")
    try:
        _write(result, args.out)
    except OSError as error:
        raise Unusable(f"无法写入 {args.out.name}，请核对路径与权限。") from error
    for remark in remarks:
        _say(remark)
    _say(f"与训练样本相比，分数分布 PSI 为 {shift:.3f}，{measures.psi_word(shift)}。")
    sys.stdout.write(f"已评分 {len(result)} 行，写入 {args.out.name}；推荐名单供参考，由银行自主审批。\n")
    return 0


def run_report(args: argparse.Namespace) -> int:
    """Write the model card beside the model."""
    from minxin.analysis.whitelist import card, files
    from minxin.exports import card_files

    held = files.load(args.folder)
    try:
        made = card.card(held)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise Unusable(f"{args.folder.name} 里的 {files.MODEL} 缺少模型卡要写的内容，请重新训练。") from error
    written = card_files.write(args.folder, made)
    sys.stdout.write("模型卡已写入：" + "、".join(written) + "\n")
    return 0


def _write(result: pd.DataFrame, out: Path) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    with in_one_step(out) as (part,):
        if out.suffix.lower() == ".parquet":
            result.to_parquet(part, index=False)
        else:
            # With a mark of order, so that a spreadsheet reads the Chinese reasons, and nothing that it would run.
            result = result.rename(columns=harmless)
            for name in result:
                if not pd.api.types.is_numeric_dtype(result[name]):
                    result[name] = result[name].map(harmless)
            result.to_csv(part, index=False, encoding="utf-8-sig", lineterminator="\n")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _table(about: dict[str, Any]) -> str:
    """The measures as lines for people."""
    from minxin.analysis.whitelist import measures, training

    how = f"{about['folds']} 折" if about["folds"] else f"按 {about['time_column']} 划分，{about['cut']} 起为检验"
    lines = [
        f"{about['file']}：{about['rows']} 行，不良 {about['bad']} 行；{how}；以下均在未见过的行上测得。",
        "模型\tAUC\t95%区间\tKS\tBrier技巧\t校准斜率\t校准截距\tECE\tPSI",
    ]
    for name, m in about["measures"].items():
        lines.append(
            f"{training.MODELS[name]}\t{m['auc']:.4f}\t{m['auc_low']:.4f}—{m['auc_high']:.4f}\t{m['ks']:.3f}\t"
            f"{m['brier_skill']:.3f}\t{m['calibration_slope']:.2f}\t{m['calibration_intercept']:.2f}\t{m['ece']:.4f}\t"
            f"{m['psi']:.3f}（{measures.psi_word(m['psi'])}）"
        )
    return "\n".join(lines)
