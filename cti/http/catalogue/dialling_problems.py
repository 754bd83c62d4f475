"""Why somebody is not dialled; part of the one catalogue.

`cti.dialling.rules.decision_line` makes lines of it.
"""

from http import HTTPStatus
from typing import Final

from cti.http.catalogue.problem_shape import ProblemText
from cti.http.catalogue.problem_shape import problem as _problem

DIALLING_PROBLEMS: Final[dict[str, ProblemText]] = {
    "dial.refused": _problem(
        HTTPStatus.CONFLICT,
        ("Not dialled", "The number may not be called now."),
        ("未拨打", "目前不能呼叫该号码。"),
    ),
    "dial.kill_switch": _problem(
        HTTPStatus.CONFLICT,
        ("Dialling is switched off", "An administrator has stopped all dialling."),
        ("外呼已全部停止", "管理员已停止所有外呼。"),
    ),
    # --- The number ---
    "dial.not_a_number": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("No such number", "Nobody can have this number."),
        ("号码不存在", "该号码不可能存在。"),
    ),
    "dial.satellite": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Satellite telephone", "Satellite telephones are never called."),
        ("卫星电话", "不呼叫卫星电话。"),
    ),
    "dial.premium": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Premium-rate number", "Numbers that cost more are never called."),
        ("高额资费号码", "不呼叫额外收费的号码。"),
    ),
    "dial.shared_cost": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Shared-cost number", "Numbers that cost more are never called."),
        ("主被叫分摊付费号码", "不呼叫额外收费的号码。"),
    ),
    "dial.no_telephone": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Nobody's telephone", "This is a service number, a pager or a voice mail."),
        ("不是个人电话", "该号码是服务号码、寻呼机或语音信箱。"),
    ),
    "dial.foreign": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Another country", "Numbers of this country or region are not allowed here."),
        ("境外号码", "未允许呼叫该国家或地区的号码。"),
    ),
    # --- The person ---
    "dial.do_not_call": _problem(
        HTTPStatus.CONFLICT,
        ("Not to be called", "The number is on the do-not-call list {level}, since {refused_at}."),
        ("请勿拨打", "该号码自 {refused_at} 起在{level}谢绝来电名单中。"),
    ),
    "dial.no_consent": _problem(
        HTTPStatus.CONFLICT,
        ("No consent", "The campaign needs consent to be called, and the contact has none."),
        ("未经同意", "该活动须经对方同意方可呼叫，而该联系人没有同意记录。"),
    ),
    "dial.caller_id": _problem(
        HTTPStatus.CONFLICT,
        ("Caller id is not ours", "The number that would be shown is none of ours."),
        ("主叫号码非本机构所有", "将要显示的号码不属于本机构。"),
    ),
    "dial.closed": _problem(
        HTTPStatus.CONFLICT,
        ("Contact is done with", "{closed}."),
        ("联系人已结束", "{closed}。"),
    ),
    "dial.nothing_to_renew": _problem(
        HTTPStatus.CONFLICT,
        ("Nothing to renew", "{renewal}."),
        ("无需续订", "{renewal}。"),
    ),
    # --- The campaign and the service ---
    "dial.not_running": _problem(
        HTTPStatus.CONFLICT,
        ("Campaign does not run", "It is {state}."),
        ("活动未在运行", "活动状态：{state}。"),
    ),
    "dial.database_away": _problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        ("Database not available", "What cannot be checked and written down is not dialled."),
        ("数据库不可用", "无法核对和记录时不外呼。"),
    ),
    "dial.telephones_away": _problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        ("Telephone system not connected", "Nothing is dialled until it is heard again."),
        ("电话系统未连接", "恢复连接之前不外呼。"),
    ),
    "dial.ledger_away": _problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        (
            "Telephone system's own record not available",
            "Without it nobody could say later how a call ended.",
        ),
        ("电话系统的话单不可用", "没有话单便无法事后查明通话结果。"),
    ),
    "dial.clock_in_doubt": _problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        ("Clock in doubt", "The clocks disagree, so calling hours cannot be kept."),
        ("时钟不可信", "时钟不一致，无法保证外呼时段。"),
    ),
    "dial.standing_by": _problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        ("Standing by", "Another service dials."),
        ("处于待命状态", "由另一个服务负责外呼。"),
    ),
    # --- The moment ---
    "dial.under_way": _problem(
        HTTPStatus.CONFLICT,
        ("Being called already", "A call to this number is not over."),
        ("正在呼叫", "对该号码的呼叫尚未结束。"),
    ),
    "dial.zone_unknown": _problem(
        HTTPStatus.CONFLICT,
        ("Time zone unknown", "Nobody knows what time it is there; give the contact a time zone."),
        ("时区未知", "无法得知对方的当地时间；请为联系人填写时区。"),
    ),
    "dial.outside_hours": _problem(
        HTTPStatus.CONFLICT,
        ("Outside calling hours", "It is {local_at} in {zone}; calls are allowed again from {opens_at}."),
        ("不在外呼时段内", "{zone} 当地时间为 {local_at}；{opens_at} 起方可呼叫。"),
    ),
    "dial.hours_end": _problem(
        HTTPStatus.CONFLICT,
        (
            "Calling hours end",
            "They end at {closes_at} in {zone}, and it may ring for {ring_seconds} seconds.",
        ),
        ("外呼时段即将结束", "{zone} 外呼时段于 {closes_at} 结束，而振铃可能持续 {ring_seconds} 秒。"),
    ),
    "dial.holiday": _problem(
        HTTPStatus.CONFLICT,
        ("Holiday", "It is {local_at} in {zone}, a holiday; calls are allowed again from {opens_at}."),
        ("节假日", "{zone} 当地时间为 {local_at}，属节假日；{opens_at} 起方可呼叫。"),
    ),
    "dial.no_common_hours": _problem(
        HTTPStatus.CONFLICT,
        (
            "No calling hours in sight",
            "The person may be in {zones} time zones, and at no time are calls allowed in all of them.",
        ),
        ("近期没有外呼时段", "对方可能所在的 {zones} 个时区没有共同的外呼时段。"),
    ),
    "dial.not_yet": _problem(
        HTTPStatus.CONFLICT,
        ("Not yet", "The next call is due at {not_before_at}."),
        ("时间未到", "下一次呼叫时间为 {not_before_at}。"),
    ),
    "dial.after_abandoned": _problem(
        HTTPStatus.CONFLICT,
        ("After an abandoned call", "The person answered and found nobody; not before {until_at}."),
        ("此前呼叫被放弃", "对方曾接听而无人应答；{until_at} 之前不再呼叫。"),
    ),
    "dial.most_in_day": _problem(
        HTTPStatus.CONFLICT,
        ("Called often enough", "{attempts} of {most} calls in 24 hours; not before {until_at}."),
        ("呼叫次数已达上限", "24 小时内已呼叫 {attempts} 次(上限 {most} 次)；{until_at} 之前不再呼叫。"),
    ),
    "dial.gap": _problem(
        HTTPStatus.CONFLICT,
        ("Called a moment ago", "{gap_minutes} minutes lie between two calls; not before {until_at}."),
        ("刚刚呼叫过", "两次呼叫须间隔 {gap_minutes} 分钟；{until_at} 之前不再呼叫。"),
    ),
    # --- What there is at most ---
    "dial.cap_agent_in_day": _problem(
        HTTPStatus.CONFLICT,
        ("Agent's calls of the day are used up", "{used} of {most}."),
        ("坐席当日呼叫次数已用完", "已用 {used}，上限 {most}。"),
    ),
    "dial.cap_campaign_in_day": _problem(
        HTTPStatus.CONFLICT,
        ("Campaign's calls of the day are used up", "{used} of {most}."),
        ("活动当日呼叫次数已用完", "已用 {used}，上限 {most}。"),
    ),
    "dial.cap_all_in_day": _problem(
        HTTPStatus.CONFLICT,
        ("All calls of the day are used up", "{used} of {most}."),
        ("当日呼叫总数已用完", "已用 {used}，上限 {most}。"),
    ),
    "dial.cap_campaign_at_once": _problem(
        HTTPStatus.CONFLICT,
        ("Campaign has as many calls as it may have", "{used} of {most} at once."),
        ("活动并发呼叫已达上限", "当前并发 {used}，上限 {most}。"),
    ),
    "dial.cap_all_at_once": _problem(
        HTTPStatus.CONFLICT,
        ("As many calls as there may be", "{used} of {most} at once."),
        ("并发呼叫总数已达上限", "当前并发 {used}，上限 {most}。"),
    ),
    "dial.no_agent": _problem(
        HTTPStatus.CONFLICT,
        ("Nobody to take the call", "No agent is free for it."),
        ("无人接听", "没有空闲的坐席。"),
    ),
}
