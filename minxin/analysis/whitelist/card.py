"""The model card: what a bank officer must know before using the list, as plain blocks for any medium."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from minxin.analysis.whitelist import boosting, measures, reasons
from minxin.analysis.whitelist.binning import FALLING, RISING, written
from minxin.analysis.whitelist.files import Folder
from minxin.analysis.whitelist.scorecard import SMALLEST_IV, Scorecard
from minxin.analysis.whitelist.training import INNER, MODELS

RECOMMENDED = "推荐名单，银行自主审批"
_TREND = {RISING: "值越高风险越高", FALLING: "值越高风险越低", "": "没有单一方向"}
_INSISTED = {"better": "值越高风险越低", "worse": "值越高风险越高", "": "未提出"}
#: A category with fewer rows was hardly tested.
FEW = 50


@dataclass(frozen=True)
class Block:
    """A part of the card: a heading, sentences under it, and a table where ``head`` has words."""

    title: str
    lines: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    #: A heading of the second order.
    is_part: bool = False


@dataclass(frozen=True)
class Card:
    """The whole card."""

    title: str
    stamp: str
    blocks: tuple[Block, ...]


def card(held: Folder) -> Card:
    """The card of a trained folder."""
    about = held.about
    return Card(
        "白名单模型卡",
        f"{RECOMMENDED}。样本文件 {about['file']}，默认模型为{MODELS[str(about['model'])]}。",
        (
            _summary(about),
            _use(),
            _sample(about),
            _untested(held),
            _measured(about),
            _calibrated(about),
            _stability(about),
            _points(held),
            *_variables(held),
            _monotone(held),
            _codes(held),
            _rights(),
            _again(about),
        ),
    )


def _signed(value: float, places: int = 3) -> str:
    return f"{value:+.{places}f}".replace("-", "−")


def _percent(share: float, places: int = 1) -> str:
    return f"{share * 100:.{places}f}%"


def _summary(about: dict[str, Any]) -> Block:
    name = str(about["model"])
    m = about["measures"][name]
    kept = measures.verdict(m)
    words = kept if kept == "概率与实际相符" else f"{kept}，使用前应再校准"
    return Block(
        "一、结论",
        (
            f"随机取一家不良、一家良好，{MODELS[name]}把不良的排在更危险一侧的可能为 {_percent(m['auc'])}"
            f"（95% 区间 {_percent(m['auc_low'])}—{_percent(m['auc_high'])}），在未参加训练的样本上测得。",
            f"预计平均不良 {_percent(m['predicted'])}，实际 {_percent(m['actual'])}"
            f"（区间 {_percent(m['actual_low'])}—{_percent(m['actual_high'])}）；校准斜率 {m['calibration_slope']:.2f}"
            f"（区间 {m['calibration_slope_low']:.2f}—{m['calibration_slope_high']:.2f}）：{words}。",
            "本模型只给出推荐，不代替审批，也不得单独作为拒绝的依据。",
        ),
    )


def _use() -> Block:
    return Block(
        "二、用途与边界",
        (
            f"用途：从公共信用记录中筛选可向银行推荐的企业。{RECOMMENDED}。",
            "不得用于：自然人；惩戒或列入失信名单；在没有企业授权时查询其信贷信息。",
            "不使用性别、年龄、民族等个人属性，含有这些列的文件不予训练。",
        ),
    )


def _sample(about: dict[str, Any]) -> Block:
    lines = [
        f"样本：{about['rows']} 行，其中不良（{about['target']} = 1）{about['bad']} 行，"
        f"占 {_percent(about['bad'] / about['rows'])}。",
        f"对象：{about['population'] or '训练时未说明样本是谁，使用前请向提供方问明'}。",
    ]
    if about["time_column"]:
        lines.append(
            f"检验方法：按“{about['time_column']}”划分，{about['cut']} 之前的 {about['rows_seen']} 行训练"
            f"（不良 {about['bad_seen']} 行），之后的 {about['rows'] - about['rows_seen']} 行检验；"
            "所存模型只用先前的样本。"
        )
    else:
        lines.append(
            f"检验方法：{about['folds']} 折轮换，每一行都由没有见过它的模型评分；{_together(about)}放在同一折"
            f"（本样本重复 {about['same_rows']} 行）。所存模型用全部样本训练。没有按时间检验，跨年度的表现未知。"
        )
    lines.append(f"概率的校准用训练样本内部 {INNER} 折的折外评分拟合，不用检验样本；{_together(about)}在其中也不拆开。")
    return Block("三、训练样本与检验方法", tuple(lines))


def _together(about: dict[str, Any]) -> str:
    """Which rows are never divided; a folder of an earlier version names no column."""
    same = "完全相同的行"
    return f"“{about['group_column']}”相同的行（同一企业）和{same}" if about.get("group_column") else same


def _untested(held: Folder) -> Block:
    lines = [
        "没有获得授信、因而没有还款结果的企业不在样本中。只看获批企业会高估区分能力，也不能据此推断被拒企业；"
        "没有作拒绝推断。建议银行保留一小部分随机审批的样本，或共享被拒企业的后续结果。",
        "取值超出训练样本 1%—99% 范围的企业（见变量表）很少见过，分数只供参考。",
    ]
    rare = [
        f"{held.knowledge.variable(bins.name).called}为{bins.label(i)}（{n} 行）"
        for bins in held.fitted.bins.values()
        if bins.is_category
        for i, n in enumerate(bins.rows[:-1])
        if 0 < n < FEW
    ]
    if rare:
        lines.append("样本很少、几乎没有检验过的：" + "；".join(rare[:12]) + "。")
    lines.append("训练样本中没有出现过的类别按缺失处理。")
    return Block("四、没有检验过的对象", tuple(lines))


def _measured(about: dict[str, Any]) -> Block:
    rows = []
    for name, m in about["measures"].items():
        rows.append(
            (
                MODELS[name], f"{m['auc']:.3f}", f"{m['auc_low']:.3f}—{m['auc_high']:.3f}", f"{m['gini']:.3f}",
                f"{m['ks']:.3f}", f"{m['brier_skill']:.3f}", f"{m['ece']:.4f}",
            )
        )  # fmt: skip
    lines = [
        "AUC 为区分能力，0.5 相当于抛硬币；KS 为良好与不良分布的最大差距；Brier 技巧大于 0 表示好过一律给平均概率。"
    ]
    for name, c in about["compared"].items():
        far = c["low"] > 0 or c["high"] < 0
        words = "差异显著" if far else "没有显著差异"
        lines.append(
            f"{MODELS[name]}与自由提升树相比，AUC 相差 {_signed(c['difference'])}"
            f"（95% 区间 {_signed(c['low'])} 至 {_signed(c['high'])}，DeLong 检验），{words}。"
        )
    head = ("模型", "AUC", "95% 区间", "Gini", "KS", "Brier 技巧", "校准误差 ECE")
    return Block("五、区分能力（未参加训练的样本）", tuple(lines), head, tuple(rows))


def _calibrated(about: dict[str, Any]) -> Block:
    name = str(about["model"])
    rows = [
        (
            str(r["part"]), str(r["n"]), str(r["bad"]), _percent(r["predicted"], 2), _percent(r["actual"], 2),
            f"{_percent(r['low'], 2)}—{_percent(r['high'], 2)}",
            "相符" if r["low"] <= r["predicted"] <= r["high"] else "有偏差",
        )
        for r in about["reliability"][name]
    ]  # fmt: skip
    slopes = "；".join(
        f"{MODELS[n]}斜率 {m['calibration_slope']:.2f}（{m['calibration_slope_low']:.2f}—"
        f"{m['calibration_slope_high']:.2f}）、截距 {m['calibration_intercept']:.2f}".replace("-", "−")
        for n, m in about["measures"].items()
    )
    lines = (f"把{MODELS[name]}的概率由低到高等分，比较预计与实际。", f"{slopes}；理想为 1 与 0。")
    head = ("组", "企业", "不良", "预计", "实际", "实际的 95% 区间", "判断")
    return Block("六、概率是否可信", lines, head, tuple(rows))


def _stability(about: dict[str, Any]) -> Block:
    rows = tuple((MODELS[n], f"{m['psi']:.3f}", measures.psi_word(m["psi"])) for n, m in about["measures"].items())
    line = (
        f"训练样本与检验样本的分数分布之差（PSI）：小于 {measures.PSI_WATCH:g} 稳定，"
        f"{measures.PSI_SHIFT:g} 以上明显偏移。每次评分都会与训练样本再比一次。"
    )
    return Block("七、稳定性", (line,), ("模型", "PSI", "判断"), rows)


def _points(held: Folder) -> Block:
    model = held.fitted.models["scorecard"]
    core = model.core
    assert isinstance(core, Scorecard)
    start = reasons.OFFSET - reasons.FACTOR * float(
        model.calibration.slope * core.intercept + model.calibration.intercept
    )
    return Block(
        "八、分数",
        (
            f"良好与不良之比为 {reasons.BASE_ODDS:g} 比 1 时为 {reasons.BASE_POINTS:g} 分，"
            f"每多 {reasons.PDO:g} 分，这一比值翻一倍。",
            f"评分卡总分 = 基础分 {start:.0f} + 各变量所在档的分值；下表列出每一档的分值。",
        ),
    )


def _variables(held: Folder) -> Iterable[Block]:
    model = held.fitted.models["scorecard"]
    core = model.core
    assert isinstance(core, Scorecard)
    lows, highs = held.about["low"], held.about["high"]
    chosen = dict(zip(core.names, core.coefficients, strict=True))
    overview = []
    for bins in sorted(held.fitted.bins.values(), key=lambda b: -b.iv):
        known = held.knowledge.variable(bins.name)
        span = f"{written(lows[bins.name])} — {written(highs[bins.name])}" if bins.name in lows else "分类"
        overview.append(
            (
                known.called, f"{bins.iv:.3f}", _strength(bins.iv),
                "分类" if bins.is_category else _TREND[bins.trend],
                _INSISTED[known.direction], "是" if bins.name in chosen else "否", span,
            )
        )  # fmt: skip
    yield Block(
        "九、变量",
        (
            f"信息值（IV）低于 {SMALLEST_IV:g} 的不进评分卡；与更有用的变量几乎相同、或系数方向不合理的也不进。",
            "信息值高于 0.5 的应核对是否含有结果之后才知道的信息。",
        ),
        ("变量", "信息值", "强弱", "样本中的方向", "专家的方向", "进评分卡", "样本 1%—99% 范围"),
        tuple(overview),
    )
    scale = reasons.FACTOR * model.calibration.slope
    for name, coefficient in chosen.items():
        bins = held.fitted.bins[name]
        rows = [
            (
                bins.label(i), str(bins.rows[i]), str(bins.bad[i]),
                _percent(bins.bad[i] / bins.rows[i], 2), _signed(bins.woe[i]),
                _signed(-scale * coefficient * bins.woe[i], 0),
            )
            for i in range(len(bins.rows))
            if bins.rows[i]
        ]  # fmt: skip
        called = held.knowledge.variable(name).called
        named = () if called == name else (f"原列名：{name}",)
        yield Block(called, named, ("取值", "企业", "不良", "不良率", "WOE", "分值"), tuple(rows), is_part=True)


def _strength(iv: float) -> str:
    for limit, word in ((0.02, "无"), (0.1, "弱"), (0.3, "中"), (0.5, "强")):
        if iv < limit:
            return word
    return "很强，应核对"


def _monotone(held: Folder) -> Block:
    core = held.fitted.models["monotone"].core
    assert isinstance(core, boosting.Trees)
    rows = []
    against = []
    for name, direction in zip(core.names, core.directions, strict=True):
        known, bins = held.knowledge.variable(name), held.fitted.bins[name]
        if direction and not bins.is_category:
            word = _TREND[RISING if direction > 0 else FALLING]
            rows.append((known.called, word, "专家" if known.direction else "样本"))
        elif known.direction and not bins.is_category:
            against.append(known.called)
    free = len(core.names) - len(rows)
    lines = [
        f"提升树在 {len(rows)} 个变量上只许单向变化，其余 {free} 个不限。专家提出方向而样本不反对的，从专家；"
        f"专家未提出、样本方向明确且信息值不低于 {boosting.TELLING:g} 的，从样本。",
    ]
    if against:
        lines.append("专家的方向与训练样本相反、因而未加限制，请业务人员核对：" + "、".join(_short(against)) + "。")
    return Block("十、单向限制", tuple(lines), ("变量", "方向", "依据"), tuple(rows))


def _short(names: list[str], most: int = 12) -> list[str]:
    return names[:most] + ([f"等 {len(names)} 个"] if len(names) > most else [])


def _codes(held: Folder) -> Block:
    named = reasons.codes(held.fitted, held.knowledge)
    rows = tuple(
        (r.code, r.high if not held.fitted.bins[n].is_category else r.group.format("…"), r.low if not
         held.fitted.bins[n].is_category else "—", r.missing)
        for n, r in named.items()
    )  # fmt: skip
    return Block(
        "十一、原因代码",
        (
            f"每家企业最多列 {reasons.MOST} 条：某一变量若处在最好的一档，分数能提高多少，提高最多的在前；"
            f"不足 {reasons.SMALLEST:g} 分的不列。",
        ),
        ("代码", "偏高时", "偏低时", "缺失时"),
        rows,
    )


def _rights() -> Block:
    return Block(
        "十二、合规与申诉",
        (
            f"{RECOMMENDED}：是否授信、额度与利率由银行依法自行决定。",
            "向银行推送前须取得企业授权；企业可以要求说明原因、更正数据、不参加自动筛选。",
            "企业对结果有异议的，向信用主管部门提出，核对数据后重新评分；已修复、已到期的信息不再用于评分。",
            "每次使用应留记录：谁、何时、为何、用哪一版模型。",
        ),
    )


def _again(about: dict[str, Any]) -> Block:
    s, v = about["settings"], about["versions"]
    return Block(
        "十三、如何重做",
        (
            f"随机种子 {about['seed']}，提升树 {s['trees']} 棵、步长 {s['rate']:g}、每棵至多 {s['leaves']} 叶；"
            + "、".join(f"{name} {version}" for name, version in v.items())
            + "。同一份文件、同一版程序得到同一个模型。",
        ),
    )
