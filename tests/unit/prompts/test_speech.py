"""What is said is read back here, by other rules than those that made it, and gives the value again."""

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.flows.actions import Utterance, UtteranceKind
from cti.flows.words import CURRENCIES
from cti.prompts import chinese, english, speech, table
from cti.prompts.languages import ASTERISK_LANGUAGES
from cti.prompts.speech import Unspeakable, sounds
from cti.prompts.wording import spoken_text

KIND = UtteranceKind


def utterance(
    kind: UtteranceKind, value: str, *, currency: str = "", otherwise: str = "", language: str = ""
) -> Utterance:
    return Utterance(kind=kind, value=value, currency=currency, otherwise=otherwise, language=language)


def heard(kind: UtteranceKind, value: object, language: str, *, currency: str = "") -> str:
    return spoken_text(utterance(kind, str(value), currency=currency), language)


def everything(_: str) -> bool:
    return True


# --- Chinese, read by its digits and units ---

DIGITS = "零一二三四五六七八九"


def read_chinese(text: str) -> int:
    """The number that a Chinese text says."""
    text = text.replace("两", "二")
    for unit, size in (("亿", 10**8), ("万", 10**4)):
        head, found, tail = text.rpartition(unit)
        if found:
            return read_chinese(head) * size + read_chinese(tail)
    total = digit = 0
    for character in text:
        if character in DIGITS:
            digit = DIGITS.index(character)
        else:
            total += (digit or 1) * {"十": 10, "百": 100, "千": 1000}[character]
            digit = 0
    return total + digit


def chinese_by_erasure(value: int) -> str:
    """As pupils learn it: write every digit with its unit, then strike out what is too much."""
    units = ["", "十", "百", "千", "万", "十", "百", "千"]
    text = "".join(
        DIGITS[int(digit)] + unit
        for digit, unit in zip(str(value), reversed(units[: len(str(value))]), strict=True)
    )
    text = re.sub("零[十百千]", "零", text)
    text = re.sub("零+", "零", text)
    text = re.sub("零万", "万", text)
    return re.sub("零$", "", re.sub("^一十", "十", text)) or "零"


@given(st.integers(0, 10**12 - 1))
def test_a_chinese_number_reads_back(value: int) -> None:
    assert read_chinese(heard(KIND.NUMBER, value, "zh-CN")) == value


@given(st.integers(0, 99_999_999))
def test_zeros_are_said_as_at_school(value: int) -> None:
    said = heard(KIND.NUMBER, value, "zh-CN").replace("两", "二")
    expected = chinese_by_erasure(value)
    # A group that begins with zero is heard to: 一万零一.
    assert re.sub("(?<=万)零?", "", said) == re.sub("(?<=万)零?", "", expected)
    assert "零零" not in said
    assert not said.endswith("零") or value == 0


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "零"), (2, "二"), (10, "十"), (12, "十二"), (20, "二十"), (22, "二十二"), (100, "一百"),
        (102, "一百零二"), (110, "一百一十"), (112, "一百一十二"), (200, "两百"), (222, "两百二十二"),
        (1001, "一千零一"), (1010, "一千零一十"), (2000, "两千"), (2222, "两千二百二十二"),
        (3200, "三千二百"),
        (10_000, "一万"), (10_001, "一万零一"), (10_010, "一万零一十"),
        (12_000, "一万二千"), (20_000, "两万"),
        (100_000, "十万"), (101_000, "十万一千"), (100_100, "十万零一百"), (120_000, "十二万"),
        (220_000, "二十二万"), (1_000_100, "一百万零一百"), (20_000_000, "两千万"), (100_000_000, "一亿"),
        (100_000_001, "一亿零一"), (200_001_000, "两亿零一千"), (100_120_000, "一亿零一十二万"),
        (320_000_000, "三亿二千万"), (300_020_000, "三亿零两万"),
        (900_000_009_000, "九千亿零九千"), (999_099_990_999, "九千九百九十亿九千九百九十九万零九百九十九"),
        (-5, "负五"), ("2.5", "二点五"), ("0.05", "零点零五"), ("-0.0", "零"), ("3.50", "三点五"),
        ("1e3", "一千"), ("0.0000004", "零"),
    ],
)  # fmt: skip
def test_chinese_numbers(value: object, said: str) -> None:
    assert heard(KIND.NUMBER, value, "zh-CN") == said


# --- English, read by its words ---

NUMERALS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15,
    "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40,
    "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip


def read_english(text: str) -> int:
    """The number that an English text says."""
    total = group = 0
    for word in text.split():
        if word in ("thousand", "million", "billion"):
            total += group * {"thousand": 10**3, "million": 10**6, "billion": 10**9}[word]
            group = 0
        elif word == "hundred":
            group *= 100
        elif word != "and":
            group += NUMERALS[word]
    return total + group


@given(st.integers(0, 10**12 - 1))
def test_an_english_number_reads_back(value: int) -> None:
    said = heard(KIND.NUMBER, value, "en")
    assert read_english(said) == value
    assert " and and " not in f" {said} "
    assert not said.startswith("and ")
    assert not said.endswith(" and")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "zero"), (5, "five"), (21, "twenty one"), (100, "one hundred"), (105, "one hundred and five"),
        (1005, "one thousand and five"), (1105, "one thousand one hundred and five"),
        (105_000, "one hundred and five thousand"), (1_000_020, "one million and twenty"),
        (-3, "minus three"), ("2.50", "two point five"), ("0.05", "zero point zero five"),
    ],
)  # fmt: skip
def test_english_numbers(value: object, said: str) -> None:
    assert heard(KIND.NUMBER, value, "en") == said


@given(st.decimals(-(10**6), 10**6, places=4))
def test_decimals_read_back_in_both_languages(value: Decimal) -> None:
    for language, minus, point, read in (
        ("zh-CN", "负", "点", read_chinese),
        ("en", "minus ", " point ", read_english),
    ):
        said = heard(KIND.NUMBER, value, language)
        whole, _, decimals = said.removeprefix(minus).partition(point)
        tail = [str(read(word)) for word in (decimals.split() if language == "en" else decimals)]
        sign = -1 if said.startswith(minus) else 1
        assert sign * Decimal(f"{read(whole)}.{''.join(tail) or 0}") == value


# --- amounts ---


@given(st.integers(0, 10**9))
def test_yuan_jiao_and_fen_read_back(cents: int) -> None:
    said = heard(KIND.MONEY, Decimal(cents) / 100, "zh-CN", currency="CNY")
    match = re.fullmatch(r"(?:(.+)元)?零?(?:(.)角)?(?:(.)分)?", said)
    assert match is not None
    yuan, jiao, fen = (read_chinese(part) if part else 0 for part in match.groups())
    assert yuan * 100 + jiao * 10 + fen == cents
    assert ("零" in said.rpartition("元")[2]) == (cents >= 100 and cents % 100 // 10 == 0 and cents % 10 > 0)


@given(st.integers(0, 10**9), st.sampled_from(["USD", "EUR"]))
def test_dollars_and_euros_read_back(cents: int, currency: str) -> None:
    said = heard(KIND.MONEY, Decimal(cents) / 100, "en", currency=currency)
    match = re.fullmatch(r"(?:(.+?) (?:dollar|euro)s?)?(?: and )?(?:(.+) cents?)?", said)
    assert match is not None
    units, rest = (read_english(part) if part else 0 for part in match.groups())
    assert units * 100 + rest == cents


@pytest.mark.parametrize(
    ("value", "currency", "chinese", "english"),
    [
        ("168.00", "CNY", "一百六十八元", "one hundred and sixty eight yuan"),
        ("168.50", "CNY", "一百六十八元五角", "one hundred and sixty eight yuan and fifty fen"),
        ("2.05", "CNY", "两元零五分", "two yuan and five fen"),
        ("0.25", "CNY", "两角五分", "twenty five fen"),
        ("0", "CNY", "零元", "zero yuan"),
        ("-1", "USD", "负一美元", "minus one dollar"),
        ("1.01", "USD", "一美元一美分", "one dollar and one cent"),
        ("2.02", "EUR", "两欧元二欧分", "two euros and two cents"),
        ("0.01", "GBP", "一便士", "one penny"),
        ("10.02", "GBP", "十英镑二便士", "ten pounds and two pence"),
        ("980", "HKD", "九百八十港元", "nine hundred and eighty Hong Kong dollars"),
        ("100.6", "JPY", "一百零一日元", "one hundred and one yen"),
        ("0.005", "USD", "一美分", "one cent"),
    ],
)
def test_amounts(value: str, currency: str, chinese: str, english: str) -> None:
    assert heard(KIND.MONEY, value, "zh-CN", currency=currency) == chinese
    assert heard(KIND.MONEY, value, "en", currency=currency) == english


# --- dates, times, durations ---

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@given(st.dates())
def test_a_chinese_date_reads_back(value: date) -> None:
    said = heard(KIND.DATE, value.isoformat(), "zh-CN")
    match = re.fullmatch(r"([零一二三四五六七八九]+)年(.+)月(.+)日星期(.)", said)
    assert match is not None
    year = int("".join(str(DIGITS.index(digit)) for digit in match[1]))
    assert date(year, read_chinese(match[2]), read_chinese(match[3])) == value
    assert "一二三四五六日".index(match[4]) == value.weekday()


ORDINALS = {"first": 1, "second": 2, "third": 3, "fifth": 5, "eighth": 8, "ninth": 9, "twelfth": 12,
            "twentieth": 20, "thirtieth": 30}  # fmt: skip


def read_year(words: list[str]) -> set[int]:
    """What a year can mean: a number, or its two halves each a number below a hundred."""
    meant = set()
    for at in range(1, len(words)):
        halves = [words[:at], words[at:]]
        if all(
            len(half) == 1 or (len(half) == 2 and half[0].endswith("ty") and NUMERALS.get(half[1], 10) < 10)
            for half in halves
        ) and not {"hundred", "thousand"} & set(words):
            meant.add(100 * read_english(" ".join(halves[0])) + read_english(" ".join(halves[1])))
    return meant or {read_english(" ".join(words))}


@given(st.dates(min_value=date(1000, 1, 1)))
def test_an_english_date_reads_back(value: date) -> None:
    weekday, month, *rest = heard(KIND.DATE, value.isoformat(), "en").split()
    day = 0
    while True:
        word = rest.pop(0)
        if word in NUMERALS:
            day += NUMERALS[word]
            continue
        day += ORDINALS.get(word) or NUMERALS[word.removesuffix("th")]
        break
    assert (weekday, month, day) == (WEEKDAYS[value.weekday()], MONTHS[value.month - 1], value.day)
    assert value.year in read_year([word for word in rest if word != "oh"])


@pytest.mark.parametrize(
    ("value", "chinese", "english"),
    [
        (
            "2026-12-31",
            "二零二六年十二月三十一日星期四",
            "Thursday December thirty first twenty twenty six",
        ),
        ("2005-02-02", "二零零五年二月二日星期三", "Wednesday February second two thousand and five"),
        ("2010-03-20", "二零一零年三月二十日星期六", "Saturday March twentieth twenty ten"),
        ("1905-10-30", "一九零五年十月三十日星期一", "Monday October thirtieth nineteen oh five"),
        ("1900-01-21", "一九零零年一月二十一日星期日", "Sunday January twenty first nineteen hundred"),
    ],
)
def test_dates(value: str, chinese: str, english: str) -> None:
    assert heard(KIND.DATE, value, "zh-CN") == chinese
    assert heard(KIND.DATE, value, "en") == english


@given(st.times(), st.sampled_from(list(ASTERISK_LANGUAGES)))
def test_a_time_reads_back(value: time, language: str) -> None:
    said = heard(KIND.TIME, value.isoformat(), language)
    if language == "zh-CN":
        hour, _, minute = said.removesuffix("整").removesuffix("分").partition("点")
        assert (read_chinese(hour), read_chinese(minute)) == (value.hour, value.minute)
    elif said in ("noon", "midnight"):
        assert (value.hour, value.minute) == (12 if said == "noon" else 0, 0)
    else:
        *words, half = said.split()
        minute = " ".join(words[1:]).removeprefix("oh ")
        assert read_english(words[0]) % 12 + (12 if half == "p.m." else 0) == value.hour
        assert (read_english(minute) if minute else 0) == value.minute


def test_an_instant_is_said_in_the_zone_of_the_caller() -> None:
    value = utterance(KIND.DATE, "2026-12-31T17:30:00+00:00")
    assert spoken_text(value, "zh-CN", zone=ZoneInfo("Asia/Shanghai")).startswith("二零二七年一月一日")
    assert spoken_text(value, "zh-CN").startswith("二零二六年十二月三十一日")
    at = utterance(KIND.TIME, "2026-12-31T17:30:00Z")
    assert spoken_text(at, "zh-CN", zone=ZoneInfo("Asia/Shanghai")) == "一点三十分"
    assert spoken_text(at, "en", zone=timezone(timedelta(hours=-5))) == "twelve thirty p.m."
    assert spoken_text(utterance(KIND.TIME, "08:00"), "zh-CN", zone=ZoneInfo("Asia/Shanghai")) == "八点整"
    assert datetime.fromisoformat(at.value).hour == 17


@pytest.mark.parametrize(
    ("seconds", "chinese", "english"),
    [
        ("0", "一分钟", "one minute"),
        ("60", "一分钟", "one minute"),
        ("61", "两分钟", "two minutes"),
        ("119.5", "两分钟", "two minutes"),
        ("3600", "一小时", "one hour"),
        ("7500", "两小时五分钟", "two hours and five minutes"),
        ("86400", "二十四小时", "twenty four hours"),
    ],
)
def test_durations_are_whole_minutes_and_never_too_short(seconds: str, chinese: str, english: str) -> None:
    assert heard(KIND.DURATION, seconds, "zh-CN") == chinese
    assert heard(KIND.DURATION, seconds, "en") == english


def test_digits_are_said_one_after_the_other() -> None:
    assert heard(KIND.DIGITS, "+86 (10) 120-7", "zh-CN") == "加八六一零一二零七"
    assert heard(KIND.DIGITS, "*12#", "en") == "star one two hash"


# --- names of sounds ---


def test_the_words_of_values_are_those_of_the_table() -> None:
    shipped = table.shipped()
    for language in ASTERISK_LANGUAGES:
        words = {
            name for name in shipped.names() if name.startswith("number/") and shipped.known(name, language)
        }
        assert words == speech.words(language)


def test_a_prompt_is_played_in_the_language_of_the_call() -> None:
    assert sounds(utterance(KIND.PROMPT, "goodbye"), "zh-CN", everything) == ["cti/goodbye"]
    assert sounds(utterance(KIND.NUMBER, "12"), "zh-CN", everything) == ["cti/number/10", "cti/number/2"]


def test_a_part_in_a_language_of_its_own_names_that_language() -> None:
    english = utterance(KIND.PROMPT, "language-menu", language="en")
    assert sounds(english, "zh-CN", everything) == ["cti-en/language-menu"]
    assert sounds(english, "en", everything) == ["cti/language-menu"]
    assert sounds(utterance(KIND.NUMBER, "3", language="zh-CN"), "en", everything) == ["cti-zh/number/3"]
    assert spoken_text(utterance(KIND.NUMBER, "3", language="zh-CN"), "en") == "三"


WRONG: Mapping[UtteranceKind, list[str]] = {
    KIND.DIGITS: ["", "12a", "-", "1" * 41],
    KIND.NUMBER: ["", "abc", "nan", "inf", "1000000000000", "-1e12", "999999999999.9999999"],
    KIND.MONEY: ["", "free", "1e15"],
    KIND.DATE: ["", "tomorrow", "2026-02-30", "31.12.2026"],
    KIND.TIME: ["", "25:00", "soon"],
    KIND.DURATION: ["", "-1", "86401", "long"],
    KIND.NAME: ["", "\x00\x1b", "<<>>", "…", "x" * 1001],
    KIND.PROMPT: ["", "../../etc/passwd", "/etc/passwd", "a b", "goodbye\n", "Goodbye", "a..b"],
}


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind in WRONG for value in WRONG[kind]])
def test_what_cannot_be_said_gives_way_to_otherwise_and_is_never_nothing(
    kind: UtteranceKind, value: str
) -> None:
    given_way = utterance(kind, value, currency="CNY", otherwise="goodbye")
    for language in ASTERISK_LANGUAGES:
        assert sounds(given_way, language, everything) == ["cti/goodbye"]
        assert spoken_text(given_way, language) == table.texts("goodbye")[language]
        with pytest.raises(Unspeakable, match=kind.value):
            sounds(utterance(kind, value, currency="CNY"), language, everything)
        with pytest.raises(Unspeakable):
            spoken_text(utterance(kind, value, currency="CNY"), language)


def test_every_language_has_words_for_the_currencies_of_flows() -> None:
    assert chinese.CURRENCIES == english.CURRENCIES == set(CURRENCIES)


def test_an_unknown_currency_or_language_cannot_be_said() -> None:
    with pytest.raises(Unspeakable, match="currency 'XXX'"):
        sounds(utterance(KIND.MONEY, "1", currency="XXX"), "en", everything)
    with pytest.raises(Unspeakable, match="no language of ours"):
        sounds(utterance(KIND.NUMBER, "1", language="fr"), "en", everything)
    with pytest.raises(Unspeakable, match="no language of ours"):
        sounds(utterance(KIND.NUMBER, "1"), "fr", everything)


def test_a_sound_that_is_missing_gives_way_as_a_whole() -> None:
    def known(sound: str) -> bool:
        return sound != "cti/number/2"

    assert sounds(utterance(KIND.NUMBER, "12", otherwise="goodbye"), "en", known) == ["cti/number/12"]
    assert sounds(utterance(KIND.NUMBER, "22", otherwise="goodbye"), "en", known) == ["cti/goodbye"]
    with pytest.raises(Unspeakable, match="cti/number/2"):
        sounds(utterance(KIND.NUMBER, "22", otherwise="nothing"), "en", lambda sound: sound == "cti/goodbye")


def test_otherwise_may_be_said_in_the_language_of_the_call_only() -> None:
    def known(sound: str) -> bool:
        return sound == "cti/goodbye"

    part = utterance(KIND.NUMBER, "1", language="en", otherwise="goodbye")
    assert sounds(part, "zh-CN", known) == ["cti/goodbye"]


@given(st.text(max_size=200), st.sampled_from(list(ASTERISK_LANGUAGES)))
def test_no_name_gets_into_the_name_of_a_sound(name: str, language: str) -> None:
    if not speech.sayable(name):
        with pytest.raises(Unspeakable):
            sounds(utterance(KIND.NAME, name), language, everything)
        return
    (sound,) = sounds(utterance(KIND.NAME, name), language, everything)
    assert re.fullmatch(r"cti/said/[0-9a-f]{24}", sound)
    text = speech.sayable(name)
    assert 0 < len(text) <= speech.LONGEST_NAME
    assert text.isprintable()
    assert not set(text) & set("<>[]{}\\")


@pytest.mark.parametrize("kind", [KIND.NAME, KIND.DIGITS, KIND.NUMBER])
def test_no_value_gets_into_a_message_for_the_log(kind: UtteranceKind) -> None:
    with pytest.raises(Unspeakable) as problem:
        sounds(utterance(kind, "13800138000 Li Lei\x1b"), "en", lambda _: False)
    assert "Li" not in problem.value.message
    assert "138" not in problem.value.message


def test_a_name_has_a_sound_for_each_language() -> None:
    names = {sounds(utterance(KIND.NAME, "Ann"), language, everything)[0] for language in ASTERISK_LANGUAGES}
    assert len(names) == 2
    assert sounds(utterance(KIND.NAME, " Ann\n"), "en", everything)[0] in names
