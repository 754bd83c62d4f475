"""The problems of opening hours, tasks, announcements and tables; part of the one catalogue."""

from http import HTTPStatus
from typing import Final

from cti.http.catalogue.problem_shape import ProblemText
from cti.http.catalogue.problem_shape import problem as _problem

DESK_PROBLEMS: Final[dict[str, ProblemText]] = {
    # --- Opening hours ---
    "calendar.not_found": _problem(
        HTTPStatus.NOT_FOUND,
        ("No such calendar", "There is no calendar {calendar}."),
        ("日历不存在", "没有日历 {calendar}。"),
    ),
    "calendar.exists": _problem(
        HTTPStatus.CONFLICT,
        ("Calendar exists", "A calendar with this name exists."),
        ("日历已存在", "已有同名日历。"),
    ),
    "calendar.day_not_found": _problem(
        HTTPStatus.NOT_FOUND,
        ("No such special day", "The calendar has no special day on {date}."),
        ("特殊日不存在", "该日历在 {date} 没有特殊日。"),
    ),
    # --- Tasks ---
    "task.not_found": _problem(
        HTTPStatus.NOT_FOUND,
        ("No such task", "There is no task {task_id}, or you may not see it."),
        ("任务不存在", "没有任务 {task_id}，或您无权查看。"),
    ),
    "task.taken": _problem(
        HTTPStatus.CONFLICT,
        ("Taken by somebody else", "{name} works on this task."),
        ("任务已被领取", "{name} 正在处理该任务。"),
    ),
    "task.closed": _problem(
        HTTPStatus.CONFLICT,
        ("Over already", "{name} has closed this task; undo that first."),
        ("任务已结束", "{name} 已结束该任务；请先撤销。"),
    ),
    "task.closed_by_other": _problem(
        HTTPStatus.FORBIDDEN,
        ("Not yours to undo", "{name} has closed this task; only he or a supervisor can undo that."),
        ("无权撤销", "该任务由 {name} 结束；只有其本人或班长可以撤销。"),
    ),
    "task.no_recording": _problem(
        HTTPStatus.NOT_FOUND,
        ("No recording", "Nothing to hear belongs to task {task_id}, or it is not there any more."),
        ("没有录音", "任务 {task_id} 没有录音，或录音已不存在。"),
    ),
    # --- Announcements, and who somebody is on the telephone ---
    "announcement.not_found": _problem(
        HTTPStatus.NOT_FOUND,
        ("No such announcement", "There is no announcement {announcement}."),
        ("公告不存在", "没有公告 {announcement}。"),
    ),
    "announcement.exists": _problem(
        HTTPStatus.CONFLICT,
        ("Announcement exists", "An announcement with this name exists."),
        ("公告已存在", "已有同名公告。"),
    ),
    "phone_access.role": _problem(
        HTTPStatus.CONFLICT,
        ("Not for this role", "Only supervisors and administrators have a PIN for the telephone."),
        ("角色不适用", "只有班长和管理员可以设置电话 PIN 码。"),
    ),
    "phone_access.staff_number_taken": _problem(
        HTTPStatus.CONFLICT,
        ("Staff number taken", "Somebody else has this staff number."),
        ("工号已被使用", "该工号已被他人使用。"),
    ),
    "field.pin_easy": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Too easy to guess", "A PIN may not be a row of digits, nor made of one or two digits."),
        ("过于简单", "PIN 码不能是连续数字，也不能只由一两个数字组成。"),
    ),
    "field.until_before_from": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Ends before it begins", "Must be after the beginning."),
        ("结束早于开始", "必须晚于开始时间。"),
    ),
    # --- Reference tables ---
    "table.not_found": _problem(
        HTTPStatus.NOT_FOUND,
        ("No such table", "There is no table {table}."),
        ("表格不存在", "没有表格 {table}。"),
    ),
    "table.exists": _problem(
        HTTPStatus.CONFLICT,
        ("Table exists", "A table with this name exists."),
        ("表格已存在", "已有同名表格。"),
    ),
    "table.too_many": _problem(
        HTTPStatus.CONFLICT,
        ("Too many tables", "There may be at most {limit} tables."),
        ("表格过多", "最多允许 {limit} 个表格。"),
    ),
    "table.too_many_rows": _problem(
        HTTPStatus.CONFLICT,
        ("Too many rows", "All tables together may have at most {limit} rows."),
        ("行数过多", "所有表格合计最多允许 {limit} 行。"),
    ),
    "table.row_not_found": _problem(
        HTTPStatus.NOT_FOUND,
        ("No such row", "The table has no row {key}."),
        ("行不存在", "该表格中没有行 {key}。"),
    ),
    "table.key_stays": _problem(
        HTTPStatus.CONFLICT,
        ("The key column stays", "Rows are looked up by the column {column}."),
        ("关键列不能删除", "各行通过列 {column} 查找。"),
    ),
    "table.rows_do_not_fit": _problem(
        HTTPStatus.CONFLICT,
        ("Rows do not fit", "What the row {key} has in column {column} does not fit the change."),
        ("已有的行不符合", "行 {key} 在列 {column} 中的内容不符合此更改。"),
    ),
    # --- Callbacks ---
    "queue_callback.not_found": _problem(
        HTTPStatus.NOT_FOUND,
        ("No such callback", "Nobody keeps that place any more."),
        ("回电不存在", "该回电已不在等待中。"),
    ),
    "queue_callback.is_dialled": _problem(
        HTTPStatus.CONFLICT,
        ("Being called", "The caller is being called already."),
        ("正在回拨", "系统正在回拨该来电者。"),
    ),
    # --- Imports ---
    "import.bad_rows": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Some rows are not valid", "Nothing was imported. See the list of errors."),
        ("部分行无效", "未导入任何内容。请查看错误列表。"),
    ),
    "import.unreadable": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("File not readable", "It is no table that can be read: {reason}."),
        ("文件无法读取", "该文件不是可读取的表格：{reason}。"),
    ),
    "import.none_to_undo": _problem(
        HTTPStatus.CONFLICT,
        ("Nothing to undo", "There is no import that can be undone."),
        ("没有可撤销的导入", "没有可以撤销的导入。"),
    ),
    "import.changed_since": _problem(
        HTTPStatus.CONFLICT,
        ("Changed since", "Somebody has changed the table since the import, so it cannot be undone."),
        ("导入后已被修改", "导入之后表格已被修改，无法撤销。"),
    ),
    "row.number": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Not a number", "Must be a number like 1234.5."),
        ("不是数字", "必须是形如 1234.5 的数字。"),
    ),
    "row.money": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Not an amount", "Must be an amount with at most two decimals."),
        ("金额无效", "必须是最多两位小数的金额。"),
    ),
    "row.digits": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Not digits", "Must be at most 40 digits."),
        ("不是数字串", "必须是最多 40 位数字。"),
    ),
    "row.yes_no": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Neither yes nor no", "Must be yes or no."),
        ("不是是或否", "必须是“是”或“否”。"),
    ),
    "row.prompt": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Not a prompt's name", "Must be the name of a prompt: small letters, digits, hyphens."),
        ("不是提示音名称", "必须是提示音名称：小写字母、数字和连字符。"),
    ),
    "row.key": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Not a key", "A key may not hold a slash."),
        ("关键值无效", "关键值不能包含斜杠。"),
    ),
    "row.other_key": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Another key", "Must be the key in the address."),
        ("关键值不一致", "必须与地址中的关键值一致。"),
    ),
    "row.column_missing": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Column missing", "The column {column} is missing."),
        ("缺少列", "缺少列 {column}。"),
    ),
    "row.column_unknown": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Column unknown", "There is no column {column} here."),
        ("未知的列", "此处没有列 {column}。"),
    ),
    "row.column_repeated": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Column repeated", "The column {column} stands there more than once."),
        ("列重复", "列 {column} 出现了多次。"),
    ),
    "row.too_many_cells": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Too many cells", "The row has more cells than there are columns."),
        ("单元格过多", "该行的单元格多于列数。"),
    ),
    "row.too_many": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Too many rows", "At most {limit} rows are allowed."),
        ("行数过多", "最多允许 {limit} 行。"),
    ),
    "row.repeated": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Repeated", "{value} stands in line {line} already."),
        ("重复", "{value} 已出现在第 {line} 行。"),
    ),
    "row.empty": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Empty", "May not be empty."),
        ("为空", "不能为空。"),
    ),
    "field.date": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Not a date", "Must be a date like 2026-12-31."),
        ("日期无效", "必须是形如 2026-12-31 的日期。"),
    ),
    "field.time_of_day": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Not a time of day", "Must be a time like 09:30, at most 24:00."),
        ("时间无效", "必须是形如 09:30 的时间，最晚为 24:00。"),
    ),
    "field.hours": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Not opening hours", "Must be like 09:00-12:00 13:30-18:00, or closed."),
        ("营业时间无效", "必须形如 09:00-12:00 13:30-18:00，或写 closed 表示休息。"),
    ),
    "field.hours_overlap": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Hours overlap", "Begins before the span before it has ended."),
        ("时间段重叠", "在前一个时间段结束之前就已开始。"),
    ),
    "field.time_zone": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Not a time zone", "Must be a time zone like Asia/Shanghai."),
        ("时区无效", "必须是形如 Asia/Shanghai 的时区。"),
    ),
}
