// A small stand-in for the service, for working on the client alone: `npm run build && npm run stub`.
// Users: agent, supervisor, admin; any password but "wrong". GET /stub/<action> plays the outside world:
// ring?kind=known|several|unknown|withheld|crm, answer, caller-hangs-up, cut, link?to=down, gap, mute (202 without effect).
import { createReadStream, existsSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { WebSocketServer } from 'ws'

import { answerCampaigns } from './stub-campaigns.mjs'
import * as data from './stub-data.mjs'

const PORT = Number(process.env.PORT ?? 8099)
const DIST = fileURLToPath(new URL('../dist', import.meta.url))
const TYPES = { '.js': 'text/javascript', '.css': 'text/css', '.html': 'text/html; charset=utf-8', '.svg': 'image/svg+xml' }
const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"

const now = () => new Date().toISOString()
const users = {
  agent: { id: 1, username: 'agent', name: '王晓梅', role: 'agent', language: 'zh-CN', agent_id: 1 },
  supervisor: { id: 2, username: 'supervisor', name: 'Helen Zhou', role: 'supervisor', language: 'en', agent_id: null },
  admin: { id: 3, username: 'admin', name: 'Admin', role: 'admin', language: 'en', agent_id: null },
}
const devices = Array.from({ length: 6 }, (_, i) => ({
  id: i + 1, name: `Desk ${i + 1}`, interface: `PJSIP/100${i + 1}`, extension: `100${i + 1}`, in_use_by_agent_id: i === 2 ? 9 : null,
}))
const agent = {
  agent_id: 1, name: '王晓梅', state: 'logged_out', reason: null, since: now(), device: null, wrap_up_until: null,
  after_wrap_up: null, missed_offers: 0, queues: ['sales-zh', 'support-zh', 'renewals'], call: null,
}
const sockets = new Set()
let muted = false
let link = { asterisk: 'up', since: now() }
let callCount = 0

const title = (queue, language) => queue.title[language]
const named = (items, language) => items.map((item) => ({ ...item, title: title(item, language) }))

const states = ['ready', 'talking', 'talking', 'wrap_up', 'paused', 'ready', 'hold', 'ringing', 'logged_out', 'talking']
const agents = data.agentNames.map((name, i) => {
  const state = states[i % states.length]
  const queue = data.queues[i % 5].name
  return {
    agent_id: i + 1, name, state, reason: state === 'paused' ? data.pauseReasons[i % 5].code : null,
    since: new Date(Date.now() - (20 + ((i * 83) % 900)) * 1000).toISOString(),
    device: { id: i, name: `Desk ${i + 1}`, interface: `PJSIP/10${i}` }, queues: [queue, data.queues[(i + 1) % 5].name],
    call: ['talking', 'hold', 'ringing'].includes(state) ? { call_id: `x${i}`, queue, number_masked: `139****${2000 + i * 7}`, phase: state, since: now() } : null,
    missed_offers: i % 6 === 4 ? 2 : 0,
  }
})
const live = data.queues.map((queue, i) => ({
  name: queue.name, waiting: [3, 0, 14, 1, 0][i], longest_wait_since: i % 2 || i === 4 ? null : new Date(Date.now() - (12 + i * 23) * 1000).toISOString(),
  service_level_today: [0.86, 0.91, 0.64, 0.8, null][i], offered_today: [212, 148, 97, 60, 0][i], answered_today: [198, 143, 80, 57, 0][i],
  abandoned_today: [11, 5, 15, 3, 0][i], ready: 2, talking: 3, wrap_up: 1, paused: 1, signed_in: 7,
}))
const liveQueues = (language) => live.map((queue) => ({ ...queue, title: title(data.queues.find((one) => one.name === queue.name), language) }))

function send(socket, frame) {
  socket.send(JSON.stringify({ ...frame, seq: socket.seq++, at: now() }))
}
function snapshot(socket) {
  const leader = socket.user.role !== 'agent'
  send(socket, { type: 'snapshot', agent: leader ? null : agent, queues: liveQueues(socket.user.language), agents: leader ? agents : [], link })
}
function change(fields) {
  Object.assign(agent, fields)
  for (const socket of sockets) if (socket.user.role === 'agent') send(socket, { type: 'agent', agent })
}
function setState(state, more = {}) {
  change({ state, since: now(), reason: null, ...more })
}
function changeCall(fields) {
  change({ call: { ...agent.call, ...fields } })
}

function popOf(kind) {
  const base = {
    call_id: agent.call?.call_id ?? 'c', state: 'ready', number: '+8613800138000', number_display: '138 0013 8000', customer: null, candidates: [],
    subscriptions: [], recent_calls: [], recent_ratings: [], open_callbacks: [], source: 'local', partial: false, updated_at: now(),
  }
  if (kind === 'unknown') return { ...base, state: 'unknown', number: '+8613911112222', number_display: '139 1111 2222' }
  if (kind === 'withheld') return { ...base, state: 'withheld', number: null, number_display: null }
  if (kind === 'several') return { ...base, state: 'several', candidates: data.customers.slice(2) }
  return {
    ...base, customer: data.customers[kind === 'english' ? 1 : 0], subscriptions: data.subscriptions, recent_calls: data.calls.slice(0, 5),
    recent_ratings: data.ratings, open_callbacks: data.callbacks, source: kind === 'crm' ? 'crm' : 'local', partial: kind === 'partial',
  }
}
function ring(kind = 'known') {
  const withheld = kind === 'withheld'
  const number = withheld ? null : popOf(kind).number
  const call = {
    call_id: `call-${++callCount}`, leg_id: 'leg', direction: 'inbound', phase: 'ringing', queue: { name: 'support-zh', title: '中文售后' }, number,
    number_state: withheld ? 'withheld' : 'known', dnis: '4008001234', entered_at: new Date(Date.now() - 17e3).toISOString(), waited_seconds: null,
    ringing_since: now(), answered_at: null, held_since: null, ended_at: null, transfer: null, disposition: null,
    ivr_choices: [{ menu: 'language', choice: '1', at: now() }, { menu: 'service', choice: '2', at: now() }],
    passed: [{ name: 'topic', value: 'property', title: { 'zh-CN': '广告类别', en: 'Kind of advertisement' }, label: { 'zh-CN': '房产', en: 'Property' } }],
    pop: { ...popOf('unknown'), state: 'loading' },
  }
  setState('ringing', { call })
  if (kind !== 'loading') setTimeout(() => agent.call && changeCall({ pop: popOf(kind) }), 250)
}
function endCall() {
  setState('wrap_up', { wrap_up_until: new Date(Date.now() + 60e3).toISOString(), call: { ...agent.call, phase: 'wrap_up', ended_at: now() } })
}

const world = {
  ring: (query) => ring(query.get('kind') ?? 'known'),
  answer: () => setState('talking', { call: { ...agent.call, phase: 'talking', answered_at: now(), waited_seconds: 22.4 } }),
  'caller-hangs-up': endCall,
  cut: () => sockets.forEach((socket) => socket.terminate()),
  gap: () => sockets.forEach((socket) => (socket.seq += 3)),
  mute: () => (muted = !muted),
  link: (query) => {
    link = { asterisk: query.get('to') ?? 'up', since: now() }
    for (const socket of sockets) send(socket, { type: 'link', ...link })
  },
}

const commands = {
  'sign-in': (body) => setState('paused', { reason: 'signed-in', device: devices.find((one) => one.id === body.device_id) }),
  'sign-out': () => setState('logged_out', { device: null }),
  ready: () => (agent.call ? change({ after_wrap_up: null }) : setState('ready', { missed_offers: 0 })),
  pause: (body) => (['talking', 'hold', 'wrap_up'].includes(agent.state) ? change({ after_wrap_up: body.reason }) : setState('paused', { reason: body.reason })),
  'wrap-up/end': () => setState(agent.after_wrap_up ? 'paused' : 'ready', { reason: agent.after_wrap_up, after_wrap_up: null, call: null, wrap_up_until: null }),
  'wrap-up/extend': (body) => change({ wrap_up_until: new Date(Date.parse(agent.wrap_up_until) + body.seconds * 1000).toISOString() }),
  'call/hold': () => setState('hold', { call: { ...agent.call, phase: 'hold', held_since: now() } }),
  'call/resume': () => setState('talking', { call: { ...agent.call, phase: 'talking', held_since: null } }),
  'call/hang-up': endCall,
  'call/transfer': (body) => (body.kind === 'blind' ? endCall() : changeCall({ phase: 'consulting', transfer: { kind: 'attended', to: body.to.name ?? body.to.number, state: 'talking' } })),
  'call/transfer/complete': endCall,
  'call/transfer/cancel': () => changeCall({ phase: 'talking', transfer: null }),
}

const problem = (status, code, text, more = {}) => [status, { type: `urn:cti:problem:${code}`, code, title: text, detail: text, status, errors: [], ...more }]

function answer(method, path, query, body, user) {
  const zh = user?.language !== 'en'
  if (path === '/ledger') return [200, data.ledger]
  if (path === '/ledger/findings') return [200, { items: data.findings, next_cursor: null }]
  if (path === '/ledger/gaps') return [200, { items: data.gaps, next_cursor: null }]
  if (path === '/prompts') return [200, { items: data.prompts }]
  if (path === '/session' && method === 'POST') {
    if (body.password === 'wrong' || !users[body.username]) return problem(401, 'session.wrong_password', zh ? '用户名或密码错误。' : 'The user name or the password is wrong.')
    return [200, { user: users[body.username], csrf_token: 'stub' }, { 'Set-Cookie': `cti_session=${body.username}; HttpOnly; SameSite=Strict; Path=/` }]
  }
  if (user === undefined) return problem(401, 'session.missing', 'Please sign in.')
  const ofCampaigns = answerCampaigns(method, path, query, body, user)
  if (ofCampaigns !== undefined) return ofCampaigns
  const command = path.match(/^\/agent\/(.+)$/)?.[1]
  if (method === 'POST' && command in commands) {
    if (!muted) setTimeout(() => commands[command](body), 200)
    return [202, {}]
  }
  const [, root, id, sub] = path.split('/')
  const list = (items) => [200, { items, next_cursor: null }]
  switch (`${method} ${root}${id ? '/:' : ''}${sub ? `/${sub}` : ''}`) {
    case 'GET session': return [200, { user, csrf_token: 'stub' }]
    case 'DELETE session': return [204, null, { 'Set-Cookie': 'cti_session=; Max-Age=0; Path=/' }]
    case 'PATCH session': return [200, Object.assign(user, body)]
    case 'GET devices': return list(devices)
    case 'GET pause-reasons': return list(named(data.pauseReasons, user.language))
    case 'GET dispositions': return list(named(data.dispositions, user.language))
    case 'GET queues': return list(named(data.queues, user.language))
    case 'GET users': return list(Object.values(users).map((one) => ({ ...one, active: true, agent: one.agent_id ? { queues: agent.queues } : null })))
    case 'GET tokens': return list([{ id: 1, name: 'CRM', scopes: ['calls:read'], created_at: now(), last_used_at: null }])
    case 'POST tokens': return [201, { id: 2, ...body, created_at: now(), token: 'cti_stub_5b1f0a9c7e' }]
    case 'GET customers': return list(data.customers)
    case 'POST customers': return [201, { id: 101, ...body }]
    case 'PUT calls/:/customer': return [200, { ...popOf('known'), customer: data.customers.find((one) => one.id === body.customer_id) }]
    case 'GET calls/:/disposition-form': return [200, { campaign: null, script: null, dispositions: named(data.dispositions, user.language).map((one) => ({ ...one, next: null })), form: [], answers: null }]
    case 'PUT calls/:/disposition': return [200, { ...body, saved_at: now() }]
    case 'GET calls/:': return [200, detailOf(id)]
    case 'GET calls': {
      const from = Number(query.get('cursor') ?? 0)
      const found = data.calls.filter((call) => (call.number ?? '').includes(query.get('number') ?? '') && (!query.get('queue') || call.queue === query.get('queue')))
      return [200, { items: found.slice(from, from + 50), next_cursor: from + 50 < found.length ? String(from + 50) : null }]
    }
    case 'GET callbacks': return list(data.agreed)
    case 'GET status': return [200, { ami: { state: 'ready', since: now(), last_error: null }, journal: { position: 48213, durable_position: 48213, health: 'ok' }, recorder: { position: 48100, lag_seconds: 0.04, state: 'writing' }, database: { state: 'up' }, version: '0.1.0' }]
    default: return problem(404, 'route.not_found', zh ? '没有这个地址。' : 'There is nothing at this address.')
  }
}
const detailOf = (id) => data.detailOf(data.calls.find((call) => call.id === id) ?? data.calls[0])

function userOf(request) {
  return users[/cti_session=(\w+)/.exec(request.headers.cookie ?? '')?.[1]]
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://stub')
  if (url.pathname.startsWith('/stub/')) {
    world[url.pathname.slice(6)]?.(url.searchParams)
    return response.end('ok\n')
  }
  if (url.pathname.startsWith('/api/v1/')) {
    let text = ''
    for await (const chunk of request) text += chunk
    const [status, body, headers = {}] = answer(request.method, url.pathname.slice(7), url.searchParams, text ? JSON.parse(text) : {}, userOf(request))
    response.writeHead(status, { 'Content-Type': status < 400 ? 'application/json' : 'application/problem+json', ...headers })
    return response.end(body === null ? '' : JSON.stringify(body))
  }
  const file = join(DIST, url.pathname)
  const path = url.pathname !== '/' && existsSync(file) ? file : join(DIST, 'index.html')
  response.writeHead(200, { 'Content-Type': TYPES[extname(path)] ?? 'application/octet-stream', 'Content-Security-Policy': CSP })
  createReadStream(path).pipe(response)
})

new WebSocketServer({ server, path: '/api/v1/live' }).on('connection', (socket, request) => {
  socket.user = userOf(request)
  if (socket.user === undefined) return socket.close(1008)
  socket.seq = 0
  sockets.add(socket)
  socket.on('close', () => sockets.delete(socket))
  socket.on('message', (text) => {
    const message = JSON.parse(text)
    if (message.type === 'ping') send(socket, { type: 'pong', id: message.id })
  })
  snapshot(socket)
})

setInterval(() => {
  const queue = live[Math.floor(Math.random() * live.length)]
  queue.waiting = Math.max(0, queue.waiting + (Math.random() < 0.5 ? -1 : 1))
  queue.longest_wait_since = queue.waiting === 0 ? null : (queue.longest_wait_since ?? now())
  for (const socket of sockets) {
    send(socket, { type: 'queues', queues: liveQueues(socket.user.language).filter((one) => one.name === queue.name) })
  }
}, 2000)

server.listen(PORT, '127.0.0.1', () => console.log(`stub at http://127.0.0.1:${PORT}`))
