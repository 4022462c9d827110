"""Parts of the page 企业画像: the search, the firm, and the code that opens it on a telephone."""

from __future__ import annotations

import datetime as dt
import io
from urllib.parse import urlencode, urlsplit

import pandas as pd
import segno
import streamlit as st

from minxin import settings
from minxin.access import Viewer, may, signing
from minxin.analysis.credit.classes import label
from minxin.board import community, panel, registry
from minxin.board.credit.firms import FIRM, open_later
from minxin.board.frames import Source
from minxin.board.picking import rows_to_pick
from minxin.board.shell import part
from minxin.board.text import literal
from minxin.charts.credit.badge import badge
from minxin.charts.credit.enterprise import Enterprise
from minxin.charts.credit.risk_board import risk_board
from minxin.warehouse.visibility import today

PAGE = "enterprise"
SIGNATURE = "sign"
TERM = "find"
#: The longest text that is searched for.
LONGEST = 60
#: What the address of the computer itself begins with: a telephone cannot reach that.
_HERE = ("localhost", "127.", "[::1]", "0.0.0.0")


def chosen(source: Source) -> str:
    """The firm of the address, '' where there is none that the viewer may see; a forged code is refused."""
    code = str(st.query_params.get(FIRM, "")).strip().upper()
    signature = str(st.query_params.get(SIGNATURE, ""))
    if code and signature:
        if not signing.signed(settings.home(), code, signature):
            st.error("该码不是本机关签发或已改动，不能据此查看企业；请核对后重新扫码。", icon=":material/gpp_bad:")
            return ""
        st.success("本码由本机关签发，内容以本页所示为准。", icon=":material/verified:")
    return code


def search(source: Source, viewer: Viewer, code: str) -> None:
    """The line of search; a click on a hit opens the firm."""
    term = st.text_input(
        "查找企业", key=TERM, bind="query-params", max_chars=LONGEST, label_visibility="collapsed", width=520,
        placeholder="输入企业名称、名称拼音首字母或统一社会信用代码", icon=":material/search:",
    )  # fmt: skip
    wanted = " ".join(str(term or "").split())[:LONGEST]
    if not wanted:
        if not code:
            _nobody_yet(source)
        return
    most = risk_board().found
    held = source("enterprise.search", term=wanted, limit=most)
    if held.empty:
        st.text("没有找到这样的企业；可只输入名称的一部分，或名称各字拼音的首字母。")
        return
    if len(held) == 1 and not code:
        open_later(str(held.iloc[0]["uscc"]))
        st.rerun()
    lot = st.expander(f"找到 {'前 ' if len(held) >= most else ''}{len(held)} 家，点击一行打开", expanded=not code)
    with lot:
        _hits(held, "found")


def _nobody_yet(source: Source) -> None:
    """Before any search: what the page shows, and no firm: nobody's name stands on a wall without being asked for."""
    if source("risk.months").empty:
        st.text("还没有企业数据，请先在「数据导入」中导入企业名录。")
        return
    with st.container(border=True, width=760):
        st.markdown(
            "请输入企业名称的一部分、名称各字拼音的首字母，或统一社会信用代码，按回车查找。\n\n"
            "查到后可以看到：归入哪一类、为什么，各月类别的变化，可查看的信用记录及其展示期限，"
            "何时可以修复，检查与贷款。\n\n"
            "查找之前不列出企业；按类别、行业、县区查看名单，请到「信用热力图」选定一格。"
        )


def _hits(held: pd.DataFrame, name: str) -> None:
    shown = pd.DataFrame(
        {
            "企业": held["name"],
            "统一社会信用代码": held["uscc"],
            "类别": [label(c) for c in held["risk_class"]],
            "县区": held["county_name"],
            "社区": held["community_name"],
            "行业门类": held["industry_name"],
        }
    )
    height = 35 * (min(len(shown), 10) + 1) + 3
    rows_to_pick(shown, held["uscc"].tolist(), name, open_later, "企业清单", height)


def answer(source: Source, code: str) -> Enterprise:
    """The firm; kept for whoever asks the same of the same snapshot within the same scope."""
    return _kept(source.key, code, source)


@st.cache_resource(max_entries=128, show_spinner=False)
def _kept(key: tuple[str, ...], code: str, _source: Source) -> Enterprise:
    return Enterprise(_source, code, _source.about, risk_board())


def withheld() -> None:
    """For who sees sums only, with a signed code, too: that says who made it, not who may look."""
    st.info(
        "当前身份只看汇总，不能查找和查看单个企业；需要查看的，请管理员在权限表 access.toml 中开通。",
        icon=":material/visibility_off:",
    )


def unknown() -> None:
    """Where the code of the address names no firm that may be seen."""
    st.warning("没有这家企业，或不在可查看的范围内；请核对统一社会信用代码，或重新查找。", icon=":material/search_off:")


def headline(page: Enterprise, viewer: Viewer) -> None:
    """Name and class, what the register says, the code."""
    with st.container(border=True):
        left, right = st.columns([9, 3])
        with left:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.header(literal(page.name), anchor=False, width="content")
                if page.risk_class:
                    st.html(badge(page.risk_class, panel.theme()), width="content")
                if may(viewer, PAGE, "export"):
                    panel.export_menu(lambda: page.charts(_today()), "page", f"企业画像{page.name}", label="导出")
            st.markdown(f"**{literal(page.headline)}**")
            if page.gone:
                st.info(
                    f"归类所依据的记录中有 {page.gone} 条已修复、到期或撤回，不再显示；类别待下次构建后更新。",
                    icon=":material/update:",
                )
            _facts(page)
            community.link(str(page.firm["community_code"]), viewer)
        with right:
            _code(page)


def _facts(page: Enterprise) -> None:
    for start in range(0, len(page.facts), 4):
        for column, (name, value) in zip(st.columns(4), page.facts[start : start + 4], strict=False):
            column.caption(name)
            column.text(value)


def _today() -> dt.date:
    return today(settings.home())


def _code(page: Enterprise) -> None:
    """The signed code of the firm: its number and a signature, nothing else."""
    address = link(page.code)
    drawn = io.BytesIO()
    segno.make(address, error="m", micro=False).save(drawn, kind="png", scale=4, border=2)
    st.image(drawn.getvalue(), width=150)
    host = urlsplit(address).netloc
    if host.startswith(_HERE):
        st.caption("一码监管：本看板只在本机打开，手机扫码须由单位部署到内网地址后使用。")
    else:
        st.caption("一码监管：手机扫码打开本页；码中只有企业代码与签名，没有个人信息。")


def link(code: str) -> str:
    """The signed address of a firm's page, below the address at which the board is read now."""
    here = urlsplit(st.context.url or "http://localhost:8501")
    said = urlencode({FIRM: code, SIGNATURE: signing.sign(settings.home(), code)})
    return f"{here.scheme}://{here.netloc}/{registry.entry(PAGE).url_path}?{said}"


def reasons(page: Enterprise, viewer: Viewer) -> None:
    """Why the firm is in its class, and how the class moved."""
    left, right = st.columns([7, 5])
    with left:
        panel.panel(page.reasons, viewer, PAGE)
    with right:
        panel.panel(page.history, viewer, PAGE)


def records(page: Enterprise, viewer: Viewer) -> None:
    """Everything that may be shown of it."""
    panel.panel(page.timeline, viewer, PAGE)
    panel.panel(page.repairs(_today()), viewer, PAGE)


@part
def more(page: Enterprise, viewer: Viewer) -> None:
    """Visits, loans, and what is going on around it."""
    left, right = st.columns(2)
    with left:
        panel.panel(page.inspections, viewer, PAGE)
    with right:
        panel.panel(page.loans, viewer, PAGE)
    if page.petitions is not None:
        panel.panel(page.petitions, viewer, PAGE)
