"""What is wrong with a flow file, in the words that its writer reads; by code. Pure.

Texts hold ``{placeholders}``, filled from the parameters of the problem.
"""

from typing import Final

#: English and Chinese.
TEXTS: Final[dict[str, tuple[str, str]]] = {
    # --- The text itself ---
    "yaml.too_long": ("The file has more than {most} characters.", "文件超过 {most} 个字符。"),
    "yaml.character": (
        "The character {character} has no place in a text.",
        "文本中不能出现字符 {character}。",
    ),
    "yaml.syntax": ("This is not YAML: {detail}.", "这不是有效的 YAML：{detail}。"),
    "yaml.empty": ("The file is empty.", "文件是空的。"),
    "yaml.several_documents": (
        "A file holds one flow; `---` begins another document here.",
        "一个文件只能有一个流程；这里的 `---` 开始了另一个文档。",
    ),
    "yaml.alias": (
        "Anchors (`&`) and aliases (`*`) are not used in flows; a text that begins with one needs quotes.",
        "流程文件不使用锚点（`&`）和别名（`*`）；以它们开头的文本需要加引号。",
    ),
    "yaml.tag": ("The tag {tag} is not used in flows.", "流程文件不使用标签 {tag}。"),
    "yaml.too_deep": ("This is nested more than {most} deep.", "嵌套超过 {most} 层。"),
    "yaml.key": ("A name is expected before the colon.", "冒号前应为一个名称。"),
    "yaml.duplicate_key": (
        "`{key}` stands in line {first} already.",
        "`{key}` 已经在第 {first} 行出现过。",
    ),
    # --- Words ---
    "word.unknown": (
        "`{word}` is not known here; {known} are.",
        "这里不认识 `{word}`；可以使用的有：{known}。",
    ),
    "word.unknown_but_near": (
        "`{word}` is not known here; is `{near}` meant?",
        "这里不认识 `{word}`；是否想写 `{near}`？",
    ),
    "word.missing": ("`{word}` is missing.", "缺少 `{word}`。"),
    "word.one_of": ("One of {words} is needed.", "需要写明以下之一：{words}。"),
    "word.only_one_of": (
        "Only one of {words} may stand here, and there are {count}.",
        "以下各项只能写一个：{words}；这里写了 {count} 个。",
    ),
    "value.text": ("A text is expected here.", "这里应为文本。"),
    "value.list": ("A list (`- …` or `[…]`) is expected here.", "这里应为列表（`- …` 或 `[…]`）。"),
    "value.mapping": (
        "Names with a colon are expected here.",
        "这里应为“名称: 值”的形式。",
    ),
    "value.text_or_mapping": (
        "A text, or names with a colon, are expected here.",
        "这里应为文本，或“名称: 值”的形式。",
    ),
    "value.integer": (
        "`{value}` is not a whole number (without quotes).",
        "`{value}` 不是整数（不加引号）。",
    ),
    "value.number": ("`{value}` is not a number (without quotes).", "`{value}` 不是数字（不加引号）。"),
    "value.truth": (
        "`{value}` is neither true nor false (without quotes).",
        "`{value}` 既不是 true 也不是 false（不加引号）。",
    ),
    "value.empty": ("A value is missing here.", "这里缺少值。"),
    "value.not_one_of": (
        "`{value}` is not known here; {known} are.",
        "这里不认识 `{value}`；可以使用的有：{known}。",
    ),
    "value.least": ("{value} is less than {least}.", "{value} 小于 {least}。"),
    "value.more_than": ("{value} is not more than {least}.", "{value} 应大于 {least}。"),
    "value.most": ("{value} is more than {most}.", "{value} 大于 {most}。"),
    "value.shortest": ("This is shorter than {least} characters.", "少于 {least} 个字符。"),
    "value.longest": ("This is longer than {most} characters.", "超过 {most} 个字符。"),
    "value.pattern": (
        "`{value}` is not written as it must be ({pattern}).",
        "`{value}` 的写法不符合要求（{pattern}）。",
    ),
    # --- Expressions ---
    "expression.syntax": (
        "`{text}` is not an expression; here it cannot be understood.",
        "`{text}` 不是有效的表达式；从这里开始无法理解。",
    ),
    "expression.too_long": ("An expression has at most {most} characters.", "表达式最多 {most} 个字符。"),
    "expression.too_deep": ("This expression is nested too deep.", "表达式嵌套过深。"),
    "expression.not_allowed": (
        "`{text}`: expressions have no such thing.",
        "`{text}`：表达式中不能这样写。",
    ),
    "expression.name": (
        "`{name}` is not the name of a variable: small letters, digits, `_` and dots.",
        "`{name}` 不是变量名：只能用小写字母、数字、`_` 和点。",
    ),
    "expression.value": ("This number or text is too great.", "数字或文本过大。"),
    "expression.unknown_function": (
        "There is no function `{name}`; there are {known}.",
        "没有函数 `{name}`；可以使用的有：{known}。",
    ),
    "expression.function_without_call": (
        "`{name}` is a function and is written with what it is of: `{name}(…)`.",
        "`{name}` 是函数，应写成 `{name}(…)`。",
    ),
    "expression.arguments": (
        "`{name}` takes {count} values, separated by commas.",
        "`{name}` 需要 {count} 个值，用逗号分隔。",
    ),
    "expression.compared_with_null": (
        "A comparison with nothing is never true; write `known(…)` or `not known(…)`.",
        "与空值比较永远不成立；请写 `known(…)` 或 `not known(…)`。",
    ),
    # --- The flow as a whole ---
    "flow.not_named_as_file": (
        "The file is named `{file}`, the flow in it `{flow}`.",
        "文件名为 `{file}`，其中的流程名却是 `{flow}`。",
    ),
    "flow.unknown_step": ("There is no step `{step}`.", "没有步骤 `{step}`。"),
    "flow.unknown_step_but_near": (
        "There is no step `{step}`; is `{near}` meant?",
        "没有步骤 `{step}`；是否想写 `{near}`？",
    ),
    "flow.unreachable": ("Nothing leads to the step `{step}`.", "没有任何路径通向步骤 `{step}`。"),
    "flow.no_noinput": (
        "`{step}` has no way on for callers who stay silent: `noinput` with a `goto`, here or for the flow.",
        "`{step}` 没有规定来电者不按键时的去向：请在此处或整个流程写明带 `goto` 的 `noinput`。",
    ),
    "flow.no_nomatch": (
        "`{step}` has no way on for callers who key wrong: `nomatch` with a `goto`, here or for the flow.",
        "`{step}` 没有规定来电者按错键时的去向：请在此处或整个流程写明带 `goto` 的 `nomatch`。",
    ),
    "flow.endless_loop": (
        "Who keys nothing goes round here for ever: {steps}.",
        "来电者不按键时会在这里无限循环：{steps}。",
    ),
    "flow.audible_after_hangup": (
        "`{step}` is on the way of callers who hung up, and ends it: nobody would hear it.",
        "`{step}` 位于挂机后的路径上，但来电者已听不到；路径到此结束。",
    ),
    "flow.unknown_flow": ("There is no flow `{flow}`.", "没有流程 `{flow}`。"),
    "flow.recursion": ("`{flow}` comes back to this flow.", "`{flow}` 又会调用本流程。"),
    "flow.unknown_input": ("`{flow}` has no input `{name}`.", "`{flow}` 没有输入 `{name}`。"),
    "flow.input_never_given": (
        "Nobody gives `{name}` to a flow of the kind `{kind}`; a call has {known}.",
        "没有任何来源为 `{kind}` 类型的流程提供 `{name}`；通话自带的有：{known}。",
    ),
    "flow.missing_input": ("`{flow}` needs the input `{name}`.", "`{flow}` 需要输入 `{name}`。"),
    "flow.unknown_prompt": ("There is no prompt `{prompt}`.", "没有提示语 `{prompt}`。"),
    "flow.prompt_missing": (
        "The prompt `{prompt}` is missing in {language}.",
        "提示语 `{prompt}` 缺少 {language} 版本。",
    ),
    "flow.unknown_variable": (
        "There is no variable `{name}`; a text is written `'{name}'`, in quotes within the quotes of YAML.",
        "没有变量 `{name}`；如果是文本，应写成 `'{name}'`（YAML 引号之内再加引号）。",
    ),
    "flow.unknown_variable_but_near": (
        "There is no variable `{name}`; is `{near}` meant? A text is written `'{name}'`.",
        "没有变量 `{name}`；是否想写 `{near}`？如果是文本，应写成 `'{name}'`。",
    ),
    "flow.unknown_field": (
        "There is no `{name}`: a look-up of {source} gives {known}.",
        "没有 `{name}`：查询 {source} 只提供 {known}。",
    ),
    "flow.unknown_column": (
        "There is no `{name}`: the table {table} has the columns {known}.",
        "没有 `{name}`：数据表 {table} 只有 {known} 这些列。",
    ),
    "flow.default_never_found": (
        "`{name}` is never found, so that it always is this default: a look-up of {source} gives {known}.",
        "查询 {source} 从不提供 `{name}`，它将始终是这个默认值；可以提供的有：{known}。",
    ),
    "flow.reserved_variable": (
        "`{name}` cannot be the name of a variable: the language itself uses it.",
        "`{name}` 不能用作变量名：语言本身已使用它。",
    ),
    "flow.secret_told": (
        "`{text}` is secret, and is told to nobody: `****` will stand here.",
        "`{text}` 属于保密内容，不会告知任何人：这里将显示 `****`。",
    ),
    "flow.secret_said": (
        "`{text}` is secret, and is not said.",
        "`{text}` 属于保密内容，不会播报。",
    ),
    "flow.spoken_without_otherwise": (
        "`{text}` may be missing, and nothing is heard then; `otherwise` names a prompt for it.",
        "`{text}` 可能没有值，届时什么也听不到；请用 `otherwise` 指定替代的提示语。",
    ),
    "flow.unknown_currency": (
        "There are no words for amounts in {currency}; there are for {known}.",
        "没有 {currency} 金额的读法；可以使用的有：{known}。",
    ),
    "flow.no_choices": ("This menu has no choices.", "这个菜单没有任何选项。"),
    "flow.keys_backwards": (
        "`{keys}` runs backwards; the lower digit comes first.",
        "`{keys}` 的顺序颠倒了；较小的数字应在前。",
    ),
    "flow.keys_clash": ("`{keys}` clashes with `{other}`.", "`{keys}` 与 `{other}` 冲突。"),
    "flow.answer_is_no_number": (
        "Answers of the kind `{kind}` are numbers; give this key a `value`.",
        "`{kind}` 类型的回答应为数字；请为该按键写明 `value`。",
    ),
    "flow.no_yes_or_no": (
        "A question of the kind `yes_no` needs a key with the value `yes`, and one with `no`.",
        "`yes_no` 类型的问题需要一个值为 `yes` 的按键和一个值为 `no` 的按键。",
    ),
    "flow.digits_order": (
        "`most_digits` is less than `fewest_digits`, or none.",
        "`most_digits` 小于 `fewest_digits`，或为零。",
    ),
    "flow.range_order": ("`greatest` is less than `least`.", "`greatest` 小于 `least`。"),
    "flow.greatest_never_keyed": (
        "{greatest} has more than {most} digits, and is never keyed.",
        "{greatest} 超过 {most} 位，永远无法输入。",
    ),
    "flow.recommendation_range": (
        "A recommendation is from 0 to 10; `least: 0` and `greatest: 10` keep it there.",
        "推荐意愿为 0 到 10；请写明 `least: 0` 和 `greatest: 10`。",
    ),
    "flow.kind_needs_menu": (
        "Answers of the kind `{kind}` come from a menu.",
        "`{kind}` 类型的回答应来自菜单。",
    ),
    "flow.never_long_enough": (
        "`shortest_seconds` is not less than `longest_seconds`: no recording is long enough.",
        "`shortest_seconds` 不小于 `longest_seconds`：任何录音都不够长。",
    ),
    "flow.question_of_two_kinds": (
        "The question `{question}` is of another kind in the step `{step}`.",
        "问题 `{question}` 在步骤 `{step}` 中是另一种类型。",
    ),
    "flow.survey_without_rating": (
        "A survey needs a question `rating` of the kind `scale`.",
        "满意度调查需要一个名为 `rating`、类型为 `scale` 的问题。",
    ),
    "flow.unknown_recording": (
        "No step records `{question}`.",
        "没有步骤录制 `{question}`。",
    ),
    "flow.unknown_argument": (
        "`{name}` is not asked for here; {known} can be.",
        "这里不使用 `{name}`；可以使用的有：{known}。",
    ),
    "flow.missing_argument": ("The argument `{name}` is missing.", "缺少参数 `{name}`。"),
    "flow.reserved_outcome": (
        "`{outcome}` is what a run itself ends with; choose another word.",
        "`{outcome}` 由系统自身使用；请换一个词。",
    ),
    "flow.language_missing": ("There is no text in {language}.", "缺少 {language} 文本。"),
}
