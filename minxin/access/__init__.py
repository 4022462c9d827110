"""Who may see what: viewer, doors, guard, and the one place where data text becomes harmless."""

from minxin.access import doors
from minxin.access.escaping import escape, harmless, visible
from minxin.access.guard import guard
from minxin.access.rules import may
from minxin.access.viewer import Viewer

__all__ = ["Viewer", "doors", "escape", "guard", "harmless", "may", "visible"]
