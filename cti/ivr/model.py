"""What the dialplan's questions are answered from."""

import msgspec


class InboundRoute(msgspec.Struct, frozen=True, kw_only=True):
    """Where calls to a dialled number go: into ``flow``, and to ``queue`` without one or when it fails.

    Without ``language`` the caller is asked.
    """

    dnis: str
    queue: str
    flow: str | None = None
    language: str | None = None


class SurveySettings(msgspec.Struct, frozen=True, kw_only=True):
    """How a queue's survey is asked; without ``language`` in the caller's."""

    enabled: bool = True
    second_question: bool = False
    language: str | None = None

    @property
    def questions(self) -> int:
        """How many questions it has."""
        return 2 if self.second_question else 1


class IvrSettings(msgspec.Struct, frozen=True, kw_only=True):
    """All settings of the flows at one moment."""

    routes: dict[str, InboundRoute] = {}
    surveys: dict[str, SurveySettings] = {}

    def route(self, dnis: str) -> InboundRoute | None:
        """Where a dialled number leads, with or without its plus; None when it is not one of ours."""
        bare = dnis.removeprefix("+")
        return self.routes.get(dnis) or self.routes.get(bare) or self.routes.get(f"+{bare}")

    def survey(self, queue: str) -> SurveySettings:
        """How the survey of this queue is asked."""
        return self.surveys.get(queue, _USUAL_SURVEY)


_USUAL_SURVEY = SurveySettings()
