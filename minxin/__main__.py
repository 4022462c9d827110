"""``python -m minxin``: results to standard output, messages to standard error, exit codes 0, 1, 2."""

from __future__ import annotations

import argparse
import importlib
import logging
import re
import sys
from collections.abc import Sequence
from typing import NoReturn

from minxin import logs
from minxin.commands import MODULES
from minxin.settings import Refused, Unusable

log = logging.getLogger("minxin")


#: What argparse says, and the same in Chinese.
_SAID = (
    (r"the following arguments are required: (.+)", r"缺少 \1"),
    (r"unrecognized arguments: (.+)", r"多出 \1"),
    (r"argument (.+?): invalid choice: (.+?) \(choose from (.+)\)", r"\1 没有 \2，可选 \3"),
    (r"argument (.+?): expected (?:one|at least one) argument", r"\1 后面缺少取值"),
    (r"argument (.+?): expected (\d+) arguments", r"\1 后面应有 \2 个取值"),
    (r"argument (.+?): ignored explicit argument (.+)", r"\1 不带取值，写的是 \2"),
    (r"argument (.+?): invalid (?:int|float) value: (.+)", r"\1 应为数，写的是 \2"),
    (r"argument (.+?): invalid .+ value: (.+)", r"\1 不能是 \2"),
    (r"argument (.+?): not allowed with argument (.+)", r"\1 与 \2 不能同用"),
    (r"one of the arguments (.+) is required", r"\1 须给出一个"),
    (r"ambiguous option: (.+?) could match (.+)", r"\1 不明确，可能是 \2"),
)


def _in_chinese(message: str) -> str:
    for said, words in _SAID:
        if re.fullmatch(said, message, re.DOTALL):
            return "（" + re.sub(said, words, message, flags=re.DOTALL) + "）"
    return ""


class Parser(argparse.ArgumentParser):
    """An argument parser that says in one Chinese line what is wrong."""

    def error(self, message: str) -> NoReturn:
        # What was typed may name somebody: it is said to who typed it and does not reach the log.
        log.info("wrong usage of %s", self.prog)
        print(f"命令用法不对{_in_chinese(message)}；用 {self.prog} --help 查看用法。", file=sys.stderr)
        raise SystemExit(2)


def parser(command: str = "") -> argparse.ArgumentParser:
    """The command line: with one command that there is, that of its module; else with all of them."""
    top = Parser(prog="minxin", description="民信台：民生诉求与公共信用决策辅助看板")
    commands = top.add_subparsers(dest="command", metavar="命令", required=True, parser_class=Parser)
    for module in [MODULES[command]] if command in MODULES else sorted(set(MODULES.values())):
        importlib.import_module(f"minxin.commands.{module}").register(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 refused or found wrong, 2 unusable."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A Windows console in code page 936 must not stop a command over one character.
            stream.reconfigure(errors="replace")
    logs.start()
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        if any("\ud800" <= sign <= "\udfff" for text in given for sign in text):
            raise Unusable("命令里有无法识别的字节；请用 UTF-8 的终端输入，或改去这些字符后再试。")
        chosen = parser(given[0] if given else "").parse_args(given)
        return int(chosen.run(chosen))
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 1
    except Unusable as unusable:
        print(unusable, file=sys.stderr)
        return 2
    except BrokenPipeError:
        return 1
    except KeyboardInterrupt:
        print("已中断，没有留下半成品。", file=sys.stderr)
        return 1
    except Exception:
        log.exception("command failed: %s", given[:1])
        print(f"程序出错，没有留下半成品；详情见日志 {logs.file()}。", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
