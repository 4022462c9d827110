"""Charts as files that leave the board: presentation, workbook, picture of the map."""

from minxin.exports.presentation import presentation
from minxin.exports.workbook import workbook

__all__ = ["presentation", "workbook"]
