"""The JSON Schema: it is the language's, and says of a file what the reader says."""

from typing import Any

import jsonschema_rs
import msgspec
import pytest
import yaml

from cti.flows import schema
from cti.flows.document import read
from tests.unit.flows.test_document import GOOD, HEAD, steps

VALIDATOR = jsonschema_rs.Draft202012Validator(schema.flow_schema())


def as_an_editor_reads_it(text: str) -> Any:
    return msgspec.json.decode(msgspec.json.encode(yaml.load(text, Loader=yaml.SafeLoader)))


def test_the_file_is_the_languages_schema() -> None:
    # Written anew by: python -m cti flow schema
    assert schema.FILE.read_text() == schema.schema_text()


def test_it_is_a_schema() -> None:
    jsonschema_rs.meta.validate(schema.flow_schema())


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace("on:", "'on':"),
        steps("ask: {assign: {values: {x: 1, y: true, z: a + b}, goto: ask}}"),
        steps("ask: {switch: {announcement: \"'outage'\", on: true, goto: ask}}").replace("on: t", "'on': t"),
        steps("ask: {voicemail: {prompt: [], goto: ask}}"),
        steps(
            "ask: {transfer: {agent: 7, number: call.number, goto: ask, otherwise: ask,"
            " values: {what: topic, who: {value: call.number, title: {en: Who}}}}}"
        ),
    ],
)
def test_what_the_reader_takes_the_schema_takes(text: str) -> None:
    assert read(text).problems == []
    VALIDATOR.validate(as_an_editor_reads_it(text))


@pytest.mark.parametrize(
    "text",
    [
        HEAD,
        HEAD + "steps: {}\nlimits: {steps: 0}",
        HEAD + "steps: {}\nzebra: {}",
        HEAD + "steps: {Ask: {exit: {}}}",
        HEAD.replace("inbound", "inbond") + "steps: {}",
        HEAD.replace("en:", "de:") + "steps: {}",
        steps("ask: {}"),
        steps("ask: {exit: {}, refuse: {goto: ask}}"),
        steps("ask: {ext: {}}"),
        steps("ask: {prompt: {say: hello, goto: ask}}"),
        steps("ask: {prompt: {say: [{}], goto: ask}}"),
        steps("ask: {menu: {prompt: [a], choices: {'12': ask}}}"),
        steps("ask: {language: {goto: ask, to: en, of: x}}"),
        steps("ask: {voicemail: {prompt: [], goto: ask, queue: a, of: b}}"),
    ],
)
def test_what_the_reader_refuses_of_single_words_the_schema_refuses(text: str) -> None:
    assert read(text).problems != []
    assert not VALIDATOR.is_valid(as_an_editor_reads_it(text))


def test_an_editor_shows_what_a_word_means() -> None:
    parts = schema.flow_schema()["$defs"]
    assert parts["Field"]["properties"]["confirm"]["description"].startswith("Said before")
    assert parts["Menu"]["description"].startswith("One key decides.")
