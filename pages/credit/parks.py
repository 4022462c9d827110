"""信用园区与信易+: parks and their money, scenes, honest merchants, and policies that reach the firms they fit."""

from minxin.access import guard
from minxin.board import notices
from minxin.board.credit import parks

viewer = guard("parks")
source = notices.opening("parks", viewer, "守信的企业得到了什么，园区好不好，政策有没有送到该送的企业？")

page = parks.answer(source)

parks.headline(page, viewer)
parks.figures(page)
parks.parks(page, viewer)
parks.scenes(page, viewer)
parks.policies(page, viewer)
