"""Opening: schema and migrations, whose store it is, what cannot be opened; logs that cannot be changed."""

import datetime as dt
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import replace

import duckdb
import pytest
from sqlalchemy import inspect
from sqlalchemy.exc import DBAPIError

from minxin.operations import Store, migrations
from minxin.operations.database import FILE, SETTING, Database, address
from minxin.operations.rules import read_rules
from minxin.operations.schema import metadata
from minxin.settings import ROOT, Home, Refused, Unusable, deployment
from minxin.texts.masking import first_test_sql
from minxin.texts.written import _MAY_HOLD, masked
from tests import support
from tests.ingest import test_masking
from tests.operations.conftest import VIEW, community, person
from tools import install_postgresql

LOGS = ("change", "note", "reminder", "export", "seconding")


def test_the_migrations_make_what_the_code_expects(store):
    with store.database.reading() as connection:
        looked = inspect(connection)
        assert set(looked.get_table_names()) == set(metadata.tables)
        for name, table in metadata.tables.items():
            columns = {column["name"]: column for column in looked.get_columns(name)}
            assert set(columns) == {column.name for column in table.columns}, name
            for column in table.columns:
                if not column.primary_key:
                    assert columns[column.name]["nullable"] == column.nullable, f"{name}.{column.name}"


@pytest.mark.parametrize("start", sorted(migrations.STEPS)[:-1])
def test_a_store_of_an_earlier_version_is_brought_up_to_date(any_home, clock, clerk, start):
    """What was written by version 1 is there after all later steps, and can be worked on."""
    any_home.operations.mkdir(parents=True, exist_ok=True)
    old = Database(address(any_home))
    with old.writing() as connection:
        migrations.migrate(connection, clock(), to=start)
        for name, value in (("deployment", any_home.deployment.id), ("kind", "real")):
            connection.exec_driver_sql(f"insert into about (name, value) values ('{name}', '{value}')")
        connection.exec_driver_sql("insert into counter (series, last) values ('批示-2023', 7)")
        moment = "2023-07-01T01:00:00.000000+00:00"
        fields = {
            "state": "pending",
            "text": "旧批示",
            "urgency": "normal",
            "given_by": "主任",
            "given_at": moment,
            "unit_kind": "community",
            "unit_code": community().code,
            "unit_name": "某社区",
            "co_units": "[]",
            "due_on": "2023-07-10",
            "view_page": "weekly",
            "view_address": "",
            "view_snapshot": "",
            "view_chart": "",
            "view_title": "",
            "view_record": "",
        }
        about = {"id": "批示-2023-0007", "version": 1, "created_by": "clerk-02", "created_at": moment}
        row = about | {"updated_at": moment} | fields
        listed = ", ".join(f"'{value}'" if isinstance(value, str) else str(value) for value in row.values())
        connection.exec_driver_sql(f"insert into instruction ({', '.join(row)}) values ({listed})")
        common = f"'{moment}', 'clerk-02', true, '批示-2023-0007', 'instruction', 'create', 1, 0"
        for field, value in fields.items():
            connection.exec_driver_sql(
                "insert into change (at, who, verified, record, kind, action, version, based_on, field, after)"
                f" values ({common}, '{field}', '{value}')"
            )
    old.close()
    with Store.open(any_home, clock) as store:
        one = store.instructions.one(clerk.viewer, "批示-2023-0007")
        assert (one.text, one.due_on, one.given_at) == ("旧批示", dt.date(2023, 7, 10), dt.datetime(2023, 7, 1, 9))
        store.instructions.move(clerk, one.id, 1, "receive")
        assert store.instructions.give(clerk, "新的", community(), one.due_on, VIEW).id == "批示-2023-0008"
        assert store.scenarios.save(person("analyst-01", "analyst"), "方案", {"a": 1}).version == 1
        assert store.problems() == []
        with store.database.reading() as connection:
            versions = [row[0] for row in connection.exec_driver_sql("select version from schema_version order by 1")]
        assert versions == sorted(migrations.STEPS)


def test_opened_by_several_processes_at_once_it_is_made_once(any_home):
    code = "from minxin.operations import Store; from minxin.settings import home; Store.open(home()).close()"
    environment = support.environment(any_home.path) | {SETTING: os.environ.get(SETTING, "")}
    many = [
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=environment, stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    for process in many:
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err.decode("utf-8", "replace")


def test_a_store_of_a_later_version_is_refused(store, any_home, clock):
    with store.database.writing() as connection:
        moment = "2023-07-01T01:00:00.000000+00:00"
        connection.exec_driver_sql(f"insert into schema_version (version, applied_at) values (99, '{moment}')")
    with pytest.raises(Refused, match="请升级程序"):
        Store.open(any_home, clock)
    with store.database.writing() as connection:
        connection.exec_driver_sql("delete from schema_version where version = 99")


def test_rows_of_a_log_are_never_changed_or_removed(store, clerk):
    made = store.instructions.give(clerk, "请办理", community(), dt.date(2023, 7, 7), VIEW)
    store.instructions.note(clerk, made.id, "进展")
    for table in ("change", "note"):
        for statement in (f"update {table} set who = 'x'", f"delete from {table}"):
            with pytest.raises(DBAPIError, match="never changed"), store.database.writing() as connection:
                connection.exec_driver_sql(statement)
    assert len(store.instructions.notes(clerk.viewer, made.id)) == 1


def test_every_log_is_guarded():
    assert set(LOGS) == {name for names in migrations._LOGS.values() for name in names}
    assert set(LOGS) == {name for name, table in metadata.tables.items() if "number" in table.columns}


def test_a_store_belongs_to_one_deployment_and_one_kind_of_data(any_home, clock):
    Store.open(any_home, clock).close()
    with pytest.raises(Refused, match="属于部署"):
        database = Database(address(any_home))
        other = Home(any_home.path, replace(deployment(), id="elsewhere"))
        try:
            database.prepare(other, clock)
        finally:
            database.close()
    (any_home.path / "home.json").write_text('{"deployment": "xinan", "kind": "demo"}', encoding="utf-8")
    with pytest.raises(Refused, match="真实数据的批示"):
        Store.open(any_home, clock)


def test_nothing_is_noted_in_a_home_without_data(tmp_home):
    with pytest.raises(Refused, match="还没有数据"):
        Store.open(tmp_home)
    assert not tmp_home.operations.exists()


@pytest.mark.parametrize(
    "url",
    ["mysql://a:geheim@b/c", "sqlite:///x.db", "postgresql://a:geheim@b", "geheim", "postgresql://a:geheim@b:x/c"],
)
def test_an_address_that_cannot_be_used_is_refused_without_printing_it(tmp_home, monkeypatch, url):
    monkeypatch.setenv(SETTING, url)
    with pytest.raises(Unusable, match=SETTING) as error:
        Store.open(tmp_home.open("real"))
    assert "geheim" not in str(error.value) and "\n" not in str(error.value)


def test_a_database_that_does_not_answer_is_one_line(tmp_home, monkeypatch, caplog):
    monkeypatch.setenv(SETTING, f"postgresql://a:geheim@127.0.0.1:{support.free_port()}/none")
    with pytest.raises(Refused, match="暂时无法使用") as error:
        Store.open(tmp_home.open("real"))
    assert "\n" not in str(error.value) and "geheim" not in str(error.value) + caplog.text


def test_a_damaged_file_is_not_taken_for_an_empty_one(tmp_home, monkeypatch):
    monkeypatch.delenv(SETTING, raising=False)
    home = tmp_home.open("real")
    (home.operations / FILE).write_bytes(b"no database at all, but something of somebody" * 100)
    with pytest.raises(Unusable, match="已损坏"):
        Store.open(home)
    assert (home.operations / FILE).read_bytes().startswith(b"no database")


def test_problems_finds_a_record_changed_behind_the_histories_back(tmp_home, clock, clerk, monkeypatch):
    monkeypatch.delenv(SETTING, raising=False)
    with Store.open(tmp_home.open("real"), clock) as store:
        made = store.instructions.give(clerk, "请办理", community(), dt.date(2023, 7, 7), VIEW)
        with store.database.writing() as connection:
            connection.exec_driver_sql("update instruction set due_on = '2024-01-01', version = 3")
        found = "\n".join(store.problems())
        assert f"{made.id}: due_on is not what its history says" in found and "version 3" in found


def test_a_copy_made_as_the_manual_says_is_a_store(quick, tmp_home, tmp_path, clerk, clock, monkeypatch):
    made = quick.instructions.give(clerk, "请办理", community(), dt.date(2023, 7, 7), VIEW)
    manual = (ROOT / "docs" / "operations.zh-CN.md").read_text(encoding="utf-8")
    code = re.search(r'python -c "(import sqlite3[^"]+)"', manual)
    assert code, "the manual says how to copy the store while it is open"
    environment = support.environment(tmp_home.path)
    source, target = tmp_home.operations / FILE, tmp_path / "copy.sqlite"
    subprocess.run([sys.executable, "-c", code[1], str(source), str(target)], check=True, env=environment, cwd=tmp_path)
    assert sqlite3.connect(target).execute("pragma integrity_check").fetchone() == ("ok",)
    elsewhere = Home(tmp_path / "elsewhere", deployment()).open("real")
    shutil.copy(target, elsewhere.operations / FILE)
    with Store.open(elsewhere, clock) as copied:
        assert copied.instructions.one(clerk.viewer, made.id).text == "请办理"


# ── rules ───────────────────────────────────────────────────────────────────────────────────────

RULES = (ROOT / "data" / "operations.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            'by = ["second_check", "approve"]\nother_than = ["asker"]\n\n[[instruction.move]]',
            'by = ["approve"]\n\n[[instruction.move]]',
        ),
        ('to = "closed"', 'to = "nowhere"'),
        ('start = "pending"', 'start = "cancelled"'),
        ('table = "exclusion"', 'table = "nothing"'),
        ('ask = ["reason_code"]', 'ask = ["reason"]'),
        ('evidence = "grounds"', 'evidence = "guess"'),
        ('by = ["approve"]', 'by = ["anything"]'),
        ("[levels]", "[level]"),
        ("due_soon = 2", "due_soon = 2\nsurprise = 1"),
        ("[instruction]", "[instruction"),
        ("seconds = 2", "seconds = inf"),
        ("seconds = 2", "seconds = -1"),
        ("largest = 65536", "largest = inf"),
        ('label = "普通"\n', ""),
        ('label = "普通"', "label = 1"),
        ('by = ["write"]', 'by = "write"'),
    ],
)
def test_faulty_rules_are_one_chinese_line(tmp_path, before, after):
    assert before in RULES
    file = tmp_path / "operations.toml"
    file.write_text(RULES.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(Unusable, match="督办规则") as error:
        read_rules(file)
    assert "\n" not in str(error.value)


def test_rules_that_are_not_there(tmp_path):
    with pytest.raises(Unusable, match="不存在"):
        read_rules(tmp_path / "operations.toml")


# ── texts ───────────────────────────────────────────────────────────────────────────────────────


def test_the_quick_test_passes_over_nothing_that_would_be_masked():
    """Python's expression and DuckDB's agree: a text is left alone only where the door would leave it alone."""
    said = [v for v in vars(test_masking).values() if isinstance(v, (list, tuple))]
    texts = [t for group in said for entry in group for t in (entry if isinstance(entry, tuple) else (entry,))]
    texts = [t for t in texts if isinstance(t, str)] + ["电话１３８１２３４５６７８", "普通一句话", "A栋2单元301室"]
    assert len(texts) > 10
    with duckdb.connect() as connection:
        for text in texts:
            [(wanted,)] = connection.execute(
                f"select {first_test_sql('said')} from (select ? as said)", [text]
            ).fetchall()
            assert bool(_MAY_HOLD.search(text)) == wanted, text
            assert wanted or masked(text) == text


# ── the server of the tests ─────────────────────────────────────────────────────────────────────


def test_where_postgresql_may_not_be_installed_it_says_so_in_one_line(monkeypatch, capsys):
    monkeypatch.setattr(install_postgresql, "programs", lambda: None)
    monkeypatch.setattr(install_postgresql.shutil, "which", lambda *_, **__: None)
    assert install_postgresql.main() == 0
    said = capsys.readouterr().err
    assert "PostgreSQL 测试将跳过" in said and len(said.strip().splitlines()) == 1
