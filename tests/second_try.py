"""A test of a whole system that fails is tried once more, in a module as new as it was at the first try.

Whole systems share two busy cores with one another. What a test said the first time is shown at the end in
full, and many of these fail the run all the same: a second try is a finding that waits, not a pass.

All that lives as long as its module (databases, services, sign-ins, the calls and members in the shared
laboratory) ends before the second try and begins anew, so no test has to expect what its own first try left.
"""

from collections.abc import Generator
from pathlib import Path

import pytest
from pytest_rerunfailures import get_reruns_count

_HERE = Path(__file__).parent
_WHOLE_SYSTEMS = tuple(_HERE / name for name in ("integration", "e2e", "faults"))
#: In one run so many tests may pass at the second try only.
_SECOND_TRIES = 3

_FAILED = pytest.StashKey[bool]()


def pytest_configure(config: pytest.Config) -> None:
    """Name the mark of modules that a second try does not take down."""
    config.addinivalue_line(
        "markers", "keeps_module: what the module has took minutes, and its tests see to their second tries"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let tests of whole systems be tried twice."""
    for item in items:
        if any(item.path.is_relative_to(folder) for folder in _WHOLE_SYSTEMS):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember whether this try has failed so far."""
    report = yield
    before = report.when != "setup" and item.stash.get(_FAILED, False)
    item.stash[_FAILED] = before or report.failed
    return report


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, None, None]:
    """Take the module down with a test that is tried again."""
    module = item.getparent(pytest.Module)
    if module is None or item.get_closest_marker("keeps_module") or not _is_tried_again(item):
        return (yield)
    state = item.session._setupstate
    state.teardown_exact(module.parent)
    # Whatever test comes afterwards, if any: the second try needs what is above the module.
    kept, state.stack = state.stack, {}
    try:
        return (yield)
    finally:
        state.stack = kept


def _is_tried_again(item: pytest.Item) -> bool:
    tries = 1 + (get_reruns_count(item) or 0)
    return item.stash.get(_FAILED, False) and getattr(item, "execution_count", tries) < tries


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run in which many tests needed a second try."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and len(reporter.stats.get("rerun", [])) > _SECOND_TRIES:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show why a test was tried again."""
    for report in terminalreporter.stats.get("rerun", []):
        terminalreporter.section(f"first try of {report.nodeid}")
        terminalreporter.write_line(report.longreprtext)
