"""The house stays as it was drawn: imports go down, pure modules stay pure."""

import ast
from itertools import pairwise
from pathlib import Path

import pytest
from importlinter import configuration
from importlinter.application.use_cases import lint_imports

ROOT = Path(__file__).parents[2]

#: Modules that decide and never do: given the same input they answer the same, always.
PURE = [
    *(ROOT / "cti/board").glob("*.py"),
    *(ROOT / "cti/flows").glob("*.py"),
    *(ROOT / "cti/pacing").glob("*.py"),
    *(ROOT / "cti").glob("*/model.py"),
    ROOT / "cti/asterisk/events.py",
    ROOT / "cti/calls/flow_run.py",
    *(ROOT / "cti/dialling/rules").glob("*.py"),
    *(ROOT / "cti/dialling/pace").glob("*.py"),
    *(
        ROOT / f"cti/dialling/{name}.py"
        for name in ("attempts/ledger_evidence", "attempts/open_attempt", "manual/followed")
    ),
    ROOT / "cti/callbacks/agreed.py",
    *(ROOT / "cti/campaigns/forms").glob("*.py"),
    *(
        ROOT / f"cti/campaigns/{name}.py"
        for name in (
            *("definition_check", "definition_file"),
            *("imports/column_mapping", "imports/contact_reader", "imports/copy_text"),
            *("imports/customer_query", "imports/sample"),
            *("runs/running", "versions/definition_change"),
        )
    ),
    *(ROOT / f"cti/ivr/results/{name}.py" for name in ("publication", "result_texts", "figures", "student")),
]
IMPURE_IMPORTS = {
    "asyncio",
    "sqlalchemy",
    "aiohttp",
    "asyncpg",
    "time",
    "random",
    "socket",
    "threading",
}


def test_imports_go_down_only() -> None:
    configuration.configure()
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), cache_dir=None)


@pytest.mark.parametrize("module", PURE, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_pure_module_imports_no_clock_and_no_input_or_output(module: Path) -> None:
    tree = ast.parse(module.read_text())
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
        )
    }
    assert not imported & IMPURE_IMPORTS
    asked = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        if node.value.id in ("date", "datetime")
    }
    assert not asked & {"now", "today", "utcnow"}


def test_migrations_are_one_line_in_the_order_of_their_numbers() -> None:
    before = None
    for path in sorted((ROOT / "migrations/versions").glob("*.py")):
        values = {
            node.targets[0].id: ast.literal_eval(node.value)
            for node in ast.parse(path.read_text()).body
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
            if node.targets[0].id in ("revision", "down_revision")
        }
        assert values == {"revision": path.stem, "down_revision": before}
        before = path.stem


def test_no_two_test_modules_have_one_name() -> None:
    """Outside packages pytest knows a module by its name alone, and collects nothing when there are two."""
    names = sorted(path.name for path in (ROOT / "tests").rglob("test_*.py"))
    assert [one for one, other in pairwise(names) if one == other] == []
