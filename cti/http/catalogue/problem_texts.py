"""Every problem the API can answer with: its code, its HTTP status and its words in both languages.

The only catalogue. A code is for programs and never changes; title and detail are for people. Details may
hold ``{placeholders}``, filled from the problem's parameters.
"""

from http import HTTPStatus
from typing import Final

from cti.http.catalogue.agent_problems import AGENT_PROBLEMS
from cti.http.catalogue.campaign_problems import CAMPAIGN_PROBLEMS
from cti.http.catalogue.campaign_run_problems import CAMPAIGN_RUN_PROBLEMS
from cti.http.catalogue.desk_problems import DESK_PROBLEMS
from cti.http.catalogue.dialling_problems import DIALLING_PROBLEMS
from cti.http.catalogue.do_not_call_problems import DO_NOT_CALL_PROBLEMS
from cti.http.catalogue.flow_problems import FLOW_PROBLEMS
from cti.http.catalogue.problem_shape import ProblemText
from cti.http.catalogue.problem_shape import problem as _problem
from cti.http.catalogue.prompt_problems import PROMPT_PROBLEMS

PROBLEMS: Final[dict[str, ProblemText]] = {
    # --- The request itself ---
    "request.malformed": _problem(
        HTTPStatus.BAD_REQUEST,
        ("Malformed request", "The body is not valid JSON."),
        ("请求格式错误", "请求正文不是有效的 JSON。"),
    ),
    "request.invalid": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Some values are not valid", "See the list of errors."),
        ("部分内容无效", "请查看错误列表。"),
    ),
    "request.not_found": _problem(
        HTTPStatus.NOT_FOUND,
        ("Not found", "There is nothing at this address."),
        ("未找到", "该地址不存在任何内容。"),
    ),
    "request.method_not_allowed": _problem(
        HTTPStatus.METHOD_NOT_ALLOWED,
        ("Method not allowed", "This address does not take that method."),
        ("方法不被允许", "该地址不支持此请求方法。"),
    ),
    "request.too_large": _problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        ("Request too large", "The body may have at most {limit} bytes."),
        ("请求过大", "请求正文最多为 {limit} 字节。"),
    ),
    "request.media_type": _problem(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        ("Media type not supported", "Send the body as application/json in UTF-8, without Content-Encoding."),
        ("不支持的媒体类型", "请以 UTF-8 编码的 application/json 发送正文，且不使用 Content-Encoding。"),
    ),
    "request.upload_type": _problem(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        ("File type not supported", "Send the file as {types}, without Content-Encoding."),
        ("不支持的文件类型", "请以 {types} 发送文件，且不使用 Content-Encoding。"),
    ),
    "request.timeout": _problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        ("Took too long", "The request was given up; what it asked for may or may not have happened."),
        ("处理超时", "请求已被放弃；所要求的操作可能已执行，也可能未执行。"),
    ),
    "request.refused": _problem(
        HTTPStatus.BAD_REQUEST,
        ("Bad request", "The request could not be understood."),
        ("错误的请求", "无法理解该请求。"),
    ),
    "server.error": _problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        ("Something went wrong on our side", "Please report incident {incident}."),
        ("服务器内部错误", "请报告事件编号 {incident}。"),
    ),
    "database.unavailable": _problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        ("The database is not available", "Calls go on; try again in a moment."),
        ("数据库暂不可用", "通话不受影响；请稍后重试。"),
    ),
    "asterisk.unavailable": _problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        ("The telephone system is not connected", "Nothing was sent to it; try again in a moment."),
        ("电话系统未连接", "命令未发送；请稍后重试。"),
    ),
    "asterisk.refused": _problem(
        HTTPStatus.BAD_GATEWAY,
        ("The telephone system refused", "It answered: {reason}"),
        ("电话系统拒绝了操作", "其回应为：{reason}"),
    ),
    "asterisk.unanswered": _problem(
        HTTPStatus.GATEWAY_TIMEOUT,
        ("The telephone system did not answer", "Nobody knows whether it was done; look at the state shown."),
        ("电话系统没有回应", "无法确定操作是否已执行；请以所显示的状态为准。"),
    ),
    # --- Who may ---
    "auth.required": _problem(
        HTTPStatus.UNAUTHORIZED,
        ("Please sign in", "This needs a session or a token, and there is none or it is over."),
        ("请先登录", "此操作需要有效的会话或令牌。"),
    ),
    "auth.wrong_credentials": _problem(
        HTTPStatus.UNAUTHORIZED,
        ("Wrong user name or password", "Check both and try again."),
        ("用户名或密码错误", "请检查后重试。"),
    ),
    "auth.too_many_attempts": _problem(
        HTTPStatus.TOO_MANY_REQUESTS,
        ("Too many attempts", "Try again in {seconds} seconds."),
        ("尝试次数过多", "请在 {seconds} 秒后重试。"),
    ),
    "auth.forbidden": _problem(
        HTTPStatus.FORBIDDEN,
        ("Not allowed", "Your role does not allow this."),
        ("无权限", "您的角色无权执行此操作。"),
    ),
    "auth.scope_missing": _problem(
        HTTPStatus.FORBIDDEN,
        ("Not allowed", "The token lacks the scope {scope}."),
        ("无权限", "令牌缺少权限范围 {scope}。"),
    ),
    "auth.csrf": _problem(
        HTTPStatus.FORBIDDEN,
        ("Session check failed", "Reload the page; the X-CSRF-Token header is missing or old."),
        ("会话校验失败", "请刷新页面；X-CSRF-Token 请求头缺失或已失效。"),
    ),
    "auth.origin": _problem(
        HTTPStatus.FORBIDDEN,
        ("Not from this page", "The request comes from another site."),
        ("来源不被允许", "该请求来自其他网站。"),
    ),
    # --- Idempotency ---
    "idempotency.key_invalid": _problem(
        HTTPStatus.BAD_REQUEST,
        ("Idempotency key not valid", "Use 1 to 128 visible ASCII characters."),
        ("幂等键无效", "请使用 1 至 128 个可见 ASCII 字符。"),
    ),
    "idempotency.key_reused": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Idempotency key used before", "The same key came with another request before."),
        ("幂等键已被使用", "该键此前已用于另一个不同的请求。"),
    ),
    "idempotency.in_progress": _problem(
        HTTPStatus.CONFLICT,
        ("Still being done", "A request with this idempotency key is still being worked on."),
        ("正在处理", "使用该幂等键的请求仍在处理中。"),
    ),
    "idempotency.outcome_unknown": _problem(
        HTTPStatus.CONFLICT,
        (
            "Perhaps done before",
            "A request with this key was interrupted. Look whether it was done; use a new key if not.",
        ),
        (
            "可能已执行过",
            "使用该幂等键的请求曾中断，无法确定是否已执行。请先核对，如未执行请使用新的幂等键。",
        ),
    ),
    "idempotency.not_replayable": _problem(
        HTTPStatus.CONFLICT,
        ("Done before", "This was done before, and its answer held a secret that is shown once only."),
        ("已执行过", "该请求已执行过，其结果包含仅显示一次的机密。"),
    ),
    # --- Paging ---
    "paging.cursor_invalid": _problem(
        HTTPStatus.BAD_REQUEST,
        ("Cursor not valid", "Use next_cursor as it was given, with the same filters."),
        ("分页游标无效", "请原样使用 next_cursor，并保持筛选条件不变。"),
    ),
    # --- Ledger ---
    "ledger.span_invalid": _problem(
        HTTPStatus.BAD_REQUEST,
        ("Span not valid", "Its end must be after its beginning, and no more than 366 days later."),
        ("时间范围无效", "结束时间须晚于开始时间，且不超过 366 天。"),
    ),
    **AGENT_PROBLEMS,
    # --- People and tokens ---
    "user.not_found": _problem(
        HTTPStatus.NOT_FOUND,
        ("No such user", "There is no user {user_id}."),
        ("用户不存在", "没有用户 {user_id}。"),
    ),
    "user.exists": _problem(
        HTTPStatus.CONFLICT,
        ("User name taken", "Somebody has this user name already."),
        ("用户名已存在", "该用户名已被使用。"),
    ),
    "user.last_admin": _problem(
        HTTPStatus.CONFLICT,
        ("The last administrator", "At least one active administrator must remain."),
        ("最后一位管理员", "必须至少保留一位有效的管理员。"),
    ),
    "token.not_found": _problem(
        HTTPStatus.NOT_FOUND,
        ("No such token", "There is no token {token_id}."),
        ("令牌不存在", "没有令牌 {token_id}。"),
    ),
    # --- Customers ---
    "customer.not_found": _problem(
        HTTPStatus.NOT_FOUND,
        ("No such customer", "There is no customer {customer_id}."),
        ("客户不存在", "没有客户 {customer_id}。"),
    ),
    "callback.not_found": _problem(
        HTTPStatus.NOT_FOUND,
        ("No such callback", "There is no open callback {callback_id}."),
        ("回电不存在", "没有未完成的回电 {callback_id}。"),
    ),
    "customer.exists": _problem(
        HTTPStatus.CONFLICT,
        ("Customer exists", "Another customer has this external reference."),
        ("客户已存在", "已有其他客户使用该外部编号。"),
    ),
    **CAMPAIGN_PROBLEMS,
    **CAMPAIGN_RUN_PROBLEMS,
    **DESK_PROBLEMS,
    **DIALLING_PROBLEMS,
    **DO_NOT_CALL_PROBLEMS,
    **PROMPT_PROBLEMS,
    **FLOW_PROBLEMS,
    # --- Single values, inside `errors` ---
    "field.missing": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Missing", "Is required."),
        ("缺失", "必填。"),
    ),
    "field.unknown": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Unknown", "Is not known here."),
        ("未知", "此处没有该字段。"),
    ),
    "field.repeated": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Repeated", "May be given once only."),
        ("重复", "只能出现一次。"),
    ),
    "field.wrong_type": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Wrong type", "Has the wrong type."),
        ("类型错误", "类型不正确。"),
    ),
    "field.too_short": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Too short", "Must have at least {limit} characters or items."),
        ("过短", "至少需要 {limit} 个字符或项目。"),
    ),
    "field.too_long": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Too long", "May have at most {limit} characters or items."),
        ("过长", "最多允许 {limit} 个字符或项目。"),
    ),
    "field.out_of_range": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Out of range", "Is out of range (limit {limit})."),
        ("超出范围", "超出范围(界限为 {limit})。"),
    ),
    "field.not_allowed": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Not allowed", "Must be one of: {allowed}."),
        ("不被允许", "必须是以下之一：{allowed}。"),
    ),
    "field.pattern": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Wrong form", "Does not have the expected form."),
        ("格式不符", "不符合要求的格式。"),
    ),
    "field.instant": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Not an instant", "Must be an RFC 3339 date and time with time zone."),
        ("时间无效", "必须是带时区的 RFC 3339 日期时间。"),
    ),
    "field.control_character": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Control character", "May not hold control characters."),
        ("包含控制字符", "不能包含控制字符。"),
    ),
    "field.number": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Not a telephone number", "Must be a telephone number with its area code."),
        ("电话号码无效", "必须是带区号的有效电话号码。"),
    ),
    "field.invalid": _problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        ("Not valid", "Is not valid."),
        ("无效", "内容无效。"),
    ),
}
