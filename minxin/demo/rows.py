"""Arrow tables of the petitions and of all that hangs on them, in the declared columns of the lake."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from minxin.demo.arrivals import Arrivals
from minxin.demo.dispatching import SHARES
from minxin.demo.draw import DAY, HOUR, MINUTE, NEVER, Bools, Ints, flags, generator, running_number, working_hours
from minxin.demo.following import SATISFACTION
from minxin.demo.handling import Handling
from minxin.demo.scenario import KINDS, Scenario
from minxin.demo.texts import Writer, chosen, codes, drawn, join, same
from minxin.demo.world import World
from minxin.settings import NO_COMMUNITY, NO_COMMUNITY_NAME
from minxin.tables import table as declared_table

ARROW_TYPES = {
    "text": pa.string(),
    "integer": pa.int64(),
    "decimal": pa.float64(),
    "boolean": pa.bool_(),
    "timestamp": pa.timestamp("us"),
    "date": pa.date32(),
}
#: People of a unit who take petitions first.
STAFF = 9
URGENCY = ("一般", "紧急", "特急")


def as_table(name: str, columns: Mapping[str, pa.Array], size: int) -> pa.Table:
    """The columns in declared order and type; a column not given is null.

    Raises KeyError for a column that the table does not have.
    """
    declared = declared_table(name)
    if unknown := set(columns) - set(declared.names):
        raise KeyError(f"{name} has no columns {sorted(unknown)}")
    arrays = []
    for column in declared.columns:
        kind = ARROW_TYPES[column.type]
        held = columns.get(column.name)
        arrays.append(pa.nulls(size, kind) if held is None else held.cast(kind))
    return pa.Table.from_arrays(arrays, names=declared.names)


def moments(seconds: Ints) -> pa.Array:
    """Timestamps from seconds since 1970; NEVER becomes null."""
    missing = seconds == NEVER
    return pa.array(np.where(missing, 0, seconds) * 1_000_000, mask=missing).cast(pa.timestamp("us"))


def dates(seconds: Ints) -> pa.Array:
    """Dates from seconds since 1970; NEVER becomes null."""
    missing = seconds == NEVER
    return pa.array((np.where(missing, 0, seconds) // DAY).astype(np.int32), mask=missing).cast(pa.date32())


def where(mask: Bools, values: pa.Array) -> pa.Array:
    """The values where the mask holds, else null."""
    return pc.if_else(pa.array(mask), values, pa.scalar(None, values.type))


def padded(numbers: Ints, width: int) -> pa.Array:
    """Whole numbers as text with leading zeros."""
    return pc.utf8_lpad(pa.array(numbers).cast(pa.string()), width, "0")


def staff_codes(unit: Ints, number: Ints | int, seed: int) -> pa.Array:
    """The codes of the n-th persons (below ``STAFF``) of units."""
    return codes(unit * 64 + number, seed + 1)


class Rows:
    """Makes the tables of one run; random details come from the seed and the draw's name."""

    def __init__(self, scenario: Scenario, world: World, seed: int) -> None:
        self.scenario, self.world, self.seed = scenario, world, seed
        self.writer = Writer(scenario, world)
        first = date(1970, 1, 1) + timedelta(days=scenario.first)
        self.days = [(first + timedelta(days=i)).strftime("%Y%m%d") for i in range(scenario.last - scenario.first)]

    def ids(self, arrivals: Arrivals) -> pa.Array:
        """Channel, day and a number of its own within both, in order of time."""
        day = arrivals.created // DAY - self.scenario.first
        number = running_number(arrivals.channel * len(self.days) + day)
        return join(
            chosen([c.prefix for c in self.scenario.channels], arrivals.channel),
            chosen(self.days, day),
            padded(number, 5),
        )

    def all(self, arrivals: Arrivals, handling: Handling, name: str) -> dict[str, tuple[pa.Table, Ints]]:
        """Every table of a draw with the day (since 1970) that partitions each row."""
        rng = generator(self.seed, "rows", name)
        ids = self.ids(arrivals)
        made = {
            "petition": (self._petition(arrivals, handling, ids, rng), arrivals.created),
            "contact": self._contact(handling, ids, rng),
            "dispatch": self._dispatch(handling, ids, rng),
            "followup": self._followup(handling, ids, rng),
            "extension": self._extension(handling, ids, rng),
            "hard_case": self._hard_case(handling, ids, rng),
            "exclusion": self._exclusion(arrivals, handling, ids, rng),
            "repeat_link": self._repeat_link(arrivals, ids, rng),
        }
        if name == "published":
            made["instruction"] = self._instruction(arrivals, handling, ids, rng)
        return {key: (table, moment // DAY) for key, (table, moment) in made.items()}

    # ── petitions ───────────────────────────────────────────────────────────────────────────────

    def _petition(self, a: Arrivals, h: Handling, ids: pa.Array, rng: np.random.Generator) -> pa.Table:
        scenario, world, size = self.scenario, self.world, len(a)
        channels = scenario.channels
        row = np.arange(size)
        subjects = scenario.subjects
        is_closed = h.closed < NEVER
        last = np.maximum(h.followup.last, 0)
        has_followup = h.followup.last >= 0
        solved = np.where(has_followup, h.followup.resolved[row, last], flags(rng, 0.87, size))
        subject, content = self.writer.written(a, h, rng)
        unit, result = self.writer.results(a, h, solved, rng)
        replied = is_closed & np.array([c.replies for c in channels])[a.channel] & flags(rng, 0.7, size)
        valid = has_followup & h.followup.valid[row, last]
        estate = np.maximum(a.estate, 0)
        has_estate = a.estate >= 0
        # Without an estate the point is one of some estate nearby, in the same community.
        width = np.diff(world.estate_first)[a.community]
        some = world.estate_first[np.maximum(a.community, 0)] + (rng.random(size) * width).astype(np.int64)
        near = np.where(has_estate, estate, some)
        has_point = (a.point >= 0) & (a.community >= 0)
        point = np.maximum(a.point, 0)
        area = np.where(a.community >= 0, a.community, len(scenario.codes))
        root = np.where(a.parent >= 0, a.parent, row)
        is_root = np.zeros(size, dtype=bool)
        is_root[a.parent[a.parent >= 0]] = True
        day = a.created // DAY - scenario.first
        liked = np.array([c.likes for c in channels])[a.channel]
        confidential = flags(rng, np.where(a.kind == KINDS.index("举报"), 0.6, 0.02), size)
        person = staff_codes(np.maximum(h.dispatch.unit[:, 0], 0), rng.integers(0, STAFF, size), self.seed)
        columns = {
            "petition_id": ids,
            "city_number": where(
                np.array([c.city_number for c in channels])[a.channel],
                join(
                    same("SZ", size),
                    chosen([d[2:] for d in self.days], day),
                    same("-", size),
                    padded(running_number(day), 7),
                ),
            ),
            "channel": chosen([c.name for c in channels], a.channel),
            "created_at": moments(a.created),
            "accepted_at": moments(h.accepted),
            "kind": chosen(KINDS, a.kind),
            "category_1": chosen([s.category_1 for s in subjects], a.subject),
            "category_2": chosen([s.category_2 for s in subjects], a.subject),
            "category_3": chosen([s.category_3 for s in subjects], a.subject),
            "urgency": chosen(URGENCY, h.urgency),
            "complexity": chosen(("简单", "复杂"), h.is_complex.astype(np.int64)),
            "complexity_changed_at": moments(h.changed),
            "community_code": chosen([*scenario.codes, NO_COMMUNITY], area),
            "community_name": chosen([*scenario.names, NO_COMMUNITY_NAME], area),
            "community_source": chosen(("code", "none"), (a.community < 0).astype(np.int64)),
            "estate_code": where(has_estate, chosen(world.estate_codes, estate)),
            "grid_code": where(has_estate, self._grid(estate)),
            "longitude": where(has_point, pa.array(world.longitude[near, point])),
            "latitude": where(has_point, pa.array(world.latitude[near, point])),
            "scene": self._scene(a, rng),
            "caller": codes(a.caller, self.seed),
            "is_confidential": pa.array(confidential),
            "subject": subject,
            "content": content,
            "attachments": pa.array(rng.poisson(0.35, size)),
            "parent_petition_id": where(a.parent >= 0, ids.take(pa.array(root))),
            "cluster_id": where((a.parent >= 0) | is_root, join(same("C", size), ids.take(pa.array(root)))),
            "first_unit": where(h.dispatch.unit[:, 0] >= 0, chosen(world.units, np.maximum(h.dispatch.unit[:, 0], 0))),
            "first_person": where(h.dispatch.unit[:, 0] >= 0, person),
            "due_at": moments(h.due),
            "first_contact_at": moments(h.attempts[:, 0]),
            "first_contact_connected": where(h.attempts[:, 0] < NEVER, pa.array(h.connected[:, 0])),
            "opinion_at": moments(h.opinion),
            "closed_at": moments(h.closed),
            "close_method": where(is_closed, self._close_method(a, rng)),
            "result": join(unit, same("：", size), result),
            "reply": where(replied, self.writer.replies(subject, unit, result, rng)),
            "replied_at": moments(np.where(replied, h.closed, NEVER)),
            "followup_at": moments(np.where(has_followup, h.followup.at[row, last], NEVER)),
            "followup_valid": where(has_followup, pa.array(h.followup.valid[row, last])),
            "followup_contacted": where(valid, pa.array(h.followup.contacted[row, last])),
            "followup_resolved": where(valid, pa.array(h.followup.resolved[row, last])),
            "satisfaction": where(valid, chosen(SATISFACTION, h.followup.satisfaction[row, last])),
            "rework_count": pa.array(h.followup.reworks),
            "likes": where(liked, pa.array(rng.geometric(0.25, size) - 1)),
            "dislikes": where(liked, pa.array(rng.geometric(0.75, size) - 1)),
        }
        return as_table("petition", columns, size)

    def _grid(self, estate: Ints) -> pa.Array:
        world = self.world
        own = estate - world.estate_first[world.estate_community[estate]]
        codes_of = chosen(self.scenario.codes, world.estate_community[estate])
        return join(codes_of, same("G", len(estate)), padded(own // 2 + 1, 2))

    def _scene(self, a: Arrivals, rng: np.random.Generator) -> pa.Array:
        options = self.scenario.settings["scene"]
        by_subject = [options[s.category_1] for s in self.scenario.subjects]
        flat = [name for names in by_subject for name in names]
        first = np.r_[0, np.cumsum([len(names) for names in by_subject])]
        width = np.diff(first)[a.subject]
        return chosen(flat, first[a.subject] + (rng.random(len(a)) * width).astype(np.int64))

    def _close_method(self, a: Arrivals, rng: np.random.Generator) -> pa.Array:
        by_kind = [self.scenario.phrases["close_methods"][kind] for kind in KINDS]
        flat = [name for names in by_kind for name in names]
        first = np.r_[0, np.cumsum([len(names) for names in by_kind])]
        width = np.diff(first)[a.kind]
        return chosen(flat, first[a.kind] + (rng.random(len(a)) * width).astype(np.int64))

    # ── what hangs on them ──────────────────────────────────────────────────────────────────────

    def _contact(self, h: Handling, ids: pa.Array, rng: np.random.Generator) -> tuple[pa.Table, Ints]:
        row, turn = np.nonzero(h.attempts < NEVER)
        when, connected = h.attempts[row, turn], h.connected[row, turn]
        words = self.scenario.phrases
        result = pc.if_else(
            pa.array(connected),
            drawn(words["contact_results"], rng, len(row)),
            drawn(words["contact_failures"], rng, len(row)),
        )
        columns = {
            "petition_id": ids.take(pa.array(row)),
            "sequence": pa.array(turn + 1),
            "attempted_at": moments(when),
            "connected": pa.array(connected),
            "result": result,
        }
        return as_table("contact", columns, len(row)), when

    def _dispatch(self, h: Handling, ids: pa.Array, rng: np.random.Generator) -> tuple[pa.Table, Ints]:
        row, turn = np.nonzero(h.dispatch.unit >= 0)
        back = h.dispatch.returned[row, turn] < NEVER
        first = turn == 0
        when = h.dispatch.sent[row, turn]
        columns = {
            "petition_id": ids.take(pa.array(row)),
            "sequence": pa.array(running_number(row)),
            "unit": chosen(self.world.units, h.dispatch.unit[row, turn]),
            "role": chosen(("主办", "协办"), (turn >= SHARES - 3).astype(np.int64)),
            "dispatched_at": moments(when),
            "signed_at": moments(h.dispatch.signed[row, turn]),
            "returned_at": moments(h.dispatch.returned[row, turn]),
            "return_reason": where(back, drawn(self.scenario.phrases["return_reasons"], rng, len(row))),
            "feedback_at": moments(h.dispatch.feedback[row, turn]),
            "closed_at": moments(h.dispatch.closed[row, turn]),
            "suggested_unit": where(first, chosen(self.world.units, h.dispatch.suggested[row])),
            "confidence": where(first, pa.array(h.dispatch.confidence[row])),
        }
        return as_table("dispatch", columns, len(row)), when

    def _followup(self, h: Handling, ids: pa.Array, rng: np.random.Generator) -> tuple[pa.Table, Ints]:
        row, turn = np.nonzero(h.followup.at < NEVER)
        when, valid = h.followup.at[row, turn], h.followup.valid[row, turn]
        unhappy = valid & (h.followup.satisfaction[row, turn] >= 2)
        columns = {
            "petition_id": ids.take(pa.array(row)),
            "sequence": pa.array(turn + 1),
            "followed_at": moments(when),
            "method": drawn(("电话", "电话", "电话", "自动", "自动", "短信", "上门"), rng, len(row)),
            "connected": pa.array(h.followup.called[row, turn]),
            "valid": pa.array(valid),
            "contacted": where(valid, pa.array(h.followup.contacted[row, turn])),
            "resolved": where(valid, pa.array(h.followup.resolved[row, turn])),
            "satisfaction": where(valid, chosen(SATISFACTION, h.followup.satisfaction[row, turn])),
            "reason": where(unhappy, drawn(self.scenario.phrases["unhappy_reasons"], rng, len(row))),
        }
        return as_table("followup", columns, len(row)), when

    def _extension(self, h: Handling, ids: pa.Array, rng: np.random.Generator) -> tuple[pa.Table, Ints]:
        row = np.flatnonzero(h.extension_applied < NEVER)
        when = h.extension_applied[row]
        approved = h.extension_approved[row]
        columns = {
            "petition_id": ids.take(pa.array(row)),
            "applied_at": moments(when),
            "approved_at": moments(approved),
            "approved_by": where(approved < NEVER, drawn(("分管领导", "办理中心负责人"), rng, len(row))),
            "new_due_at": moments(h.extension_due[row]),
            "reason": drawn(self.scenario.phrases["extension_reasons"], rng, len(row)),
        }
        return as_table("extension", columns, len(row)), when

    def _hard_case(self, h: Handling, ids: pa.Array, rng: np.random.Generator) -> tuple[pa.Table, Ints]:
        row = np.flatnonzero(h.listed < NEVER)
        when, closed = h.listed[row], h.closed[row]
        words = self.scenario.phrases
        columns = {
            "petition_id": ids.take(pa.array(row)),
            "reason": drawn(words["hard_reasons"], rng, len(row)),
            "approved_by": drawn(("街道主要领导", "分管领导"), rng, len(row)),
            "listed_at": dates(when),
            "milestones": drawn(words["milestones"], rng, len(row)),
            "promised_on": dates(h.promised[row]),
            "cleared_on": dates(closed),
            "reviewed_by": where(closed < NEVER, drawn(("办理中心负责人", "纪检监察岗位"), rng, len(row))),
        }
        return as_table("hard_case", columns, len(row)), when

    def _exclusion(self, a: Arrivals, h: Handling, ids: pa.Array, rng: np.random.Generator) -> tuple[pa.Table, Ints]:
        row = np.flatnonzero(h.excluded < NEVER)
        when = h.excluded[row]
        by_kind = [self.scenario.phrases["exclusion_of"][kind] for kind in KINDS]
        flat = [name for names in by_kind for name in names]
        first = np.r_[0, np.cumsum([len(names) for names in by_kind])]
        width = np.diff(first)[a.kind[row]]
        columns = {
            "petition_id": ids.take(pa.array(row)),
            "reason_code": chosen(flat, first[a.kind[row]] + (rng.random(len(row)) * width).astype(np.int64)),
            "applied_by": chosen(self.world.units, np.maximum(h.dispatch.unit[row, 0], 0)),
            "evidence": drawn(self.scenario.phrases["exclusion_evidence"], rng, len(row)),
            "approved_by": same("办理中心负责人", len(row)),
            "approved_at": moments(when),
        }
        return as_table("exclusion", columns, len(row)), when

    def _repeat_link(self, a: Arrivals, ids: pa.Array, rng: np.random.Generator) -> tuple[pa.Table, Ints]:
        found = a.created + rng.integers(10 * MINUTE, 20 * HOUR, len(a))
        row = np.flatnonzero((a.parent >= 0) & (found < self.scenario.end))
        tier = a.tier[row]
        similar = np.where(tier == 1, rng.uniform(0.72, 1.0, len(row)), rng.uniform(0.85, 0.99, len(row)))
        columns = {
            "petition_id": ids.take(pa.array(row)),
            "earlier_petition_id": ids.take(pa.array(a.parent[row])),
            "tier": chosen(("", "T1", "T2"), tier),
            "similarity": pa.array(np.round(similar, 3)),
            "linked_at": moments(found[row]),
        }
        return as_table("repeat_link", columns, len(row)), found[row]

    def _instruction(self, a: Arrivals, h: Handling, ids: pa.Array, rng: np.random.Generator) -> tuple[pa.Table, Ints]:
        """Two or three a week on matters of the mailbox, more on hard cases and incidents."""
        mailbox = next(i for i, c in enumerate(self.scenario.channels) if c.followed_up is not None)
        own = a.channel == mailbox
        weight = own * (1.0 + 12.0 * (a.incident >= 0) + 20.0 * (h.listed < NEVER) + 2.0 * h.is_complex)
        count = round((a.created.max() - a.created[own].min()) / (7 * DAY) * 2.5) if own.any() else 0
        row = np.sort(rng.choice(len(a), count, replace=False, p=weight / weight.sum(), shuffle=False))
        given = working_hours(h.accepted[row] + rng.integers(2 * HOUR, 30 * HOUR, count), rng)
        due = given + rng.integers(3, 15, count) * DAY
        kept = flags(rng, 0.84, count)
        done = working_hours(
            np.where(kept, due - rng.integers(2 * HOUR, 3 * DAY, count), due + rng.integers(DAY, 20 * DAY, count)), rng
        )
        done = np.where(done < self.scenario.end, np.maximum(done, given + HOUR), NEVER)
        seen = given < self.scenario.end
        row, given, due, done = row[seen], given[seen], due[seen], done[seen]
        columns = {
            "instruction_id": join(same("PS", len(row)), padded(np.arange(1, len(row) + 1), 4)),
            "petition_id": ids.take(pa.array(row)),
            "given_by": drawn(("街道书记", "街道主任", "分管领导"), rng, len(row)),
            "given_at": moments(given),
            "requirement": drawn(self.scenario.phrases["instructions"], rng, len(row)),
            "unit": chosen(self.world.units, np.maximum(h.dispatch.unit[row, 0], 0)),
            "due_on": dates(due),
            "done_at": moments(np.where(done < self.scenario.end, done, NEVER)),
        }
        return as_table("instruction", columns, len(row)), given
