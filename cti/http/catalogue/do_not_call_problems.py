"""The problems of the do-not-call list; part of the one catalogue."""

from http import HTTPStatus
from typing import Final

from cti.http.catalogue.problem_shape import ProblemText
from cti.http.catalogue.problem_shape import problem as _problem

DO_NOT_CALL_PROBLEMS: Final[dict[str, ProblemText]] = {
    "do_not_call.not_found": _problem(
        HTTPStatus.NOT_FOUND,
        ("No such entry", "The do-not-call list has no such entry."),
        ("条目不存在", "谢绝来电名单中没有该条目。"),
    ),
    "do_not_call.removed_already": _problem(
        HTTPStatus.CONFLICT,
        ("Removed already", "Somebody has taken this entry off the list already."),
        ("已移除", "该条目已从名单中移除。"),
    ),
    "do_not_call.not_removed": _problem(
        HTTPStatus.CONFLICT,
        ("On the list", "This entry was not removed, so there is nothing to undo."),
        ("仍在名单中", "该条目未被移除，无需撤销。"),
    ),
    "do_not_call.no_number": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("No number", "The other party of this call showed no telephone number."),
        ("没有号码", "该通话的对方未显示电话号码。"),
    ),
    "do_not_call.import_not_found": _problem(
        HTTPStatus.NOT_FOUND,
        ("No such import", "There is no such import, or its file is not kept any more; choose it again."),
        ("导入不存在", "没有该导入，或其文件已不再保留；请重新选择文件。"),
    ),
    "do_not_call.import_busy": _problem(
        HTTPStatus.CONFLICT,
        ("Not yet", "The file is still being worked on."),
        ("请稍候", "文件仍在处理中。"),
    ),
    "do_not_call.import_over": _problem(
        HTTPStatus.CONFLICT,
        ("Imported already", "This file was imported already."),
        ("已导入", "该文件已经导入。"),
    ),
    "do_not_call.import_empty": _problem(
        HTTPStatus.CONFLICT,
        ("Nothing to import", "The file has no number that could be taken."),
        ("没有可导入的内容", "文件中没有可用的号码。"),
    ),
    "do_not_call.import_undone": _problem(
        HTTPStatus.CONFLICT,
        ("Undone already", "This import was undone already."),
        ("已撤销", "该导入已被撤销。"),
    ),
    "do_not_call.import_not_undone": _problem(
        HTTPStatus.CONFLICT,
        ("Counts already", "This import was not undone."),
        ("未撤销", "该导入未被撤销。"),
    ),
    # --- Why, inside `errors` ---
    "do_not_call.by_key": _problem(
        HTTPStatus.CONFLICT,
        ("Refused by key", "The person called refused further calls by a key ({date})."),
        ("按键拒绝", "对方已按键谢绝来电({date})。"),
    ),
    "do_not_call.by_agent": _problem(
        HTTPStatus.CONFLICT,
        ("Refused towards an agent", "The person told an agent not to call again ({date})."),
        ("向坐席拒绝", "对方已向坐席谢绝来电({date})。"),
    ),
    "do_not_call.by_person": _problem(
        HTTPStatus.CONFLICT,
        ("Put on the list", "A supervisor or administrator put it on the list ({date})."),
        ("已列入名单", "班长或管理员已将其列入名单({date})。"),
    ),
    "do_not_call.by_api": _problem(
        HTTPStatus.CONFLICT,
        ("Put on the list by a system", "Another system put it on the list ({date})."),
        ("由系统列入", "其他系统已将其列入名单({date})。"),
    ),
    "do_not_call.by_import": _problem(
        HTTPStatus.CONFLICT,
        ("Imported", "It came onto the list with an imported file ({date})."),
        ("由文件导入", "该号码随导入文件列入名单({date})。"),
    ),
    "field.in_the_past": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("In the past", "Must be in the future."),
        ("已过去", "必须是将来的时间。"),
    ),
}
