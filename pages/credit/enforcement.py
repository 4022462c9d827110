"""失信监控与双向督促: both ways step by step with their times, how cases end, arrears at zero or not, what is stuck."""

from minxin.access import guard
from minxin.board import notices
from minxin.board.credit import asked, enforcement

viewer = guard("enforcement")
source = notices.opening(
    "enforcement", viewer, "失信线索走到了哪一步，督促之后有多少主动退出，拖欠清零了没有，哪些卡得最久？"
)

chosen = asked.bar(source, more=enforcement.kind)
page = enforcement.answer(source, chosen.question, chosen.more)

enforcement.headline(page, chosen, viewer)
enforcement.figures(page)
enforcement.both_ways(page, viewer)
enforcement.ends(page, viewer)
enforcement.zero(page, viewer)
enforcement.stuck(page, viewer)
