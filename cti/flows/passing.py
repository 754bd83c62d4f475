"""What is passed on with a caller to whom he is joined with: values, and what people call them. Pure."""

from collections.abc import Mapping
from typing import Final

from cti.flows.actions import PassedValue
from cti.flows.deed_words import Shown
from cti.flows.expression import text_of
from cti.flows.question_list import label_of, questions_of
from cti.flows.tries import variable_of
from cti.flows.turn import Turn

_MOST_VALUES: Final = 50
_LONGEST_VALUE: Final = 1_000


def passed_values(turn: Turn, values: Mapping[str, str | Shown]) -> tuple[PassedValue, ...]:
    """The values that are known, in the flow's order; secret ones masked.

    An answer (the variable of a question of this flow) has the question's title and its choice's label.
    """
    expressions = {name: one.value if isinstance(one, Shown) else one for name, one in values.items()}
    asked = {variable_of(name): question for name, question in questions_of(turn.flow).items()}
    passed = []
    for name, value in turn.open_values(expressions).items():
        if value is None or value == "":
            continue
        own = values[name]
        question = asked.get(expressions[name].strip())
        title = own.title if isinstance(own, Shown) else {}
        passed.append(
            PassedValue(
                name=name,
                value=value[:_LONGEST_VALUE] if isinstance(value, str) else value,
                title=title or (question.title if question is not None else {}),
                label=label_of(question, text_of(value)),
            )
        )
    return tuple(passed[:_MOST_VALUES])
