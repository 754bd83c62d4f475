"""`/flow` of the dialplan: which flow a caller goes through, and how he comes back to it.

Whatever fails here, the dialplan goes on: what comes next is in the channel's variable `CTI_NEXT`, which is
empty until a run has got so far (`asterisk_conf/extensions.conf`, contexts `flow` and `flow-next`).
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Protocol

import structlog

from cti.asterisk.agi_session import AgiSession
from cti.asterisk.events import encode
from cti.calls.flow_run import FAILED, FlowRun
from cti.calls.model import Call, Leg, NumberState
from cti.customers.numbers import normalise
from cti.errors import JournalError
from cti.flows.actions import Returned, Value
from cti.flows.model import Flow
from cti.flows.run import Run
from cti.flows.state import StateInvalidError
from cti.ivr.library.flow_book import Edition
from cti.ivr.model import IvrSettings
from cti.ivr.sessions.dialled_person import Contacts, beginning
from cti.ivr.sessions.flow_course import ExtensionOf, FlowCourse
from cti.ivr.sessions.flow_deeds import FlowDeeds
from cti.ivr.sessions.flow_phone import CallerPhone, Voice
from cti.ivr.sessions.inbound import Inbound
from cti.ivr.sessions.recordings import RecordingFolder
from cti.ivr.sessions.run_record import Away, RunRecord
from cti.ivr.sessions.survey_session import SurveySession
from cti.prompts.languages import ASTERISK_LANGUAGES, language_of

log = structlog.get_logger(__name__)

#: The flow that is gone through when an agent has hung up.
SURVEY: Final = "satisfaction-survey"
_SECOND_QUESTION: Final = "second_rating"
#: How long a survey may take that is no flow.
_SURVEY_SECONDS: Final = 120.0
_NOT_DIALLED: Final = re.compile(r"[^+0-9]")


class Book(Protocol):
    """Where flows are found: `cti.ivr.library.flow_book.FlowBook`."""

    def active(self, name: str) -> Edition | None:
        """What a call that begins now goes through."""

    async def find(self, name: str, version: str, parts: Mapping[str, str] = ...) -> Edition | None:
        """A version that some call began with."""


class Runs(Protocol):
    """Where handed-over runs and the calls of channels are found: `cti.board.board.Board`."""

    def flow_run(self, uniqueid: str, run: str) -> FlowRun | None:
        """A run on a live channel."""

    def leg_of(self, uniqueid: str) -> Leg | None:
        """The leg of a live channel."""

    def call(self, call_id: str) -> Call | None:
        """A call that lives."""


class FlowSession:
    """Answers `/flow`, with what begins (`inbound`, `survey`, `outbound`, `returned`), the name of the
    channel's last run, and what it is about: the number dialled, the flow's name, or how he came back.
    """

    def __init__(
        self,
        *,
        settings: Callable[[], IvrSettings],
        book: Book,
        runs: Runs,
        take: Callable[[bytes], int],
        durable: Callable[[int], Awaitable[None]],
        clock: Callable[[], float],
        voice: Voice,
        recordings: RecordingFolder,
        deeds: FlowDeeds,
        extension_of: ExtensionOf,
        inbound: Inbound,
        survey: SurveySession,
        default_region: str,
        default_language: str,
        contacts: Contacts | None = None,
    ) -> None:
        self._settings = settings
        self._book = book
        self._runs = runs
        self._take = take
        self._durable = durable
        self._clock = clock
        self._voice = voice
        self._recordings = recordings
        self._deeds = deeds
        self._extension_of = extension_of
        self._inbound = inbound
        self._survey = survey
        self._region = default_region
        self._default_language = default_language
        self._contacts = contacts

    async def __call__(self, session: AgiSession) -> None:
        """Leads the caller as far as a flow does.

        Raises:
            AgiError: the caller hung up, or Asterisk did not do what it was told.
        """
        start, previous, about, key = (*session.request.arguments, "", "", "", "")[:4]
        match start:
            case "inbound":
                await self._begin_inbound(session, previous, about)
            case "survey":
                await self._begin_survey(session, previous)
            case "outbound":
                await self._begin_outbound(session, previous, about)
            case "returned":
                await self._resume(session, previous, about, key)
            case _:
                log.warning("flow.nothing_begins", start=start[:40])

    # --- what begins ---

    async def _begin_inbound(self, session: AgiSession, previous: str, about: str) -> None:
        dialled = _NOT_DIALLED.sub("", about)[:32]
        route = self._settings().route(dialled)
        edition = None if route is None or route.flow is None else self._book.active(route.flow)
        if route is None or edition is None:
            if route is not None and route.flow is not None:
                log.error("flow.unknown", flow=route.flow, dialled=dialled)
            await self._inbound(session, dialled)
            return
        language = route.language or self._default_language
        number = self._label(session, dialled, language)
        data = {"call.number": number, "call.dialled": dialled}
        # Where he goes when the flow fails: the dialplan has the number's queue.
        variables = {"CTI_QUEUE": route.queue, "CTI_LANGUAGE": ASTERISK_LANGUAGES[language]}
        await self._begin(session, previous, edition, language, data, variables=variables)

    async def _begin_survey(self, session: AgiSession, previous: str) -> None:
        queue = await session.get_variable("CTI_QUEUE") or ""
        chosen = self._settings().survey(queue)
        if not chosen.enabled:
            return
        edition = self._book.active(SURVEY)
        if edition is None:
            await session.limit(_SURVEY_SECONDS)
            await self._survey(session)
            return
        language = chosen.language or language_of(session.request.language) or self._default_language
        data = {"call.queue": queue, "call.number": self._number(session)[0]}
        questions = chosen.questions if _asks(edition, _SECOND_QUESTION) else 1
        await self._begin(session, previous, edition, language, data, questions=questions)

    async def _begin_outbound(self, session: AgiSession, previous: str, about: str) -> None:
        edition = self._book.active(about)
        if edition is None:
            log.error("flow.unknown", flow=about[:80])
            return
        uniqueid = session.request.uniqueid
        # When nobody can tell whom it was to, the session ends here, and the dialplan apologises.
        contact = None if self._contacts is None else await self._contacts.of_attempt(uniqueid)
        language = language_of(session.request.language) or self._default_language
        if contact is not None and contact.language in ASTERISK_LANGUAGES:
            language = contact.language
        answered_by = await session.get_variable("CTI_ANSWERED_BY") or "person"
        data = beginning(
            contact,
            number=self._dialled(session) if contact is None else contact.phone,
            language=language,
            answered_by=answered_by,
            inputs=edition.flow.inputs,
        )
        await self._begin(session, previous, edition, language, data, connects=answered_by != "machine")

    async def _begin(
        self,
        session: AgiSession,
        previous: str,
        edition: Edition,
        language: str,
        data: Mapping[str, Value],
        *,
        variables: Mapping[str, str] | None = None,
        questions: int = 1,
        connects: bool = False,
    ) -> None:
        name = _next_name(session.request.uniqueid, previous)
        record = self._record(session, name, edition.name)
        record.started(kind=edition.flow.kind.value, version=edition.version, language=language)
        if connects:
            record.write("CtiAttemptConnected")
        run = Run(_flows(edition), edition.name, language=language, data=data)
        chosen = {"CTI_RUN": name, "CHANNEL(language)": ASTERISK_LANGUAGES[language], **(variables or {})}
        course = self._course(session, run, record, edition, questions)
        await course.lead(run.begin, chosen, answer=True)

    # --- who comes back ---

    async def _resume(self, session: AgiSession, name: str, result: str, key: str) -> None:
        found = self._runs.flow_run(session.request.uniqueid, name)
        if found is None or found.state is None:
            log.warning("flow.run_unknown", run=name[:80])
            return
        record = self._record(session, name, found.flow, ordinal=found.last_ordinal)
        try:
            away = Away.read(found.state)
            edition = await self._book.find(found.flow, found.version, away.parts)
            if edition is None:
                raise StateInvalidError(f"version {found.version} of {found.flow} is not at hand")
            run = Run.load(bytes(away.run), _flows(edition))
        except (ValueError, StateInvalidError) as error:
            log.error("flow.run_not_resumed", run=name, reason=str(error))
            record.ended(FAILED)
            return
        course = self._course(session, run, record, edition, 1)
        await course.lead(lambda: run.take(Returned(result=result, key=key)), {}, answer=False)

    # --- pieces ---

    def _record(self, session: AgiSession, name: str, flow: str, *, ordinal: int = 0) -> RunRecord:
        return RunRecord(
            uniqueid=session.request.uniqueid,
            name=name,
            flow=flow,
            take=self._take,
            durable=self._durable,
            clock=self._clock,
            ordinal=ordinal,
        )

    def _course(
        self, session: AgiSession, run: Run, record: RunRecord, edition: Edition, questions: int
    ) -> FlowCourse:
        phone = CallerPhone(
            session, language=run.language, voice=self._voice, recordings=self._recordings, run=record.name
        )
        return FlowCourse(
            session,
            run,
            record,
            phone,
            self._deeds,
            flows=_flows(edition),
            parts=edition.parts,
            extension_of=self._extension_of,
            questions=questions,
        )

    def _number(self, session: AgiSession) -> tuple[str | None, NumberState]:
        """The caller's number, E.164 where it can be."""
        number = normalise(session.request.caller_number, self._region)
        return number.e164 or (number.display if number.state is NumberState.KNOWN else None), number.state

    def _dialled(self, session: AgiSession) -> str | None:
        """The number of whom we called; his channel shows our own."""
        leg = self._runs.leg_of(session.request.uniqueid)
        call = self._runs.call(leg.call_id) if leg is not None and leg.outgoing else None
        if call is None or call.dialled_number is None:
            return self._number(session)[0]
        return normalise(call.dialled_number, self._region).e164 or call.dialled_number

    def _label(self, session: AgiSession, dialled: str, language: str) -> str | None:
        number, state = self._number(session)
        headers = {"Dnis": dialled, "Language": language, "NumberState": state.value}
        if number:
            headers["Number"] = number
        try:
            self._take(encode("CtiCallLabelled", self._clock(), Uniqueid=session.request.uniqueid, **headers))
        except JournalError as error:
            log.warning("A call goes on without its label", code=error.code)
        return number


def _asks(edition: Edition, question: str) -> bool:
    """Whether a question of this name is in the flow."""
    return any(
        word is not None and (word.name or name) == question
        for name, step in edition.flow.steps.items()
        for word in (step.menu, step.field)
    )


def _flows(edition: Edition) -> dict[str, Flow]:
    return {**edition.flows, edition.name: edition.flow}


def _next_name(uniqueid: str, previous: str) -> str:
    """The name of the channel's next run, after the one before."""
    count = previous.rpartition(".f")[2]
    number = int(count) + 1 if count.isascii() and count.isdecimal() and len(count) < 6 else 1
    return f"{uniqueid}.f{number}"
