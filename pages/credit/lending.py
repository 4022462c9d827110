"""信易贷与白名单: from registration to repayment, what fell overdue, and the model's list beside what the banks did."""

from minxin.access import guard
from minxin.board import notices
from minxin.board.credit import asked, lending

viewer = guard("lending")
source = notices.opening("lending", viewer, "贷款走到了哪一步，哪些逾期，该向银行推荐谁，模型与银行哪里不一致？")

chosen = asked.bar(source, span=lending.SPAN)
page = lending.answer(source, chosen.question)
model = lending.recommendation(source, chosen.question)

lending.headline(page, model, chosen, viewer)
lending.figures(page)
lending.way(page, viewer)
lending.groups(page, viewer)
lending.whitelist(model, viewer)
if viewer.detail != "aggregate":
    lending.drill(model, viewer)
