// Invented campaigns for the development stub.

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri']
const ORDERS = { draft: ['start'], running: ['pause', 'drain', 'stop'], paused: ['start', 'stop'], draining: ['start', 'pause', 'stop'], stopped: ['start'] }
const LEADS_TO = { start: 'running', pause: 'paused', drain: 'draining', stop: 'stopped' }
const NAMES = ['王晓梅', '李建国', 'Emma Clarke', '陈思远', 'Grace Walsh']

const campaign = (id, name, title, kind, state, contacts, closed) => ({
  id, campaign: name, title, kind, state, version: 1, contacts, contacts_dialling: state === 'running' ? 14 : 0, contacts_closed: closed,
  flow: kind === 'ivr' ? 'renewal-reminder' : null, queue: kind === 'ivr' ? null : 'renewals', caller_ids: ['+861065529988'], calendar: null,
  window: { from: '09:00', to: '20:00', days: DAYS }, ring_seconds: 25, ratio: null, retries: { busy: { times: 3, after_seconds: 1800 } },
  flow_retries: kind === 'ivr' ? { later: { times: 2, after_seconds: 86400 } } : {},
  caps: { attempts: 6, calls_per_day: null, calls_at_once: null }, priority: 50, client: null, machine_detection: 'off', abandon_cap: 0.03,
  needs_consent: false, script: null,
  dispositions: [
    { code: 'renewed', title: { 'zh-CN': '已续费', en: 'Renewed' }, next: 'done', after_seconds: null, level: null },
    { code: 'later', title: { 'zh-CN': '稍后再打', en: 'Later' }, next: 'retry', after_seconds: 86400, level: null },
    { code: 'never', title: { 'zh-CN': '谢绝来电', en: 'Do not call' }, next: 'refuse', after_seconds: null, level: 'global' },
  ],
  form: [
    { name: 'paper', title: { 'zh-CN': '报纸', en: 'Paper' }, kind: 'choice', choices: [{ code: 'daily', title: { 'zh-CN': '日报', en: 'Daily' } }, { code: 'weekly', title: { 'zh-CN': '周报', en: 'Weekly' } }], required: true },
    { name: 'gift', title: { 'zh-CN': '赠品', en: 'Gift' }, kind: 'yes_no', choices: [], required: false },
  ],
})
const campaigns = [
  campaign(1, 'renewals', { 'zh-CN': '续费提醒', en: 'Renewal reminder' }, 'predictive', 'running', 4200, 1730),
  campaign(2, 'poll-2026', { 'zh-CN': '读者调查', en: 'Readers’ poll' }, 'ivr', 'paused', 1000, 640),
  campaign(3, 'welcome', { 'zh-CN': '新客户欢迎', en: 'Welcome' }, 'preview', 'draft', 0, 0),
]
let killSwitch = { on: false, changed_at: new Date().toISOString(), changed_by: null }
const at = (minutes) => new Date(Date.now() - minutes * 60e3).toISOString()
const contacts = Array.from({ length: 60 }, (_, i) => ({
  id: i + 1, import_id: 1, state: ['closed', 'open', 'dialling'][i % 3], phone: `+8613800138${String(i).padStart(3, '0')}`, other_phones: [], name: NAMES[i % 5],
  language: 'zh-CN', time_zone: null, customer_id: null, customer: null, consent: null, priority: 50, details: { product: '财经周刊' },
  attempts: i % 4, last_outcome: i % 4 ? 'no_answer' : null, last_attempt_at: i % 4 ? at(300) : null, next_at: i % 4 ? at(-60) : null, closed: i % 3 === 0 ? 'final' : null,
}))
const imports = [
  { id: 1, source: 'file', file_name: '续费名单.xlsx', state: 'done', share_read: 1, rows_read: 4260, added: 4200, refused: 60, fault: null, created_at: new Date().toISOString(), started_at: new Date().toISOString(), ended_at: null, undone_at: null, same_file_as: null },
]
const refused = [{ line: 7, column: '手机', code: 'row.phone', detail: '“12” 不是电话号码。' }]

const standing = (one, user) => ({
  state: one.state, changed_at: new Date(Date.now() - 3600e3).toISOString(), changed_by: 'Admin', started_at: null, orders: ORDERS[one.state],
  hindrances: one.contacts > 0 ? [] : [{ code: 'start.no_contact', title: user.language === 'en' ? 'Nobody to call' : '没有可呼叫的联系人', detail: '' }],
})

function live(one, user) {
  const runs = one.state === 'running'
  const idle = Math.floor(Math.random() * 3)
  const line = user.language === 'en' ? '3 dials: 1 idle, 9.2 agents free soon, 7.4 answers expected, risk 2.1% of θ 2.4%' : '拨出 3 路：空闲 1，即将空闲 9.2，预计接通 7.4，风险 2.1%，上限 θ 2.4%'
  return {
    at: new Date().toISOString(), standing: standing(one, user), abandon_cap: 0.03, attempts_today: 412, forecast_end_at: null,
    contacts: { all: one.contacts, open: one.contacts - one.contacts_closed, dialling: one.contacts_dialling, closed: one.contacts_closed },
    outcomes: one.contacts === 0 ? {} : { no_answer: 801, answered: 640, busy: 210, machine: 44, abandoned: 18, wrong_number: 17 },
    dispositions: one.contacts === 0 ? {} : { renewed: 212, later: 96, never: 14 },
    day: { answered: 310, abandoned: 8, abandoned_share: 8 / 318 }, month: { answered: 640, abandoned: 22, abandoned_share: 22 / 662 },
    dialler: !runs ? null : {
      dialling: true, line, in_flight: 14, ringing: 11, waiting: 0, connected: 3, agents_idle: idle, agents_talking: 9 - idle, agents_wrapping: 2, agents_paused: 1,
      answered: 640, abandoned: 18, abandoned_share: 0.027, dialled_today: 412, utilisation: 0.93, contacts_left: 2470, forecast_end_at: new Date(Date.now() + 9e6).toISOString(),
    },
  }
}

const attempts = [
  { id: 'at-1', contact_id: 1, phone: '+8613800138000', purpose: 'campaign', agent: '王晓梅', caller_id: '+861065529988', state: 'ended', outcome: 'answered', flow_outcome: null, reserved_at: at(30), sent_at: at(30), ringing_at: at(29.9), answered_at: at(29.7), connected_at: at(29.7), ended_at: at(26), hangup_cause: 16, sip_status: null, unknown_why: null, call_id: 'x1', disposition: 'renewed', answers: { paper: 'daily', gift: true } },
  { id: 'at-2', contact_id: 1, phone: '+8613800138000', purpose: 'campaign', agent: null, caller_id: '+861065529988', state: 'ended', outcome: 'busy', flow_outcome: null, reserved_at: at(90), sent_at: at(90), ringing_at: null, answered_at: null, connected_at: null, ended_at: at(89.9), hangup_cause: 17, sip_status: 486, unknown_why: null, call_id: null, disposition: null, answers: null },
]
const decisions = (user) => [
  { id: 2, at: at(30), contact_id: 1, attempt_id: 'at-1', refusal: null, line: user.language === 'en' ? 'Dialled: not on the do-not-call list; 1 of 3 calls in 24 hours before.' : '已拨打:不在谢绝来电名单中;24 小时内此前呼叫 1 次(上限 3 次)。' },
  { id: 1, at: at(60), contact_id: 1, attempt_id: null, refusal: 'gap', line: user.language === 'en' ? 'Not dialled. Called a moment ago: 30 minutes lie between two calls.' : '未拨打。刚刚呼叫过:两次呼叫须间隔 30 分钟。' },
]

const share = (persons, reviewed) => ({ n: reviewed, value: reviewed ? persons / reviewed : null, low: reviewed ? 0.06 : null, high: reviewed ? 0.39 : null, method: reviewed ? 'wilson' : null, population: 44 })
const machines = (one) => {
  const heard = one.contacts_closed > 0
  return {
    from_at: at(43_200), to_at: at(0), detection: one.machine_detection, answered: heard ? 702 : 0, listened: heard ? 690 : 0, untold: heard ? 12 : 0,
    heard: [['MACHINE', 44], ['HUMAN', 601], ['NOTSURE', 45], ['HANGUP', 0]].map(([status, count]) => ({ status, count: heard ? count : null, share: heard ? count / 690 : null })),
    causes: !heard ? [] : [['HUMAN', 'HUMAN', 601, 0, 0], ['NOTSURE', 'INITIALSILENCE', 40, 0, 0], ['MACHINE', 'LONGGREETING', 31, 12, 1], ['MACHINE', 'MAXWORDS', 13, 6, 2], ['NOTSURE', 'TOOLONG', 5, 0, 0]]
      .map(([status, cause, count, reviewed, persons]) => ({ status, cause, count, share: count / 690, reviewed, persons })),
    machines: heard ? 44 : null, reviewed: heard ? 18 : null, persons: heard ? 3 : null, person_share: share(heard ? 3 : 0, heard ? 18 : 0), silence_seconds: heard ? 1.34 : null,
  }
}
const taken = Array.from({ length: 8 }, (_, i) => ({
  id: `at-m${i}`, contact_id: i + 1, name: NAMES[i % 5], phone: `+8613800138${String(i).padStart(3, '0')}`, answered_at: at(60 + i), listened_seconds: 1.6 + i / 4, lasted_seconds: 1.7 + i / 4,
  cause: i % 2 ? 'MAXWORDS-4-3' : 'LONGGREETING-1500-1500', outcome: 'machine', suspicion: 3, clues: ['called_back'], line: '3 分钟后打来电话。', verdict: null, reviewed_at: null, reviewed_by: null, call_id: 'x1',
}))

/** The answer to a question about campaigns; undefined for any other. */
export function answerCampaigns(method, path, query, body, user) {
  if (path === '/dialling/kill-switch') {
    if (method === 'PUT') killSwitch = { on: body.on, changed_at: new Date().toISOString(), changed_by: user.name }
    return [200, killSwitch]
  }
  const [, root, id, part, , sub] = path.split('/')
  if (root !== 'campaigns') return undefined
  const one = campaigns.find((each) => each.id === Number(id))
  switch (`${method} ${part ?? (id ? ':' : '')}${sub ? `/${sub}` : ''}`) {
    case 'GET ': return [200, { items: campaigns }]
    case 'GET :': return [200, one]
    case 'POST ': return [201, campaigns[campaigns.push({ ...campaign(campaigns.length + 1, body.campaign, body.title, body.kind, 'draft', 0, 0), ...body }) - 1]]
    case 'PUT :': return [200, Object.assign(one, body, { version: one.version + 1 })]
    case 'POST copy': return [201, campaigns[campaigns.push({ ...one, id: campaigns.length + 1, campaign: body.campaign, state: 'draft', contacts: 0, contacts_closed: 0 }) - 1]]
    case 'GET live': return [200, live(one, user)]
    case 'POST start': case 'POST pause': case 'POST drain': case 'POST stop': {
      one.state = LEADS_TO[part]
      return [200, standing(one, user)]
    }
    case 'GET definition.yaml': return [200, `campaign: ${one.campaign}\nkind: ${one.kind}\n`]
    case 'GET contacts': return [200, { items: contacts.filter((each) => each.phone.includes(query.get('number') ?? '')).slice(0, 50), next_cursor: null }]
    case 'POST contacts': return [201, { ...contacts[0], ...body, id: 1000 }]
    case 'GET attempts': return [200, { items: attempts, next_cursor: null }]
    case 'GET decisions': return [200, { items: decisions(user), next_cursor: null }]
    case 'GET machines': return [200, machines(one)]
    case 'GET machines/calls': {
      const items = taken.filter((each) => (each.verdict !== null) === (query.get('show') === 'reviewed'))
      const isWeighed = query.get('show') === 'suspected'
      return [200, { items, next_cursor: null, weighed: isWeighed ? 26 : null, suspected: isWeighed ? items.length : null }]
    }
    case 'PUT machines/calls': {
      const call = taken.find((each) => path.includes(`/${each.id}/`))
      return [200, Object.assign(call, { verdict: body.verdict, outcome: body.verdict === 'person' ? 'abandoned' : 'machine', reviewed_at: body.verdict && at(0), reviewed_by: body.verdict && user.name })]
    }
    case 'GET imports': return [200, { items: imports }]
    case 'GET imports/refused': return [200, { items: refused }]
    case 'POST imports/undo': return [202, Object.assign(imports[0], { state: 'undone' })]
    default: return undefined
  }
}
