"""What single words of a flow file may be, for the reader, the JSON Schema and the lint alike.

``role`` says what a text stands for; `cti.flows.document` notes each with its place.
"""

from enum import StrEnum
from typing import Annotated, Final

from msgspec import Meta, Struct

#: Names of flows, steps, questions and prompts.
NAME_PATTERN: Final = r"^[a-z][a-z0-9]*([-_/][a-z0-9]+)*$"
#: Names of variables, with a dot for what a look-up found: `customer.name`.
VARIABLE_PATTERN: Final = r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$"
#: Of an argument, a column, an outcome.
WORD_PATTERN: Final = r"^[a-z][a-z0-9_]*$"
#: In which a flow can speak.
LANGUAGES: Final = ("zh-CN", "en")
#: In which every language can say an amount.
CURRENCIES: Final = ("CNY", "EUR", "GBP", "HKD", "JPY", "USD")


class Word(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all parts of a file have in common: a word that it does not know is an error."""


class Role(StrEnum):
    """What a text of a flow file stands for."""

    CURRENCY = "currency"
    EXPRESSION = "expression"
    FLOW = "flow"
    PROMPT = "prompt"
    QUESTION = "question"
    #: One that is gone to.
    STEP = "step"
    #: One that is set.
    VARIABLE = "variable"


#: Numbers and `true` are expressions without quotes too.
_SCALAR: Final = {"type": ["string", "number", "boolean"]}

Expression = Annotated[str, Meta(extra={"role": Role.EXPRESSION}, extra_json_schema=_SCALAR)]
StepName = Annotated[str, Meta(pattern=NAME_PATTERN)]
Target = Annotated[str, Meta(pattern=NAME_PATTERN, extra={"role": Role.STEP})]
FlowName = Annotated[str, Meta(pattern=NAME_PATTERN)]
SubFlow = Annotated[str, Meta(pattern=NAME_PATTERN, extra={"role": Role.FLOW})]
PromptName = Annotated[str, Meta(pattern=NAME_PATTERN, extra={"role": Role.PROMPT})]
#: Under which answers are recorded.
Question = Annotated[str, Meta(pattern=NAME_PATTERN)]
#: One that was recorded.
AskedQuestion = Annotated[str, Meta(pattern=NAME_PATTERN, extra={"role": Role.QUESTION})]
Variable = Annotated[str, Meta(pattern=VARIABLE_PATTERN, extra={"role": Role.VARIABLE})]
#: Where what was found gets a name of its own: `customer` of `customer.name`.
Into = Annotated[str, Meta(pattern=WORD_PATTERN)]
#: Of an argument, a column, an outcome, a value that somebody is shown.
Key = Annotated[str, Meta(pattern=WORD_PATTERN)]

#: What an answer is recorded as.
Recorded = Annotated[str, Meta(min_length=1, max_length=100, extra_json_schema=_SCALAR)]
LanguageName = Annotated[str, Meta(pattern=r"^(zh-CN|en)$", extra_json_schema={"enum": list(LANGUAGES)})]
#: By language.
Texts = dict[LanguageName, Annotated[str, Meta(min_length=1, max_length=200)]]
Currency = Annotated[
    str,
    Meta(
        pattern=r"^[A-Z]{3}$",
        extra={"role": Role.CURRENCY},
        extra_json_schema={"enum": list(CURRENCIES)},
    ),
]
QueueName = Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,64}$")]
EndpointName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]

#: Of a telephone, or a stretch of digits.
MenuKey = Annotated[str, Meta(pattern=r"^([0-9*#]|[0-9]-[0-9])$")]
OneKey = Annotated[str, Meta(pattern=r"^[0-9*#]$")]
Terminator = Annotated[str, Meta(pattern=r"^[0-9*#]?$")]

Tries = Annotated[int, Meta(ge=1, le=9)]
Digits = Annotated[int, Meta(ge=0, le=32)]
Seconds = Annotated[float, Meta(gt=0, le=60)]
RecordingSeconds = Annotated[float, Meta(gt=0, le=1800)]
RingSeconds = Annotated[int, Meta(ge=1, le=300)]
WaitSeconds = Annotated[int, Meta(ge=1, le=7200)]
Priority = Annotated[int, Meta(ge=0, le=100)]
