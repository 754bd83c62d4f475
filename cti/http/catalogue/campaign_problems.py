"""The problems of campaigns, their contacts and the files these come in; part of the one catalogue."""

from http import HTTPStatus
from typing import Final

from cti.http.catalogue.problem_shape import ProblemText
from cti.http.catalogue.problem_shape import problem as _problem

_BAD: Final = HTTPStatus.UNPROCESSABLE_ENTITY

CAMPAIGN_PROBLEMS: Final[dict[str, ProblemText]] = {
    # --- Campaigns ---
    "campaign.not_found": _problem(
        HTTPStatus.NOT_FOUND,
        ("No such campaign", "There is no campaign {campaign}."),
        ("外呼活动不存在", "没有外呼活动 {campaign}。"),
    ),
    "campaign.exists": _problem(
        HTTPStatus.CONFLICT,
        ("Campaign exists", "There is a campaign {campaign} already."),
        ("外呼活动已存在", "已有外呼活动 {campaign}。"),
    ),
    "campaign.invalid": _problem(
        _BAD,
        ("The campaign makes no sense as it is", "Nothing was changed; see the list of errors."),
        ("外呼活动定义有误", "未做任何更改；请查看错误列表。"),
    ),
    "campaign.not_draft": _problem(
        HTTPStatus.CONFLICT,
        ("No draft any more", "Only a draft can be taken away."),
        ("已不是草稿", "只有草稿可以删除。"),
    ),
    "campaign.has_contacts": _problem(
        HTTPStatus.CONFLICT,
        ("It has contacts", "Undo its imports and take its contacts away first."),
        ("仍有联系人", "请先撤销其导入并删除联系人。"),
    ),
    "campaign.flow_needed": _problem(
        _BAD,
        ("Needs a flow", "A campaign of the kind ivr needs a flow that speaks with people."),
        ("缺少流程", "ivr 类型的外呼活动需要一个与客户对话的流程。"),
    ),
    "campaign.queue_needed": _problem(
        _BAD,
        ("Needs a queue", "A campaign of this kind needs the queue whose agents speak with people."),
        ("缺少队列", "该类型的外呼活动需要指定坐席所在的队列。"),
    ),
    "campaign.ratio_needed": _problem(
        _BAD,
        (
            "Needs a ratio",
            "A campaign of the kind fixed_ratio needs the number of calls for each free agent.",
        ),
        ("缺少比例", "fixed_ratio 类型的外呼活动需要指定每个空闲坐席的呼叫数。"),
    ),
    "campaign.no_ratio": _problem(
        _BAD,
        ("Has no ratio", "Only a campaign of the kind fixed_ratio has a ratio."),
        ("不能有比例", "只有 fixed_ratio 类型的外呼活动可以指定比例。"),
    ),
    "campaign.only_of_flow": _problem(
        _BAD,
        ("No flow speaks", "Only in a campaign of the kind ivr a flow says how a call ended."),
        ("没有流程", "只有 ivr 类型的外呼活动由流程给出通话结果。"),
    ),
    "campaign.no_title": _problem(
        _BAD,
        ("No title", "Needs a title in one language at least."),
        ("没有标题", "至少需要一种语言的标题。"),
    ),
    "campaign.no_day": _problem(
        _BAD, ("No day", "Needs one day of the week at least."), ("没有日期", "至少需要一周中的一天。")
    ),
    "campaign.unknown_flow": _problem(
        _BAD, ("No such flow", "There is no outbound flow {name}."), ("流程不存在", "没有外呼流程 {name}。")
    ),
    "campaign.unknown_queue": _problem(
        _BAD, ("No such queue", "There is no queue {name}."), ("队列不存在", "没有队列 {name}。")
    ),
    "campaign.unknown_calendar": _problem(
        _BAD, ("No such calendar", "There is no calendar {name}."), ("日历不存在", "没有日历 {name}。")
    ),
    # --- What agents say and fill in ---
    "campaign.repeated": _problem(
        _BAD,
        ("Named twice", "{name} stands there already."),
        ("重复", "{name} 已存在。"),
    ),
    "campaign.only_of_retry": _problem(
        _BAD,
        ("Not called again", "Only a disposition with next: retry says after how many seconds."),
        ("不再呼叫", "只有 next: retry 的处理结果可以指定间隔秒数。"),
    ),
    "campaign.only_of_refuse": _problem(
        _BAD,
        ("No refusal", "Only a disposition with next: refuse says for whom the person is not called again."),
        ("不是拒绝来电", "只有 next: refuse 的处理结果可以指定谢绝来电的范围。"),
    ),
    "campaign.client_needed": _problem(
        _BAD,
        ("Needs a client", "The campaign names no client for whom the person is not called again."),
        ("缺少委托方", "该外呼活动未指定委托方，无法按委托方登记谢绝来电。"),
    ),
    "campaign.only_of_choice": _problem(
        _BAD,
        ("Nothing to choose", "Only a field of the kind choice has choices."),
        ("不能有选项", "只有 choice 类型的字段可以有选项。"),
    ),
    "campaign.choices_needed": _problem(
        _BAD,
        ("Needs choices", "A field of the kind choice needs two choices at least."),
        ("缺少选项", "choice 类型的字段至少需要两个选项。"),
    ),
    # --- Contacts ---
    "contact.not_found": _problem(
        HTTPStatus.NOT_FOUND,
        ("No such contact", "The campaign has no contact {contact}."),
        ("联系人不存在", "该外呼活动没有联系人 {contact}。"),
    ),
    "contact.exists": _problem(
        HTTPStatus.CONFLICT,
        ("In the campaign already", "The campaign has a contact with this number."),
        ("已在活动中", "该外呼活动已有此号码的联系人。"),
    ),
    "sample.larger_than_population": _problem(
        HTTPStatus.CONFLICT,
        ("Too few to draw from", "There are {population} customers to draw {size} from."),
        ("总体过小", "总体只有 {population} 位客户，不足以抽取 {size} 位。"),
    ),
    "sample.population_too_large": _problem(
        HTTPStatus.CONFLICT,
        ("Too many to draw from", "At most {limit} customers can be drawn from; name languages or products."),
        ("总体过大", "总体最多 {limit} 位客户；请限定语言或产品。"),
    ),
    # --- Calls that were taken for machines' ---
    "attempt.not_found": _problem(
        HTTPStatus.NOT_FOUND,
        ("No such attempt", "The campaign has no attempt {attempt}."),
        ("呼叫不存在", "该外呼活动没有呼叫 {attempt}。"),
    ),
    "attempt.no_machine": _problem(
        HTTPStatus.CONFLICT,
        (
            "Not taken for a machine",
            "Only a call that is over and was taken for a machine's can be reviewed.",
        ),
        ("未判定为答录机", "只有已结束且被判定为答录机的呼叫可以复核。"),
    ),
    "machines.too_many": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        (
            "Too many calls to weigh",
            "They could not be weighed in time. Choose a shorter span; all of them, by lot, can be listed.",
        ),
        ("呼叫过多", "未能及时完成评估。请缩短时间范围；“全部(随机顺序)”不受影响。"),
    ),
    # --- Imports ---
    "import.not_found": _problem(
        HTTPStatus.NOT_FOUND,
        ("No such import", "The campaign has no import {contact_import}."),
        ("导入不存在", "该外呼活动没有导入 {contact_import}。"),
    ),
    "import.not_now": _problem(
        HTTPStatus.CONFLICT,
        ("Not now", "This cannot be done with an import that is {state}."),
        ("当前无法执行", "导入状态为 {state} 时无法执行此操作。"),
    ),
    "import.file_gone": _problem(
        HTTPStatus.CONFLICT,
        ("The file is gone", "It is not kept for longer than a day; send it again."),
        ("文件已删除", "文件最多保留一天；请重新发送。"),
    ),
    "import.interrupted": _problem(
        HTTPStatus.CONFLICT,
        ("Broken off", "The import was broken off and nothing of it was kept; it can be begun again."),
        ("已中断", "导入被中断，未保留任何内容；可以重新开始。"),
    ),
    # --- What a column is ---
    "mapping.unknown_column": _problem(
        _BAD, ("No such column", "The file has no column {column}."), ("列不存在", "文件中没有列 {column}。")
    ),
    "mapping.repeated": _problem(
        _BAD,
        ("Taken already", "{target} is the column {other} already."),
        ("已被使用", "{target} 已对应列 {other}。"),
    ),
    "mapping.no_phone": _problem(
        _BAD,
        ("No telephone number", "Say which column holds the telephone number (phone)."),
        ("没有电话号码", "请指定哪一列是电话号码(phone)。"),
    ),
    "mapping.many_details": _problem(
        _BAD,
        ("Too many details", "A contact may have at most {limit} details."),
        ("附加信息过多", "每个联系人最多 {limit} 项附加信息。"),
    ),
    # --- The file as a whole ---
    "file.empty": _problem(
        _BAD, ("Empty file", "There is nothing in the file."), ("文件为空", "文件中没有内容。")
    ),
    "file.no_columns": _problem(
        _BAD,
        ("No names of columns", "Line {line} should hold the names of the columns and cannot be read."),
        ("无法读取列名", "第 {line} 行应为列名，但无法读取。"),
    ),
    "file.encoding": _problem(
        _BAD,
        ("Unknown encoding", "Line {line} is neither UTF-8, UTF-16 nor GB 18030; save the file as UTF-8."),
        ("编码未知", "第 {line} 行既不是 UTF-8、UTF-16 也不是 GB 18030；请将文件另存为 UTF-8。"),
    ),
    "file.not_in_encoding": _problem(
        _BAD,
        ("Another encoding", "Line {line} is not in the encoding {encoding}."),
        ("编码不符", "第 {line} 行不是 {encoding} 编码。"),
    ),
    "file.unknown_encoding": _problem(
        _BAD,
        ("Encoding not known", "The encoding must be one of: {allowed}."),
        ("不支持的编码", "编码必须是以下之一：{allowed}。"),
    ),
    "file.unknown_delimiter": _problem(
        _BAD,
        ("Delimiter not known", "Between cells must stand a comma, a semicolon, a tab or a vertical bar."),
        ("不支持的分隔符", "分隔符必须是逗号、分号、制表符或竖线。"),
    ),
    "file.long_line": _problem(
        _BAD,
        ("No table", "Line {line} does not end; this is no table."),
        ("不是表格", "第 {line} 行没有结尾；该文件不是表格。"),
    ),
    "file.old_excel": _problem(
        _BAD,
        (
            "Old Excel file, or one with a password",
            "Open it in Excel and save it as .xlsx without a password, or as CSV.",
        ),
        ("旧版或带密码的 Excel 文件", "请在 Excel 中打开，另存为不带密码的 .xlsx 或 CSV。"),
    ),
    "file.damaged": _problem(
        _BAD,
        ("Damaged file", "It is no Excel workbook, or a damaged one ({reason})."),
        ("文件损坏", "该文件不是 Excel 工作簿，或已损坏({reason})。"),
    ),
    "file.too_large": _problem(
        _BAD,
        ("Too large", "Unpacked, the file is larger than is read."),
        ("文件过大", "解压后的文件超出可读取的大小。"),
    ),
    "file.slow": _problem(
        _BAD,
        ("Takes too long", "Looking at the file took too long."),
        ("处理时间过长", "读取该文件耗时过长。"),
    ),
    # --- Rows ---
    "row.quotes": _problem(
        _BAD,
        ("Quotes do not match", "Quotation marks do not match, up to line {until}."),
        ("引号不匹配", "引号不匹配，直到第 {until} 行。"),
    ),
    "row.long_cell": _problem(
        _BAD,
        ("Cell too long", "A cell has more than {limit} characters."),
        ("单元格过长", "单元格超过 {limit} 个字符。"),
    ),
    "row.phone": _problem(
        _BAD,
        ("Not a telephone number", "{value} is no telephone number."),
        ("不是电话号码", "{value} 不是电话号码。"),
    ),
    "row.phone_local": _problem(
        _BAD,
        ("Without area code", "{value} has no area code, or is not a public number."),
        ("缺少区号", "{value} 缺少区号，或不是公网号码。"),
    ),
    "row.phone_shortened": _problem(
        _BAD,
        ("Shortened by a spreadsheet", "{value}: digits were lost; make the column text before saving."),
        ("已被表格软件缩写", "{value}：号码位数已丢失；请将该列设为文本后再保存。"),
    ),
    "row.priority": _problem(
        _BAD,
        ("Not a priority", "Must be a whole number from 0 to 100."),
        ("优先级无效", "必须是 0 到 100 的整数。"),
    ),
    "row.in_campaign": _problem(
        _BAD,
        ("In the campaign already", "{value} is in the campaign already."),
        ("已在活动中", "{value} 已在该外呼活动中。"),
    ),
    "row.do_not_call": _problem(
        _BAD,
        ("On the do-not-call list", "{value} is on the do-not-call list."),
        ("在谢绝来电名单中", "{value} 在谢绝来电名单中。"),
    ),
}
