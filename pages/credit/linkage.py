"""诉求信用联动: where many petitions and weak credit meet, and what inspections then found."""

from minxin.access import guard
from minxin.board import notices
from minxin.board.credit import asked, linkage

viewer = guard("linkage")
source = notices.opening("linkage", viewer, "诉求多的地方企业信用差不差，先查哪些物业企业，检查查出了什么？")

start, end, label, rest = asked.span(source)
page = linkage.answer(source, start, end, label)

linkage.headline(page, rest, viewer)
linkage.places(page, viewer)
linkage.sectors(page, viewer)
if viewer.detail != "aggregate":
    linkage.companies(page, viewer)
