"""The inbound hook: who calls, which number was dialled, hence which queue and which language.

It answers from memory. Whatever it does not know it leaves as the dialplan has it, which has a default for
everything, so a call goes on in any case.
"""

from collections.abc import Callable
from typing import Final

import structlog

from cti.asterisk.agi_session import AgiSession
from cti.asterisk.events import encode
from cti.calls.model import NumberState
from cti.customers.numbers import normalise
from cti.errors import JournalError
from cti.ivr.model import IvrSettings
from cti.ivr.sessions.prompts import Prompt
from cti.prompts.languages import ASTERISK_LANGUAGES, language_of

log = structlog.get_logger(__name__)

#: Keys of the language menu.
_LANGUAGE_KEYS: Final = {"1": "zh-CN", "2": "en"}
_MENU: Final = "language"
_NOINPUT: Final = "noinput"
_MENU_TRIES: Final = 2
_KEY_SECONDS: Final = 4.0
#: The dialplan gives the hook two seconds; a menu needs longer, and this bounds it.
_MENU_LIMIT_SECONDS: Final = 45
_ALL_KEYS: Final = "0123456789*#"


class Inbound:
    """Answers for numbers that have no flow.

    ``settings`` gives the settings of now, ``journal`` appends an event, ``clock`` is Asterisk's (epoch
    seconds). ``default_language`` is for callers who choose none in the menu.
    """

    def __init__(
        self,
        *,
        settings: Callable[[], IvrSettings],
        journal: Callable[[bytes], int],
        clock: Callable[[], float],
        default_region: str,
        default_language: str,
    ) -> None:
        self._settings = settings
        self._journal = journal
        self._clock = clock
        self._region = default_region
        self._default_language = default_language

    async def __call__(self, session: AgiSession, dnis: str) -> None:
        """Labels the call and sets CTI_QUEUE, CTI_LANGUAGE and the channel's language.

        Raises:
            AgiError: the caller hung up, or Asterisk did not do what it was told.
        """
        route = self._settings().route(dnis)
        queue = route.queue if route is not None else await session.get_variable("CTI_QUEUE") or ""
        language = (
            route.language
            if route is not None
            else language_of(await session.get_variable("CTI_LANGUAGE") or "")
        )
        self._label(session, dnis=dnis, queue=queue, language=language)
        if route is not None:
            await session.set_variable("CTI_QUEUE", route.queue)
        if language is None:
            language = await self._ask_language(session)
            self._label(session, dnis=dnis, queue=queue, language=language)
        await session.set_variable("CTI_LANGUAGE", ASTERISK_LANGUAGES[language])
        await session.set_language(ASTERISK_LANGUAGES[language])

    def _label(self, session: AgiSession, *, dnis: str, queue: str, language: str | None) -> None:
        number = normalise(session.request.caller_number, self._region)
        headers = {"Uniqueid": session.request.uniqueid, "Dnis": dnis, "Queue": queue}
        if language is not None:
            headers["Language"] = language
        if number.e164 is not None:
            headers["Number"] = number.e164
        elif number.state is NumberState.KNOWN:
            headers["Number"] = number.display
        self._write(encode("CtiCallLabelled", self._clock(), **headers, NumberState=number.state.value))

    def _write(self, block: bytes) -> None:
        try:
            self._journal(block)
        except JournalError as error:
            # The caller reaches his queue all the same.
            log.warning("A call goes on without its label", code=error.code)

    async def _ask_language(self, session: AgiSession) -> str:
        await session.command(f'SET VARIABLE TIMEOUT(absolute) "{_MENU_LIMIT_SECONDS}"')
        await session.answer()
        for _ in range(_MENU_TRIES):
            key = await self._menu_key(session)
            language = _LANGUAGE_KEYS.get(key)
            self._write(
                encode(
                    "CtiIvrChoice",
                    self._clock(),
                    Uniqueid=session.request.uniqueid,
                    Menu=_MENU,
                    Choice=key or _NOINPUT,
                    Match=int(language is not None),
                )
            )
            if language is not None:
                return language
        return self._default_language

    async def _menu_key(self, session: AgiSession) -> str:
        for language in ASTERISK_LANGUAGES.values():
            await session.set_language(language)
            key = await session.stream_file(Prompt.LANGUAGE_MENU.sound, _ALL_KEYS)
            if key:
                return key
        return await session.wait_for_digit(_KEY_SECONDS)
