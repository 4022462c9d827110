"""信用热力图: where the firms in C and D are, who moved between the classes, and why."""

from minxin.access import guard
from minxin.board import notices
from minxin.board.credit import advice, firms, heatmap

viewer = guard("heatmap")
source = notices.opening("heatmap", viewer, "哪些行业、哪些地方的企业风险高，谁在变差，为什么？")

firms.open_picked(viewer)
question = heatmap.bar(source)
if question is None:
    heatmap.nothing()
else:
    page = heatmap.answer(source, question)
    heatmap.headline(page, viewer)
    heatmap.crossed(page, source, viewer)
    heatmap.movement(page, viewer)
    advice.advice(source, viewer)
    heatmap.rules(source)
