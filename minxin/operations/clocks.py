"""What time it is for a home: the wall's clock, or in a demo the clock of its data."""

from __future__ import annotations

import datetime as dt

from minxin.operations.records import Clock
from minxin.settings import Home
from minxin.warehouse.snapshots import Snapshots


def clock_of(home: Home) -> Clock:
    """The clock of a home's store.

    A demo ends on a day of its own. There it is as late as its data are, so that terms run, reminders come
    and approvals reach the next build as they would in a real home.
    """

    def now() -> dt.datetime:
        # Also of a snapshot that this version cannot open: a build that makes a new one asks for the time, too.
        held = Snapshots(home).published()
        if held is not None and held.simulated:
            return held.as_of.replace(tzinfo=home.deployment.zone).astimezone(dt.UTC)
        return dt.datetime.now(dt.UTC)

    return now
