"""The simulation of the draw, small: what it promises is measured, and it can find a promise broken."""

from __future__ import annotations

from tools.bench import inspection, statistics


def test_a_short_run_keeps_its_promises_and_writes_its_tables() -> None:
    said: list[str] = []
    table, checks = inspection.run(0.01, said.append)
    exact = [c for c in checks if "equal" in c.what or "uniform" in c.what]
    assert len(exact) == 3 and all(c.kept for c in exact), [c.measured for c in exact]
    assert table.count("| random arm, all |") == 2
    assert len(said) == 2


def test_the_documentation_has_room_for_both_tables(tmp_path) -> None:  # type: ignore[no-untyped-def]
    text = statistics.DOCS.read_text(encoding="utf-8")
    for begin, end in ((statistics.BEGIN, statistics.END), statistics.DRAW):
        assert begin in text and end in text
    copy = tmp_path / "statistics.md"
    copy.write_text(text, encoding="utf-8")
    statistics.into_docs(copy, "new\n", statistics.DRAW)
    assert f"{statistics.DRAW[0]}\nnew\n{statistics.DRAW[1]}" in copy.read_text(encoding="utf-8")
    assert statistics.BEGIN in copy.read_text(encoding="utf-8")
