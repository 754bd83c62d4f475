"""What the ledger says to people on the terminal, in both languages."""

# ruff: noqa: E501  (a sentence stands on one line)

from collections.abc import Mapping
from typing import Final

#: Errors by their code: what it means and what to do.
ERRORS: Final[Mapping[str, Mapping[str, str]]] = {
    "ledger.cel_unreadable": {
        "zh-CN": "无法读取 Asterisk 的 CEL。请检查 CTI_CEL_CSV_PATH（或 CTI_CEL_DATABASE_URL、CTI_CEL_TABLE）及权限。",
        "en": "Asterisk's CEL cannot be read. Check CTI_CEL_CSV_PATH (or CTI_CEL_DATABASE_URL and CTI_CEL_TABLE) and rights.",
    },
    "ledger.columns_unknown": {
        "zh-CN": "该文件或表不是 CEL：缺少所需的列。需要 eventtype、eventtime、uniqueid。",
        "en": "The file or table is no CEL: it lacks columns. Needed are eventtype, eventtime and uniqueid.",
    },
    "ledger.queue_log_unreadable": {
        "zh-CN": "无法读取 queue_log。请检查 CTI_QUEUE_LOG_PATH 及权限。",
        "en": "queue_log cannot be read. Check CTI_QUEUE_LOG_PATH and rights.",
    },
    "ledger.database_away": {
        "zh-CN": "无法读取数据库中的通话记录。请检查 CTI_DATABASE_URL，并执行 cti migrate。",
        "en": "The call record in the database cannot be read. Check CTI_DATABASE_URL, and run cti migrate.",
    },
    "ledger.node_is_recorded": {
        "zh-CN": "该节点正由本服务记录，不能导入。请用 --node 另取名称。",
        "en": "This node is recorded by a service. Choose another name with --node.",
    },
    "ledger.options": {
        "zh-CN": "--csv、--legs、--import、--node、--trunk 只能与 --from-cel 一起使用；--import 需要 --node。",
        "en": "--csv, --legs, --import, --node and --trunk go with --from-cel alone, and --import needs --node.",
    },
}  # fmt: skip

_HEADLINE: Final = {
    "zh-CN": "{matched} / {channels} 个通道各有且仅有一条通话腿；{unmatched} 个不符，{gaps} 段事件缺口。",
    "en": "{matched} of {channels} channels have exactly one leg; {unmatched} do not fit, {gaps} gaps in the events.",
}
_NO_CHANNELS: Final = {
    "zh-CN": "这段时间内 CEL 中没有结束的通道。",
    "en": "CEL has no channel that ended in this time.",
}

#: What kinds of findings mean.
FINDINGS: Final[Mapping[str, Mapping[str, str]]] = {
    "channel_without_leg": {"zh-CN": "通道没有通话腿", "en": "a channel has no leg"},
    "leg_without_channel": {"zh-CN": "通话腿没有对应的通道", "en": "a leg has no channel"},
    "several_legs": {"zh-CN": "一个通道有多条通话腿", "en": "one channel has several legs"},
    "leg_still_open": {"zh-CN": "通道已结束，通话腿仍未结束", "en": "the channel is over, the leg is not"},
    "time_differs": {"zh-CN": "时刻不一致", "en": "an instant differs"},
    "talk_differs": {"zh-CN": "通话时长超过桥接时长", "en": "more talk than the channel was bridged"},
    "queue_differs": {"zh-CN": "与 queue_log 不一致", "en": "not what queue_log says"},
}


def headline(language: str, *, channels: int, matched: int, unmatched: int, gaps: int) -> str:
    """The one sentence."""
    sentence = _HEADLINE[language].format(matched=matched, channels=channels, unmatched=unmatched, gaps=gaps)
    return sentence if channels or unmatched else f"{_NO_CHANNELS[language]} {sentence}"


def error(code: str, language: str) -> str:
    """What an error means, and what to do; empty for one of another room."""
    return ERRORS.get(code, {}).get(language, "")
