"""The survey on the telephone: plays what the pure `survey.py` decides, and writes answers down at once."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from cti.asterisk.agi_session import AgiSession
from cti.asterisk.events import encode
from cti.calls.model import SurveyOutcome
from cti.errors import AgiError, CallerHungUp, JournalError
from cti.ivr.model import IvrSettings
from cti.ivr.sessions.prompts import Prompt
from cti.ivr.sessions.survey import Step, Survey
from cti.journal.durability import in_time
from cti.prompts.languages import ASTERISK_LANGUAGES, language_of

log = structlog.get_logger(__name__)

_KEY_SECONDS: Final = 5.0
_ALL_KEYS: Final = "0123456789*#"
#: A key that comes so soon after the last answer is the same finger, not an answer to the next question.
_BOUNCE_SECONDS: Final = 0.4


class SurveySession:
    """Answers `/survey` of the dialplan, after the agent has hung up.

    ``settings`` gives the settings of now; ``journal`` appends an event and gives its position, ``durable``
    waits until that position is on disk; ``clock`` is Asterisk's (epoch seconds).
    """

    def __init__(
        self,
        *,
        settings: Callable[[], IvrSettings],
        journal: Callable[[bytes], int],
        durable: Callable[[int], Awaitable[None]],
        clock: Callable[[], float],
        default_language: str,
    ) -> None:
        self._settings = settings
        self._journal = journal
        self._durable = durable
        self._clock = clock
        self._default_language = default_language

    async def __call__(self, session: AgiSession) -> None:
        """Asks the caller; the dialplan hangs up afterwards. Ends quietly when the caller hangs up."""
        uniqueid = session.request.uniqueid
        queue = await session.get_variable("CTI_QUEUE") or ""
        chosen = self._settings().survey(queue)
        if not chosen.enabled:
            return
        language = chosen.language or language_of(session.request.language)
        language = language or self._default_language
        survey = Survey(questions=chosen.questions)
        self._write("CtiSurveyStarted", uniqueid, Queue=queue, Language=language, Questions=chosen.questions)
        outcome = SurveyOutcome.FAILED
        try:
            await session.set_language(ASTERISK_LANGUAGES[language])
            await self._ask(session, survey, uniqueid)
            outcome = survey.outcome or outcome
        except CallerHungUp:
            outcome = survey.hung_up()
        except (AgiError, JournalError) as error:
            outcome = survey.failed()
            log.warning("A survey broke", code=error.code, uniqueid=uniqueid)
        except TimeoutError:
            outcome = survey.failed()
            log.warning("survey.not_durable", uniqueid=uniqueid)
        except asyncio.CancelledError:
            outcome = survey.failed()
            raise
        finally:
            with contextlib.suppress(JournalError):
                self._write("CtiSurveyEnded", uniqueid, Outcome=outcome.value)

    async def _ask(self, session: AgiSession, survey: Survey, uniqueid: str) -> None:
        step = survey.begin()
        while True:
            if step.rated is not None and step.rating is not None:
                position = self._write("CtiSurveyAnswer", uniqueid, Question=step.rated, Rating=step.rating)
                # Whose answer is not safe is not thanked.
                await in_time(self._durable, position)
            if step.outcome is not None:
                for prompt in step.prompts:
                    await session.stream_file(prompt.sound, "")
                return
            key = await self._key(session, step)
            step = survey.keyed(key) if key else survey.no_input()

    async def _key(self, session: AgiSession, step: Step) -> str:
        begun = time.monotonic()
        key = await _play(session, step.prompts)
        if key and step.rated is not None and time.monotonic() - begun < _BOUNCE_SECONDS:
            key = await _play(session, step.prompts)
        return key or await session.wait_for_digit(_KEY_SECONDS)

    def _write(self, event: str, uniqueid: str, **headers: str | int) -> int:
        return self._journal(encode(event, self._clock(), Uniqueid=uniqueid, **headers))


async def _play(session: AgiSession, prompts: tuple[Prompt, ...]) -> str:
    """Plays until a key is pressed; that key, or the empty text."""
    for prompt in prompts:
        key = await session.stream_file(prompt.sound, _ALL_KEYS)
        if key:
            return key
    return ""
