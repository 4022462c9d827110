"""Parts of the page 数据导入: file, recognition, mapping, preview, run, result, batches.

What people upload holds names and telephone numbers. It stays in the memory of their session and in
a temporary folder for as long as one step takes; only masked rows reach the lake.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from minxin import settings, tables
from minxin.access import Viewer, may
from minxin.analysis import wording
from minxin.board.panel import XLSX
from minxin.board.text import literal
from minxin.charts.words import clean
from minxin.ingest import pipeline, templates
from minxin.ingest.mapping import WHOLE_ROW, FieldRule, Mapping
from minxin.ingest.preview import Preview
from minxin.ingest.preview import preview as first_rows
from minxin.ingest.readers import Source, open_source
from minxin.ingest.suggest import Suggestion, suggest
from minxin.warehouse.build import build
from minxin.warehouse.lake import Lake, Manifest, later_repeats
from minxin.warehouse.snapshots import Snapshots

PAGE = "imports"
ENDINGS = ("xlsx", "xls", "csv", "tsv", "txt", "gz")
LEFT_OUT = "（不导入）"
PREVIEWED = 100
_RESULT, _SURE = "import_result", 0.85
_KINDS = {"csv": "文本表格", "xlsx": "Excel 工作簿", "xls": "Excel 97—2003 工作簿"}
#: Streamlit has no setting for the words inside its uploader: they give way to ours.
_IN_CHINESE = """<style>
[data-testid="stFileUploaderDropzone"] > span button p,
[data-testid="stFileUploaderDropzoneInstructions"] span { font-size: 0; }
[data-testid="stFileUploaderDropzone"] > span button p::after { content: "选择文件"; font-size: 1rem; }
[data-testid="stFileUploaderDropzoneInstructions"] span::after {
    content: "或把文件拖到这里，每个不超过 1 GB"; font-size: 0.875rem;
}
</style>"""


# ── the file ────────────────────────────────────────────────────────────────────────────────────


def upload() -> Any:
    """The uploaded file, or None; a template to fill stands beside it."""
    left, right = st.columns([2, 1])
    with left:
        st.html(_IN_CHINESE)
        given = st.file_uploader("选择台账文件（xlsx、xls、csv、tsv，可为 gz 压缩）", type=list(ENDINGS), key="file")
    with right.container(border=True):
        st.text("没有现成台账时，可下载模板填写")
        held = _tables()
        name = st.selectbox(
            "模板", list(held), format_func=lambda n: held[n].label, key="template", label_visibility="collapsed"
        )
        st.download_button(
            "下载填报模板",
            lambda: templates.template(held.get(name, held["petition"])),
            file_name=f"{held[name].label}模板.xlsx",
            mime=XLSX,
            on_click="ignore",
            icon=":material/description:",
        )
    if given is None:
        st.session_state.pop(_RESULT, None)
    return given


def _tables() -> dict[str, tables.Table]:
    """The declared tables, petitions first."""
    return dict(sorted(tables.tables().items(), key=lambda t: t[0] != "petition"))


@contextmanager
def laid_down(given: Any) -> Iterator[tuple[Path, Path, str]]:
    """The upload as a file for one step: path, working folder, what it was called; gone afterwards."""
    home = settings.home()
    folder = home.temporary / f"preview-{secrets.token_hex(6)}"
    folder.mkdir(parents=True)
    try:
        name = pipeline.clean_file_name(given.name)
        file = folder / f"upload{Path(name).suffix.lower() or '.csv'}"
        with file.open("wb") as out:
            given.seek(0)
            shutil.copyfileobj(given, out, 1 << 20)
        yield file, folder / "work", name
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def recognised(given: Any) -> tuple[Source, dict[str, Suggestion]]:
    """How the file is read, and a mapping proposed for each table; worked out once per upload."""
    if st.session_state.get("recognised_id") != given.file_id:
        with st.spinner("正在识别文件"), laid_down(given) as (file, work, name):
            source = open_source(file, work, name=name)
            proposed = {t.name: suggest(source, t) for t in tables.tables().values()}
        st.session_state["recognised_id"] = given.file_id
        st.session_state["recognised"] = source, proposed
        st.session_state.pop(_RESULT, None)
    held: tuple[Source, dict[str, Suggestion]] = st.session_state["recognised"]
    return held


def facts(source: Source) -> None:
    """What was recognised: kind, encoding, separator, sheet, heading, columns."""
    said = [
        ("类型", _KINDS.get(source.kind, source.kind)),
        ("大小", f"{source.size / 1024:,.0f} KB"),
        ("编码", source.encoding.upper() or "—"),
        ("工作表", clean(source.sheet) or "—"),
        ("表头", f"第 {source.header_line} 行"),
        ("列数", f"{len(source.columns)} 列"),
    ]
    for column, (name, value) in zip(st.columns(len(said)), said, strict=True):
        column.caption(name)
        column.text(value)
    if source.notes:
        st.text("；".join(source.notes))


# ── the mapping ─────────────────────────────────────────────────────────────────────────────────


def choose_table(proposed: dict[str, Suggestion]) -> str:
    """The table that the file fills; the one that most columns fit stands first."""
    held = _tables()
    order = sorted(held, key=lambda t: -sum(proposed[t].confidence.values()))
    chosen = st.selectbox(
        "导入到", order, format_func=lambda t: held[t].label if t in held else str(t), key="table", width=320
    )
    return chosen if chosen in held else order[0]


def edit_mapping(source: Source, proposal: Suggestion) -> Mapping:
    """The proposed mapping as a table in which each source column can be changed."""
    declared = tables.table(proposal.mapping.table)
    filled = proposal.mapping.sources(source.columns)
    rows, indices = [], []
    for column in declared.columns:
        if column.derived:
            continue
        rule = proposal.mapping.columns.get(column.name)
        names = filled.get(column.name, [])
        constant = rule is not None and rule.constant is not None
        joined = rule is not None and rule.join is not None and len(names) > 1
        rows.append(
            {
                "字段": column.label,
                "必填": column.required or column.name in declared.key,
                "来源列": LEFT_OUT if constant or not names else names[0],
                "说明": _remark(rule, names, constant, joined, proposal.confidence.get(column.name)),
            }
        )
        indices.append(column.name)
    frame = pd.DataFrame(rows, index=pd.Index(indices))
    st.markdown(f"**{literal(proposal.mapping.label)}**　{literal(proposal.mapping.description)}")
    edited = st.data_editor(
        frame,
        hide_index=True,
        disabled=["字段", "必填", "说明"],
        column_config={
            "来源列": st.column_config.SelectboxColumn(
                options=[LEFT_OUT, *source.columns], required=True, width="medium"
            ),
            "必填": st.column_config.CheckboxColumn(width="small"),
        },
        key=f"mapping_{source.sha256[:12]}_{declared.name}",
        height=420,
        alt="字段与来源列的对应",
    )
    return _edited(proposal.mapping, edited, filled, source)


def _remark(rule: FieldRule | None, names: list[str], constant: bool, joined: bool, sure: float | None) -> str:
    if constant and rule is not None:
        return f"固定为「{clean(rule.constant)}」"
    if not names:
        return "文件中未找到"
    said = "由多列合并：" + "、".join(map(clean, names)) if joined else ""
    if sure is not None and sure < _SURE:
        return "、".join(filter(None, (said, f"把握 {wording.rate_text(sure, decimals=0)}，请核对")))
    return said or "列名吻合"


def _edited(mapping: Mapping, edited: pd.DataFrame, filled: dict[str, list[str]], source: Source) -> Mapping:
    """The mapping with what people changed; columns that the file does not have are not taken."""
    columns = dict(mapping.columns)
    for target, chosen in edited["来源列"].items():
        before = filled.get(str(target), [])
        rule = columns.get(str(target))
        if rule is not None and rule.constant is not None and chosen == LEFT_OUT:
            continue
        if chosen not in source.columns:
            columns.pop(str(target), None)
        elif not before or chosen != before[0]:
            base = rule or FieldRule()
            columns[str(target)] = replace(base, source=(chosen,), join=None, constant=None)
    declared = tables.table(mapping.table)
    key = mapping.key
    if key != WHOLE_ROW and not set(key or declared.key) <= set(columns):
        key = WHOLE_ROW
    elif key == WHOLE_ROW and set(declared.key) <= set(columns) and mapping.name == "suggested":
        key = ()
    return replace(mapping, columns=columns, key=key)


# ── preview, run, result ────────────────────────────────────────────────────────────────────────


def preview(given: Any, mapping: Mapping, source: Source) -> None:
    """The first rows as they would be stored, masked, with what is wrong marked."""
    if mapping.unmet(source.columns):
        return
    asked = (given.file_id, repr(mapping))
    if st.session_state.get("previewed_for") != asked:
        with st.spinner("正在试读"), laid_down(given) as (file, _, name):
            st.session_state["previewed"] = first_rows(file, mapping, settings.home(), PREVIEWED, name=name)
        st.session_state["previewed_for"] = asked
    seen: Preview = st.session_state["previewed"]
    counts = seen.counts
    lost = f"，其中 {counts['unlocated']} 行无法归属{settings.deployment().area_word}" if counts["unlocated"] else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.text(f"试读前 {counts['rows']} 行：{counts['good']} 行合格{lost}，{counts['bad']} 行有问题。下表已脱敏。")
        only = counts["bad"] > 0 and st.toggle("只看有问题的行", key="only_bad")
    frame = seen.frame[seen.frame["_problem"] != ""] if only else seen.frame
    shown = frame.rename(columns=seen.labels)
    shown.insert(0, "检查", ["✗ 有问题" if p else "✓" for p in frame["_problem"]])
    shown = shown.rename(columns={"_line": "行号", "_problem": "问题"})
    empty = [c for c in shown.columns if c not in ("问题",) and shown[c].isna().all()]
    st.dataframe(shown.drop(columns=empty), hide_index=True, alt="试读结果", placeholder="", height=300)


def run(given: Any, mapping: Mapping, source: Source, viewer: Viewer) -> None:
    """The button that imports, with progress; afterwards the snapshot is built and published."""
    if unmet := mapping.unmet(source.columns):
        st.warning(f"还缺少必需的字段：{'、'.join(unmet)}；请在上表中为其选择来源列。", icon=":material/rule:")
        return
    if not may(viewer, PAGE, "import"):
        st.caption("您没有导入权限，只能查看。")
        return
    agreed = _numbering_agreed(mapping, source)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        who = st.text_input("导入人", placeholder="姓名或工号，可不填", key="who", width=240, max_chars=40)
        trial = st.button("试运行（不保存）", icon=":material/science:", key="trial")
        start = st.button("导入并发布", type="primary", icon=":material/upload:", key="start", disabled=not agreed)
    if not (trial or (start and agreed)):
        return
    bar = st.progress(0.0, text="准备")

    def say(share: float, text: str) -> None:
        bar.progress(min(max(share, 0.0), 1.0), text=text)

    home = settings.home()
    with laid_down(given) as (file, work, name):
        work.mkdir(parents=True, exist_ok=True)
        rejected = work / "rejects.xlsx"
        result = pipeline.run_import(
            file,
            mapping,
            home,
            name=name,
            who=clean(who),
            dry_run=trial,
            progress=lambda share, text: say(share * (1.0 if trial else 0.7), text),
            rejects_to=rejected,
        )
        workbook = rejected.read_bytes() if rejected.exists() else None
    # What was stored is said even where publishing is refused; the words follow what really happened.
    st.session_state[_RESULT] = result, workbook, name, False
    if start and is_behind(home):
        _bring(home)
        build(home, lambda share, text: say(0.7 + 0.3 * share, text))
        Snapshots(home).prune()
    st.session_state[_RESULT] = result, workbook, name, bool(start)
    bar.empty()


def _bring(home: settings.Home) -> None:
    """What was approved and revoked meanwhile reaches the lake before the build."""
    from minxin.operations import bring  # at the click: no page waits for the database's driver

    for problem in bring(home):
        st.warning(problem)


def _numbering_agreed(mapping: Mapping, source: Source) -> bool:
    """Whether the rows have a number, or somebody has agreed that the whole row shall be it."""
    if mapping.key != WHOLE_ROW:
        return True
    number = "、".join(c.label for c in map(tables.table(mapping.table).column, tables.table(mapping.table).key))
    st.warning(
        f"本表没有编号列（{number}）。系统将以整行内容作为编号：已对应各列的原文完全相同的两行算作同一行，只计一次；"
        "原文改动过的行会作为新的一行导入，不会更新原来的那一行。文件中如有编号列，请先在上表中为其选择来源列。",
        icon=":material/pin:",
    )
    return st.checkbox(
        "本表没有编号列：以整行内容作为编号导入，我已了解上述后果",
        key=f"whole_row_{source.sha256[:12]}_{mapping.table}",
    )


def is_behind(home: settings.Home) -> bool:
    """Whether the lake holds a batch that the published snapshot cannot know."""
    current, batches = Snapshots(home).current(), Lake(home).batches()
    newest = max((datetime.fromisoformat(m.imported_at) for m in batches), default=None)
    return newest is not None and (current is None or newest >= current.built_at)


def result() -> None:
    """What the last run of this session did, with the rejected rows to mend."""
    held = st.session_state.get(_RESULT)
    if held is None:
        return
    done, workbook, name, is_published = held
    with st.container(border=True):
        stored = f"已导入为批次 {done.batch}，" if done.batch else "试运行完成，没有保存任何数据"
        if done.batch:
            stored += "已发布" if is_published else "但尚未发布，再次导入同一文件即可补发"
        st.subheader(literal(f"{stored}：{clean(name)}"), anchor=False)
        counts = (
            ("行数", done.rows),
            ("新增", done.accepted),
            ("更新", done.replaced),
            ("重复", done.repeated),
            ("退回", done.rejected),
            ("未归属", done.unlocated),
        )
        for column, (word, n) in zip(st.columns(len(counts)), counts, strict=True):
            column.metric(word, f"{n:,}")
        st.caption("行数 = 新增 + 更新 + 重复 + 退回；未归属的诉求照常入库，单独统计。")
        for note in done.notes:
            st.text(note)
        if done.reasons:
            reasons = pd.DataFrame({"退回原因": list(done.reasons), "行数": list(done.reasons.values())})
            st.dataframe(reasons, hide_index=True, alt="退回原因", height="content")
        if workbook is not None:
            st.download_button(
                "下载退回数据（改正后可重新上传）",
                workbook,
                file_name=f"退回_{Path(clean(name)).stem}.xlsx",
                mime=XLSX,
                on_click="ignore",
                icon=":material/assignment_return:",
                key="rejects",
            )
            st.caption("退回数据只在本次会话中提供下载，系统不留存。")


# ── what came before ────────────────────────────────────────────────────────────────────────────


def batches(viewer: Viewer) -> None:
    """The batches of the lake; a wrong one can be withdrawn."""
    st.subheader("导入记录", anchor=False)
    lake = Lake(settings.home())
    held = lake.batches(withdrawn=True)[::-1]
    if not held:
        st.text("尚无导入批次。")
        return
    labels = {t.name: t.label for t in tables.tables().values()}
    st.dataframe(
        pd.DataFrame(
            [
                {
                    "批次": m.batch_id,
                    "状态": "已撤回" if m.withdrawn else "有效",
                    "数据表": labels.get(m.table, m.table),
                    "来源文件": clean(m.source),
                    "导入时间": m.imported_at,
                    "导入人": clean(m.imported_by),
                    "行数": m.rows,
                    "新增": m.accepted,
                    "更新": m.replaced,
                    "重复": m.repeated,
                    "退回": m.rejected,
                }
                for m in held
            ]
        ),
        hide_index=True,
        alt="导入批次",
        height="auto",
        column_config={
            n: st.column_config.NumberColumn(format="localized") for n in ("行数", "新增", "更新", "重复", "退回")
        },
    )
    if may(viewer, PAGE, "import"):
        _withdrawal(lake, [m for m in held if not m.withdrawn])


def _withdrawal(lake: Lake, held: list[Manifest]) -> None:
    names = {m.batch_id: f"{m.batch_id}　{clean(m.source)}" for m in held}
    with st.expander("撤回一个导入错误的批次", icon=":material/undo:"), st.form("withdraw", border=False):
        batch = st.selectbox(
            "批次", list(names), index=None, format_func=lambda b: names.get(b, str(b)), placeholder="请选择批次"
        )
        reason = st.text_input("撤回原因", placeholder="例如：误传了测试文件", max_chars=120)
        if not st.form_submit_button("撤回并重新发布", icon=":material/undo:"):
            return
    if batch not in names or not clean(reason):
        st.warning("请选择批次并写明撤回原因。")
        return
    again = later_repeats(lake, lake.withdraw(str(batch), "本机用户", clean(reason)))
    with st.spinner("正在重新发布"):
        _bring(settings.home())
        build(settings.home())
        Snapshots(settings.home()).prune()
    st.success(f"批次 {batch} 已撤回，其数据不再显示。")
    if again:
        # Their repeated rows were never stored a second time: they left with the withdrawn batch.
        st.warning(f"批次 {'、'.join(again)} 中有与之重复、未另存的行，请把这些批次的原文件再导入一次。")
