import * as api from '@/api/agent'
import type { AgentSnapshot, TransferKind, TransferTarget } from '@/api/types'
import { useCommands } from '@/commands/store'
import { useLive } from '@/live/store'

export interface AgentCommands {
  signIn: (deviceId: number) => Promise<boolean>
  signOut: () => Promise<boolean>
  ready: () => Promise<boolean>
  pause: (reason: string) => Promise<boolean>
  endWrapUp: () => Promise<boolean>
  extendWrapUp: (seconds: number) => Promise<boolean>
  hold: () => Promise<boolean>
  resume: () => Promise<boolean>
  hangUp: () => Promise<boolean>
  transfer: (kind: TransferKind, to: TransferTarget) => Promise<boolean>
  completeTransfer: () => Promise<boolean>
  cancelTransfer: () => Promise<boolean>
}

/** The agent's own commands, each with the state by which it is known to have worked. */
export function useAgentCommands(): AgentCommands {
  const live = useLive()
  const commands = useCommands()
  const state = (): AgentSnapshot['state'] | undefined => live.agent?.state
  const phase = (): string | undefined => live.agent?.call?.phase

  return {
    signIn: (id) => commands.run('sign_in', () => api.signIn(id), () => state() !== 'logged_out'),
    signOut: () => commands.run('sign_out', api.signOut, () => state() === 'logged_out'),
    ready: () => commands.run('ready', api.ready, () => state() !== 'paused' && live.agent?.after_wrap_up === null),
    pause: (reason) => {
      const paused = (): boolean =>
        (state() === 'paused' && live.agent?.reason === reason) || live.agent?.after_wrap_up === reason
      return commands.run('pause', () => api.pause(reason), paused)
    },
    endWrapUp: () => commands.run('end_wrap_up', api.endWrapUp, () => state() !== 'wrap_up'),
    extendWrapUp: (seconds) => {
      const before = live.agent?.wrap_up_until
      const extended = (): boolean => live.agent?.wrap_up_until !== before
      return commands.run('extend_wrap_up', () => api.extendWrapUp(seconds), extended)
    },
    hold: () => commands.run('hold', api.hold, () => phase() !== 'talking'),
    resume: () => commands.run('resume', api.resume, () => phase() !== 'hold'),
    hangUp: () => commands.run('hang_up', api.hangUp, () => phase() === 'wrap_up' || live.agent?.call === null),
    transfer: (kind, to) => {
      const begun = (): boolean => phase() === 'consulting' || phase() === 'wrap_up' || live.agent?.call === null
      return commands.run('transfer', () => api.transfer(kind, to), begun)
    },
    completeTransfer: () => commands.run('complete_transfer', api.completeTransfer, () => phase() !== 'consulting'),
    cancelTransfer: () => commands.run('cancel_transfer', api.cancelTransfer, () => phase() !== 'consulting'),
  }
}
