"""What people can use is documented, and what is documented is there."""

import argparse
import re
import tomllib

import pytest

from minxin.__main__ import parser
from tests.support import ROOT

README = "README.md"
CHINESE = "README.zh-CN.md"
GUIDE = "docs/guide.zh-CN.md"
OPERATIONS = "docs/operations.zh-CN.md"
DESIGN = "docs/design.md"
STATISTICS = "docs/statistics.md"
ALL = [README, CHINESE, GUIDE, OPERATIONS, DESIGN, STATISTICS]
SETTING = re.compile(r"\bMINXIN_[A-Z]+(?:_[A-Z]+)*\b")


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def choices(top: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The sub-commands of a parser."""
    for action in top._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def commands() -> list[str]:
    """Every command as it is typed, sub-commands with their actions."""
    found = []
    for name, sub in choices(parser()).items():
        found += [f"{name} {action}" for action in choices(sub)] or [name]
    return found


def settings() -> set[str]:
    files = [*(ROOT / "minxin").rglob("*.py"), *(ROOT / "tools").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
    files += [ROOT / "app.py", ROOT / ".ci" / "run"]
    return {name for file in files for name in SETTING.findall(file.read_text(encoding="utf-8"))}


PAGES = tomllib.loads(text("pages/registry.toml"))["page"]
INDICATORS = [
    tomllib.loads(f.read_text(encoding="utf-8")) for f in sorted((ROOT / "data" / "indicators").glob("*.toml"))
]


@pytest.mark.parametrize("file", [README, CHINESE, OPERATIONS])
@pytest.mark.parametrize("command", commands())
def test_every_command_is_documented(command: str, file: str) -> None:
    assert re.search(rf"(?:`|minxin ){re.escape(command)}\b", text(file)), f"{file} does not mention {command}"


@pytest.mark.parametrize("file", [README, CHINESE, GUIDE, OPERATIONS])
def test_no_command_is_promised_that_is_not_there(file: str) -> None:
    known = {command.split()[0] for command in commands()}
    assert set(re.findall(r"python -m minxin ([a-z]+)", text(file))) <= known


@pytest.mark.parametrize("command", sorted(choices(parser())))
def test_every_option_of_a_command_has_help_in_the_operations_manual(command: str) -> None:
    top = choices(parser())[command]
    for sub in (top, *choices(top).values()):
        for action in sub._actions:
            for option in action.option_strings:
                if option.startswith("--") and option not in ("--help", "--json"):
                    assert option in text(OPERATIONS), f"{option} of {command}"


@pytest.mark.parametrize("file", [README, CHINESE, OPERATIONS])
@pytest.mark.parametrize("setting", sorted(settings()))
def test_every_setting_is_documented(setting: str, file: str) -> None:
    assert setting in text(file)


@pytest.mark.parametrize("file", ALL)
def test_no_setting_is_promised_that_is_not_there(file: str) -> None:
    assert set(SETTING.findall(text(file))) <= settings()


@pytest.mark.parametrize("file", [README, CHINESE, GUIDE])
@pytest.mark.parametrize("page", PAGES, ids=[page["id"] for page in PAGES])
def test_every_page_is_documented(page: dict[str, str], file: str) -> None:
    assert page["title"] in text(file)


@pytest.mark.parametrize("indicator", INDICATORS, ids=[i["code"] for i in INDICATORS])
def test_every_indicator_is_documented(indicator: dict[str, str]) -> None:
    assert indicator["name"] in text(GUIDE)


@pytest.mark.parametrize("file", [README, CHINESE])
def test_the_readme_opens_with_a_sentence_a_picture_and_two_commands(file: str) -> None:
    lines = [line for line in text(file).splitlines() if line.strip()]
    assert lines[0].startswith("# ")
    assert not lines[1].startswith(("#", "!", "|", "-")), "one sentence"
    assert "docs/images/weekly-light-1920x1080.png" in lines[2]
    first_screen = "\n".join(lines[:14])
    assert "make run" in first_screen and "make test" in first_screen


def test_the_two_readmes_have_the_same_parts() -> None:
    def headings(name: str) -> int:
        return sum(line.startswith("## ") for line in text(name).splitlines())

    def rows(name: str) -> int:
        body = re.sub(r"<!-- bench: begin -->.*?<!-- bench: end -->", "", text(name), flags=re.DOTALL)
        return sum(line.startswith("|") for line in body.splitlines())

    assert headings(README) == headings(CHINESE)
    assert rows(README) == rows(CHINESE)


@pytest.mark.parametrize("file", ALL)
def test_links_lead_somewhere(file: str) -> None:
    """Relative links and pictures; addresses on the network are not asked."""
    for target in re.findall(r"\]\(([^)\s#]+)[^)]*\)", text(file)):
        if not target.startswith(("http:", "https:", "mailto:")):
            assert ((ROOT / file).parent / target).exists(), target


def test_the_table_of_budgets_has_its_markers() -> None:
    assert "<!-- bench: begin -->" in text(README) and "<!-- bench: end -->" in text(README)


@pytest.mark.parametrize("path", sorted((ROOT / "data" / "mappings").glob("*.toml")), ids=lambda p: p.stem)
def test_every_mapping_is_documented(path: object) -> None:
    assert getattr(path, "stem", "") in text(OPERATIONS)


def test_every_target_of_make_is_documented() -> None:
    targets = re.findall(r"^([a-z]+):.*##", text("Makefile"), flags=re.MULTILINE)
    for target in set(targets) - {"help"}:
        assert f"make {target}" in text(README) and f"make {target}" in text(CHINESE), target
