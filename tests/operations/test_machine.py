"""Any sequence of acts of any people: only what the rules allow happens, and the store stays whole."""

import datetime as dt
import itertools

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from minxin.operations import Stale, Store
from minxin.operations.rules import rules as read
from minxin.settings import Refused
from tests.operations.conftest import VIEW, community, person

PEOPLE = (("clerk-01", "clerk"), ("clerk-02", "clerk"), ("leader-01", "leader"), ("admin-01", "administrator"))
numbers = itertools.count()


def machine_of(store, folder):
    known = read(store.instructions.tools.deployment).instruction

    class Acts(RuleBasedStateMachine):
        """One instruction; the model holds its state, its version and who asked to close it."""

        @initialize()
        def begin(self):
            actor = person(*PEOPLE[0])
            self.made = store.instructions.give(actor, "请办理", community(), dt.date(2023, 7, 20), VIEW)
            self.state, self.version, self.asker = "pending", 1, ""
            self.notes = 0

        @rule(
            who=st.sampled_from(PEOPLE),
            move=st.sampled_from([*known.moves, "nothing"]),
            text=st.sampled_from(["", "说明", "电话13812345678"]),
            old=st.sampled_from([0, 0, 0, 0, 1]),
        )
        def act(self, who, move, text, old):
            actor = person(*who)
            step = known.moves.get(move)
            role = who[1]
            allowed = (
                step is not None
                and self.state in step.sources
                and any(right in RIGHTS[role] for right in step.by)
                and (text or not step.needs)
                and not ("asker" in step.other_than and self.asker == who[0])
                and not (step.only == "asker" and self.asker != who[0])
                and not old
            )
            try:
                now = store.instructions.move(actor, self.made.id, self.version - old, move, text)
            except Refused as error:
                assert not allowed, (self.state, self.asker, who, move, str(error))
                assert "\n" not in str(error) and "13812345678" not in str(error)
                assert not isinstance(error, Stale) or old
                return
            assert allowed, (self.state, self.asker, who, move)
            self.version += 1
            before, self.state = self.state, step.target
            if step.target == "checking":
                self.asker = who[0]
            elif step.target == "closed":
                assert now.checked_by == who[0] != now.asked_by == self.asker and now.evidence
            elif before in ("checking", "closed"):
                self.asker = ""
            assert (now.state, now.version, now.asked_by) == (self.state, self.version, self.asker)

        @rule(who=st.sampled_from(PEOPLE))
        def note(self, who):
            try:
                store.instructions.note(person(*who), self.made.id, "进展")
                self.notes += 1
                assert "write" in RIGHTS[who[1]]
            except Refused:
                assert "write" not in RIGHTS[who[1]]

        @rule(who=st.sampled_from(PEOPLE[:3]))
        def offered_moves_are_those_that_work(self, who):
            offered = {move.code for move in store.instructions.moves(person(*who), self.made.id)}
            wanted = {
                step.code
                for step in known.moves.values()
                if self.state in step.sources
                and any(right in RIGHTS[who[1]] for right in step.by)
                and not ("asker" in step.other_than and self.asker == who[0])
                and not (step.only == "asker" and self.asker != who[0])
            }
            assert offered == wanted

        @invariant()
        def is_whole(self):
            if not hasattr(self, "made"):
                return
            viewer = person(*PEOPLE[0]).viewer
            one = store.instructions.one(viewer, self.made.id)
            assert (one.state, one.version) == (self.state, self.version)
            assert len(store.instructions.notes(viewer, self.made.id)) == self.notes
            history = store.instructions.history(viewer, self.made.id)
            assert sorted(set(history["version"])) == list(range(1, self.version + 1))

        def teardown(self):
            assert store.problems() == []

    return Acts


RIGHTS = {
    "clerk": {"write", "second_check"},
    "leader": {"write", "approve"},
    "administrator": set(),
}


def test_only_what_the_rules_allow_happens(quick: Store, tmp_path):
    run_state_machine_as_test(
        machine_of(quick, tmp_path),
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
