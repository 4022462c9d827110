"""先锋与案例: evidence on units, people and cases side by side; people nominate and second, no score decides."""

from minxin.access import guard
from minxin.board import honours, nominations, notices

viewer = guard("honours")
source = notices.opening("honours", viewer, "谁在第一线办成了难事、哪起案件办得彻底，有什么证据？")

chosen = honours.bar(source)
honours.prepare(source)
year = chosen.span.start.year

if chosen.about == "case":
    case = honours.chosen_case(honours.cases(source, chosen.span), chosen.sort, viewer, chosen.rest)
    if case is not None:
        honours.about_case(source, case, viewer)
        nominations.nominate(source, nominations.of_case(case), year, viewer)
else:
    found = honours.evidence(source, chosen.about, chosen.span)
    subject = honours.chosen_subject(found, chosen.sort, chosen.rest)
    honours.ranked(found, chosen.sort, subject, viewer)
    if subject:
        honours.about_subject(found, subject, viewer)
        nominations.nominate(source, nominations.of_evidence(found, subject), year, viewer)

nominations.listed(source, year, viewer)
