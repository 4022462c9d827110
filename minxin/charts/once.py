"""``cached_property`` for methods that take arguments: a page keeps what it was asked for."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

Asked = ParamSpec("Asked")
Page = TypeVar("Page")
Found = TypeVar("Found")


def once(method: Callable[Concatenate[Page, Asked], Found]) -> Callable[Concatenate[Page, Asked], Found]:
    """Work out a method once for each of its arguments and keep what it gave as long as its object lives.

    Charts compare by identity, so the figure and the table of a chart that is kept are kept as well.
    Arguments are hashable and given by position; what comes back is shared and not to be changed.
    """
    name = f"_once_{method.__name__}"

    @functools.wraps(method)
    def kept(page: Page, *asked: Asked.args, **named: Asked.kwargs) -> Found:
        held: dict[Any, Found] = page.__dict__.setdefault(name, {})
        key = (asked, *sorted(named.items()))
        if key not in held:
            held[key] = method(page, *asked, **named)
        return held[key]

    return kept
