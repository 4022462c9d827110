"""Chinese text carries full-width punctuation, and no exclamation marks."""

import ast
import re
import tomllib

import pytest

from minxin.settings import ROOT

CJK = "\u4e00-\u9fff\u300a-\u300f\u3014\u3015"
#: A half-width comma, semicolon, colon, question or exclamation mark, or bracket, right after a Chinese character.
HALF_WIDTH = re.compile(rf"[{CJK}][,;:?!(]|[{CJK}]\)|\([^()]*[{CJK}]")
LOUD = re.compile("\uff01")
PYTHON = [f for top in ("minxin", "pages") for f in sorted((ROOT / top).rglob("*.py"))] + [ROOT / "app.py"]
# A mapping quotes its source.
DATA = [f for f in sorted((ROOT / "data").rglob("*.toml")) if f.parent.name != "mappings"]
DATA += sorted((ROOT / "pages").glob("*.toml"))


def chinese_strings(tree):
    """Every Chinese string literal that is not a docstring, with its line."""
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in docstrings:
            continue
        if re.search(f"[{CJK}]", node.value):
            yield node.lineno, node.value


def wrong(text):
    # Regular expressions and format patterns are not prose.
    if re.search(r"\\|\(\?|\||\)\?|\]\?", text):
        return False
    return bool(HALF_WIDTH.search(text) or LOUD.search(text))


@pytest.mark.parametrize("file", PYTHON, ids=lambda f: f.relative_to(ROOT).as_posix())
def test_python_strings(file):
    tree = ast.parse(file.read_text(encoding="utf-8"))
    found = [f"line {line}: {text}" for line, text in chinese_strings(tree) if wrong(text)]
    assert found == []


def texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


@pytest.mark.parametrize("file", DATA, ids=lambda f: f.relative_to(ROOT).as_posix())
def test_data_texts(file):
    found = [t for t in texts(tomllib.loads(file.read_text(encoding="utf-8"))) if wrong(t)]
    assert found == []
