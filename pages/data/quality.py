"""数据质量: per batch and field what is missing, odd, late, unlocated, and how that moves."""

from minxin.access import guard
from minxin.board import notices, quality

viewer = guard("quality")
source = notices.opening("quality", viewer, "数据全不全、准不准、来得及时不及时？")

batches = source("quality.batches")
quality.overview(batches)
quality.batch_list(batches, source, viewer)

chosen = quality.chooser(batches)
left, right = quality.halves()
with left:
    quality.fields(source("quality.fields"), chosen, source, viewer)
with right:
    quality.reasons(source("quality.reasons"), chosen, source, viewer)

quality.unlocated(source("quality.unlocated"), source, viewer)
