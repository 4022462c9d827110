"""The command line as a whole: which module has which command, and that one is enough."""

from __future__ import annotations

import argparse
import pkgutil
import subprocess
import sys

import pytest

import minxin.commands
from minxin.__main__ import parser
from minxin.commands import MODULES
from minxin.settings import Home
from tests import support


def _offered(top: argparse.ArgumentParser) -> set[str]:
    [action] = [a for a in top._actions if isinstance(a, argparse._SubParsersAction)]
    return set(action.choices)


def test_every_module_is_named_with_all_its_commands() -> None:
    held = {m.name for m in pkgutil.iter_modules(minxin.commands.__path__) if not m.name.startswith("_")}
    assert set(MODULES.values()) == held
    assert _offered(parser()) == _offered(parser("nothing")) == set(MODULES)


@pytest.mark.parametrize("command", sorted(MODULES))
def test_a_command_is_offered_by_its_module(command: str) -> None:
    assert _offered(parser(command)) == {c for c, module in MODULES.items() if module == MODULES[command]}


def test_a_command_imports_no_other() -> None:
    said = "import sys; from minxin.__main__ import parser; parser('build'); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True).stdout.split()
    assert "minxin.commands.warehouse" in loaded
    assert not {"minxin.commands.assess", "minxin.commands.demo", "scipy.optimize"} & set(loaded)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ((), "缺少 命令"),
        (("nothing",), "命令 没有 'nothing'，可选 'assess'"),
        (("import",), "缺少 文件"),
        (("build", "张三13812345678"), "多出 张三13812345678"),
        (("assess", "--month"), "--month 后面缺少取值"),
        (("assess", "--by", "nobody"), "--by 没有 'nobody'，可选 'community'"),
        (("draw", "freeze", "--size", "many"), "--size 应为数，写的是 'many'"),
        (("build", "--json=1"), "--json 不带取值，写的是 '1'"),
    ],
)
def test_a_wrong_usage_is_said_in_chinese_and_not_logged(
    typed: tuple[str, ...], said: str, tmp_home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    done = support.here(*typed)
    assert (done.returncode, done.stdout) == (2, "")
    [line] = done.stderr.strip().splitlines()
    assert said in line and "argument" not in line
    assert "13812345678" not in caplog.text


def test_an_unknown_complaint_is_not_passed_on_in_english(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser("build").error("something went wrong")
    assert capsys.readouterr().err == "命令用法不对；用 minxin --help 查看用法。\n"
