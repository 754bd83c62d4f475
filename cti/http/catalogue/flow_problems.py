"""The problems of flows, their versions and their results; part of the one catalogue."""

from http import HTTPStatus
from typing import Final

from cti.http.catalogue.problem_shape import ProblemText
from cti.http.catalogue.problem_shape import problem as _problem

FLOW_PROBLEMS: Final[dict[str, ProblemText]] = {
    # --- Flows ---
    "flow.not_found": _problem(
        HTTPStatus.NOT_FOUND,
        ("No such flow", "There is no flow {flow}."),
        ("流程不存在", "没有流程 {flow}。"),
    ),
    "flow.exists": _problem(
        HTTPStatus.CONFLICT,
        ("The flow exists", "There is a flow {flow} already: give the new one another name."),
        ("流程已存在", "已有流程 {flow}：请为新流程使用其他名称。"),
    ),
    "flow.version_not_found": _problem(
        HTTPStatus.NOT_FOUND,
        ("No such version", "The flow has no version {version}."),
        ("版本不存在", "该流程没有版本 {version}。"),
    ),
    "flow.invalid": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("The flow has mistakes", "Nothing was changed; see the list of errors with their lines."),
        ("流程有错误", "未做任何更改；请查看错误列表及其行号。"),
    ),
    "flow.breaks_others": _problem(
        HTTPStatus.CONFLICT,
        ("Other flows call this one", "They would not make sense with it; see the list of errors."),
        ("其他流程调用了此流程", "启用后其他流程将无法正常运行；请查看错误列表。"),
    ),
    "flow.name_differs": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Another flow's text", "The text names the flow {found}, not {flow}."),
        ("流程名称不一致", "文本中的流程名称为 {found}，而不是 {flow}。"),
    ),
    "flow.kind_changed": _problem(
        HTTPStatus.CONFLICT,
        (
            "Another kind of flow",
            "This flow is of the kind {kind}; give a flow of another kind another name.",
        ),
        ("流程类型不一致", "该流程的类型为 {kind}；不同类型的流程请使用其他名称。"),
    ),
    "flow.changed_meanwhile": _problem(
        HTTPStatus.CONFLICT,
        ("Changed meanwhile", "Somebody else activated {version}; look at it and try again."),
        ("期间已被更改", "其他人已启用版本 {version}；请查看后重试。"),
    ),
    "flow.nothing_before": _problem(
        HTTPStatus.CONFLICT,
        ("Nothing to go back to", "No other version was active before."),
        ("没有可退回的版本", "此前没有启用过其他版本。"),
    ),
    "trial.state_invalid": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("The trial cannot go on", "The state is none of this version of the flow; begin again."),
        ("无法继续试用", "该状态不属于此版本的流程；请重新开始。"),
    ),
    "trial.unexpected": _problem(
        HTTPStatus.CONFLICT,
        ("That cannot happen now", "The flow waits for: {expected}."),
        ("当前不会发生此事件", "流程正在等待：{expected}。"),
    ),
    "number.not_found": _problem(
        HTTPStatus.NOT_FOUND,
        ("No such number", "The number {dnis} is none of the dialled numbers."),
        ("号码不存在", "{dnis} 不是已配置的被叫号码。"),
    ),
    "results.span_invalid": _problem(
        HTTPStatus.BAD_REQUEST,
        ("Span not valid", "Its end must be after its beginning, and no more than 366 days later."),
        ("时间范围无效", "结束时间须晚于开始时间，且不超过 366 天。"),
    ),
    "results.too_many": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Too many different answers", "Choose a shorter time, or do not tell the results apart."),
        ("答案种类过多", "请缩短时间范围，或不要分组。"),
    ),
    "poll.not_found": _problem(
        HTTPStatus.NOT_FOUND,
        ("Not published", "Nothing is published under this address, or not any more."),
        ("未公布", "该地址没有公布的结果，或已撤回。"),
    ),
    # --- Single values, inside `errors` ---
    "field.flow_unknown": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("No such flow", "There is no such flow, or no version of it is active."),
        ("流程不存在", "没有该流程，或该流程没有已启用的版本。"),
    ),
    "field.queue_unknown": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("No such queue", "There is no queue {queue}."),
        ("队列不存在", "没有队列 {queue}。"),
    ),
    "field.flow_kind": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Not for this", "A flow of the kind {kind} cannot be used here."),
        ("流程类型不符", "类型为 {kind} 的流程不能用于此处。"),
    ),
}
