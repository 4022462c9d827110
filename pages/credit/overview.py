"""信用总览: index and rank, what is collected and how well, both lists, the systems that use credit."""

from minxin.access import guard
from minxin.board import notices
from minxin.board.credit import overview

viewer = guard("overview")
source = notices.opening("overview", viewer, "城市信用指数排在哪里，信用信息归集得全不全、快不快，红黑名单是增是减？")

start, end, label, rest = overview.bar(source)
page = overview.answer(source, start, end, label)

overview.headline(page, rest, viewer)
overview.figures(page)
overview.index(page, viewer)
overview.collection(page, viewer)
overview.lists(page, viewer)
overview.systems(page, viewer)
