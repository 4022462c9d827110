"""考核记分卡: three rates and their score for all communities or units, with what chance leaves of them."""

from minxin.access import guard
from minxin.board import actions, assessment, notices, scorecard
from minxin.charts import boards

viewer = guard("scorecard")
source = notices.opening("scorecard", viewer, "三率和得分怎样，差别是真的还是偶然，谁要整改、谁可先进？")

chosen = assessment.bar(source, with_units=True)
card = scorecard.answer(source, chosen)

scorecard.headline(card, chosen, viewer)
scorecard.street(card)
scorecard.units(card, viewer)
scorecard.standings(card, viewer)
scorecard.chance(card, viewer)
scorecard.more(card, viewer)
actions.opened(source, viewer, "scorecard")

if viewer.detail != "aggregate":
    scorecard.drill(source, card, boards.scorecard().records)
