"""What ``cti doctor`` says: for each finding one sentence in Chinese and in English, with what to do."""

# ruff: noqa: E501  (a sentence stands on one line)

from collections.abc import Mapping

from cti.installation.findings import Finding

#: code -> (Chinese, English); ``{name}`` stands for a value of the finding.
TEXTS: Mapping[str, tuple[str, str]] = {
    "ami.login": ("已以 {user} 登录 AMI（{where}）。", "Logged in to AMI at {where} as {user}."),
    "ami.unreachable": (
        "无法连接 AMI（{where}）：{error}。请检查 Asterisk 是否运行，以及 manager.conf 的 enabled、bindaddr、port 与 CTI_AMI_HOST、CTI_AMI_PORT 是否一致。",
        "AMI at {where} cannot be reached: {error}. Is Asterisk running, and do enabled, bindaddr and port in manager.conf fit CTI_AMI_HOST and CTI_AMI_PORT?",
    ),
    "ami.wrong_secret": (
        "Asterisk 拒绝了 AMI 用户 {user}。请核对 manager.conf 中的 secret 与 permit，以及对应的 CTI_AMI_*SECRET。",
        "Asterisk refused the AMI user {user}. Compare secret and permit in manager.conf with the CTI_AMI_*SECRET that belongs to it.",
    ),
    "ami.broken": ("AMI 会话失败（{where}）：{error}。", "The AMI session with {where} failed: {error}."),
    "ami.no_system_read": (
        "用户 {user} 收不到 FullyBooted：请在 manager.conf 的 read 中加入 system。",
        "The user {user} gets no FullyBooted: add system to its read classes in manager.conf.",
    ),
    "ami.rights": (
        "用户 {user} 的 AMI 权限恰好够用。",
        "The user {user} has the AMI rights it needs, and no more.",
    ),
    "ami.rights_missing": (
        "用户 {user} 缺少 AMI 操作：{actions}。请在 manager.conf 设置 write = call,agent,originate,reporting。",
        "The user {user} may not do: {actions}. Set write = call,agent,originate,reporting in manager.conf.",
    ),
    "ami.rights_too_many": (
        "用户 {user} 的权限过大（{actions}）：借助 Originate 可在 Asterisk 主机上执行程序。请从 write 中去掉 system、command、config。",
        "The user {user} may do too much ({actions}): with Originate it could run programs on Asterisk's machine. Take system, command and config out of its write classes.",
    ),
    "ami.phone_rights": (
        "用户 {user} 可以向话机发送 NOTIFY。",
        "The user {user} can send a NOTIFY to phones.",
    ),
    "ami.phone_rights_missing": (
        "用户 {user} 不能使用 PJSIPNotify，页面上的保持功能将无效。请设置 write = system，并加载 res_pjsip_notify.so。",
        "The user {user} may not use PJSIPNotify, so hold on the page does nothing. Set write = system and load res_pjsip_notify.so.",
    ),
    "ami.phone_rights_too_many": (
        "用户 {user} 除 system 外还有其他权限。请只保留 write = system。",
        "The user {user} has other rights than system. Leave only write = system.",
    ),
    "asterisk.version": ("Asterisk 版本 {version}。", "Asterisk {version}."),
    "asterisk.old": (
        "Asterisk {version} 低于 22，事件与配置可能不同。请升级。",
        "Asterisk {version} is older than 22; events and configuration differ. Upgrade it.",
    ),
    "asterisk.systemname": ("systemname 为 {name}。", "The systemname is {name}."),
    "asterisk.other_systemname": (
        "Asterisk 的 systemname 是 {name}，而 CTI_NODE 是 {node}。请使 asterisk.conf 与 CTI_NODE 一致，否则通话编号可能重复。",
        "Asterisk's systemname is {name}, but CTI_NODE is {node}. Make asterisk.conf and CTI_NODE agree, or ids of calls may repeat.",
    ),
    "clock.equal": ("时钟相差 {milliseconds} 毫秒。", "The clocks differ by {milliseconds} ms."),
    "clock.skew": (
        "Asterisk 的时钟与本机相差 {seconds} 秒。时长不受影响，但页面上的时刻会偏移。请在两台主机上启用 NTP。",
        "Asterisk's clock is {seconds} s off this machine's. Durations stay right, instants on the page do not. Run NTP on both machines.",
    ),
    "dialplan.contexts": ("拨号方案的上下文齐全：{contexts}。", "The dialplan has the contexts {contexts}."),
    "dialplan.contexts_missing": (
        "拨号方案缺少上下文：{contexts}。请使用 asterisk_conf/extensions.conf，或在您的拨号方案中加入它们，然后执行 dialplan reload。",
        "The dialplan lacks the contexts {contexts}. Use asterisk_conf/extensions.conf or add them to yours, then dialplan reload.",
    ),
    "queues.equal": (
        "队列在 Asterisk 与数据库中一致：{queues}。",
        "Asterisk and the database have the same queues: {queues}.",
    ),
    "queues.not_in_asterisk": (
        "数据库中的队列 {queues} 在 Asterisk 中不存在：呼叫无法进入，坐席也无法签入。请加入 queues.conf 并执行 queue reload all。",
        "Asterisk does not have the queues {queues} of the database: no caller and no agent gets in. Add them to queues.conf, then queue reload all.",
    ),
    "queues.not_in_database": (
        "Asterisk 的队列 {queues} 不在数据库中，页面不会显示它们。请由管理员在页面中添加。",
        "The queues {queues} of Asterisk are not in the database, so no page shows them. An admin can add them.",
    ),
    "manager.timestamps": ("事件带有 Asterisk 的时间戳。", "Events carry Asterisk's timestamps."),
    "manager.no_timestamps": (
        "{path} 的 [general] 中没有 timestampevents = yes：时长无法准确计算。请加入并执行 manager reload。",
        "{path} has no timestampevents = yes in [general]: durations cannot be exact. Add it, then manager reload.",
    ),
    "manager.eventfilter": (
        "用户 {user} 的无用事件已由 Asterisk 过滤。",
        "Asterisk filters events that {user} does not need.",
    ),
    "manager.no_eventfilter": (
        "{path} 中用户 {user} 没有 eventfilter：无用事件也会发送，浪费处理能力。请参照 asterisk_conf/manager.conf。",
        "{path} has no eventfilter for {user}: events nobody needs are sent and cost time. See asterisk_conf/manager.conf.",
    ),
    "manager.short_writetimeout": (
        "{path} 中用户 {user} 的 writetimeout 过短：读取稍慢时 Asterisk 会断开连接。请设为 5000。",
        "{path}: writetimeout of {user} is short, so Asterisk cuts a reader that is slow for a moment. Set it to 5000.",
    ),
    "manager.open_to_the_network": (
        "{path} 的 bindaddr 不是本机地址：AMI 未加密，网络中的人可能读取。若 Asterisk 与服务在同一主机，请设为 127.0.0.1。",
        "{path}: bindaddr is not a loopback address, and AMI is not encrypted. With Asterisk on this machine set it to 127.0.0.1.",
    ),
    "manager.unreadable": (
        "无法读取 {path}，未检查 eventfilter 与 timestampevents。Asterisk 在别的主机上时这是正常的；否则请设置 CTI_ASTERISK_ETC_DIR。",
        "{path} cannot be read, so eventfilter and timestampevents were not looked at. That is normal with Asterisk on another machine; otherwise set CTI_ASTERISK_ETC_DIR.",
    ),
    "database.reachable": ("PostgreSQL {version} 可用。", "PostgreSQL {version} answers."),
    "database.unreachable": (
        "无法连接数据库：{error}。请检查 CTI_DATABASE_URL 以及 PostgreSQL 是否运行。期间的通话不会丢失，恢复后会补写。",
        "The database cannot be reached: {error}. Check CTI_DATABASE_URL and that PostgreSQL runs. Calls of the meantime are not lost; they are written afterwards.",
    ),
    "database.old": (
        "PostgreSQL {version} 低于 15，请升级。",
        "PostgreSQL {version} is older than 15; upgrade it.",
    ),
    "database.encoding": (
        "数据库编码为 {encoding}，请新建 UTF8 编码的数据库。",
        "The database's encoding is {encoding}; make one with UTF8.",
    ),
    "database.migrated": (
        "数据库结构为最新（{revision}）。",
        "The database's tables are those of this version ({revision}).",
    ),
    "database.not_migrated": (
        "数据库结构为 {revision}，本版本需要 {head}。请执行 cti migrate。",
        "The database is at revision {revision}, this version needs {head}. Run cti migrate.",
    ),
    "folder.journal": (
        "日志目录 {path} 可写，剩余 {gigabytes} GB。",
        "The journal's folder {path} is writable, {gigabytes} GB are free.",
    ),
    "folder.journal_unusable": (
        "日志目录 {path} 不可用：{error}。请修正权限或设置 CTI_JOURNAL_DIR。",
        "The journal's folder {path} cannot be used: {error}. Correct its rights or set CTI_JOURNAL_DIR.",
    ),
    "folder.recordings": (
        "录音目录 {path} 可写，剩余 {gigabytes} GB。",
        "The recordings folder {path} is writable, {gigabytes} GB are free.",
    ),
    "folder.recordings_unusable": (
        "录音目录 {path} 不可用：{error}。请修正权限或设置 CTI_RECORDINGS_DIR。",
        "The recordings folder {path} cannot be used: {error}. Correct its rights or set CTI_RECORDINGS_DIR.",
    ),
    "folder.voicemail": (
        "语音信箱目录 {path} 可由服务与 Asterisk 读写。",
        "The voicemail folder {path} can be read and written by the service and by Asterisk.",
    ),
    "folder.voicemail_absent": (
        "语音信箱目录 {path} 不存在：服务不在时来电者的留言不会成为任务。在第一条留言之前这可能是正常的；否则请将 CTI_VOICEMAIL_DIR 设为 Asterisk 的 astspooldir 下的 voicemail。",
        "There is no voicemail folder {path}: what callers leave while the service is away becomes no task. Before the first message that may be normal; otherwise set CTI_VOICEMAIL_DIR to voicemail below Asterisk's astspooldir.",
    ),
    "folder.voicemail_elsewhere": (
        "Asterisk 将留言存放在 {asterisk}，而服务查看的是 {path}：留言不会成为任务。请将 CTI_VOICEMAIL_DIR 设为 {asterisk}。",
        "Asterisk puts messages in {asterisk}, but the service looks in {path}: they become no tasks. Set CTI_VOICEMAIL_DIR to {asterisk}.",
    ),
    "folder.voicemail_is_none": (
        "{path} 不是目录：Asterisk 无法存放留言。请移走该文件。",
        "{path} is no folder, so Asterisk can keep no message. Move that file away.",
    ),
    "folder.voicemail_closed": (
        "用户 {user}（服务）不能读写 {path}：留言无法成为任务，也无法从信箱中取走。请让该用户与 Asterisk 同组，并执行 chmod g+rwxs。",
        "The service, as {user}, may not read and write in {path}: messages become no tasks and are not taken away. Put it into Asterisk's group and chmod g+rwxs.",
    ),
    "folder.voicemail_closed_to_asterisk": (
        "用户 {user}（Asterisk）不能读写 {path}：来电者无法留言。请执行 chown 或 chmod g+rwxs，使两者都可读写。",
        "Asterisk, as {user}, may not read and write in {path}: callers can leave no message. Use chown or chmod g+rwxs so that both may.",
    ),
    "folder.nearly_full": (
        "{path} 所在磁盘仅剩 {megabytes} MB。请清理，或给日志与 CEL 单独的文件系统。",
        "Only {megabytes} MB are free where {path} lies. Make room, or give journal and CEL a file system of their own.",
    ),
    "sounds.complete": (
        "全部 {count} 个提示音均可播放，其中 {recorded} 个为真人录音。",
        "All {count} sounds of prompts can be played; {recorded} are recordings.",
    ),
    "sounds.outdated": (
        "{count} 个提示音的录音与现在的文本不符。请用 cti prompts missing 查看，并重新录制。",
        "{count} recordings of prompts say another text than the present one. See cti prompts missing, and record them anew.",
    ),
    "sounds.missing": (
        "{path} 中缺少 {count} 个提示音。请执行 cti prompts build；若服务与 Asterisk 使用不同目录，请设置 CTI_SOUNDS_DIR。",
        "{count} sounds of prompts are missing in {path}. Run cti prompts build; set CTI_SOUNDS_DIR when the service and Asterisk use different folders.",
    ),
    "sounds.broken": (
        "提示音无法检查：{error}",
        "The prompts cannot be examined: {error}",
    ),
    "sounds.no_program": (
        "未安装 {program}：无法合成语音或接收录音，来电者可能听到替代提示音。请执行 make setup 或自行安装。",
        "{program} is not installed: nothing can be spoken and no recording taken over; callers may hear something else instead. Run make setup, or install it.",
    ),
    "cel.readable": ("CEL（{path}）可读。", "CEL ({path}) can be read."),
    "cel.unreadable": (
        "无法读取 CEL（{path}）：中断期间结束的通话将没有确切的结束时刻。首次通话之前这是正常的；否则请检查 cel_custom.conf 与 CTI_CEL_CSV_PATH（或 CTI_CEL_DATABASE_URL 与 CTI_CEL_TABLE）。",
        "CEL ({path}) cannot be read: calls that end during an outage get no exact end. Before the first call that is normal; otherwise check cel_custom.conf and CTI_CEL_CSV_PATH (or CTI_CEL_DATABASE_URL and CTI_CEL_TABLE).",
    ),
    "fastagi.reachable": ("FastAGI（{where}）可连接。", "FastAGI at {where} can be reached."),
    "fastagi.unreachable": (
        "FastAGI（{where}）无法连接：{error}。呼叫仍会进入队列，但没有问候语言选择与满意度调查。请启动服务（cti serve），并使拨号方案中的 CTI_AGI 与 CTI_AGI_PORT 一致。",
        "FastAGI at {where} cannot be reached: {error}. Calls still reach their queue, without choice of language and without survey. Start the service (cti serve), and make CTI_AGI in the dialplan fit CTI_AGI_PORT.",
    ),
    "service.healthy": ("服务正常（{address}）。", "The service is well ({address})."),
    "service.degraded": (
        "服务状态为 {status}（{address}）。请查看 /api/v1/status 与日志。",
        "The service says it is {status} ({address}). See /api/v1/status and its log.",
    ),
    "service.unreachable": (
        "服务无应答（{address}）：{error}。请启动 cti serve。",
        "The service does not answer ({address}): {error}. Start cti serve.",
    ),
}


def text(finding: Finding, language: str) -> str:
    """The sentence for a reader of ``zh-CN`` or ``en``."""
    chinese, english = TEXTS[finding.code]
    return (chinese if language == "zh-CN" else english).format(**finding.values)
