"""Why a campaign does not start, pause, drain, stop or change; part of the one catalogue."""

from http import HTTPStatus
from typing import Final

from cti.http.catalogue.problem_shape import ProblemText
from cti.http.catalogue.problem_shape import problem as _problem

CAMPAIGN_RUN_PROBLEMS: Final[dict[str, ProblemText]] = {
    "campaign.order_not_now": _problem(
        HTTPStatus.CONFLICT,
        ("Not now", "The campaign's state does not allow it."),
        ("当前无法执行", "外呼活动的当前状态不允许此操作。"),
    ),
    "campaign.cannot_start": _problem(
        HTTPStatus.CONFLICT,
        ("The campaign cannot start", "Nothing was changed; see what stands against it."),
        ("外呼活动无法启动", "未做任何更改；请查看原因列表。"),
    ),
    "campaign.cannot_change": _problem(
        HTTPStatus.CONFLICT,
        ("Not while it stands like this", "Nothing was changed; see what stands against it."),
        ("当前状态下无法修改", "未做任何更改；请查看原因列表。"),
    ),
    "campaign.changed_meanwhile": _problem(
        HTTPStatus.CONFLICT,
        (
            "Changed by somebody else meanwhile",
            "It is at version {version}, you changed version {yours}. Nothing was overwritten: look again.",
        ),
        (
            "期间已被他人修改",
            "当前为版本 {version}，您修改的是版本 {yours}。未覆盖任何内容：请重新查看。",
        ),
    ),
    "campaign.version_not_found": _problem(
        HTTPStatus.NOT_FOUND,
        ("No such version", "The campaign has no version {version}."),
        ("版本不存在", "该外呼活动没有版本 {version}。"),
    ),
    "campaign.fixed_while_running": _problem(
        HTTPStatus.CONFLICT,
        (
            "Not while it runs",
            "Calls are begun for whoever speaks with them: pause it, let its calls end, then change this.",
        ),
        (
            "运行中无法修改",
            "呼叫是为其对话方发起的：请先暂停活动，待呼叫结束后再修改此项。",
        ),
    ),
    "campaign.fixed_in_flight": _problem(
        HTTPStatus.CONFLICT,
        (
            "Not while calls are in flight",
            "{calls} of its calls are not over, and were begun for what is there; change it when they are.",
        ),
        (
            "有未结束的呼叫，无法修改",
            "尚有 {calls} 个呼叫未结束，它们是按现有设置发起的；请在其结束后再修改。",
        ),
    ),
    "start.no_contact": _problem(
        HTTPStatus.CONFLICT,
        ("Nobody to call", "The campaign has no contact that is still to be called; import some first."),
        ("没有可呼叫的联系人", "该外呼活动没有尚待呼叫的联系人；请先导入。"),
    ),
    "start.no_caller_id": _problem(
        HTTPStatus.CONFLICT,
        ("No caller id", "The campaign names no number that people will see; name one of ours."),
        ("没有主叫号码", "该外呼活动未指定对方将看到的号码；请指定一个本机构的号码。"),
    ),
    "start.caller_id_not_ours": _problem(
        HTTPStatus.CONFLICT,
        (
            "Caller id is not ours",
            "{number} is none of our numbers: whoever calls back must reach us. Ours are under Numbers.",
        ),
        ("主叫号码非本机构所有", "{number} 不是本机构的号码：对方回拨须能找到我们。本机构号码见“号码”页面。"),
    ),
    "start.flow_not_active": _problem(
        HTTPStatus.CONFLICT,
        ("Flow is not active", "The outbound flow {name} has no active version."),
        ("流程未启用", "外呼流程 {name} 没有启用的版本。"),
    ),
}
