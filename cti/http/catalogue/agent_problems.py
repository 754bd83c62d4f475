"""The problems of agents, of their calls and of queues; part of the one catalogue."""

from http import HTTPStatus
from typing import Final

from cti.http.catalogue.problem_shape import ProblemText
from cti.http.catalogue.problem_shape import problem as _problem

AGENT_PROBLEMS: Final[dict[str, ProblemText]] = {
    # --- Agents ---
    "agent.none": _problem(
        HTTPStatus.CONFLICT,
        ("No agent", "Your user is not set up as an agent."),
        ("不是坐席", "您的账号未配置为坐席。"),
    ),
    "agent.not_found": _problem(
        HTTPStatus.NOT_FOUND,
        ("No such agent", "There is no agent {agent_id}."),
        ("坐席不存在", "没有坐席 {agent_id}。"),
    ),
    "agent.not_signed_in": _problem(
        HTTPStatus.CONFLICT,
        ("Not signed in", "Sign in with a device first."),
        ("未签入", "请先使用话机签入。"),
    ),
    "agent.already_signed_in": _problem(
        HTTPStatus.CONFLICT,
        ("Signed in already", "The agent is signed in with {device}; sign out there first."),
        ("已签入", "坐席已在 {device} 上签入；请先签出。"),
    ),
    "agent.no_queues": _problem(
        HTTPStatus.CONFLICT,
        ("No queue", "The agent serves no queue; an administrator can assign one."),
        ("没有队列", "该坐席未分配任何队列；请联系管理员分配。"),
    ),
    "agent.busy": _problem(
        HTTPStatus.CONFLICT,
        ("On a call", "Not while a call is ringing or in progress."),
        ("通话中", "振铃或通话期间不能执行此操作。"),
    ),
    "agent.not_wrapping_up": _problem(
        HTTPStatus.CONFLICT,
        ("Not in wrap-up", "There is no wrap-up to end or extend."),
        ("不在话后处理状态", "当前没有可结束或延长的话后处理。"),
    ),
    "agent.wrap_up_too_long": _problem(
        HTTPStatus.CONFLICT,
        ("Wrap-up too long", "It cannot be extended beyond {limit} seconds in all."),
        ("话后处理过长", "话后处理总时长不能超过 {limit} 秒。"),
    ),
    "agent.pause_reason_unknown": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("No such pause reason", "Choose one of the list of pause reasons."),
        ("暂停原因不存在", "请从暂停原因列表中选择。"),
    ),
    "device.not_found": _problem(
        HTTPStatus.NOT_FOUND,
        ("No such device", "There is no device {device_id}."),
        ("话机不存在", "没有话机 {device_id}。"),
    ),
    "device.in_use": _problem(
        HTTPStatus.CONFLICT,
        ("Device in use", "{agent} is signed in with this device."),
        ("话机已被占用", "{agent} 正在使用该话机。"),
    ),
    "device.exists": _problem(
        HTTPStatus.CONFLICT,
        ("Device exists", "A device with this interface, extension or name exists."),
        ("话机已存在", "已有相同接口、分机号或名称的话机。"),
    ),
    "preview.none": _problem(
        HTTPStatus.CONFLICT,
        ("No contact", "You are shown no contact of a campaign."),
        ("没有联系人", "当前没有为您显示的活动联系人。"),
    ),
    # --- Calls in progress ---
    "call.none": _problem(
        HTTPStatus.CONFLICT,
        ("No call", "There is no call to do this with."),
        ("没有通话", "当前没有可操作的通话。"),
    ),
    "call.not_talking": _problem(
        HTTPStatus.CONFLICT,
        ("Not talking", "This can be done only while you talk."),
        ("不在通话中", "仅在通话过程中可执行此操作。"),
    ),
    "call.on_hold": _problem(
        HTTPStatus.CONFLICT,
        ("On hold", "The caller is on hold already; resume first."),
        ("已保持", "来电者已被保持；请先恢复通话。"),
    ),
    "call.not_on_hold": _problem(
        HTTPStatus.CONFLICT,
        ("Not on hold", "The caller is not on hold."),
        ("未保持", "来电者未被保持。"),
    ),
    "call.not_consulting": _problem(
        HTTPStatus.CONFLICT,
        ("No consultation", "There is no attended transfer in progress."),
        ("没有进行中的咨询", "当前没有进行中的咨询转接。"),
    ),
    "call.consulting": _problem(
        HTTPStatus.CONFLICT,
        ("Transfer in progress", "Complete or cancel the attended transfer first."),
        ("正在转接", "请先完成或取消咨询转接。"),
    ),
    "call.not_found": _problem(
        HTTPStatus.NOT_FOUND,
        ("No such call", "There is no such call, or you may not see it."),
        ("通话不存在", "没有该通话，或您无权查看。"),
    ),
    "call.number_not_allowed": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Number not allowed", "A number has digits and at most one leading plus sign."),
        ("号码不被允许", "号码只能由数字组成，最多以一个加号开头。"),
    ),
    "disposition.unknown": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("No such disposition", "Choose one of the list for this call."),
        ("处理结果不存在", "请从该通话的处理结果列表中选择。"),
    ),
    "disposition.no_callback": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("No callback", "With this disposition nobody is called back; choose one that says so."),
        ("不含回拨", "该处理结果不安排回拨；请选择约定回拨的处理结果。"),
    ),
    "callback.no_number": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Nobody to call back", "The caller showed no number and no customer is linked to the call."),
        ("无法回电", "来电未显示号码，且通话未关联客户。"),
    ),
    # --- Queues ---
    "queue.not_found": _problem(
        HTTPStatus.NOT_FOUND,
        ("No such queue", "There is no queue {queue}."),
        ("队列不存在", "没有队列 {queue}。"),
    ),
    "queue.exists": _problem(
        HTTPStatus.CONFLICT,
        ("Queue exists", "A queue with this name or extension exists."),
        ("队列已存在", "已有相同名称或分机号的队列。"),
    ),
}
