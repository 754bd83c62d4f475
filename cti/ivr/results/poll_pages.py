"""What the public sees of a poll, computed at most once a minute, however many look."""

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import msgspec
import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from cti.flows.question_list import Question
from cti.ivr.library.flow_book import FlowBook
from cti.ivr.results import results_store
from cti.ivr.results.poll_store import PUBLIC_ID, Poll, read_poll
from cti.ivr.results.publication import PublishedQuestion, published
from cti.ivr.results.results_store import RunFilter
from cti.ivr.results.results_views import RunsView, all_figures, runs_view
from cti.ivr.results.version_questions import MOST_VERSIONS, questions_in

log = structlog.get_logger(__name__)

FRESH_SECONDS: Final = 60.0
#: Published polls that are kept at hand.
_MOST_PAGES: Final = 200
_DATABASE_AWAY: Final = (OSError, TimeoutError, SQLAlchemyError)


class PollPage(msgspec.Struct, frozen=True, kw_only=True):
    """All that the public may see of a poll, and nothing else."""

    poll: Poll
    runs: RunsView
    questions: list[PublishedQuestion]
    texts: Mapping[tuple[str, str], Question]
    as_of: datetime


class PollPages:
    """Pages by their public id. While the database is away the last known ones serve."""

    def __init__(self, engine: AsyncEngine, book: FlowBook, *, fresh_seconds: float = FRESH_SECONDS) -> None:
        self._engine = engine
        self._fresh_seconds = fresh_seconds
        self._book = book
        self._pages: dict[str, tuple[float, PollPage]] = {}
        #: One page is computed at a time: the public cannot keep the database busy.
        self._turn = asyncio.Lock()

    async def page(self, public_id: str) -> PollPage | None:
        """The page; None when nothing is published there."""
        if not PUBLIC_ID.fullmatch(public_id):
            return None
        known = self._fresh(public_id)
        if known is not None:
            return known
        async with self._turn:
            known = self._fresh(public_id)
            if known is not None:
                return known
            try:
                found = await self._compute(public_id)
            except _DATABASE_AWAY as error:
                if public_id not in self._pages:
                    raise
                log.warning("polls.not_computed", error=str(error)[:200])
                return self._pages[public_id][1]
            self.forget(public_id)
            if found is not None:
                while len(self._pages) >= _MOST_PAGES:
                    del self._pages[next(iter(self._pages))]
                self._pages[public_id] = time.monotonic(), found
            return found

    def forget(self, public_id: str) -> None:
        """Its results, or whether it is published, have changed."""
        self._pages.pop(public_id, None)

    def _fresh(self, public_id: str) -> PollPage | None:
        known = self._pages.get(public_id)
        return known[1] if known is not None and time.monotonic() - known[0] < self._fresh_seconds else None

    async def _compute(self, public_id: str) -> PollPage | None:
        async with self._engine.connect() as connection:
            poll = await read_poll(connection, public_id)
            if poll is None:
                return None
            wanted = RunFilter(flow=poll.flow, from_at=poll.from_at, to_at=poll.to_at)
            runs = await results_store.count_runs(connection, wanted)
            answers = await results_store.count_answers(connection, wanted)
            versions = await results_store.list_versions(connection, wanted, limit=MOST_VERSIONS)
        texts = await questions_in(self._book, poll.flow, versions)
        questions = [
            seen
            for asked_in, figures in all_figures(answers, texts, poll.population)
            if poll.questions is None or figures.question in poll.questions
            if (seen := published(asked_in, figures, poll.population)) is not None
        ]
        return PollPage(
            poll=poll, runs=runs_view(runs), questions=questions, texts=texts, as_of=datetime.now(UTC)
        )
