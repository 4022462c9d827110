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
