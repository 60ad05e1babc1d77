"""Rules about the tree itself: who may import whom, how large a module may be, what documents must say."""

import ast
import re
from pathlib import Path

import pytest
from dotenv import dotenv_values

from contentsync.settings import SECRETS, Settings

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "contentsync"
MODULES = sorted(p for p in PACKAGE.rglob("*.py") if "versions" not in p.parts)

LAYERS: dict[str, set[str]] = {
    "errors": set(),
    "settings": {"errors"},
    "credentials": {"errors", "settings"},
    "temporal": {"errors", "settings"},
    "embedded": {"errors"},
    "sources": {"errors", "settings"},
    "localchat": set(),
    "db": {"errors", "settings", "credentials", "sources"},
    "puller": {"errors", "settings", "credentials", "temporal", "sources", "db"},
    "processor": {"errors", "settings", "temporal", "db"},
    "bot": {"errors", "settings", "credentials", "temporal", "sources", "db"},
    "evaluation": {"errors", "settings"},
    "schedules": {"errors", "settings", "temporal"},
    "web_pages": set(),
    "web": {"errors", "settings", "credentials", "db", "web_pages"},
    "worker": {"errors", "settings", "credentials", "temporal", "sources", "db", "puller", "processor", "bot"},
    "app": {"errors", "settings", "credentials", "temporal", "embedded", "sources", "db", "puller", "processor", "bot",
            "schedules", "web", "localchat", "worker"},
    "commands": {"errors", "settings", "sources", "db", "puller"},
    "__main__": {"errors", "settings", "app", "commands"},
}  # fmt: skip
"""What a room may import besides itself and any room's `contract`."""

PURE_PROCESSOR = {
    f"contentsync.processor.{name}"
    for name in (
        "background",
        "canonical",
        "decisions",
        "features",
        "ranking",
        "rules",
        "stories",
        "taste",
        "terms",
        "text",
        "updates",
    )
}
"""The processor's pure modules: the bot builds digests with them, the evaluation measures them."""


def room(path: Path) -> str:
    """The top-level room a module belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> list[str]:
    """The dotted contentsync modules that a file imports, wherever in the file."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.append(str(node.module))
    return [name for name in found if name.split(".")[0] == "contentsync"]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_one_way(path: Path) -> None:
    if path.name == "__init__.py":
        return
    own = room(path)
    for name in imports(path):
        parts = name.split(".")
        target = parts[1] if len(parts) > 1 else ""
        contract = parts[-1] == "contract"
        pure = own in ("bot", "evaluation") and name in PURE_PROCESSOR
        assert target == own or target in LAYERS[own] or contract or pure, f"{path} must not import {name}"
    if path.name == "contract.py":
        assert set(imports(path)) <= {"contentsync.errors"}


def test_every_init_is_empty() -> None:
    assert [p for p in PACKAGE.rglob("__init__.py") if p.read_bytes()] == []


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_modules_and_functions_stay_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 400, f"{path}: split it"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= 50, f"{path}: {node.name} has {length} lines"


def test_only_db_knows_sql() -> None:
    for path in MODULES:
        if room(path) == "db":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
            wrong = [n for n in names if n.split(".")[0] in ("sqlalchemy", "sqlmodel", "alembic", "aiosqlite")]
            assert not wrong, f"{path} imports {wrong}"


def test_settings_and_env_example_agree() -> None:
    documented = set(re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    wanted = {str(field.validation_alias) for field in Settings.model_fields.values()}
    files = {f"{name}_FILE" for name in SECRETS}
    temporal = {name for name in documented if name.startswith("TEMPORAL_")}
    assert documented - files - temporal == wanted
    assert {"TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "TEMPORAL_API_KEY"} <= temporal


def test_env_example_shows_the_defaults() -> None:
    """What stands after the = is the default, so that the file can be copied as it is."""
    values = dotenv_values(ROOT / ".env.example")
    assert {name: value for name, value in values.items() if value} == {}, "every line is commented or empty"
    text = (ROOT / ".env.example").read_text()
    for field in Settings.model_fields.values():
        shown = re.search(rf"^# {field.validation_alias}=(.*)$", text, re.MULTILINE)
        assert shown is not None, field.validation_alias
        default = field.default
        expected = "" if default is None else str(default).lower() if isinstance(default, bool) else str(default)
        assert shown.group(1) == expected, field.validation_alias


def test_lock_files_name_no_host() -> None:
    for lock in (ROOT / "requirements.lock", ROOT / "tests" / "requirements.lock"):
        text = lock.read_text()
        assert "://" not in text
        assert "index-url" not in text
        assert "find-links" not in text
        pins = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
        assert all("==" in line for line in pins)
        assert text.count("--hash=sha256:") >= len(pins)
