"""Chinese sentences of the simulated petitions, put together from the parts in ``phrases.toml``."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from minxin.demo.arrivals import Arrivals
from minxin.demo.draw import NEVER, Bools, Ints
from minxin.demo.handling import Handling
from minxin.demo.scenario import KINDS, Scenario
from minxin.demo.world import World

#: Letters of codes for persons: no digits, so that none can be taken for a number of somebody.
LETTERS = "abcdefghjkmnpqrs"
#: Kinds that are told like a complaint.
TOLD = ("投诉", "求助", "举报")


def join(*parts: pa.Array) -> pa.Array:
    """Texts side by side, row by row."""
    return pc.binary_join_element_wise(*parts, "")


def same(text: str, size: int) -> pa.Array:
    """One text for every row."""
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(size, dtype=np.int32)), pa.array([text])).cast(pa.string())


def chosen(options: Sequence[str], index: Ints) -> pa.Array:
    """The option of each row."""
    return pa.array(list(options), type=pa.string()).take(pa.array(index))


def drawn(options: Sequence[str], rng: np.random.Generator, size: int) -> pa.Array:
    """An option at random for each row."""
    return chosen(options, rng.integers(0, len(options), size))


def scattered(pieces: Sequence[tuple[Ints, pa.Array]], size: int) -> pa.Array:
    """Put pieces back to their rows; rows of no piece are null."""
    place = np.full(size, -1, dtype=np.int64)
    start = 0
    for rows, _ in pieces:
        place[rows] = np.arange(start, start + len(rows))
        start += len(rows)
    if not pieces:
        return pa.nulls(size, pa.string())
    whole = pa.concat_arrays([piece for _, piece in pieces])
    return whole.take(pa.array(np.maximum(place, 0), mask=place < 0))


_BLOCKS = pa.array(["".join(letters) for letters in product(LETTERS, repeat=4)], type=pa.string())


def codes(numbers: Ints, salt: int) -> pa.Array:
    """A code of 16 letters for each number: the same number, the same code (SplitMix64)."""
    with np.errstate(over="ignore"):
        x = numbers.astype(np.uint64) + np.uint64(salt % 2**63) * np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x = x ^ (x >> np.uint64(31))
    parts = [_BLOCKS.take(pa.array((x >> np.uint64(16 * i)) & np.uint64(0xFFFF))) for i in range(4)]
    return join(*parts)


class Writer:
    """Writes subjects, contents, results and replies; one instance per run."""

    def __init__(self, scenario: Scenario, world: World) -> None:
        self.phrases = scenario.phrases
        self.places = [*world.estate_names, *scenario.names, "辖区"]
        self.estates = world.estates
        self.communities = len(scenario.names)
        self.names = [s.category_3 for s in scenario.subjects]
        self.problems = [text for s in scenario.subjects for text in s.problems]
        self.questions = [s.question for s in scenario.subjects]
        matters, places = self.phrases["matters"], self.phrases["places_2"]
        self.is_matter = np.array([s.category_1 in matters and s.category_2 not in places for s in scenario.subjects])
        self.wishes = np.array([s.problems[0].startswith("希望") for s in scenario.subjects])
        self.units = world.units
        self.openings = {
            position: self.phrases["night_open" if channel.sessions else "home_open"]
            for position, channel in enumerate(scenario.channels)
            if channel.sessions or channel.households is not None
        }

    def place(self, arrivals: Arrivals) -> Ints:
        """Position in ``places``: the estate, else the community, else the whole."""
        nowhere = self.estates + self.communities
        area = np.where(arrivals.community >= 0, self.estates + arrivals.community, nowhere)
        return np.where(arrivals.estate >= 0, arrivals.estate, area)

    def written(self, arrivals: Arrivals, handling: Handling, rng: np.random.Generator) -> tuple[pa.Array, pa.Array]:
        """Subject and content of each petition."""
        size = len(arrivals)
        place = self.place(arrivals)
        subjects, contents = [], []
        for number, kind in enumerate(KINDS):
            # What happens at a place is told differently from what happens to a person.
            for style, mask in (("site", False), ("matter", True)):
                rows = np.flatnonzero((arrivals.kind == number) & (self.is_matter[arrivals.subject] == mask))
                if not len(rows):
                    continue
                subject = arrivals.subject[rows]
                where, name = chosen(self.places, place[rows]), chosen(self.names, subject)
                subjects.append((rows, self._subject(kind, where, name, chosen(self.questions, subject))))
                contents.append((rows, self._content(kind, style, rows, where, name, arrivals, handling, rng)))
        return scattered(subjects, size), scattered(contents, size)

    def _subject(self, kind: str, where: pa.Array, name: pa.Array, question: pa.Array) -> pa.Array:
        size = len(where)
        if kind == "投诉":
            return join(where, name)
        if kind == "咨询":
            return join(same("咨询：", size), question)
        if kind == "建议":
            return join(same("关于", size), where, name, same("的建议", size))
        if kind == "表扬":
            return join(same("感谢处理", size), where, name)
        if kind == "其他":
            return join(same("补充材料：", size), where, name)
        return join(same(f"{kind}：", size), where, name)

    def _content(
        self,
        kind: str,
        style: str,
        rows: Ints,
        where: pa.Array,
        name: pa.Array,
        arrivals: Arrivals,
        handling: Handling,
        rng: np.random.Generator,
    ) -> pa.Array:
        words, size = self.phrases, len(rows)
        subject = arrivals.subject[rows]
        if kind in TOLD:
            return self._told(kind, style, rows, where, arrivals, rng)
        if kind == "咨询":
            question = chosen(self.questions, subject)
            return join(drawn(words["consult_open"], rng, size), question, drawn(words["consult_close"], rng, size))
        if kind == "建议":
            problem = chosen(self.problems, 2 * subject + arrivals.wording[rows])
            wish = join(same("居民", size), problem, same("，", size))
            about = join(drawn(words["suggest_open"], rng, size), where, same("“", size), name, same("”问题，", size))
            return join(
                pc.if_else(pa.array(self.wishes[subject]), wish, about), drawn(words[f"{style}_suggest"], rng, size)
            )
        if kind == "表扬":
            unit = chosen(self.units, np.maximum(handling.dispatch.unit[rows, 0], 0))
            about = join(unit, same("，", size), where, same("“", size), name, same("”一事", size))
            return join(drawn(words["praise_open"], rng, size), about, drawn(words["praise_body"], rng, size))
        return join(
            same("关于", size),
            where,
            same("“", size),
            name,
            same("”事项：", size),
            drawn(words["other_body"], rng, size),
        )

    def _told(
        self, kind: str, style: str, rows: Ints, where: pa.Array, arrivals: Arrivals, rng: np.random.Generator
    ) -> pa.Array:
        """A complaint: who says it, where, what, since when, more, and what is asked for."""
        words, size = self.phrases, len(rows)
        subject = arrivals.subject[rows]
        since = ["", *words[f"{style}_since"]]
        return join(
            self._opening(kind, style, arrivals.channel[rows], rng),
            where,
            drawn(words[f"{style}_join"], rng, size),
            # A repeat and its first case tell the same matter, each in its own words.
            chosen(self.problems, 2 * subject + arrivals.wording[rows]),
            chosen(since, np.where(self.wishes[subject], 0, rng.integers(1, len(since), size))),
            drawn(words[f"{style}_detail"], rng, size),
            drawn(words["help_ask" if kind == "求助" else f"{style}_ask"], rng, size),
        )

    def _opening(self, kind: str, style: str, channel: Ints, rng: np.random.Generator) -> pa.Array:
        usual = drawn(self.phrases["report_open" if kind == "举报" else f"{style}_open"], rng, len(channel))
        for position, options in self.openings.items():
            usual = pc.if_else(pa.array(channel == position), drawn(options, rng, len(channel)), usual)
        return usual

    def results(
        self, arrivals: Arrivals, handling: Handling, solved: Bools, rng: np.random.Generator
    ) -> tuple[pa.Array, pa.Array]:
        """The unit in charge and what it did; the latter null where open (``solved``: it says that all is settled)."""
        is_closed = handling.closed < NEVER
        told = np.isin(arrivals.kind, [KINDS.index(k) for k in TOLD])
        asked = arrivals.kind == KINDS.index("咨询")
        matter = self.is_matter[arrivals.subject]
        groups = {
            "site_fixed": told & solved & ~matter,
            "site_partly": told & ~solved & ~matter,
            "matter_fixed": told & solved & matter,
            "matter_partly": told & ~solved & matter,
            "result_answer": asked,
            "result_noted": ~told & ~asked,
        }
        pieces = []
        for name, mask in groups.items():
            rows = np.flatnonzero(mask & is_closed)
            pieces.append((rows, drawn(self.phrases[name], rng, len(rows))))
        main = np.where(handling.dispatch.unit[:, 1] >= 0, handling.dispatch.unit[:, 1], handling.dispatch.unit[:, 0])
        return chosen(self.units, np.maximum(main, 0)), scattered(pieces, len(arrivals))

    def replies(self, subject: pa.Array, unit: pa.Array, result: pa.Array, rng: np.random.Generator) -> pa.Array:
        """An answer to the petitioner, from the subject, the unit in charge and what it did."""
        size, words = len(subject), self.phrases
        opening, closing = drawn(words["reply_open"], rng, size), drawn(words["reply_close"], rng, size)
        return join(
            opening, same("“", size), subject, same("”一事，", size), unit, same("答复：", size), result, closing
        )
