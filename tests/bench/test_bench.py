"""The bench measures what it says, small: its arithmetic, its light viewers, its browser."""

from pathlib import Path

import pytest

from minxin.settings import Home
from tests import support
from tools.bench import browser, homes, result, script, server, viewers
from tools.bench.result import Result


def test_percentiles_are_times_that_were_seen() -> None:
    times = [float(n) for n in range(1, 21)]
    assert result.percentile(times, 0.95) == 19
    assert result.percentile([7.0], 0.95) == 7
    assert result.median(times) == 10.5
    assert result.spread([900.0, 1000.0, 2000.0], "s") == "1.0 s (0.9–2.0, n=3)"


def test_a_row_says_whether_its_budget_was_met() -> None:
    assert Result("x", 2, "×", 2.0).verdict == "met"
    assert Result("x", 2, "×", 2.1).verdict == "missed"
    assert Result("x", 2, "×", None).verdict == "not measured"
    assert Result("errors", 0, "", 0.0).verdict == "met"
    table = result.markdown(
        [Result("page", 150, "ms", 41.6, "n=3"), Result("load", 2.5, "×", None)], 100_000, "2026-11-22"
    )
    assert "| page | ≤ 150 ms | 42 ms | met | n=3 |" in table
    assert "| load | ≤ 2.5 × | – | not measured |  |" in table


def test_the_table_goes_between_its_markers_and_nowhere_else(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{result.BEGIN}\nold\n{result.END}\nafter\n", encoding="utf-8")
    result.into_readme(readme, "new\\1\n")
    assert readme.read_text(encoding="utf-8") == f"before\n{result.BEGIN}\nnew\\1\n{result.END}\nafter\n"
    (tmp_path / "none.md").write_text("nothing", encoding="utf-8")
    with pytest.raises(ValueError, match="markers"):
        result.into_readme(tmp_path / "none.md", "new")


def test_a_home_is_made_anew_when_what_makes_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "queries").mkdir()
    file = tmp_path / "queries" / "x.sql"
    file.write_text("select 1", encoding="utf-8")
    monkeypatch.setattr(homes, "ROOT", tmp_path)
    monkeypatch.setattr(homes, "MAKERS", ("queries",))
    before = homes.made_by()
    assert homes.made_by() == before
    file.write_text("select 2", encoding="utf-8")
    assert homes.made_by() != before


def test_light_viewers_click_and_see_errors(tmp_path: Path) -> None:
    script = tmp_path / "page.py"
    script.write_text(
        "import streamlit as st\n"
        "choice = st.selectbox('choice', ['a', 'b', 'c'])\n"
        "st.write(choice)\n"
        "if choice == 'c':\n"
        "    st.error('wrong')\n",
        encoding="utf-8",
    )

    def click() -> None:
        with server.serving(tmp_path / "home", script) as started:
            crowd = viewers.crowd(started.address, "choice", people=3, rounds=1)
            assert len(crowd.clicks) == 3
            assert crowd.errors == ["wrong"], "the second of three chose c"
            cost = viewers.idle(started.address, 2, lambda: started.memory)
            assert cost is None or -20 < cost < 50

    support.apart(click)


@pytest.mark.browser
@pytest.mark.slow
def test_the_browser_sees_a_load_and_a_change(chromium: str, tmp_path: Path) -> None:
    def look() -> None:
        with server.serving(tmp_path / "home", server.EMPTY_PAGE) as started, browser.chrome() as chrome:
            assert chrome is not None
            page, load = browser.load(chrome, started.address)
            assert load.figure is None
            assert 50 < load.everything < 60_000
            assert browser.options(page, "choice")[:2] == ["option 0", "option 1"]
            taken = browser.choose(page, "choice", "option 7")
            assert 5 < taken < 30_000
            assert page.get_by_test_id("stMarkdown").get_by_text("option 7").count() == 1

    support.apart(look)


def test_a_server_that_cannot_start_is_said_and_stopped(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="did not start"), server.serving(tmp_path, tmp_path / "none.py", wait=20):
        pass


def test_the_environment_carries_nothing_of_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MINXIN_CONFIG", "elsewhere")
    for env in (homes.environment(tmp_path / "home"), support.environment(tmp_path / "home")):
        assert "MINXIN_CONFIG" not in env
        assert env["MINXIN_HOME"] == str(tmp_path / "home")
        assert env["MINXIN_KEY_FILE"].startswith(str(tmp_path))


def test_every_filter_of_a_page_is_changed_and_seen_again(demo: Home) -> None:
    [(page, times)] = script.times(demo.path, ["rules"]).items()
    assert page == "rules"
    assert len(times.new) == len(times.again) > 10
    assert min(times.new) > 1
    assert result.median(times.again) < result.median(times.new), "what was asked before is there already"
