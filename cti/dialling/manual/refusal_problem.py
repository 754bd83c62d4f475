"""Why somebody is not dialled, as the problem that whoever wanted to dial is told."""

from cti.dialling.manual.manual_dialling import Looked
from cti.dialling.rules.decision_line import refusal_text
from cti.dialling.rules.decision_record import Refusal
from cti.do_not_call.list import told
from cti.http.principal import Language
from cti.http.problems import FieldError, Problem


def refusal_problem(looked: Looked, zone: str) -> Problem:
    """`dial.refused`; its first error has the reason's own code and line, with until when. Instants that
    belong to no other are in ``zone``; ``looked`` was not dialled.
    """
    hold = looked.record.hold
    if hold is None:
        raise ValueError("it was dialled")
    words = {language: refusal_text(hold, language, zone) for language in Language}
    reason = FieldError(code=f"dial.{hold.refusal.value}", pointer="/number", words=words)
    headers = {}
    if hold.until is not None:
        headers["Retry-After"] = str(max(1, round(hold.until - looked.record.at)))
    listed = looked.refusals if hold.refusal is Refusal.DO_NOT_CALL else ()
    return Problem("dial.refused", errors=[reason, *map(told, listed)], headers=headers)
