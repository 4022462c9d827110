"""What people decide: instructions and their follow-up, approvals, scenarios, nominations (docs/design.md)."""

from minxin.operations.actors import Actor
from minxin.operations.building import bring
from minxin.operations.clocks import clock_of
from minxin.operations.history import Stale
from minxin.operations.instructions import Unit
from minxin.operations.records import View
from minxin.operations.store import Store

__all__ = ["Actor", "Stale", "Store", "Unit", "View", "bring", "clock_of"]
