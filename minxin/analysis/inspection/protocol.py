"""One round in a folder: the frame is published with its hash, then a seed, then the draw; and its check.

``frame.csv`` is what the hash speaks of, ``details.csv`` and ``inspectors.csv`` stand beside it, ``seed.txt``
holds the seed, ``list.csv`` what was drawn, ``notice.txt`` what is to be published first. ``protocol.json``
says in which order: every step names the SHA-256 of the step before it, so none can be changed, put in
between or taken out afterwards without its being seen. A round is frozen once and drawn once.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from minxin.analysis.inspection import draw as drawing
from minxin.analysis.inspection import frame
from minxin.analysis.inspection.allocation import Plan
from minxin.analysis.inspection.rules import CLASS_WORDS, CLASSES
from minxin.settings import Refused, Unusable, write_atomically

FRAME, DETAILS, STAFF, SEED, LIST = "frame.csv", "details.csv", "inspectors.csv", "seed.txt", "list.csv"
PROTOCOL, NOTICE = "protocol.json", "notice.txt"
FREEZE, SEEDED, DRAWN = "公布抽样框", "产生种子", "抽取"
LONGEST = 200
#: Columns of the frame as given that stay beside it for the list; the draw does not depend on them.
KEPT = ("name", "size", "industry", "county", "departments")
_HEADINGS = {"uscc": "统一社会信用代码"} | {name: frame.COLUMNS[name][0] for name in KEPT}
LISTED = (
    "序号", "抽取方式", "统一社会信用代码", "企业名称", "信用风险类别", "类内次序", "抽中概率", "随机组概率", "随机数",
    "联合检查部门", "部门数", "执法人员",
)  # fmt: skip


@dataclass(frozen=True)
class Staff:
    """Inspectors by code, and the firms that each must not inspect."""

    people: tuple[str, ...] = ()
    avoid: Mapping[str, tuple[str, ...]] | None = None


@dataclass(frozen=True)
class Protocol:
    """What the protocol of a round says so far."""

    round: str
    steps: tuple[Mapping[str, Any], ...]

    def step(self, name: str) -> Mapping[str, Any] | None:
        """The step of that name, or None while it was not taken."""
        return next((s for s in self.steps if s["step"] == name), None)

    @property
    def h0(self) -> str:
        """The published hash of the frame."""
        return str((self.step(FREEZE) or {}).get("h0", ""))

    @property
    def seed(self) -> str:
        """The seed, '' before there is one."""
        return str((self.step(SEEDED) or {}).get("seed", ""))

    @property
    def rehearsal(self) -> bool:
        """Whether the seed was given together with the frame, so that nobody can know which came first."""
        return bool((self.step(FREEZE) or {}).get("rehearsal"))


@dataclass(frozen=True)
class Check:
    """What a repetition found: ``problems`` is empty where all is the same."""

    protocol: Protocol
    drawn: int
    problems: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether hash, seed, order of steps and list are what they were."""
        return not self.problems


# ── small things ────────────────────────────────────────────────────────────────────────────────


def _step_digest(step: Mapping[str, Any]) -> str:
    said = json.dumps(step, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return frame.digest(said.encode("utf-8"))


def _write_once(file: Path, content: bytes) -> None:
    """Write a file that must not be there yet; FileExistsError where it is."""
    with file.open("xb") as out:
        out.write(content)


def _plain(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t") else text


def _csv(heading: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(heading)
    writer.writerows([[_plain(str(cell)) for cell in row] for row in rows])
    return out.getvalue().encode("utf-8-sig")


def _name(round_name: str) -> str:
    name = round_name.strip()
    if not name or len(name) > LONGEST or "|" in name or any(ord(c) < 32 for c in name):
        raise Unusable("轮次名称不能为空，不能含竖线和换行，不超过 200 字，请改正后再试。")
    return name


def checked_seed(seed: str) -> str:
    """A seed as it is used: without spaces around; Unusable where it is empty, too long or has a line break."""
    held = seed.strip()
    if not held or len(held) > LONGEST or "|" in held or any(ord(c) < 32 for c in held):
        raise Unusable("种子不能为空，不能含竖线和换行，不超过 200 字，请改正后再试。")
    return held


def staff(raw: bytes, called: str) -> Staff:
    """Inspectors from a CSV file: 执法人员 (code), 回避企业 (codes in one cell, may be empty)."""
    held = frame.table(raw, called)
    known = {"执法人员": "person", "执法人员编号": "person", "person": "person", "回避企业": "avoid", "avoid": "avoid"}
    held = held.rename(columns={c: known[c] for c in held.columns if c in known})
    if not held.columns.is_unique:
        raise Unusable(f"文件 {called} 有两列同义的表头，请只留一列。")
    if "person" not in held or held["person"].str.strip().eq("").any():
        raise Unusable(f"文件 {called} 没有「执法人员」一列，或有空行，请改正后再试。")
    avoid: dict[str, tuple[str, ...]] = {}
    cells = held["avoid"] if "avoid" in held else [""] * len(held)
    for person, cell in zip(held["person"].str.strip(), cells, strict=True):
        avoid[person] = (*avoid.get(person, ()), *(code.upper() for code in frame.parts(cell)))
    return Staff(tuple(avoid), avoid)


def _staff_bytes(people: Staff) -> bytes:
    rows = [(p, "、".join((people.avoid or {}).get(p, ()))) for p in people.people]
    return _csv(("执法人员", "回避企业"), rows)


def read(folder: Path) -> Protocol:
    """The protocol of a round; Unusable where the folder holds none."""
    try:
        raw = json.loads((folder / PROTOCOL).read_text(encoding="utf-8"))
        steps = tuple(dict(s, step=str(s["step"])) for s in raw["steps"])
        for step in steps:
            _shaped(step)
        return Protocol(str(raw["round"]), steps)
    except FileNotFoundError as error:
        raise Unusable(f"目录 {folder} 中没有抽取记录 {PROTOCOL}，请检查目录，或先公布抽样框。") from error
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise Unusable(f"抽取记录 {folder / PROTOCOL} 无法读取，请恢复原文件后再试。") from error


def _shaped(step: Mapping[str, Any]) -> None:
    """ValueError, KeyError or TypeError where a step lacks what its readers take for granted."""
    if dt.datetime.fromisoformat(step["at"]).tzinfo is not None:
        raise ValueError("a time with a zone")
    if step["step"] == FREEZE:
        numbers = [step[key] for key in ("firms", "eligible", "size", "random")]
        numbers += [step["classes"][c][key] for c in CLASSES for key in ("firms", "drawn")]
        if any(type(number) is not int or number < 0 for number in numbers):
            raise ValueError("not a number of firms")
        if not 0 <= float(step["reserve_share"]) <= 1:
            raise ValueError("not a share")


def _save(folder: Path, protocol: Protocol) -> None:
    said = {"round": protocol.round, "method": drawing.METHOD, "steps": list(protocol.steps)}
    write_atomically(folder / PROTOCOL, json.dumps(said, ensure_ascii=False, indent=2) + "\n")


# ── first step: the frame and its hash ──────────────────────────────────────────────────────────


def freeze(
    folder: Path, plan: Plan, round_name: str, now: dt.datetime, people: Staff | None = None, rehearsal: bool = False
) -> Protocol:
    """Publish the frame of a round in a folder that has none yet; returns its protocol with the hash.

    Refused where the folder holds a round already: a frame is not frozen twice.
    """
    name, raw = _name(round_name), frame.published(plan.firms)
    known = [c for c in KEPT if c in plan.firms]
    details = _csv([_HEADINGS[c] for c in ("uscc", *known)], plan.firms[["uscc", *known]].values.tolist())
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise Unusable(f"目录 {folder} 无法建立，请核对路径与权限。") from error
    if (folder / PROTOCOL).exists() or (folder / SEED).exists():
        raise Refused(f"目录 {folder} 已有一轮抽取，不能再次公布抽样框；新的一轮请另用目录。")
    try:
        _write_once(folder / FRAME, raw)
    except FileExistsError as error:
        raise Refused(f"目录 {folder} 已有抽样框 {FRAME}，不能覆盖；新的一轮请另用目录。") from error
    except OSError as error:
        raise Unusable(f"目录 {folder} 无法写入，请核对路径与权限。") from error
    (folder / DETAILS).write_bytes(details)
    step: dict[str, Any] = {
        "step": FREEZE,
        "at": now.isoformat(timespec="seconds"),
        "h0": frame.digest(raw),
        "details": frame.digest(details),
        "firms": len(plan.firms),
        "eligible": plan.eligible,
        "size": plan.size,
        "random": plan.n_random,
        "classes": {c: {"firms": plan.sizes[c], "drawn": plan.drawn[c]} for c in CLASSES},
        "rule": plan.rule.name,
        "rule_digest": plan.rule.digest,
        "reserve_share": plan.rule.reserve_share,
        "assumptions": list(plan.rule.assumptions),
        "rehearsal": rehearsal,
        "before": "",
    }
    if people is not None and people.people:
        held = _staff_bytes(people)
        (folder / STAFF).write_bytes(held)
        step |= {"inspectors": frame.digest(held), "each": plan.rule.inspectors}
    made = Protocol(name, (step,))
    (folder / NOTICE).write_text(notice(made), encoding="utf-8")
    _save(folder, made)
    return made


def notice(protocol: Protocol) -> str:
    """What is published before the seed: the hash and the numbers that are fixed with it."""
    step = protocol.step(FREEZE) or {}
    lines = [
        f"抽查轮次：{protocol.round}",
        f"公布时间：{str(step['at']).replace('T', ' ')}",
        f"抽样框 {FRAME} 的 SHA-256：{step['h0']}",
        f"企业 {step['firms']} 户，其中参加抽取 {step['eligible']} 户",
        f"抽查 {step['size']} 户，其中先从全体等概率抽取随机组 {step['random']} 户",
    ]
    for code, held in step["classes"].items():
        lines.append(f"{CLASS_WORDS[code]}：{held['firms']} 户中抽 {held['drawn']} 户")
    lines += [
        f"抽查规则：{step['rule']}（指纹 {step['rule_digest']}）",
        "种子须在本公告之后当众产生。",
        "随机数为 SHA-256（种子|轮次|统一社会信用代码）的前 13 位十六进制数除以 2 的 52 次方。",
    ]
    if step.get("rehearsal"):
        lines.append("试抽：种子与抽样框同时给出，不能证明先后，不作正式结果。")
    return "\n".join(lines) + "\n"


# ── second step: seed and draw ──────────────────────────────────────────────────────────────────


def take(
    folder: Path,
    seed: str,
    now: dt.datetime,
    happened: dt.datetime | None = None,
    source: str = "",
    witnesses: Sequence[str] = (),
) -> Protocol:
    """Record the seed and draw; the same seed once more completes a draw that was interrupted.

    ``happened``: when the seed was made in public (default now). Refused where that was before the frame was
    published, where the frame is no longer the published one, or where the round was drawn with another seed.
    """
    held, protocol = checked_seed(seed), read(folder)
    frozen = protocol.step(FREEZE)
    if frozen is None:
        raise Refused(f"目录 {folder} 尚未公布抽样框，不能使用种子；请先公布抽样框及其哈希值。")
    when = happened or now
    if not protocol.rehearsal and when < dt.datetime.fromisoformat(str(frozen["at"])):
        raise Refused(
            f"种子产生于 {when:%Y-%m-%d %H:%M:%S}，早于抽样框公布的 {str(frozen['at']).replace('T', ' ')}；"
            "请在公布之后重新产生种子。"
        )
    if problems := _frame_problems(folder, protocol):
        raise Refused(problems[0])
    try:
        _write_once(folder / SEED, held.encode("utf-8"))
    except FileExistsError as error:
        if _kept_seed(folder) != held:
            raise Refused("本轮已有另一个种子，不能更换种子重抽；确需重抽请另起一轮并说明理由。") from error
    if protocol.step(DRAWN) is not None:
        return protocol
    if protocol.step(SEEDED) is None:
        seeded = {
            "step": SEEDED,
            "at": now.isoformat(timespec="seconds"),
            "happened": when.isoformat(timespec="seconds"),
            "seed": held,
            "source": source.strip(),
            "witnesses": [w.strip() for w in witnesses if w.strip()],
            "before": _step_digest(protocol.steps[-1]),
        }
        protocol = Protocol(protocol.round, (*protocol.steps, seeded))
        _save(folder, protocol)
    content, drawn = _listed(folder, protocol)
    (folder / LIST).write_bytes(content)
    last = {
        "step": DRAWN,
        "at": now.isoformat(timespec="seconds"),
        "list": frame.digest(content),
        "drawn": int((drawn["arm"] != drawing.RESERVE).sum()),
        "before": _step_digest(protocol.steps[-1]),
    }
    protocol = Protocol(protocol.round, (*protocol.steps, last))
    _save(folder, protocol)
    return protocol


def _kept_seed(folder: Path) -> str | None:
    """The seed as its file says, None where there is no file; Unusable where it cannot be read."""
    try:
        return (folder / SEED).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise Unusable(f"种子文件 {folder / SEED} 无法读取，请恢复原文件后再试。") from error


def drawn(folder: Path, protocol: Protocol) -> pd.DataFrame:
    """What the published frame and the recorded seed give: the frame of ``draw.draw``, computed anew."""
    firms = frame.read_published((folder / FRAME).read_bytes())
    share = float((protocol.step(FREEZE) or {}).get("reserve_share", 0.0))
    return drawing.draw(firms, protocol.seed, protocol.round, share)


def _listed(folder: Path, protocol: Protocol) -> tuple[bytes, pd.DataFrame]:
    """The list of a round as a file, with the frame that it was made from."""
    found = drawn(folder, protocol)
    details = frame.named(frame.table((folder / DETAILS).read_bytes(), DETAILS)).set_index("uscc")
    details = details.reindex(found["uscc"]).fillna("")
    names = details["name"] if "name" in details else pd.Series("", index=details.index)
    due = details["departments"] if "departments" in details else pd.Series("", index=details.index)
    sent = _sent(folder, protocol, found)
    rows = []
    for i, row in enumerate(found.to_dict("records")):
        joint = sorted(frame.parts(due.iloc[i]))
        rows.append(
            (
                i + 1, row["arm"], row["uscc"], names.iloc[i], CLASS_WORDS[row["risk_class"]], row["place"],
                f"{row['pi']:.{frame.PLACES}f}", f"{row['pi_random']:.{frame.PLACES}f}", repr(float(row["u"])),
                "、".join(joint), len(joint) or 1, "、".join(sent[i]),
            )
        )  # fmt: skip
    return _csv(LISTED, rows), found


def _sent(folder: Path, protocol: Protocol, found: pd.DataFrame) -> list[tuple[str, ...]]:
    step = protocol.step(FREEZE) or {}
    if "inspectors" not in step:
        return [()] * len(found)
    people = staff((folder / STAFF).read_bytes(), STAFF)
    visited = found[found["arm"] != drawing.RESERVE]
    sent = drawing.inspectors(
        visited, people.people, people.avoid or {}, protocol.seed, protocol.round, int(step["each"])
    )
    by_firm = dict(zip(visited["uscc"], sent, strict=True))
    return [by_firm.get(code, ()) for code in found["uscc"]]


# ── the check ───────────────────────────────────────────────────────────────────────────────────


def _frame_problems(folder: Path, protocol: Protocol) -> list[str]:
    """What of the frozen files is not what was published."""
    step = protocol.step(FREEZE) or {}
    problems = []
    for file, key, word in (
        (FRAME, "h0", "抽样框"),
        (DETAILS, "details", "企业信息"),
        (STAFF, "inspectors", "执法人员名单"),
    ):
        if key not in step:
            continue
        try:
            now = frame.digest((folder / file).read_bytes())
        except OSError:
            problems.append(f"{word}已缺失：目录中没有 {file}。")
            continue
        if now != step[key]:
            problems.append(f"{word}已改动：{file} 的 SHA-256 现为 {now[:16]}…，与公布的 {str(step[key])[:16]}… 不符。")
    return problems


def _order_problems(protocol: Protocol) -> list[str]:
    """What of the order of the steps does not hold."""
    names = [s["step"] for s in protocol.steps]
    if names != [FREEZE, SEEDED, DRAWN][: len(names)]:
        return ["步骤次序不符：应先公布抽样框，再产生种子，最后抽取。"]
    problems = []
    for before, step in zip(protocol.steps, protocol.steps[1:], strict=False):
        if step.get("before") != _step_digest(before):
            word = "种子已改动" if before["step"] == SEEDED else "公布内容已改动"
            problems.append(f"{word}：「{before['step']}」一步的内容与「{step['step']}」一步所记不符。")
    if len(names) > 1 and not protocol.rehearsal:
        frozen, seeded = protocol.steps[0], protocol.steps[1]
        if str(seeded["happened"]) < str(frozen["at"]):
            problems.append("先后不符：种子产生于抽样框公布之前。")
    return problems


def verify(folder: Path, h0: str = "", seed: str = "") -> Check:
    """Repeat a draw from its hash and seed; ``h0`` and ``seed`` as they were published, where they are known.

    Unusable where the folder holds no round; Refused where the round was not drawn yet.
    """
    protocol = read(folder)
    try:
        if protocol.step(DRAWN) is None:
            raise Refused(f"目录 {folder} 的这一轮尚未抽取，无从复核。")
        problems = _order_problems(protocol) + _frame_problems(folder, protocol)
        if h0 and h0.strip().lower() != protocol.h0:
            problems.append(f"抽样框已改动：记录中的哈希值为 {protocol.h0[:16]}…，与另行公布的不符。")
        if seed and seed.strip() != protocol.seed:
            problems.append(f"种子已改动：记录中的种子为「{protocol.seed}」，与另行公布的不符。")
        kept = _kept_seed(folder)
        if kept is not None and kept.strip() != protocol.seed:
            problems.append(f"种子已改动：{SEED} 与抽取记录中的种子不符。")
        more, count = _list_problems(folder, protocol)
    except (KeyError, ValueError, TypeError, UnicodeDecodeError) as error:
        raise Unusable(f"目录 {folder} 的抽取记录或文件不完整，无法复核；请恢复原文件后再试。") from error
    return Check(protocol, count, tuple(dict.fromkeys(problems + more)))


def _list_problems(folder: Path, protocol: Protocol) -> tuple[list[str], int]:
    """How the list in the folder differs from what frame and seed give, and how many firms these give."""
    try:
        anew, found = _listed(folder, protocol)
    except (OSError, Unusable):
        return ["名单无法重算：抽样框或企业信息缺失。"], 0
    count = int((found["arm"] != drawing.RESERVE).sum())
    try:
        kept = (folder / LIST).read_bytes()
    except OSError:
        return [f"名单已缺失：目录中没有 {LIST}。"], count
    if kept == anew:
        stated = (protocol.step(DRAWN) or {}).get("list")
        return ([] if stated == frame.digest(anew) else ["名单已改动：名单的哈希值与抽取记录不符。"]), count
    was, now = _firms_of(kept), list(zip(found["arm"], found["uscc"], strict=True))
    gone, new = len(set(was) - set(now)), len(set(now) - set(was))
    if gone or new:
        return [f"名单已改动：有 {gone} 户不是由该抽样框和种子抽出，缺少应抽出的 {new} 户。"], count
    return ["名单已改动：企业相同，但次序或其他栏目与重算结果不符。"], count


def _firms_of(raw: bytes) -> list[tuple[str, str]]:
    """Arm and code of each row of a list; what cannot be read gives nothing."""
    try:
        rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
    except UnicodeDecodeError:
        return []
    return [(row[1], row[2]) for row in rows[1:] if len(row) > 2]
