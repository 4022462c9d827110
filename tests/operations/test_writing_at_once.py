"""Two people at once, a process killed while it writes, a server gone: nothing lost, the history complete."""

import datetime as dt
import os
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from minxin.operations import Store, database
from minxin.operations.database import SETTING
from minxin.settings import ROOT, Refused
from tests import support
from tests.operations.conftest import VIEW, community, person
from tests.operations.servers import Server, start

ROUNDS = 25
#: One person who, round after round, reads the instruction, changes its date, and starts again where stale.
WRITER = """
import datetime as dt, random, sys, time
from minxin.operations import Stale, Store
from minxin.settings import home
from tests.operations.conftest import person
record, name, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
me = person(name, "clerk")
stale = 0
with Store.open(home()) as store:
    print("ready", flush=True)
    sys.stdin.readline()
    for n in range(rounds):
        time.sleep(random.uniform(0, 0.01))
        store.instructions.note(me, record, f"{name} 第 {n} 条")
        while True:
            seen = store.instructions.one(me.viewer, record)
            try:
                time.sleep(random.uniform(0.005, 0.03))  # a person thinks
                later = seen.due_on + dt.timedelta(days=1)
                store.instructions.change(me, record, seen.version, text=f"{name} 改了 {n}", due_on=later)
                break
            except Stale as error:
                assert error.version > seen.version and len(error.changes)
                stale += 1
print(stale, flush=True)
"""
#: One person who writes for ever and says what is done only after it is done.
BUSY = """
import datetime as dt, itertools
from minxin.operations import Store, database
from minxin.settings import home
from tests.operations.conftest import VIEW, community, person
me = person("clerk-01", "clerk")
with Store.open(home()) as store:
    print("ready", flush=True)
    for n in itertools.count():
        made = store.instructions.give(me, f"第 {n} 条", community(), dt.date.today() + dt.timedelta(days=3), VIEW)
        print("given", made.id, flush=True)
        store.instructions.move(me, made.id, 1, "receive")
        print("moved", made.id, flush=True)
        store.instructions.note(me, made.id, "进展")
        print("noted", made.id, flush=True)
"""


def started(home, code, *arguments):
    environment = support.environment(home.path) | {SETTING: os.environ.get(SETTING, ""), "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def ready(process):
    line = process.stdout.readline().strip()
    assert line == b"ready", process.communicate()[1].decode("utf-8", "replace")


@pytest.mark.slow
def test_two_processes_writing_one_instruction_lose_nothing(store, any_home, clerk):
    made = store.instructions.give(clerk, "请办理", community(), dt.date(2023, 7, 7), VIEW)
    writers = [started(any_home, WRITER, made.id, name, str(ROUNDS)) for name in ("clerk-03", "clerk-04")]
    for writer in writers:
        ready(writer)
    outputs = []
    with ThreadPoolExecutor(2) as pool:
        for out, err in pool.map(lambda w: w.communicate(b"go\n", timeout=240), writers):
            outputs.append((out, err.decode("utf-8", "replace")))
    assert [w.returncode for w in writers] == [0, 0], outputs
    # They did get into each other's way, or the test shows nothing.
    assert sum(int(out.split()[-1]) for out, _ in outputs) > 0

    end = store.instructions.one(clerk.viewer, made.id)
    assert end.version == 1 + 2 * ROUNDS
    assert end.due_on == dt.date(2023, 7, 7) + dt.timedelta(days=2 * ROUNDS)
    history = store.instructions.history(clerk.viewer, made.id)
    dates = history[history["field"] == "due_on"]
    assert dates["version"].tolist() == list(range(1, 2 + 2 * ROUNDS))
    assert dates["based_on"].tolist() == list(range(0, 1 + 2 * ROUNDS))
    assert dates["before"].tolist()[1:] == dates["after"].tolist()[:-1]
    for name in ("clerk-03", "clerk-04"):
        assert (dates["who"] == name).sum() == ROUNDS
    notes = store.instructions.notes(clerk.viewer, made.id)["text"].tolist()
    assert sorted(notes) == sorted(f"{name} 第 {n} 条" for name in ("clerk-03", "clerk-04") for n in range(ROUNDS))


def test_many_at_once_get_different_numbers(store, clerk):
    def give(_):
        return store.instructions.give(clerk, "请办理", community(), dt.date(2023, 7, 7), VIEW).id

    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(give, range(40)))
    assert sorted(numbers) == [f"批示-2023-{n:04d}" for n in range(1, 41)]


def test_of_two_who_check_at_once_one_is_told(store, clerk, other, leader):
    made = store.instructions.give(clerk, "请办理", community(), dt.date(2023, 7, 7), VIEW)
    store.instructions.move(clerk, made.id, 1, "receive")
    store.instructions.move(clerk, made.id, 2, "ask_to_close", "已办")

    def check(who_and_move):
        who, move = who_and_move
        try:
            return store.instructions.move(who, made.id, 3, move, "不清楚").state
        except Refused as error:
            return str(error)

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(check, [(other, "pass"), (leader, "fail")])
    states = {first, second} & {"closed", "working"}
    assert len(states) == 1
    assert any("没有保存" in said for said in (first, second))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_while_writing_the_store_is_whole(store, any_home, clerk):
    """What was said to be done is there; what was under way is there whole or not at all."""
    draw = random.Random(11)
    done = {"given": set(), "moved": set(), "noted": set()}
    for _ in range(5):
        process = started(any_home, BUSY)
        ready(process)
        time.sleep(draw.uniform(0.05, 0.9))
        process.kill()
        out, err = process.communicate()
        assert b"Traceback" not in err, err.decode("utf-8", "replace")
        for line in out.decode("utf-8").splitlines():
            if line.count(" ") == 1 and line.endswith(tuple("0123456789")):
                what, record = line.split(" ")
                done[what].add(record)
        assert store.problems() == []
    found = store.instructions.list(clerk.viewer).set_index("id")
    assert len(done["noted"]) > 20
    assert done["given"] <= set(found.index)
    assert done["moved"] <= set(found.index[found["state"] == "working"])
    assert done["noted"] <= set(found.index[found["notes"] == 1])
    # At most one of each kill was under way.
    assert len(found) <= len(done["given"]) + 5
    if store.database.is_sqlite:
        with store.database.reading() as connection:
            assert connection.exec_driver_sql("pragma integrity_check").scalar() == "ok"
            assert connection.exec_driver_sql("pragma journal_mode").scalar() == "wal"


@pytest.mark.slow
def test_a_server_that_crashes_loses_nothing_and_the_board_goes_on(tmp_home, monkeypatch):
    """PostgreSQL stopped without a checkpoint while two threads write; the same store object works after it."""
    server = start()
    if not isinstance(server, Server):
        pytest.skip(server)
    try:
        monkeypatch.setenv(SETTING, server.database("crashed"))
        me = person("clerk-01", "clerk")
        with Store.open(tmp_home.open("real")) as store:
            kept, refused = [], []

            def write(n):
                try:
                    kept.append(
                        store.instructions.give(
                            me, f"第 {n} 条", community(), dt.date.today() + dt.timedelta(days=3), VIEW
                        ).id
                    )
                except Refused as error:
                    refused.append(str(error))

            with ThreadPoolExecutor(2) as pool:
                for n in range(300):
                    pool.submit(write, n)
                time.sleep(0.7)
                server.crash()
                time.sleep(0.3)
                server.start()
            assert refused and all("暂时无法使用" in said for said in refused)
            assert len(kept) > 10
            assert set(kept) <= set(store.instructions.list(me.viewer)["id"])
            assert store.problems() == []
    finally:
        server.stop()


def test_somebody_who_holds_the_store_makes_others_wait_and_then_say_so(quick, tmp_home, clerk, monkeypatch):
    monkeypatch.setattr(database, "WAIT_SECONDS", 0.3)
    # A second store on the same file, as a second board has it.
    with quick.database.writing(), Store.open(tmp_home) as second:
        with pytest.raises(Refused, match="正忙"):
            second.instructions.give(clerk, "请办理", community(), dt.date.today() + dt.timedelta(days=3), VIEW)
        # Reading goes on meanwhile.
        assert second.instructions.list(clerk.viewer).empty
