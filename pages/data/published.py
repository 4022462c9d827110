"""公开数字核对: every published figure beside what the warehouse counts."""

from minxin.access import guard
from minxin.board import figures, notices

viewer = guard("published")
source = notices.opening("published", viewer, "已经公开发表过的数字，用现有数据再算一遍，结果是否一致？")

check = source("published.check")
figures.verdict(check)
figures.counts(check)
chosen = figures.filters(check)
figures.listing(check, chosen, source, viewer)
figures.explanation(source)
