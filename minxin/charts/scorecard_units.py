"""How scores and their parts are written."""

from minxin.charts.chart import Unit

#: Scores out of 100.
SCORE = Unit("score", "分")
#: Parts of a score, and other plain numbers with two decimals.
POINTS = Unit("number", "", 2)
