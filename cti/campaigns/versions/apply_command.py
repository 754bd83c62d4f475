"""What ``cti campaign apply`` does: campaigns become what their files say, all of them or none."""

from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from cti import config
from cti.campaigns import store
from cti.campaigns.command_outcome import CommandOutcome
from cti.campaigns.definition_check import check
from cti.campaigns.definition_problem import DefinitionProblem
from cti.campaigns.model import CampaignDefinition
from cti.campaigns.versions.campaign_change import OwnNumbers, change_campaign, read_against
from cti.campaigns.versions.definition_change import word_changes
from cti.customers.numbers import parse_e164
from cti.db.engine import open_engine
from cti.dialling.opening import listed
from cti.flows.document import Reading, place_in, read_shape
from cti.http.catalogue.problem_texts import PROBLEMS
from cti.http.principal import Language

_TEXTS: Final = {
    "added": {"en": "{campaign}: added as a draft.", "zh-CN": "{campaign}：已添加为草稿。"},
    "changed": {
        "en": "{campaign}: changed, now version {version}.",
        "zh-CN": "{campaign}：已修改，当前版本 {version}。",
    },
    "same": {"en": "{campaign}: as it was.", "zh-CN": "{campaign}：没有变化。"},
    "good": {"en": "{campaign}: no errors.", "zh-CN": "{campaign}：没有错误。"},
    "would_change": {
        "en": "{campaign}: no errors; of version {version} would change: {words}.",
        "zh-CN": "{campaign}：没有错误；将修改版本 {version} 的：{words}。",
    },
    "refused": {"en": "Nothing was changed; errors: {count}.", "zh-CN": "未做任何更改；错误：{count}。"},
}


class _File:
    """One file as it was read; ``told`` is the language of what is said of it."""

    def __init__(self, path: Path, text: str, told: str) -> None:
        self._path = path
        self._told = told
        self.reading: Reading[CampaignDefinition] = read_shape(text, CampaignDefinition, str(path))
        self.problems = [problem.line_of_text(told) for problem in self.reading.problems]

    def blame(self, problems: list[DefinitionProblem]) -> None:
        """As compilers say it: `renewals.yaml:3:5: error: …`, which editors can follow."""
        severity = "错误" if self._told == Language.CHINESE else "error"
        for problem in problems:
            place = place_in(self.reading.places, problem.path)
            text = PROBLEMS[problem.code].in_language(Language(self._told)).detail.format_map(problem.params)
            line = f"{self._path}:{place.line}:{place.column}: {severity}: {text} [{problem.code}]"
            self.problems.append(line)


async def run(texts: list[tuple[Path, str]], told: str, *, dry_run: bool) -> CommandOutcome:
    """Read files with their texts, and without ``dry_run`` make campaigns of them. A campaign that is there
    is changed where it stands, and what it was is kept as a version.
    """
    settings = config.load()
    own = OwnNumbers(
        e164=partial(parse_e164, default_region=settings.default_region),
        caller_ids=listed(settings.caller_ids),
    )
    files = [_File(path, text, told) for path, text in texts]
    done: list[str] = []
    async with open_engine(settings.database_url.get_secret_value()) as engine, engine.begin() as connection:
        known = await store.read_known(connection, own.e164)
        wanted: list[tuple[_File, CampaignDefinition]] = []
        for file in files:
            if file.reading.content is not None:
                definition, problems = check(file.reading.content, known)
                file.blame(problems)
                wanted.append((file, definition))
        act = _look if dry_run or any(file.problems for file in files) else _apply
        for file, definition in wanted:
            done += await act(connection, file, definition, own, told)
        wrong = [line for file in files for line in file.problems]
        if wrong:
            await connection.rollback()
            return CommandOutcome(good=False, lines=[*wrong, _said("refused", told, count=str(len(wrong)))])
    return CommandOutcome(good=True, lines=done)


async def _look(
    connection: AsyncConnection, file: _File, definition: CampaignDefinition, own: OwnNumbers, told: str
) -> list[str]:
    before = await store.find_campaign(connection, definition.campaign)
    if before is None or before.definition == definition:
        return [_said("good", told, campaign=definition.campaign)]
    file.blame(await read_against(connection, before, definition, own))
    words = ", ".join(
        change.pointer.removeprefix("/").replace("/", ".")
        for change in word_changes(before.definition, definition)
    )
    return [
        _said("would_change", told, campaign=definition.campaign, version=str(before.version), words=words)
    ]


async def _apply(
    connection: AsyncConnection, file: _File, definition: CampaignDefinition, own: OwnNumbers, told: str
) -> list[str]:
    name = definition.campaign
    before = await store.find_campaign(connection, name, lock=True)
    if before is None:
        await store.create_campaign(connection, definition, user_id=None)
        return [_said("added", told, campaign=name)]
    after, against = await change_campaign(connection, before, definition, own, user_id=None)
    file.blame(against)
    what = "same" if after.version == before.version else "changed"
    return [_said(what, told, campaign=name, version=str(after.version))]


def _said(what: str, told: str, **params: str) -> str:
    return _TEXTS[what][told].format_map(params)
