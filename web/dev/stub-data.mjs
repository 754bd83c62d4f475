// Invented people and calls for the development stub.

export const queues = [
  { id: 1, name: 'sales-zh', title: { 'zh-CN': '中文售前', en: 'Sales (Chinese)' }, extension: '6001', language: 'zh-CN' },
  { id: 2, name: 'support-zh', title: { 'zh-CN': '中文售后', en: 'Support (Chinese)' }, extension: '6002', language: 'zh-CN' },
  { id: 3, name: 'sales-en', title: { 'zh-CN': '英文售前', en: 'Sales (English)' }, extension: '6003', language: 'en' },
  { id: 4, name: 'support-en', title: { 'zh-CN': '英文售后', en: 'Support (English)' }, extension: '6004', language: 'en' },
  { id: 5, name: 'renewals', title: { 'zh-CN': '续费', en: 'Renewals' }, extension: '6005', language: 'zh-CN' },
].map((queue) => ({
  ...queue,
  service_level_seconds: 20,
  service_level_target: 0.8,
  wrap_up_seconds: 60,
  missed_offers_limit: 3,
  survey: true,
}))

const people = [
  '王晓梅', '李建国', '陈思远', '赵雨晴', '刘子涵', '周明轩', '吴佳怡', '郑凯文', '孙若琳', '马天宇', '胡静怡', '林浩然',
  'Emma Clarke', 'Oliver Hughes', 'Sophie Bennett', 'Daniel Reid', 'Grace Walsh', 'Thomas Keller', 'Amelia Ford', 'Lucas Grant',
]
export const agentNames = people

export const pauseReasons = [
  { code: 'lunch', title: { 'zh-CN': '午餐', en: 'Lunch' } },
  { code: 'break', title: { 'zh-CN': '小休', en: 'Break' } },
  { code: 'training', title: { 'zh-CN': '培训', en: 'Training' } },
  { code: 'meeting', title: { 'zh-CN': '会议', en: 'Meeting' } },
  { code: 'admin-work', title: { 'zh-CN': '案头工作', en: 'Admin work' } },
]

export const dispositions = [
  { code: 'resolved', title: { 'zh-CN': '已解决', en: 'Resolved' } },
  { code: 'callback', title: { 'zh-CN': '需要回访', en: 'Callback agreed' } },
  { code: 'renewed', title: { 'zh-CN': '已续费', en: 'Renewed' } },
  { code: 'complaint', title: { 'zh-CN': '投诉', en: 'Complaint' } },
  { code: 'wrong-number', title: { 'zh-CN': '打错电话', en: 'Wrong number' } },
]

const day = (days) => new Date(Date.now() + days * 86400e3).toISOString().slice(0, 10)
const ago = (hours) => new Date(Date.now() - hours * 3600e3).toISOString()

export const customers = [
  {
    id: 101, name: '张伟', language: 'zh-CN', company: '杭州云帆科技有限公司', email: 'zhang.wei@example.com',
    numbers: [{ e164: '+8613800138000', display: '138 0013 8000' }], note: '偏好下午联系；上次询问过企业版折扣。', external_ref: 'CRM-20391',
  },
  {
    id: 102, name: 'Charlotte Evans', language: 'en', company: 'Northwind Logistics Ltd', email: 'c.evans@example.org',
    numbers: [{ e164: '+442079460123', display: '020 7946 0123' }], note: 'Prefers e-mail for invoices.', external_ref: 'CRM-8841',
  },
  { id: 103, name: '李娜', language: 'zh-CN', company: '成都锦里餐饮', email: null, numbers: [], note: null, external_ref: null },
  { id: 104, name: '李强', language: 'zh-CN', company: '成都锦里餐饮', email: null, numbers: [], note: null, external_ref: null },
]

export const subscriptions = [
  { id: 1, product: '企业宽带 500M', status: 'active', expires_on: day(12), days_left: 12 },
  { id: 2, product: 'Cloud PBX Pro', status: 'active', expires_on: day(210), days_left: 210 },
  { id: 3, product: '来电名片', status: 'expired', expires_on: day(-9), days_left: -9 },
]

export const ratings = [
  { rating: 5, at: ago(80), agent_name: '王晓梅' },
  { rating: 3, at: ago(600), agent_name: '李建国' },
  { rating: 4, at: ago(1300), agent_name: 'Emma Clarke' },
]

export const agreed = [
  {
    id: 1, number: '+8613800138000', number_display: '138 0013 8000', customer: { id: 1, name: '张伟' }, due_at: ago(2), time_zones: ['Asia/Shanghai'],
    agent: { id: 1, name: '王晓梅' }, queue: null, note: '确认合同盖章进度', promises: 2, earlier: ['寄样报'], promised_by: { id: 1, name: '王晓梅' },
    promised_at: ago(50), state: 'open', ended_at: null,
  },
]
export const callbacks = [{ id: 1, due_at: ago(2), note: '确认合同盖章进度' }]

const outcomes = ['answered', 'answered', 'answered', 'abandoned', 'answered', 'overflow', 'voicemail']
export const calls = Array.from({ length: 130 }, (_, i) => {
  const outcome = outcomes[i % outcomes.length]
  const answered = outcome === 'answered'
  const customer = customers[i % 5]
  return {
    id: `c${i}`,
    started_at: ago(i * 0.7 + 0.2),
    ended_at: ago(i * 0.7 + 0.1),
    direction: 'inbound',
    number: i % 17 === 5 ? null : `138****${String(1000 + ((i * 379) % 9000))}`,
    dnis: '4008001234',
    queue: queues[i % 5].name,
    agent: answered ? { id: (i % 20) + 1, name: people[i % 20] } : null,
    answered,
    wait_seconds: 4 + ((i * 13) % 70),
    talk_seconds: answered ? 60 + ((i * 97) % 500) : null,
    hold_seconds: answered ? (i * 7) % 40 : null,
    wrap_up_seconds: answered ? 20 + ((i * 11) % 60) : null,
    outcome,
    rating: answered && i % 3 === 0 ? 1 + ((i * 3) % 5) : null,
    disposition: answered ? dispositions[i % 5].code : null,
    customer: customer === undefined ? null : { id: customer.id, name: customer.name },
  }
})

export function detailOf(call) {
  const t0 = Date.parse(call.started_at)
  const at = (seconds) => new Date(t0 + seconds * 1000).toISOString()
  return {
    ...call,
    legs: [
      { id: 'l1', kind: 'trunk', interface: 'PJSIP/trunk', agent_id: null, number: call.number, started_at: at(0), answered_at: at(1), ended_at: at(196), ending: 'hangup', hangup_cause: 16 },
      { id: 'l2', kind: 'device', interface: 'PJSIP/1001', agent_id: 3, number: null, started_at: at(18), answered_at: null, ended_at: at(33), ending: 'hangup', hangup_cause: 19 },
      { id: 'l3', kind: 'device', interface: 'PJSIP/1002', agent_id: 1, number: null, started_at: at(34), answered_at: at(40), ended_at: at(180), ending: 'hangup', hangup_cause: 16 },
    ],
    intervals: [
      { id: 'i1', kind: 'wait', leg_id: 'l1', started_at: at(12), ended_at: at(40) },
      { id: 'i2', kind: 'ring', leg_id: 'l2', agent_id: 3, started_at: at(18), ended_at: at(33) },
      { id: 'i3', kind: 'ring', leg_id: 'l3', agent_id: 1, started_at: at(34), ended_at: at(40) },
      { id: 'i4', kind: 'talk', leg_id: 'l3', agent_id: 1, started_at: at(40), ended_at: at(90) },
      { id: 'i5', kind: 'hold', leg_id: 'l3', agent_id: 1, started_at: at(90), ended_at: at(112) },
      { id: 'i6', kind: 'talk', leg_id: 'l3', agent_id: 1, started_at: at(112), ended_at: at(180) },
      { id: 'i7', kind: 'wrap_up', leg_id: 'l3', agent_id: 1, started_at: at(180), ended_at: at(215) },
    ],
    queue_entries: [{ id: 'e1', queue: call.queue, joined_at: at(12), left_at: at(40), outcome: 'answered' }],
    offers: [
      { id: 'o1', agent_id: 3, queue: call.queue, started_at: at(18), ended_at: at(33), outcome: 'no_answer' },
      { id: 'o2', agent_id: 1, queue: call.queue, started_at: at(34), ended_at: at(40), outcome: 'answered' },
    ],
    transfers: [],
    survey: { outcome: 'completed', rating: 4, second_rating: null, started_at: at(181), ended_at: at(195) },
    dispositions: [{ code: 'resolved', title: '已解决', note: '已开通，明早生效。', callback_at: null }],
    ivr_choices: [{ menu: 'language', choice: '1', at: at(4) }, { menu: 'service', choice: '2', at: at(9) }],
    flow_runs: [
      {
        id: 'r1', flow: 'main-menu', kind: 'inbound', version: '0123456789ab', started_at: at(1), ended_at: at(12), outcome: 'handed_over',
        last_step: 'main-menu/agent', passed: [],
        answers: [
          { ordinal: 2, question: 'language', title: { 'zh-CN': '语言', en: 'Language' }, value: 'zh-CN', label: { 'zh-CN': '中文', en: 'Chinese' }, at: at(4) },
        ],
      },
    ],
  }
}

const dayBefore = (days) => new Date(Date.now() - days * 86_400_000).toISOString()
export const ledger = {
  state: 'checking', code: null, checked_to: dayBefore(0), queue_log: true, broken_lines: 0, channels: 2100, matched: 2099, filled: 3, unmatched: 1, gaps: 2,
  days: [...Array(21).keys()].map((day) => ({ day: dayBefore(20 - day).slice(0, 10), channels: 80 + day * 2, matched: 80 + day * 2 - (day === 12 ? 1 : 0), filled: day === 5 ? 3 : 0, lone_legs: 0 })),
}
export const findings = [
  { id: 1, kind: 'time_differs', at: dayBefore(8), uniqueid: 'pbx1-1795326653.12', call_id: 'c', field: 'ended_at', ours: '1795326653.250', theirs: '1795326653.870', settled_at: null },
]
export const gaps = [
  { node: 'pbx1', from_at: dayBefore(8.001), to_at: dayBefore(8), reason: 'connected' },
  { node: 'pbx1', from_at: null, to_at: dayBefore(15), reason: 'asterisk_restarted' },
]
const sound = (language, text, state) => ({ language, text, state, seconds: state === 'missing' ? null : 2.4, recorded_at: null, restorable: state === 'recorded' })
export const prompts = [
  { name: 'goodbye', sounds: [sound('zh-CN', '感谢您的来电，再见。', 'recorded'), sound('en', 'Thank you for your call. Goodbye.', 'missing')] },
  { name: 'number/liang', sounds: [sound('zh-CN', '两', 'synthetic')] },
]
