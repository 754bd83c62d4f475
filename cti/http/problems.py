"""RFC 9457 problem details: how a request fails, in a code for programs and in words for people."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

import msgspec
from aiohttp import web

from cti.errors import CtiError
from cti.http.catalogue.problem_texts import PROBLEMS
from cti.http.language import reader_language
from cti.http.principal import Language

MEDIA_TYPE = "application/problem+json"


class FieldError(msgspec.Struct, frozen=True, kw_only=True):
    """One value that is not valid; ``pointer`` (RFC 6901) in the body, ``parameter`` in the address.

    Of a text that is a file, also where in it: ``line`` and ``column`` count from 1. Whoever has a catalogue
    of his own gives ``words``.
    """

    code: str
    pointer: str | None = None
    parameter: str | None = None
    params: dict[str, str] = {}
    file: str | None = None
    line: int | None = None
    column: int | None = None
    words: Mapping[Language, str] = {}


class FieldErrorView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A FieldError as the reader gets it."""

    code: str
    detail: str
    pointer: str | None = None
    parameter: str | None = None
    file: str | None = None
    line: int | None = None
    column: int | None = None


class ProblemDetails(msgspec.Struct, frozen=True, kw_only=True):
    """The body of every answer that is no success."""

    type: str
    code: str
    title: str
    status: int
    detail: str
    errors: list[FieldErrorView] = []


class Problem(CtiError):  # noqa: N818  (as RFC 9457 calls it)
    """A request that cannot be done; the code is one of the catalogue.

    ``params`` fill the placeholders of the detail; ``headers`` go with the answer.
    """

    code = "problem"

    def __init__(
        self,
        code: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        **params: object,
    ) -> None:
        super().__init__(code)
        self.problem_code = code
        self.status = PROBLEMS[code].status
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.params = params


def invalid(code: str, *, pointer: str | None = None, parameter: str | None = None, **params: str) -> Problem:
    """The problem of a request with one value that is not valid."""
    return Problem(
        "request.invalid", errors=[FieldError(code=code, pointer=pointer, parameter=parameter, params=params)]
    )


def details_of(problem: Problem, language: Language) -> ProblemDetails:
    """The problem in the reader's words."""
    text = PROBLEMS[problem.problem_code].in_language(language)
    return ProblemDetails(
        type=f"urn:cti:problem:{problem.problem_code}",
        code=problem.problem_code,
        title=text.title,
        status=problem.status,
        detail=text.detail.format_map(_Gaps(problem.params)),
        errors=[_view(error, language) for error in problem.errors],
    )


def problem_response(request: web.BaseRequest, problem: Problem) -> web.Response:
    """The answer for a problem, in the language of the request's sender."""
    headers = {"Cache-Control": "no-store", **problem.headers}
    if problem.status == HTTPStatus.UNAUTHORIZED:
        headers.setdefault("WWW-Authenticate", 'Bearer realm="cti"')
    language = reader_language(request)
    return web.Response(
        status=problem.status,
        body=msgspec.json.encode(details_of(problem, language)),
        headers={**headers, "Content-Type": MEDIA_TYPE, "Content-Language": language.value},
    )


def _view(error: FieldError, language: Language) -> FieldErrorView:
    words = error.words.get(language)
    if words is None:
        words = PROBLEMS[error.code].in_language(language).detail.format_map(_Gaps(error.params))
    return FieldErrorView(
        code=error.code,
        detail=words,
        pointer=error.pointer,
        parameter=error.parameter,
        file=error.file,
        line=error.line,
        column=error.column,
    )


class _Gaps(dict[str, object]):
    """Parameters of a text; one that was not given reads as a dash rather than failing."""

    def __missing__(self, key: str) -> str:
        return "-"
