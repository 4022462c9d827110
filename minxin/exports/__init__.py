"""Charts as files that leave the board: presentation, one sheet of paper, workbook, picture of the map."""

from minxin.exports.paper import one_page
from minxin.exports.presentation import presentation
from minxin.exports.workbook import workbook

__all__ = ["one_page", "presentation", "workbook"]
