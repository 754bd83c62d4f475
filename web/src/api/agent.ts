import { get, post } from './http'
import type { AgentSnapshot, Device, Queue, Titled, TransferKind, TransferTarget } from './types'

interface Items<T> {
  items: T[]
}

export const readAgent = (): Promise<AgentSnapshot> => get('/agent')
export const listDevices = (): Promise<Items<Device>> => get('/devices')
export const listPauseReasons = (): Promise<Items<Titled>> => get('/pause-reasons')
export const listDispositions = (queue: string | null): Promise<Items<Titled>> => get('/dispositions', { queue })
export const listQueues = (): Promise<Items<Queue>> => get('/queues')

export const signIn = (deviceId: number): Promise<unknown> => post('/agent/sign-in', { device_id: deviceId })
export const signOut = (): Promise<unknown> => post('/agent/sign-out')
export const ready = (): Promise<unknown> => post('/agent/ready')
export const pause = (reason: string): Promise<unknown> => post('/agent/pause', { reason })
export const endWrapUp = (): Promise<unknown> => post('/agent/wrap-up/end')
export const extendWrapUp = (seconds: number): Promise<unknown> => post('/agent/wrap-up/extend', { seconds })
export const hold = (): Promise<unknown> => post('/agent/call/hold')
export const resume = (): Promise<unknown> => post('/agent/call/resume')
export const hangUp = (): Promise<unknown> => post('/agent/call/hang-up')
export const transfer = (kind: TransferKind, to: TransferTarget): Promise<unknown> =>
  post('/agent/call/transfer', { kind, to })
export const completeTransfer = (): Promise<unknown> => post('/agent/call/transfer/complete')
export const cancelTransfer = (): Promise<unknown> => post('/agent/call/transfer/cancel')

export const pauseAgent = (agentId: number, reason: string): Promise<unknown> =>
  post(`/agents/${agentId}/pause`, { reason })
export const readyAgent = (agentId: number): Promise<unknown> => post(`/agents/${agentId}/ready`)
export const signOutAgent = (agentId: number): Promise<unknown> => post(`/agents/${agentId}/sign-out`)
