"""A choice and its words, on their way through events and checkpoints."""

import msgspec
import pytest

from cti.asterisk.events import encode, parse
from cti.calls.menu_choice import ChoiceWords, MenuChoice, read_words, write_words


def test_words_come_out_of_an_event_as_they_went_in() -> None:
    words = ChoiceWords(title={"zh-CN": "语言\x85\n"}, label={"en": 'A "b" \\ c'})
    event = parse(encode("CtiFlowAnswer", 1.0, Words=write_words(words)))
    assert read_words(event.get("Words")) == words


def test_where_the_flow_has_none_there_are_none() -> None:
    assert write_words(ChoiceWords()) == ""
    assert read_words("") == read_words(None) == ChoiceWords()


@pytest.mark.parametrize("text", ["name-3", "{", '{"title": 3}', "[]"])
def test_what_is_not_ours_has_no_words(text: str) -> None:
    assert read_words(text) == ChoiceWords()


def test_a_choice_of_a_checkpoint_from_before_there_were_words_is_read() -> None:
    kept = msgspec.json.encode(["language", "2", 5.0])
    assert msgspec.json.decode(kept, type=MenuChoice) == MenuChoice("language", "2", 5.0)
