import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import type { LiveFrame } from '@/api/live-frames'
import { LiveConnection, retryDelayMs, type ConnectionStatus } from '@/live/connection'

// A socket that a test speaks through: the only way to force a gap or a silent network.
class Wire {
  readyState: number = WebSocket.OPEN
  onmessage: ((event: { data: unknown }) => void) | null = null
  onclose: (() => void) | null = null
  sent: string[] = []
  closed = false
  send(text: string): void {
    this.sent.push(text)
  }
  close(): void {
    this.closed = true
    this.readyState = WebSocket.CLOSED
  }
  says(frame: unknown): void {
    this.onmessage?.({ data: typeof frame === 'string' ? frame : JSON.stringify(frame) })
  }
  breaks(): void {
    this.readyState = WebSocket.CLOSED
    this.onclose?.()
  }
}

const AT = '2026-11-22T05:30:00.123Z'
const snapshot = { type: 'snapshot', seq: 0, at: AT, agent: null, queues: [], agents: [] }
const pong = (seq: number): unknown => ({ type: 'pong', seq, at: AT, id: 1 })

let wires: Wire[]
let frames: LiveFrame[]
let statuses: ConnectionStatus[]
let refusals: number
let connection: LiveConnection

const wire = (): Wire => wires.at(-1)!
const phase = (): string | undefined => statuses.at(-1)?.phase

beforeEach(() => {
  vi.useFakeTimers()
  wires = []
  frames = []
  statuses = []
  refusals = 0
  connection = new LiveConnection({
    url: () => 'ws://service/api/v1/live',
    onFrame: (frame) => frames.push(frame),
    onStatus: (status) => statuses.push(status),
    onRefused: () => (refusals += 1),
    socket: () => {
      wires.push(new Wire())
      return wire() as unknown as WebSocket
    },
    random: () => 1,
  })
  connection.start()
})

afterEach(() => {
  connection.stop()
  vi.useRealTimers()
})

test('a connection is open from its snapshot on', () => {
  expect(phase()).toBe('connecting')
  wire().says(snapshot)
  expect(phase()).toBe('open')
  expect(frames).toHaveLength(1)
})

test('frames in sequence are all handed on', () => {
  wire().says(snapshot)
  wire().says(pong(1))
  wire().says(pong(2))
  expect(frames.map((frame) => frame.seq)).toEqual([0, 1, 2])
})

test('a gap in the sequence reconnects and hands on nothing of the old connection', () => {
  wire().says(snapshot)
  const old = wire()
  old.says(pong(2))
  expect(phase()).toBe('waiting')
  expect(old.closed).toBe(true)
  old.says(pong(3))
  expect(frames).toHaveLength(1)
  vi.advanceTimersByTime(300)
  wire().says(snapshot)
  expect(phase()).toBe('open')
})

test.each(['no json', '[]', 'null', '{"type":"agent"}', JSON.stringify(pong(0))])('a first frame of %s reconnects', (text) => {
  wire().says(text)
  expect(phase()).toBe('waiting')
  expect(frames).toHaveLength(0)
})

test('a ping without an answer ends the connection', () => {
  wire().says(snapshot)
  vi.advanceTimersByTime(10_000)
  expect(JSON.parse(wire().sent[0]!)).toEqual({ type: 'ping', id: 1 })
  vi.advanceTimersByTime(4_000)
  expect(phase()).toBe('waiting')
})

test('any frame in time answers a ping', () => {
  wire().says(snapshot)
  vi.advanceTimersByTime(10_000)
  wire().says(pong(1))
  vi.advanceTimersByTime(9_000)
  expect(phase()).toBe('open')
})

test('a check while waiting connects at once', () => {
  wire().breaks()
  expect(phase()).toBe('waiting')
  connection.check()
  expect(phase()).toBe('connecting')
  expect(wires).toHaveLength(2)
})

test('a check while open asks for a sign of life at once', () => {
  wire().says(snapshot)
  connection.check()
  expect(wire().sent).toHaveLength(1)
})

test('a connection without a snapshot is given up in time, and says that it was refused', () => {
  vi.advanceTimersByTime(8_000)
  expect(phase()).toBe('waiting')
  expect(refusals).toBe(1)
})

test('a cut of an open connection is no refusal', () => {
  wire().says(snapshot)
  wire().breaks()
  expect(refusals).toBe(0)
})

test('nothing is tried after it was stopped', () => {
  wire().breaks()
  connection.stop()
  vi.advanceTimersByTime(60_000)
  expect(wires).toHaveLength(1)
  expect(phase()).toBe('idle')
})

test('failed attempts back off up to ten seconds, half of it by chance', () => {
  const longest = [1, 2, 3, 4, 5, 6, 7, 50].map((attempts) => retryDelayMs(attempts, () => 1))
  expect(longest).toEqual([300, 600, 1200, 2400, 4800, 9600, 10_000, 10_000])
  expect(retryDelayMs(50, () => 0)).toBe(5_000)
})

test('what is said goes out once the connection is open, and is not kept for later', () => {
  connection.send({ type: 'campaign' })
  wire().says(snapshot)
  expect(wire().sent).toEqual([])
  connection.send({ type: 'campaign' })
  expect(wire().sent).toEqual(['{"type":"campaign"}'])
  wire().breaks()
  connection.send({ type: 'campaign' })
  expect(wire().sent).toHaveLength(1)
})
