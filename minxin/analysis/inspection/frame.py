"""The frame of a draw: which firms can be drawn, in which class, and who takes no part and why."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from minxin.access import visible
from minxin.analysis.inspection.rules import CLASS_WORDS, Rule
from minxin.settings import Unusable

#: Columns of a frame as it is given: our name → other headings that mean the same.
COLUMNS = {
    "uscc": ("code", "统一社会信用代码", "社会信用代码", "信用代码"),
    "risk_class": (
        "class",
        "risk",
        "risk_level",
        "grade",
        "colour",
        "color",
        "信用风险类别",
        "风险类别",
        "风险等级",
        "信用类别",
        "类别",
        "颜色",
    ),
    "name": ("enterprise_name", "企业名称", "名称"),
    "size": ("企业规模", "规模"),
    "industry": ("industry_section", "industry_name", "行业门类", "行业"),
    "county": ("county_name", "县区"),
    "sector": ("sector_name", "监管行业领域"),
    "status": ("登记状态", "状态"),
    "track": ("检查类别",),
    "focus": ("重点监管",),
    "visits": ("近一年例行检查次数", "例行检查次数"),
    "departments": ("应检部门", "部门"),
}
#: A class as people write it: letter, colour or level of risk, alone or together (绿, A类, 较高风险, 绿●A低).
_CLASS_OF = {
    letter: re.compile(f"(?:{said[0]}色?)?(?:{letter}[类级]?)?(?:{said[2:]}(?:风险)?)?[类级]?|{colour}")
    for (letter, said), colour in zip(CLASS_WORDS.items(), ("GREEN", "YELLOW", "ORANGE", "RED"), strict=True)
}
#: Shapes that stand for a colour, brackets and spaces: they say nothing by themselves.
_SIGNS = re.compile(r"[●▲◆■()\s]")
_CODE = re.compile(r"[0-9A-Z]{2,32}")
#: What parts departments or codes that stand in one cell.
PARTS = re.compile(r"[、，,;；/]+")
#: Headings of the published frame; the recipe of docs/draw.zh-CN.md reads it by position.
PUBLISHED = ("统一社会信用代码", "信用风险类别", "抽中概率", "随机组概率", "不参加原因")
#: Decimals of a published probability.
PLACES = 12


def read(file: Path) -> pd.DataFrame:
    """A frame from a CSV file (UTF-8 or GB18030), with our names of columns, every cell text.

    Unusable in one Chinese line where the file cannot be read or has no column of codes.
    """
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise Unusable(f"抽样框 {file} 无法读取（{error.strerror or error}），请检查文件路径。") from error
    return named(table(raw, str(file)))


def table(raw: bytes, called: str) -> pd.DataFrame:
    """The rows of a CSV file as text; Unusable where it is none."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise Unusable(f"文件 {called} 的编码无法识别，请另存为 UTF-8 的 CSV 后再试。")
    if "\0" in text:
        raise Unusable(f"文件 {called} 不是 CSV 文本，请另存为 UTF-8 的 CSV 后再试。")
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline="")) if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise Unusable(f"文件 {called} 不是完整的 CSV，或有过长的单元格，请检查后再试。") from error
    if len(rows) < 2:
        raise Unusable(f"文件 {called} 没有数据行，请检查后再试。")
    heading = [cell.strip() for cell in rows[0]]
    twice = [cell for i, cell in enumerate(heading) if cell and cell in heading[:i]]
    if twice:
        raise Unusable(f"文件 {called} 的列名「{twice[0][:50]}」出现了不止一次，请改名后再试。")
    for line, row in enumerate(rows[1:], 2):
        if len(row) != len(heading):
            raise Unusable(f"文件 {called} 第 {line} 行有 {len(row)} 列，与标题行的 {len(heading)} 列不符，请改正。")
    return pd.DataFrame(rows[1:], columns=heading, dtype=object)


def named(given: pd.DataFrame) -> pd.DataFrame:
    """The frame with our names of columns; Unusable without codes or with one heading twice."""
    known = {alias: name for name, aliases in COLUMNS.items() for alias in (name, *aliases)}
    chosen: dict[str, str] = {}
    for heading in map(str, given.columns):
        name = known.get(heading.strip().lower(), known.get(heading.strip()))
        if name is not None and name not in chosen:
            chosen[name] = heading
    if "uscc" not in chosen:
        raise Unusable("抽样框没有「统一社会信用代码」（或 uscc）一列，请补上后再试。")
    return pd.DataFrame({name: given[heading].fillna("").astype(str).str.strip() for name, heading in chosen.items()})


def letter(text: str) -> str:
    """The letter of a class as it is written: A, Ａ类, 绿, green, 绿●A低 → A; '' for nothing; ValueError for else.

    Nothing is picked out of other words: Orange is no A, Medium no D.
    """
    said = unicodedata.normalize("NFKC", text).strip().upper()
    if said in ("", "NONE", "NAN", "未分类", "无"):
        return ""
    bare = _SIGNS.sub("", said)
    found = [letter for letter, written in _CLASS_OF.items() if written.fullmatch(bare)]
    # A bare 类 or 级 fits all of them.
    if len(found) != 1:
        raise ValueError(text)
    return found[0]


def prepare(given: pd.DataFrame, rule: Rule) -> pd.DataFrame:
    """The frame sorted by code with ``risk_class`` (A–D), ``reason`` ('' = takes part) and ``weight``.

    Firms without a class get the rule's default. Who is closed, has had its visits or is inspected for
    another cause takes no part, with the reason. Unusable for doubled or broken codes and unknown classes.
    """
    held = given.copy()
    held["uscc"] = held["uscc"].str.upper()
    broken = held[~held["uscc"].map(lambda code: bool(_CODE.fullmatch(code)))]
    if len(broken):
        raise Unusable(
            f"抽样框有 {len(broken)} 行的统一社会信用代码为空或含有不该有的字符（首个在第 {broken.index[0] + 2} 行），"
            "请改正后再试。"
        )
    doubled = held["uscc"][held["uscc"].duplicated()]
    if len(doubled):
        raise Unusable(f"抽样框有 {doubled.nunique()} 个重复的统一社会信用代码（如 {doubled.iloc[0]}），请去重后再试。")
    held["risk_class"] = _classes(held, rule)
    held["reason"] = _reasons(held, rule)
    held["weight"] = _weights(held, rule)
    return held.sort_values("uscc", kind="stable").reset_index(drop=True)


def _classes(held: pd.DataFrame, rule: Rule) -> list[str]:
    if "risk_class" not in held:
        return [rule.default_class] * len(held)
    known = {}
    for text in held["risk_class"].unique():
        try:
            known[text] = letter(text) or rule.default_class
        except ValueError as error:
            line = int(held.index[held["risk_class"] == text][0]) + 2
            raise Unusable(
                f"抽样框第 {line} 行「信用风险类别」列的「{visible(text)[:20]}」无法识别，"
                "应为 A、B、C、D，或绿、黄、橙、红，或低、一般、较高、高；请改正后再试。"
            ) from error
    return [known[text] for text in held["risk_class"]]


def _reasons(held: pd.DataFrame, rule: Rule) -> pd.Series:
    reasons = pd.Series("", index=held.index, dtype=object)
    for entry in rule.excluded:
        if entry.field in held:
            hit = held[entry.field].isin(entry.values) & (reasons == "")
            reasons[hit] = entry.reason
    if "visits" in held:
        visits = pd.to_numeric(held["visits"].replace("", "0"), errors="coerce")
        if visits.isna().any() or (visits < 0).any():
            line = int(held.index[visits.isna() | (visits < 0)][0]) + 2
            raise Unusable(f"抽样框第 {line} 行的例行检查次数不是非负的数，请改正后再试。")
        reasons[(visits >= rule.cap) & (reasons == "")] = f"近 {rule.cap_months} 个月例行检查已达 {rule.cap} 次上限"
    return reasons


def _weights(held: pd.DataFrame, rule: Rule) -> pd.Series:
    weights = pd.Series(1.0, index=held.index)
    for entry in rule.weights:
        if entry.field in held:
            weights[held[entry.field].isin(entry.values)] *= entry.factor
    return weights


def published(planned: pd.DataFrame) -> bytes:
    """The frame as it is published and hashed: sorted by code, UTF-8 with mark, lines ended by a line feed."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(PUBLISHED)
    columns = (planned[c].tolist() for c in ("uscc", "risk_class", "pi", "pi_random", "reason"))
    for uscc, risk_class, pi, pi_random, reason in zip(*columns, strict=True):
        writer.writerow((uscc, risk_class, f"{pi:.{PLACES}f}", f"{pi_random:.{PLACES}f}", reason))
    return out.getvalue().encode("utf-8-sig")


def read_published(raw: bytes) -> pd.DataFrame:
    """A published frame back as ``uscc, risk_class, pi, pi_random, reason``; ValueError where it is none."""
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
    if not rows or tuple(rows[0]) != PUBLISHED or any(len(row) != len(PUBLISHED) for row in rows):
        raise ValueError("not a published frame")
    held = pd.DataFrame(rows[1:], columns=["uscc", "risk_class", "pi", "pi_random", "reason"], dtype=object)
    for column in ("pi", "pi_random"):
        held[column] = np.array([float(cell) for cell in held[column]], dtype="float64")
    if not np.isfinite(held[["pi", "pi_random"]].to_numpy(dtype="float64")).all():
        raise ValueError("not a published frame")
    return held


def digest(raw: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(raw).hexdigest()


def parts(cell: str) -> Sequence[str]:
    """The entries of one cell: 税务、消防 → [税务, 消防], each once, in order."""
    return list(dict.fromkeys(p.strip() for p in PARTS.split(cell) if p.strip()))


def of_snapshot(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of the block ``inspection.frame`` as a frame that is given: every cell text, '' for nothing."""
    held = pd.DataFrame({c: rows[c] for c in COLUMNS if c in rows})
    return held.astype(object).where(held.notna(), "").astype(str)
