"""What was decided reaches the lake before a build."""

from __future__ import annotations

from minxin.operations.clocks import clock_of
from minxin.operations.store import Store
from minxin.settings import Home, Refused, Unusable


def bring(home: Home) -> list[str]:
    """Bring the lake to what is approved and revoked; one Chinese line for each that could not be brought.

    A store that does not answer keeps nobody from building: the lake is right, it only lacks the latest
    decisions, and the next build asks again.
    """
    if not Store.is_there(home):
        return []
    try:
        with Store.open(home, clock_of(home)) as store:
            done = store.proposals.export()
    except (Refused, Unusable) as error:
        return [f"新近批准或撤销的事项未能写入数据湖，本次构建不含这些事项：{error}"]
    return [f"{one.record} 未能写入数据湖：{one.problem.rstrip('。')}。" for one in done if one.problem]
