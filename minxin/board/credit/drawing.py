"""The current round on the page 分级监管与双随机: publish the frame, record the seed, draw, repeat, take the files."""

from __future__ import annotations

import datetime as dt
import io
import logging
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from minxin import settings
from minxin.access import Viewer, may
from minxin.analysis.inspection import allocation, frame, protocol, rules
from minxin.analysis.inspection.allocation import Plan
from minxin.analysis.inspection.protocol import Protocol, Staff
from minxin.board import filters, panel
from minxin.board.credit.supervision import PAGE
from minxin.board.frames import Source
from minxin.board.text import literal
from minxin.charts.credit import supervision_plan
from minxin.settings import Refused, Unusable, deployment

#: Firms of a round unless somebody says else: what the published pilot had.
USUAL_SIZE = 754
NEW = "new"
_SAID, _OPEN, _ROUND = "draw_said", "draw_open", "round"
_FILES = {
    protocol.FRAME: ("抽样框", ":material/lock:"),
    protocol.NOTICE: ("公告", ":material/campaign:"),
    protocol.LIST: ("抽取名单", ":material/checklist:"),
    protocol.PROTOCOL: ("抽取记录", ":material/history:"),
}
log = logging.getLogger(__name__)


def _folder() -> Path:
    """Where the rounds of this home stand, one folder each."""
    return settings.home().path / "draws"


def rounds() -> dict[str, Protocol]:
    """Folder name → protocol of the rounds that were begun, the latest first; broken ones are left out and logged."""
    found = {}
    for folder in sorted(_folder().glob("r*"), reverse=True) if _folder().is_dir() else []:
        try:
            found[folder.name] = protocol.read(folder)
        except Unusable as error:
            log.warning("a round is left out: %s", error)
    return found


def _now() -> dt.datetime:
    """The time of the home: in a demo that of its data."""
    from minxin.operations import clock_of

    return clock_of(settings.home())().astimezone(deployment().zone).replace(tzinfo=None)


def current(source: Source, viewer: Viewer, rest: DeltaGenerator) -> None:
    """The round that is chosen in ``rest``, at the step where it stands."""
    held = rounds()
    whole = _whole(viewer)
    writes = may(viewer, PAGE, "write") and whole
    options = {**{code: one.round for code, one in held.items()}, **({NEW: "另起一轮"} if writes else {})}
    if not options:
        st.info("还没有抽取过。有办理权限的人员可以在这里公布抽样框、记录种子并抽取。", icon=":material/casino:")
        return
    if (opened := st.session_state.pop(_OPEN, None)) in options:
        st.session_state[_ROUND] = opened
    if st.session_state.get(_ROUND) not in (None, *options):
        del st.session_state[_ROUND]
    with rest:
        chosen = filters.one_of("轮次", options, _ROUND, next(iter(options)), width=260)
    _steps(held.get(chosen))
    if said := st.session_state.pop(_SAID, None):
        st.success(literal(said), icon=":material/check_circle:")
    if chosen == NEW:
        _freeze(source, viewer)
        return
    folder, one = _folder() / chosen, held[chosen]
    _published(one)
    if one.step(protocol.DRAWN) is not None:
        if whole:
            _seeded(folder, one)
        _drawn(folder, one, source, viewer, whole)
    elif writes:
        _seed(folder, one)
    else:
        st.info("抽样框已公布，等待当众产生种子。", icon=":material/hourglass_top:")
    _files(folder, viewer, whole)


def _whole(viewer: Viewer) -> bool:
    """Whether the viewer may see every firm: frame and record name them all, and a draw from a part is none."""
    return viewer.detail != "aggregate" and set(viewer.communities) >= set(deployment().community_codes)


def _steps(one: Protocol | None) -> None:
    """The three steps with where the round stands."""
    names = (
        (protocol.FREEZE, "公布抽样框和哈希值"),
        (protocol.SEEDED, "当众产生种子"),
        (protocol.DRAWN, "抽取并可复核"),
    )
    done = {str(s["step"]): str(s["at"]).replace("T", " ")[:16] for s in one.steps} if one else {}
    following = next((name for name, _ in names if name not in done), "")
    for place, (column, (name, words)) in enumerate(zip(st.columns(3), names, strict=True), 1):
        with column.container(border=True, height="stretch", gap=None):
            state = (
                ":green-badge[已完成]"
                if name in done
                else ":blue-badge[现在做]"
                if name == following
                else ":gray-badge[未到]"
            )
            st.markdown(f"**{place} {words}** {state}")
            st.caption(literal(done.get(name, "—")))


# ── first step ──────────────────────────────────────────────────────────────────────────────────


def _freeze(source: Source, viewer: Viewer) -> None:
    rule = rules.load().on(source.snapshot.as_of.date())
    left, right = st.columns([4, 8])
    with left.container(border=True):
        name = st.text_input("轮次名称", value=_next_name(source), max_chars=60, key="draw_name")
        size = int(
            st.number_input("抽查户数", min_value=10, max_value=100_000, value=USUAL_SIZE, step=10, key="draw_size")
        )
        plan = _planned(source, rule.digest, size)
        people = st.text_area(
            "执法人员（可不填）",
            placeholder="每行一名，编号后可写须回避的企业代码，用顿号分开",
            height=90,
            key="draw_staff",
            help="填写后随抽样框一起公布，抽取时按同样的随机数选派，须回避的不选。",
        )
        st.caption("公布后不能再改：户数、各类名额、每户的抽中概率都在种子产生之前定下。")
        if (
            st.button("公布抽样框", type="primary", icon=":material/lock:", key="draw_freeze", disabled=plan is None)
            and plan
        ):
            _publish(plan, name, _staff(people))
    if plan is None:
        return
    with right:
        panel.panel(supervision_plan.planned(plan, source.about), viewer, PAGE)
        panel.panel(supervision_plan.left_out(plan, source.about), viewer, PAGE)


def _next_name(source: Source) -> str:
    day = source.snapshot.as_of
    return f"{day.year}年第{'一二三四'[(day.month - 1) // 3]}季度双随机抽查"


def _planned(source: Source, digest: str, size: int) -> Plan | None:
    try:
        return _plan(source.key, digest, size, source)
    except Unusable as error:
        st.warning(str(error), icon=":material/block:")
        return None


@st.cache_resource(max_entries=2, show_spinner="正在计算抽样框……")
def _plan(key: tuple[str, ...], digest: str, size: int, _source: Source) -> Plan:
    day = _source.snapshot.as_of.date()
    rule = rules.load().on(day)
    rows = _source.queries.run("inspection.frame", _source.viewer, at=day, months=rule.cap_months)
    return allocation.plan(frame.of_snapshot(rows), rule, size)


def _staff(text: str) -> Staff:
    """Inspectors as they were typed: one a line, their code first, then the firms that they must not inspect."""
    avoid: dict[str, tuple[str, ...]] = {}
    for line in text.splitlines():
        person, *codes = frame.parts(line.replace(" ", "、").replace("：", "、")) or ("",)
        if person:
            avoid[person] = (*avoid.get(person, ()), *(code.upper() for code in codes))
    return Staff(tuple(avoid), avoid)


def _publish(plan: Plan, name: str, people: Staff) -> None:
    home = settings.home()
    if home.kind is None:
        raise Refused("数据目录还没有数据，不能抽取；请先导入数据并发布。")
    base = _folder()
    base.mkdir(parents=True, exist_ok=True)
    number = max((int(f.name[1:]) for f in base.glob("r*") if f.name[1:].isdigit()), default=0) + 1
    code = f"r{number:05d}"
    made = protocol.freeze(base / code, plan, name, _now(), people)
    log.info("round %s frozen", code)
    st.session_state[_SAID] = f"已公布抽样框，哈希值 {made.h0[:16]}…。请下载公告对外公布，再当众产生种子。"
    st.session_state[_OPEN] = code
    st.rerun()


# ── second step ─────────────────────────────────────────────────────────────────────────────────


def _published(one: Protocol) -> None:
    step = one.step(protocol.FREEZE) or {}
    with st.container(border=True, gap="small"):
        st.markdown(
            f"**{literal(one.round)}**：{step['eligible']:,} 户中抽 {step['size']:,} 户，"
            f"其中随机组 {step['random']:,} 户；规则指纹 {literal(step['rule_digest'])}"
        )
        st.text("抽样框的 SHA-256（H0），种子产生之前已公布：")
        st.code(one.h0, language=None)


def _seed(folder: Path, one: Protocol) -> None:
    with st.form(f"draw_seed_{folder.name}"):
        st.markdown(
            "**当众产生种子**：例如请见证人掷骰子得 20 位数字，或取事先指定的一期公开摇号结果。种子只能用一次，不能换。"
        )
        left, middle, right = st.columns(3)
        seed = left.text_input("种子", max_chars=protocol.LONGEST, key=f"seed_{folder.name}")
        origin = middle.text_input(
            "来源", max_chars=100, placeholder="如：当众掷骰子 20 次", key=f"origin_{folder.name}"
        )
        people = right.text_input("见证人代号，用顿号分开", max_chars=200, key=f"witness_{folder.name}")
        sent = st.form_submit_button("记录种子并抽取", type="primary", icon=":material/casino:")
    if sent:
        try:
            _take(folder, one, seed, origin, frame.parts(people))
        except (Refused, Unusable) as error:
            st.error(literal(str(error)), icon=":material/block:")
        else:
            st.rerun()


def _take(folder: Path, one: Protocol, seed: str, origin: str, people: Sequence[str]) -> None:
    """Record the seed and draw; Refused where it is too short or nobody saw it."""
    rule = rules.load().named(str((one.step(protocol.FREEZE) or {}).get("rule")))
    held = protocol.checked_seed(seed)
    if len(held) < rule.seed_length:
        raise Refused(f"种子不足 {rule.seed_length} 位，容易被猜中或挑选；请当众产生更长的种子，建议 20 位数字。")
    if not origin.strip() or not people:
        raise Refused("请写明种子的来源和至少一名见证人，事后才说得清。")
    protocol.take(folder, held, _now(), source=origin, witnesses=people)
    log.info("round %s drawn", folder.name)
    st.session_state[_SAID] = "已抽取。任何人都可以用公布的抽样框和种子复核。"


# ── third step ──────────────────────────────────────────────────────────────────────────────────


def _seeded(folder: Path, one: Protocol) -> None:
    """The seed, where it came from and who saw it, and the draw once more."""
    step = one.step(protocol.SEEDED) or {}
    words = [f"种子 {one.seed}", f"来源：{step['source']}" if step.get("source") else ""]
    words.append(f"见证人：{'、'.join(step['witnesses'])}" if step.get("witnesses") else "")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.text("；".join(filter(None, words)))
        again = st.button("复核抽取", icon=":material/verified:", key=f"verify_{folder.name}")
    if again:
        _verified(folder)


def _drawn(folder: Path, one: Protocol, source: Source, viewer: Viewer, whole: bool) -> None:
    """The drawn firms that the viewer may see: all, those of the own communities, or none."""
    if viewer.detail == "aggregate":
        st.caption("投屏不列企业名单。")
        return
    found, details = _list(str(folder), one.h0, one.seed)
    about = source.about.of(one.round)
    if not whole:
        # A round holds no communities: whose a firm is, the snapshot knows; one that is gone from it is nobody's.
        own = source("inspection.frame", at=source.snapshot.as_of.date(), months=0)
        found, about = found[found["uscc"].isin(own["uscc"])], about.of(one.round, "可查看的社区")
    panel.panel(supervision_plan.listed(found, details, one.round, about, whole), viewer, PAGE)


@st.cache_resource(max_entries=8, show_spinner=False)
def _list(folder: str, h0: str, seed: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    path = Path(folder)
    details = frame.named(frame.table((path / protocol.DETAILS).read_bytes(), protocol.DETAILS))
    return protocol.drawn(path, protocol.read(path)), details


def _verified(folder: Path) -> None:
    check = protocol.verify(folder)
    if check.same:
        st.success(
            f"复核一致：由公布的抽样框和种子重抽，{check.drawn} 户与名单相同，步骤次序无误。",
            icon=":material/verified:",
        )
    for problem in check.problems:
        st.error(literal(problem), icon=":material/error:")


def _files(folder: Path, viewer: Viewer, whole: bool) -> None:
    """The files of a round, for whoever may take them away; only the notice where not all firms may be seen."""
    if not may(viewer, PAGE, "export"):
        return
    with st.container(horizontal=True, gap="small"):
        for file, (words, icon) in _FILES.items():
            if (folder / file).exists() and (whole or file == protocol.NOTICE):
                st.download_button(
                    words, (folder / file).read_bytes, file_name=file, icon=icon, on_click="ignore",
                    key=f"file_{folder.name}_{file}",
                )  # fmt: skip
        if whole:
            st.download_button(
                "全部文件", lambda: _zipped(folder), file_name=f"{folder.name}.zip", mime="application/zip",
                icon=":material/folder_zip:", on_click="ignore", key=f"zip_{folder.name}",
            )  # fmt: skip
    if not whole:
        st.caption("抽样框、名单和抽取记录含全部企业，只有可查看全部企业的人员可以下载；这里可下载公告。")
        return
    st.caption(
        "别的单位只凭抽样框、轮次名称和种子，用任何 SHA-256 工具即可复核，"
        "做法见随系统提供的《双随机抽查：怎样抽，怎样由别人复核》。"
    )


def _zipped(folder: Path) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in sorted(folder.iterdir()):
            if file.is_file():
                packed.write(file, file.name)
    return out.getvalue()
