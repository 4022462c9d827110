"""信用修复: who can apply from when, whom to remind, how fast it goes, one case under both rules."""

from minxin.access import guard
from minxin.board import notices
from minxin.board.credit import asked, repair

viewer = guard("repair")
source = notices.opening("repair", viewer, "哪些企业现在就能申请修复，该提醒谁，办得快不快，卡在哪里？")

chosen = asked.bar(source, span=repair.SPAN)
page = repair.answer(source, chosen.question)

repair.headline(page, chosen, viewer)
repair.figures(page)
repair.way(page, viewer)
if viewer.detail != "aggregate":
    repair.drill(page, viewer)
    repair.case(source, page, viewer)
repair.tried(page, source, viewer)
