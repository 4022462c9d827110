"""Deny by default."""

import tomllib

import pytest

from minxin.access import Viewer, may
from minxin.access.guard import admit
from minxin.access.rules import ACTIONS, ROLES, read_rules, rules
from minxin.settings import NO_COMMUNITY, ROOT, Refused, Unusable, deployment


def viewer(role: str, detail: str = "masked") -> Viewer:
    return Viewer("someone", (role,), ("a",), detail)


def test_the_local_viewer_has_every_community_and_masked_texts():
    local = Viewer.local(deployment())
    assert local.roles == ("local",)
    assert local.detail == "masked"
    assert local.communities[-1] == NO_COMMUNITY
    assert len(local.communities) == len(deployment().communities) + 1
    assert hash(local) == hash(Viewer.local(deployment()))


def test_a_viewer_cannot_be_changed_or_hold_a_list():
    with pytest.raises(AttributeError):
        viewer("local").detail = "full"
    with pytest.raises(TypeError):
        Viewer("x", ["local"], (), "masked")
    with pytest.raises(ValueError):
        Viewer("x", ("local",), (), "everything")


def test_narrowing_never_widens():
    assert viewer("local", "aggregate").narrowed("full").detail == "aggregate"
    assert viewer("local", "full").narrowed("masked").detail == "masked"


@pytest.mark.parametrize("action", ACTIONS)
def test_unknown_pages_and_roles_are_denied(action):
    assert not may(viewer("local"), "no such page", action)
    assert not may(viewer("guest"), "weekly", action)
    assert not may(Viewer("x", (), (), "aggregate"), "weekly", action)


def test_unknown_actions_are_denied():
    assert not may(viewer("local"), "weekly", "delete")
    assert not may(viewer("local"), "weekly", "label")


def test_more_detail_than_the_rule_gives_is_denied():
    assert may(viewer("local", "masked"), "records", "see")
    assert not may(viewer("local", "full"), "records", "see")
    assert may(viewer("clerk", "full"), "records", "see")


def test_nobody_alone_approves_and_checks():
    for page in rules().pages:
        for role in ROLES:
            assert not (
                may(viewer(role, "aggregate"), page, "approve") and may(viewer(role, "aggregate"), page, "second_check")
            )


def test_a_page_admits_with_the_detail_it_allows():
    assert admit("quality", viewer("leader")).detail == "aggregate"
    with pytest.raises(Refused, match="权限"):
        admit("no such page", viewer("local"))
    with pytest.raises(Refused):
        admit("imports", viewer("leader"))


def test_every_registered_page_is_in_the_table():
    registry = ROOT / "pages" / "registry.toml"
    if not registry.exists():
        pytest.skip("pages/registry.toml is not there yet")
    text = tomllib.loads(registry.read_text(encoding="utf-8"))
    ids = [page["id"] for page in text.get("page", text.get("pages", []))]
    assert set(ids) <= set(rules().pages)


@pytest.mark.parametrize(
    "text",
    [
        "not toml",
        "[roles.king]\nlabel='x'",
        "[roles.local]\n[pages.weekly]\nsteal = { local = 'masked' }",
        "[roles.local]\n[pages.weekly]\nsee = { local = 'everything' }",
        "[roles.local]\n[pages.weekly]\nsee = { leader = 'masked' }",
        "[roles.local]\n[pages.weekly]\nsee = 'local'",
        "pages = 3",
    ],
)
def test_a_faulty_table_is_one_chinese_line(tmp_path, text):
    file = tmp_path / "access.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(Unusable, match="权限表") as error:
        read_rules(file)
    assert "\n" not in str(error.value)


def test_a_missing_table_is_unusable(tmp_path):
    with pytest.raises(Unusable, match="不存在"):
        read_rules(tmp_path / "access.toml")
