"""One round in a folder: the frame is published with its hash, then a seed, then the draw; and its check.

``frame.csv`` is what the hash speaks of, ``details.csv`` and ``inspectors.csv`` stand beside it, ``seed.txt``
holds the seed, ``list.csv`` what was drawn, ``notice.txt`` what is to be published first. ``protocol.json``
says in which order: every step names the SHA-256 of the step before it, and ``seal`` is that of the last
step, so none can be changed, put in between or taken out afterwards without its being seen. A round is frozen
once, appears whole or not at all, and is drawn once.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import os
import shutil
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from minxin.access import harmless, visible
from minxin.analysis.inspection import draw as drawing
from minxin.analysis.inspection import frame
from minxin.analysis.inspection.allocation import Plan
from minxin.analysis.inspection.rules import CLASS_WORDS, CLASSES
from minxin.settings import Refused, Unusable, replace_in_one_step, write_atomically

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
    """What the protocol of a round says so far; ``seal`` as it was read, '' where there was none."""

    round: str
    steps: tuple[Mapping[str, Any], ...]
    method: str = drawing.METHOD
    seal: str = ""

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


def _sealed(protocol: Protocol) -> str:
    """The digest of what no later step names: the last step, with round and method."""
    return _step_digest({"round": protocol.round, "method": protocol.method, "last": protocol.steps[-1]})


def _write_once(file: Path, content: bytes) -> None:
    """Write a file that must not be there yet; FileExistsError where it is."""
    with file.open("xb") as out:
        out.write(content)


def _csv(heading: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(heading)
    writer.writerows([[harmless(str(cell)) for cell in row] for row in rows])
    return out.getvalue().encode("utf-8-sig")


def _name(round_name: str) -> str:
    name = round_name.strip()
    if not _is_line(name):
        raise Unusable("轮次名称不能为空，不能含竖线、换行和看不见的字符，不超过 200 字，请改正后再试。")
    return name


def checked_seed(seed: str) -> str:
    """A seed as it is used: without spaces around; Unusable where it is no line that people can read off."""
    held = seed.strip()
    if not _is_line(held):
        raise Unusable("种子不能为空，不能含竖线、换行和看不见的字符，不超过 200 字，请改正后再试。")
    return held


def checked_moment(happened: dt.datetime | None, now: dt.datetime) -> dt.datetime:
    """When a seed was made, ``now`` where nobody said; Refused where that is still to come."""
    if happened is not None and happened > now:
        raise Refused(
            f"种子产生的时间 {happened:%Y-%m-%d %H:%M:%S} 晚于现在的 {now:%Y-%m-%d %H:%M:%S}；"
            "种子须先当众产生，再用来抽取。"
        )
    return happened or now


def _is_line(text: str) -> bool:
    """Whether a name or seed is one that people can read off and repeat: the numbers are made from it."""
    return bool(text) and len(text) <= LONGEST and "|" not in text and "\n" not in text and visible(text) == text


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
        return Protocol(str(raw["round"]), steps, str(raw.get("method", "")), str(raw.get("seal", "")))
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


def _said(protocol: Protocol) -> str:
    said = {"round": protocol.round, "method": protocol.method, "steps": list(protocol.steps)}
    return json.dumps(said | {"seal": _sealed(protocol)}, ensure_ascii=False, indent=2) + "\n"


def _with(folder: Path, protocol: Protocol, step: Mapping[str, Any]) -> Protocol:
    """The protocol with one more step, written."""
    made = replace(protocol, steps=(*protocol.steps, {**step, "before": _step_digest(protocol.steps[-1])}))
    made = replace(made, seal=_sealed(made))
    write_atomically(folder / PROTOCOL, _said(made))
    return made


# ── first step: the frame and its hash ──────────────────────────────────────────────────────────


def freeze(
    folder: Path, plan: Plan, round_name: str, now: dt.datetime, people: Staff | None = None, rehearsal: bool = False
) -> Protocol:
    """Publish the frame of a round in a folder of its own; returns its protocol with the hash.

    The folder appears whole or not at all; what a kill left of one is finished. Refused where it holds a round
    already, since a frame is not frozen twice, or anything else.
    """
    name, raw = _name(round_name), frame.published(plan.firms)
    known = [c for c in KEPT if c in plan.firms]
    details = _csv([_HEADINGS[c] for c in ("uscc", *known)], plan.firms[["uscc", *known]].values.tolist())
    files = {FRAME: raw, DETAILS: details}
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
        files[STAFF] = _staff_bytes(people)
        step |= {"inspectors": frame.digest(files[STAFF]), "each": plan.rule.inspectors}
    files[NOTICE] = notice(Protocol(name, (step,))).encode("utf-8")
    made = Protocol(name, ({**step, "notice": frame.digest(files[NOTICE])},))
    made = replace(made, seal=_sealed(made))
    files[PROTOCOL] = _said(made).encode("utf-8")
    _publish(folder, files)
    return made


def _publish(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the files of a round beside its folder and put them into its place by one rename."""
    try:
        target = folder.resolve()
        target.parent.mkdir(parents=True, exist_ok=True)
        left = sorted(file.name for file in target.iterdir()) if target.exists() else []
    except (OSError, ValueError, RuntimeError) as error:
        raise Unusable(f"目录 {folder} 无法建立，请核对路径与权限。") from error
    if {PROTOCOL, SEED, LIST} & set(left):
        raise Refused(f"目录 {folder} 已有一轮抽取，不能再次公布抽样框；新的一轮请另用目录。")
    part = target.with_name(f".{target.name}.{os.getpid()}.{threading.get_ident()}.part")
    gone = part.with_suffix(".left")
    try:
        # Without a protocol nothing was published; but only what is ours to the byte is taken for a rest.
        known = FRAME in left and not set(left) - set(files)
        if left and not (known and (target / FRAME).read_bytes() == files[FRAME]):
            raise Refused(
                f"目录 {folder} 里已有 {left[0]}，不是本轮公布的内容，不能覆盖；请移走，或用 --out 另选一个空目录。"
            )
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        for name, content in files.items():
            with (part / name).open("xb") as out:
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
        if left:
            replace_in_one_step(target, gone)
        elif target.exists():
            target.rmdir()
        replace_in_one_step(part, target)
    except OSError as error:
        if (folder / PROTOCOL).exists():
            raise Refused(f"目录 {folder} 已有一轮抽取，不能再次公布抽样框；新的一轮请另用目录。") from error
        raise Unusable(f"目录 {folder} 无法写入，请核对路径与权限。") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
        shutil.rmtree(gone, ignore_errors=True)


def notice(protocol: Protocol) -> str:
    """What is published before the seed: the hash and the numbers that are fixed with it."""
    step = protocol.step(FREEZE) or {}
    lines = [
        f"抽查轮次：{visible(protocol.round)}",
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

_OTHER_SEED = "本轮已有另一个种子，不能更换种子重抽；确需重抽请另起一轮并说明理由。"


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
    published or is still to come, where frame or protocol are no longer what was published, or where the round
    has another seed.
    """
    held, protocol = checked_seed(seed), read(folder)
    frozen = protocol.step(FREEZE)
    if frozen is None:
        raise Refused(f"目录 {folder} 尚未公布抽样框，不能使用种子；请先公布抽样框及其哈希值。")
    if protocol.seed not in ("", held):
        raise Refused(_OTHER_SEED)
    when = checked_moment(happened, now)
    if not protocol.rehearsal and when < dt.datetime.fromisoformat(str(frozen["at"])):
        raise Refused(
            f"种子产生于 {when:%Y-%m-%d %H:%M:%S}，早于抽样框公布的 {str(frozen['at']).replace('T', ' ')}；"
            "请在公布之后重新产生种子。"
        )
    # A round that was frozen before there were seals is sealed by its draw.
    problems = _frame_problems(folder, protocol) + (_seal_problems(protocol) if protocol.seal else [])
    if problems:
        raise Refused(problems[0])
    try:
        _write_once(folder / SEED, held.encode("utf-8"))
    except FileExistsError as error:
        kept = _kept_seed(folder)
        if kept == "" and not protocol.seed:
            (folder / SEED).write_bytes(held.encode("utf-8"))  # stopped before a seed was written: none was taken
        elif kept != held:
            raise Refused(_OTHER_SEED) from error
    if protocol.step(DRAWN) is not None:
        return protocol
    if protocol.step(SEEDED) is None:
        seeded = {
            "step": SEEDED,
            "at": now.isoformat(timespec="seconds"),
            "happened": when.isoformat(timespec="seconds"),
            "seed": held,
            "source": visible(source).strip(),
            "witnesses": [w for w in (visible(w).strip() for w in witnesses) if w],
        }
        protocol = _with(folder, protocol, seeded)
    content, drawn = _listed(folder, protocol)
    (folder / LIST).write_bytes(content)
    last = {
        "step": DRAWN,
        "at": now.isoformat(timespec="seconds"),
        "list": frame.digest(content),
        "drawn": _visits(drawn),
    }
    return _with(folder, protocol, last)


def _visits(found: pd.DataFrame) -> int:
    """How many firms are visited: all that were drawn but the reserve."""
    return int((found["arm"] != drawing.RESERVE).sum())


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
        (NOTICE, "notice", "公告"),
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
    times = [dt.datetime.fromisoformat(str(step["at"])) for step in protocol.steps]
    if times != sorted(times):
        problems.append("先后不符：后一步的时间早于前一步。")
    if len(names) > 1:
        happened = dt.datetime.fromisoformat(str(protocol.steps[1]["happened"]))
        if happened < times[0] and not protocol.rehearsal:
            problems.append("先后不符：种子产生于抽样框公布之前。")
        if happened > times[1]:
            problems.append("先后不符：种子产生的时间晚于使用它的时间。")
    return problems


def _seal_problems(protocol: Protocol) -> list[str]:
    """Whether method and last step, which no later step names, are what was written."""
    if protocol.method != drawing.METHOD:
        return [f"抽取方法不符：记录写着「{visible(protocol.method)[:50]}」，应为 {drawing.METHOD}。"]
    if not protocol.seal:
        return [f"抽取记录没有封存值（seal）：「{protocol.steps[-1]['step']}」一步有无改动无从核对。"]
    if protocol.seal != _sealed(protocol):
        return [f"抽取记录已改动：「{protocol.steps[-1]['step']}」一步的内容与封存值不符。"]
    return []


def _seed_problems(folder: Path, protocol: Protocol) -> list[str]:
    kept = _kept_seed(folder)
    if kept is None:
        return [f"种子已缺失：目录中没有 {SEED}。"]
    return [] if kept.strip() == protocol.seed else [f"种子已改动：{SEED} 与抽取记录中的种子不符。"]


def _notice_problems(folder: Path, protocol: Protocol) -> list[str]:
    """The notice of a round that was frozen before its hash was recorded: what would be written today."""
    if "notice" in (protocol.step(FREEZE) or {}):
        return []
    try:
        same = (folder / NOTICE).read_text(encoding="utf-8") == notice(protocol)
    except OSError:
        return [f"公告已缺失：目录中没有 {NOTICE}。"]
    except ValueError:
        same = False
    return [] if same else [f"公告已改动：{NOTICE} 与抽取记录不符。"]


def verify(folder: Path, h0: str = "", seed: str = "") -> Check:
    """Repeat a draw from its hash and seed; ``h0`` and ``seed`` as they were published, where they are known.

    Unusable where the folder holds no round; Refused where the round was not drawn yet.
    """
    protocol = read(folder)
    try:
        if protocol.step(DRAWN) is None:
            raise Refused(f"目录 {folder} 的这一轮尚未抽取，无从复核。")
        problems = _order_problems(protocol) + _seal_problems(protocol)
        problems += _frame_problems(folder, protocol) + _notice_problems(folder, protocol)
        if h0 and h0.strip().lower() != protocol.h0:
            problems.append(f"抽样框已改动：记录中的哈希值为 {protocol.h0[:16]}…，与另行公布的不符。")
        if seed and seed.strip() != protocol.seed:
            problems.append(f"种子已改动：记录中的种子为「{visible(protocol.seed)}」，与另行公布的不符。")
        problems += _seed_problems(folder, protocol)
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
    count, step = _visits(found), protocol.step(DRAWN) or {}
    if step["drawn"] != count:
        return [f"抽取记录已改动：记录写着抽取 {step['drawn']} 户，重算为 {count} 户。"], count
    try:
        kept = (folder / LIST).read_bytes()
    except OSError:
        return [f"名单已缺失：目录中没有 {LIST}。"], count
    if kept == anew:
        return ([] if step["list"] == frame.digest(anew) else ["名单已改动：名单的哈希值与抽取记录不符。"]), count
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
