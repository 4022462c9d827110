"""数据导入: a file, its mapping, a preview, the run, its result, what came before."""

import streamlit as st

from minxin.access import guard
from minxin.board import imports, notices

viewer = guard("imports")
notices.heading("imports", viewer, "把一份台账变成可用的数据：选文件、对字段、看预览、导入、退回修改")

given = imports.upload()
if given is not None:
    st.subheader("一、识别结果", anchor=False)
    source, proposed = imports.recognised(given)
    imports.facts(source)

    st.subheader("二、字段对应", anchor=False)
    table = imports.choose_table(proposed)
    mapping = imports.edit_mapping(source, proposed[table])

    st.subheader("三、预览与导入", anchor=False)
    imports.preview(given, mapping, source)
    imports.run(given, mapping, source, viewer)
    imports.result()

imports.batches(viewer)
