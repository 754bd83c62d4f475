import type { LiveFrame } from '@/api/live-frames'

export type ConnectionPhase = 'idle' | 'connecting' | 'open' | 'waiting'

export interface ConnectionStatus {
  phase: ConnectionPhase
  /** Failed attempts since the last snapshot. */
  attempts: number
  /** When the next attempt is due (ms of this machine's clock); null unless waiting. */
  retryAtMs: number | null
}

export interface ConnectionOptions {
  url: () => string
  onFrame: (frame: LiveFrame) => void
  onStatus: (status: ConnectionStatus) => void
  /** A socket closed before its snapshot came: the session may be over. */
  onRefused: () => void
  socket?: (url: string) => WebSocket
  random?: () => number
}

const FIRST_DELAY_MS = 300
const LONGEST_DELAY_MS = 10_000
const SNAPSHOT_DEADLINE_MS = 8_000
const PING_EVERY_MS = 10_000
const PONG_DEADLINE_MS = 4_000

/** Back-off that doubles from 0.3 s to 10 s, with half of it left to chance. */
export function retryDelayMs(attempts: number, random: () => number): number {
  const full = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.max(0, attempts - 1))
  return full / 2 + (full / 2) * random()
}

/**
 * One live connection that comes back by itself.
 *
 * A connection counts as open from its snapshot (seq 0) on. Frames are numbered without gaps; a number that is not the
 * next one ends the connection, and the snapshot of the next one puts everything right. A ping that is not answered in
 * time ends it too: a cut network does not close a socket by itself. Timers only ever make the detection of a cut
 * sooner; `check` (tab shown, network back) does the same at once, so throttled timers of a hidden tab cost nothing.
 */
export class LiveConnection {
  private ws: WebSocket | null = null
  private nextSeq = 0
  private attempts = 0
  private pingId = 0
  private wanted = false
  private retryTimer: ReturnType<typeof setTimeout> | undefined
  private deadlineTimer: ReturnType<typeof setTimeout> | undefined
  private pingTimer: ReturnType<typeof setInterval> | undefined

  constructor(private readonly options: ConnectionOptions) {}

  start(): void {
    if (this.wanted) return
    this.wanted = true
    this.connect()
  }

  stop(): void {
    this.wanted = false
    this.attempts = 0
    this.drop()
    this.report('idle')
  }

  /** Connects anew at once, for instance after the reader changed the language. */
  restart(): void {
    if (!this.wanted) return
    this.drop()
    this.connect()
  }

  /** Finds out now whether the connection is alive, and tries now when it is known not to be. */
  check(): void {
    if (!this.wanted) return
    if (this.ws === null) this.connect()
    else if (this.ws.readyState === WebSocket.OPEN && this.nextSeq > 0) this.ping()
  }

  /** Says something to the service; nothing is kept for later when the connection is not open. */
  send(message: { type: string; [word: string]: unknown }): void {
    if (this.nextSeq > 0 && this.ws?.readyState === WebSocket.OPEN) this.ws.send(JSON.stringify(message))
  }

  private connect(): void {
    clearTimeout(this.retryTimer)
    this.nextSeq = 0
    this.report('connecting')
    const open = this.options.socket ?? ((url: string) => new WebSocket(url))
    const ws = open(this.options.url())
    this.ws = ws
    ws.onmessage = (event) => {
      if (this.ws === ws) this.receive(event.data)
    }
    ws.onclose = () => {
      if (this.ws === ws) this.lost()
    }
    this.deadlineTimer = setTimeout(() => this.lost(), SNAPSHOT_DEADLINE_MS)
  }

  private receive(data: unknown): void {
    const frame = parseFrame(data)
    if (frame === null || frame.seq !== this.nextSeq || (frame.seq === 0) !== (frame.type === 'snapshot')) {
      this.lost()
      return
    }
    this.nextSeq += 1
    clearTimeout(this.deadlineTimer)
    this.deadlineTimer = undefined
    this.options.onFrame(frame)
    if (frame.type === 'snapshot') {
      this.attempts = 0
      this.report('open')
      this.pingTimer = setInterval(() => this.ping(), PING_EVERY_MS)
    }
  }

  private ping(): void {
    this.ws?.send(JSON.stringify({ type: 'ping', id: ++this.pingId }))
    this.deadlineTimer ??= setTimeout(() => this.lost(), PONG_DEADLINE_MS)
  }

  private lost(): void {
    const refused = this.nextSeq === 0
    this.drop()
    if (!this.wanted) return
    this.attempts += 1
    const delay = retryDelayMs(this.attempts, this.options.random ?? Math.random)
    this.retryTimer = setTimeout(() => this.connect(), delay)
    this.report('waiting', Date.now() + delay)
    if (refused) this.options.onRefused()
  }

  private drop(): void {
    clearTimeout(this.retryTimer)
    clearTimeout(this.deadlineTimer)
    clearInterval(this.pingTimer)
    this.deadlineTimer = undefined
    const ws = this.ws
    this.ws = null
    ws?.close()
  }

  private report(phase: ConnectionPhase, retryAtMs: number | null = null): void {
    this.options.onStatus({ phase, attempts: this.attempts, retryAtMs })
  }
}

function parseFrame(data: unknown): LiveFrame | null {
  if (typeof data !== 'string') return null
  try {
    const frame = JSON.parse(data) as LiveFrame | null
    return typeof frame?.type === 'string' && typeof frame.seq === 'number' ? frame : null
  } catch {
    return null
  }
}
