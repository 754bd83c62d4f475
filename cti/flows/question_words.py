"""The words of a flow file by which it talks with the caller: what is said, asked and recorded. Pure."""

import re
from enum import StrEnum
from typing import Final

from cti.flows.words import (
    Currency,
    Digits,
    Expression,
    LanguageName,
    MenuKey,
    PromptName,
    Question,
    Recorded,
    RecordingSeconds,
    Seconds,
    Target,
    Terminator,
    Texts,
    Tries,
    Variable,
    Word,
)

_STRETCH: Final = re.compile(r"([0-9])-([0-9])")


class QuestionKind(StrEnum):
    """How answers to a question are counted."""

    #: One of several; counted each by itself.
    CHOICE = "choice"
    #: Marks, of which there is a mean, and a share of the highest two (CSAT).
    SCALE = "scale"
    #: 0 to 10: promoters (9, 10) less detractors (0 to 6), in percent of all (Net Promoter Score).
    RECOMMENDATION = "recommendation"
    YES_NO = "yes_no"
    #: A quantity, with mean and median.
    NUMBER = "number"
    #: An account, a date, a card: recorded, not counted.
    DIGITS = "digits"


class Spoken(Word, frozen=True, kw_only=True):
    """A value that is said in the grammar of the caller's language; one kind, each an *expression*."""

    #: One after the other: a telephone number, a reference.
    digits: Expression | None = None
    #: As a quantity: 105 is "one hundred and five".
    number: Expression | None = None
    #: In the currency's units and subunits.
    money: Expression | None = None
    #: `2026-12-31`, or an instant.
    date: Expression | None = None
    #: `18:30`, or an instant.
    time: Expression | None = None
    #: Seconds, said in whole minutes, at least one.
    duration: Expression | None = None
    #: A name out of data, spoken by its recording or the synthetic voice.
    name: Expression | None = None
    #: A prompt whose name is in data: the branch that the caller chose, say.
    prompt: Expression | None = None
    #: ISO 4217, of ``money``.
    currency: Currency = "CNY"
    #: *Expression*, instead of ``currency``: the amount's own. Where it is missing, or has no words,
    #: ``otherwise`` is heard: an amount is never said in a currency that is not its own.
    currency_of: Expression | None = None
    #: The prompt that is heard instead when the value is missing or cannot be said.
    otherwise: PromptName | None = None
    #: Said in this language (`zh-CN`, `en`), whatever the call's is: for a menu of languages.
    language: LanguageName | None = None


#: What a caller hears, in order: names of prompts, and values.
Parts = list[PromptName | Spoken]


class Handler(Word, frozen=True, kw_only=True):
    """What happens on silence or on a wrong key: something is said and the question is asked again; when the
    tries are used up, nothing more is said here and it goes on at ``goto``.

    What a step's own handler does not have is taken from the flow's, and from that of the flow that called
    it.
    """

    prompt: Parts = []
    goto: Target | None = None


class Choice(Word, frozen=True, kw_only=True):
    """Where a key leads. ``value`` is what is recorded, the key itself without it."""

    goto: Target
    value: Recorded | None = None
    #: What is shown for it in results and pictures, by language.
    label: Texts = {}
    #: Variable to *expression*.
    set: dict[Variable, Expression] = {}


class Say(Word, frozen=True, kw_only=True):
    """Something is heard. With ``bargein`` any key breaks it off (and is forgotten)."""

    say: Parts
    goto: Target
    bargein: bool = True


class Menu(Word, frozen=True, kw_only=True):
    """One key decides. Keys are `0`-`9`, `*`, `#`, or a stretch of digits: `1-5`.

    The answer is recorded under ``name``, the step's own without it, and is a variable of that name (with `_`
    for `-` and `/`). ``tries`` is how often silence, and how often a wrong key, is put up with.
    """

    prompt: Parts
    choices: dict[MenuKey, Target | Choice]
    name: Question | None = None
    kind: QuestionKind = QuestionKind.CHOICE
    #: What is asked, as results show it, by language.
    title: Texts = {}
    #: After the prompt.
    timeout_seconds: Seconds = 5.0
    tries: Tries = 3
    bargein: bool = True
    noinput: Handler | None = None
    nomatch: Handler | None = None


def keys_of(choice: str) -> str:
    """The keys that a menu's entry stands for: `1-3` is `123`. Empty for what is none."""
    if len(choice) == 1 and choice in "0123456789*#":
        return choice
    stretch = _STRETCH.fullmatch(choice)
    if stretch is None:
        return ""
    return "".join(str(key) for key in range(int(stretch[1]), int(stretch[2]) + 1))


class Field(Word, frozen=True, kw_only=True):
    """Several keys make a value: an account, a mark of two digits, a number."""

    prompt: Parts
    goto: Target
    name: Question | None = None
    kind: QuestionKind = QuestionKind.DIGITS
    title: Texts = {}
    fewest_digits: Digits = 1
    most_digits: Digits = 20
    #: Ends the input; not part of it. Empty: only the number of digits or the time does.
    terminator: Terminator = "#"
    least: int | None = None
    greatest: int | None = None
    #: *Expression* over `value` that must be true.
    check: Expression | None = None
    #: Said before "1 if that is right, 2 to enter it again"; may say `value`. Without it nothing is asked.
    confirm: Parts = []
    timeout_seconds: Seconds = 5.0
    #: Between two keys.
    next_key_seconds: Seconds = 3.0
    tries: Tries = 3
    bargein: bool = True
    noinput: Handler | None = None
    nomatch: Handler | None = None
    #: Not written down in clear anywhere: `****` in the record, the journal and the log, in tasks and
    #: messages. It can be compared and looked up with; and it is forgotten when the call leaves for a queue.
    secret: bool = False


class Record(Word, frozen=True, kw_only=True):
    """The caller speaks after the tone. With ``review`` he hears, and keeps, redoes or drops it.

    The variable is the recording's id, or missing; and its length: `comment.seconds`.
    """

    prompt: Parts
    goto: Target
    name: Question | None = None
    title: Texts = {}
    beep: bool = True
    #: So much silence ends it.
    silence_seconds: Seconds = 4.0
    longest_seconds: RecordingSeconds = 120.0
    #: Less is no recording, but noinput.
    shortest_seconds: RecordingSeconds = 1.0
    review: bool = False
    tries: Tries = 3
    noinput: Handler | None = None
