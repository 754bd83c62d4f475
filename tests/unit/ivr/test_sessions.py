"""The flows against a scripted dialplan: what they ask of it, and that a fault of ours keeps no caller."""

import asyncio
from collections.abc import Callable
from hashlib import sha1

from cti.asterisk.agi import AgiServer
from cti.asterisk.events import parse
from cti.errors import JournalFull
from cti.ivr.model import InboundRoute, IvrSettings, SurveySettings
from cti.ivr.sessions.inbound import Inbound
from cti.ivr.sessions.survey_session import SurveySession

SECRET = "s"
SETTINGS = IvrSettings(
    routes={"4001": InboundRoute(dnis="4001", queue="sales", language="zh-CN")},
    surveys={"sales": SurveySettings(second_question=True)},
)


class Dialplan:
    """Answers every command with success unless told otherwise; ``commands`` are those that came."""

    def __init__(self, answer: Callable[[str], str] = lambda command: "200 result=0") -> None:
        self.commands: list[str] = []
        self._answer = answer

    async def call(self, port: int, path: str, **headers: str) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        token = sha1(f"{SECRET}:u1".encode(), usedforsecurity=False).hexdigest()
        lines = {
            "network_script": path,
            "uniqueid": "u1",
            "extension": "4001",
            "language": "zh",
            "arg_1": token,
        }
        for name, value in {**lines, **headers}.items():
            writer.write(f"agi_{name}: {value}\n".encode())
        writer.write(b"\n")
        async with asyncio.timeout(5):
            while line := (await reader.readline()).decode().strip():
                self.commands.append(line)
                writer.write(self._answer(line).encode() + b"\n")
        writer.close()


class Journal:
    """Keeps blocks until it is full."""

    def __init__(self, room: int = 100) -> None:
        self.blocks: list[bytes] = []
        self._room = room

    def take(self, block: bytes) -> int:
        if len(self.blocks) >= self._room:
            raise JournalFull
        self.blocks.append(block)
        return len(self.blocks)

    async def durable(self, position: int) -> None:
        return

    @property
    def names(self) -> list[str]:
        return [parse(block).name for block in self.blocks]

    @property
    def outcome(self) -> str:
        return parse(self.blocks[-1]).get("Outcome")


def server(journal: Journal) -> AgiServer:
    inbound = Inbound(
        settings=lambda: SETTINGS,
        journal=journal.take,
        clock=lambda: 5.0,
        default_region="CN",
        default_language="zh-CN",
    )
    survey = SurveySession(
        settings=lambda: SETTINGS,
        journal=journal.take,
        durable=journal.durable,
        clock=lambda: 5.0,
        default_language="zh-CN",
    )
    return AgiServer(
        {"inbound": lambda session: inbound(session, session.request.extension), "survey": survey},
        secret=SECRET,
    )


def in_queue(command: str) -> str:
    return "200 result=1 (sales)" if command == "GET VARIABLE CTI_QUEUE" else "200 result=0"


async def test_the_hook_sets_queue_and_language_in_a_few_commands() -> None:
    journal, dialplan = Journal(), Dialplan()
    async with server(journal) as agi:
        await dialplan.call(agi.port, "inbound", callerid="13812345678")
    assert dialplan.commands == [
        'SET VARIABLE CTI_QUEUE "sales"',
        'SET VARIABLE CTI_LANGUAGE "zh"',
        'SET VARIABLE CHANNEL(language) "zh"',
    ]
    label = parse(journal.blocks[0])
    assert (label.at, label.get("Number"), label.get("Language")) == (5.0, "+8613812345678", "zh-CN")


async def test_a_full_journal_keeps_nobody_from_his_queue() -> None:
    dialplan = Dialplan()
    async with server(Journal(room=0)) as agi:
        await dialplan.call(agi.port, "inbound", callerid="13812345678")
    assert 'SET VARIABLE CTI_QUEUE "sales"' in dialplan.commands


async def test_an_odd_caller_is_labelled_as_what_he_is() -> None:
    journal = Journal()
    async with server(journal) as agi:
        for callerid in ("unknown", "Ünïcödé-昵称", "1001", "${SHELL(id)}"):
            await Dialplan().call(agi.port, "inbound", callerid=callerid)
    labels = [parse(block) for block in journal.blocks]
    assert [(label.get("NumberState"), label.get("Number")) for label in labels] == [
        ("withheld", ""),
        ("invalid", ""),
        ("known", "1001"),
        ("invalid", ""),
    ]


async def test_a_survey_whose_answer_cannot_be_kept_failed() -> None:
    def fives(command: str) -> str:
        return f"200 result={ord('5')} endpos=1" if command.startswith("STREAM") else in_queue(command)

    journal = Journal(room=1)
    async with server(journal) as agi:
        await Dialplan(fives).call(agi.port, "survey")
    assert journal.names == ["CtiSurveyStarted"]


async def test_a_survey_whose_prompts_are_missing_failed() -> None:
    def deaf(command: str) -> str:
        return "200 result=-1 endpos=0" if command.startswith("STREAM") else in_queue(command)

    journal = Journal()
    async with server(journal) as agi:
        await Dialplan(deaf).call(agi.port, "survey")
    assert (journal.names, journal.outcome) == (["CtiSurveyStarted", "CtiSurveyEnded"], "failed")


async def test_a_survey_in_which_asterisk_vanishes_was_hung_up() -> None:
    def gone(command: str) -> str:
        return "HANGUP\n200 result=-1" if command.startswith("STREAM") else in_queue(command)

    journal = Journal()
    async with server(journal) as agi:
        await Dialplan(gone).call(agi.port, "survey")
    assert journal.outcome == "hung_up"
