"""分级监管与双随机: what inspections by risk found against a random arm, and a draw that anyone can repeat."""

from minxin.access import guard
from minxin.board import notices
from minxin.board.credit import drawing, supervision

viewer = guard("supervision")
source = notices.opening("supervision", viewer, "按风险抽查是不是真的查得更准，有没有少打扰企业，本轮该查谁？")

chosen = supervision.bar(source)

if chosen.view == "round":
    drawing.current(source, viewer, chosen.rest)
else:
    page = supervision.answer(source, chosen)
    if supervision.found(page, chosen, viewer):
        supervision.compared(page, viewer)
        supervision.coverage(page, viewer)
        if viewer.detail != "aggregate":
            supervision.drill(source, chosen, page, viewer)
    supervision.ruled(page, viewer)
