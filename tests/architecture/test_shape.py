"""The shape of the project: what may stand where (docs/design.md)."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.support import ROOT

PAGES = sorted((ROOT / "pages").rglob("*.py"))
CODE = sorted([ROOT / "app.py", *(ROOT / "minxin").rglob("*.py"), *PAGES])
#: The longest a page may be and still read like its table of contents.
PAGE_LINES = 130


def _id(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def imported(file: Path) -> set[str]:
    """Full names of the modules that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def texts(file: Path) -> list[str]:
    """Every string of a file, documentation apart."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    said = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said
    ]


def test_imports_run_one_way() -> None:
    code = "from importlinter.cli import lint_imports_command as run; run()"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout[-3000:]


def test_the_contracts_can_break(tmp_path: Path) -> None:
    """An import against the direction is found: the contract is not an empty promise."""
    package = tmp_path / "minxin"
    for name in ("settings", "charts", "board"):
        (package / name).mkdir(parents=True)
        (package / name / "__init__.py").write_text("", encoding="utf-8")
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "settings" / "__init__.py").write_text("import minxin.board\n", encoding="utf-8")
    (tmp_path / ".importlinter").write_text(
        "[importlinter]\nroot_package = minxin\n[importlinter:contract:one]\nname = one\ntype = layers\n"
        "layers =\n    minxin.board\n    minxin.charts\n    minxin.settings\n",
        encoding="utf-8",
    )
    code = "import sys; sys.path.insert(0, '.'); from importlinter.cli import lint_imports_command as run; run()"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 1, done.stdout


def test_no_page_stands_directly_in_pages() -> None:
    """Streamlit opens such a file by URL, past everything that stands in app.py."""
    assert not list((ROOT / "pages").glob("*.py"))


def test_every_page_is_registered_and_every_registered_page_is_there() -> None:
    registry = tomllib.loads((ROOT / "pages" / "registry.toml").read_text(encoding="utf-8"))["page"]
    assert sorted(f"pages/{page['file']}" for page in registry) == [_id(f) for f in PAGES]
    for field in ("id", "url_path", "title", "file"):
        values = [page[field] for page in registry]
        assert len(set(values)) == len(values), field


@pytest.mark.parametrize("page", PAGES, ids=_id)
def test_a_page_reads_like_its_table_of_contents(page: Path) -> None:
    assert len(page.read_text(encoding="utf-8").splitlines()) <= PAGE_LINES


@pytest.mark.parametrize("page", PAGES, ids=_id)
def test_a_page_begins_with_its_guard(page: Path) -> None:
    """Before the guard there are only imports, constants and functions: nothing that runs a query."""
    registry = tomllib.loads((ROOT / "pages" / "registry.toml").read_text(encoding="utf-8"))["page"]
    page_id = next(entry["id"] for entry in registry if f"pages/{entry['file']}" == _id(page))
    for node in ast.parse(page.read_text(encoding="utf-8")).body:
        is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if is_text or isinstance(node, (ast.Import, ast.ImportFrom, ast.FunctionDef)):
            continue
        calls = [c for c in ast.walk(node) if isinstance(c, ast.Call)]
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and not calls:
            continue
        first = calls[0] if calls else None
        assert first is not None, f"line {node.lineno} stands before the guard"
        assert ast.unparse(first.func).split(".")[-1] == "guard", f"line {node.lineno} runs before the guard"
        assert [a.value for a in first.args if isinstance(a, ast.Constant)] == [page_id]
        return
    pytest.fail("no guard")


@pytest.mark.parametrize("page", PAGES, ids=_id)
def test_a_page_builds_no_sql_and_knows_no_warehouse(page: Path) -> None:
    forbidden = ("duckdb", "aiosql", "minxin.warehouse.build", "minxin.demo", "minxin.commands", "plotly.express")
    assert not {name for name in imported(page) if name.startswith(forbidden)}
    sql = re.compile(r"\bselect\b.+\bfrom\b|\bgroup by\b|\binsert into\b", re.IGNORECASE | re.DOTALL)
    assert not [text for text in texts(page) if sql.search(text)]


@pytest.mark.parametrize("file", CODE, ids=_id)
def test_colours_stand_in_one_place(file: Path) -> None:
    """``minxin/charts/palette.py`` (and Streamlit's own theme) hold the colours for every medium."""
    if _id(file) == "minxin/charts/palette.py":
        return
    colour = re.compile(r"#(?:[0-9a-fA-F]{8}|[0-9a-fA-F]{6}|[0-9a-fA-F]{3})\b(?!;)|\brgba?\((?!0,0,0,0\))\s*\d")
    assert not [text for text in texts(file) if colour.search(text)]


@pytest.mark.parametrize("file", CODE, ids=_id)
def test_nothing_imports_a_page_and_only_graph_objects_draw(file: Path) -> None:
    names = imported(file)
    assert not {name for name in names if name == "pages" or name.startswith("pages.")}
    assert not {name for name in names if name.startswith("plotly.express")}


@pytest.mark.parametrize("file", CODE, ids=_id)
def test_no_raw_html_and_no_error_swallowed(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword):
            assert node.arg != "unsafe_allow_html", f"line {node.value.lineno}"
        if isinstance(node, ast.ExceptHandler):
            everything = node.type is None or (
                isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")
            )
            silent = len(node.body) == 1 and isinstance(node.body[0], ast.Pass)
            assert not (everything and silent), f"line {node.lineno}"


@pytest.mark.parametrize("file", CODE, ids=_id)
def test_text_files_are_opened_as_utf_8(file: Path) -> None:
    """The default encoding of a Chinese Windows is another one."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name not in ("open", "read_text", "write_text", "fdopen"):
            continue
        given = {keyword.arg for keyword in node.keywords}
        said = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        modes = [mode for mode in said if re.fullmatch(r"[rwxa][bt+]{0,2}", mode)]
        binary = any("b" in mode for mode in modes)
        # Home.open and a few others are no files: they take no mode and no encoding.
        is_file = name != "open" or bool(modes) or isinstance(node.func, ast.Name)
        positional = name == "read_text" and bool(node.args)
        assert binary or not is_file or positional or "encoding" in given, f"line {node.lineno}: {ast.unparse(node)}"


#: Packages that are needed although nothing says ``import`` to them, and why.
UNNAMED = {
    "xstatic-leaflet": "Leaflet's files, found by their distribution",
    "tzdata": "zoneinfo on Windows",
    "pyarrow": "pandas and Streamlit hand over frames with it",
    "orjson": "Plotly writes figures with it, several times as fast",
}
PROVIDES = {
    "chinesecalendar": "chinese_calendar",
    "python-calamine": "python_calamine",
    "python-docx": "docx",
    "python-pptx": "pptx",
    "python-stdnum": "stdnum",
    "streamlit-folium": "streamlit_folium",
    "xstatic-leaflet": "xstatic",
    "import-linter": "importlinter",
    "scikit-learn": "sklearn",
    "pytest-timeout": "pytest_timeout",
    "pytest-xdist": "xdist",
}


def required(name: str) -> dict[str, str]:
    """Packages of a requirements file with their exact versions."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith(("#", "-"))]
    assert all(re.fullmatch(r"[\w.-]+(\[\w+\])?==[\w.]+", pin) for pin in pins), "exact versions only"
    return {pin.split("==")[0].split("[")[0].lower(): pin.split("==")[1] for pin in pins}


def test_requirements_are_what_the_product_imports() -> None:
    used = {name.split(".")[0] for file in CODE for name in imported(file)}
    third = used - set(sys.stdlib_module_names) - {"minxin", "pages"}
    wanted = required("requirements.txt")
    provided = {PROVIDES.get(name, name.replace("-", "_")): name for name in wanted}
    assert third <= set(provided), f"imported but not required: {sorted(third - set(provided))}"
    idle = {name for module, name in provided.items() if module not in third} - set(UNNAMED)
    assert not idle, f"required but not imported: {sorted(idle)}"


def test_constraints_hold_the_same_versions() -> None:
    constraints = required("constraints.txt")
    for name, version in {**required("requirements.txt"), **required("requirements-dev.txt")}.items():
        assert constraints.get(name) == version, name


@pytest.mark.parametrize("tool", ["data_log.py", "words.py"])
def test_data_log_and_words(tool: str) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / tool)], cwd=ROOT, capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stdout[-3000:]
