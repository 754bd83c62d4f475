"""What end-to-end tests measured is shown at the end of the run, whether they passed or not."""

from collections.abc import Callable

import pytest

_TEXTS = pytest.StashKey[list[str]]()


@pytest.fixture
def summary(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Takes a text for the end of the run."""
    return request.config.stash.setdefault(_TEXTS, []).append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Show them."""
    for text in config.stash.get(_TEXTS, []):
        terminalreporter.section(text.partition("\n")[0])
        terminalreporter.write_line(text.partition("\n")[2])
