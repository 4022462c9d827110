"""企业画像: one firm's class with its reasons, its history, its records, and the code that opens it elsewhere."""

from minxin.access import guard
from minxin.board import notices
from minxin.board.credit import enterprise, firms

viewer = guard("enterprise")
source = notices.opening("enterprise", viewer, "这家企业属于哪一类，为什么，有什么记录，何时可以修复？")

firms.open_picked(viewer)

if viewer.detail == "aggregate":
    enterprise.withheld()
else:
    code = enterprise.chosen(source)
    enterprise.search(source, viewer, code)
    if code:
        page = enterprise.answer(source, code)
        if page.found:
            enterprise.headline(page, viewer)
            enterprise.reasons(page, viewer)
            enterprise.records(page, viewer)
            enterprise.more(page, viewer)
        else:
            enterprise.unknown()
