"""Which of our languages a reader gets: his own setting, else what his browser prefers, else English."""

from collections.abc import Iterator, Mapping

from aiohttp import web

from cti.http.principal import Language, Principal

PRINCIPAL = web.RequestKey("principal", Principal)

_BY_PREFIX = {"zh": Language.CHINESE, "en": Language.ENGLISH}
_LONGEST = 200


def reader_language(request: web.BaseRequest) -> Language:
    """The language for what this request's sender will read."""
    principal: Principal | None = request.get(PRINCIPAL)
    if principal is not None and principal.language is not None:
        return principal.language
    return negotiate(request.headers.get("Accept-Language", ""))


def text_in(texts: Mapping[str, str], language: Language) -> str | None:
    """Of a text in several languages the one in this, or else in another; None when there is none."""
    return texts.get(language.value) or next(iter(texts.values()), None)


def negotiate(accept_language: str) -> Language:
    """The best of our languages for an `Accept-Language` header; never fails."""
    wishes = list(_wishes(accept_language[:_LONGEST]))
    language, weight = max(wishes, key=lambda wish: wish[1], default=(Language.ENGLISH, 1.0))
    return language if weight > 0 else Language.ENGLISH


def _wishes(header: str) -> Iterator[tuple[Language, float]]:
    for wish in header.split(","):
        tag, _, weight = wish.partition(";")
        language = _BY_PREFIX.get(tag.strip().lower().partition("-")[0])
        if language is None:
            continue
        try:
            yield language, float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
