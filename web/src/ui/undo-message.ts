import { ElMessage, type MessageHandler } from 'element-plus'
import { h } from 'vue'
import { useI18n } from 'vue-i18n'

const SHOWN_MS = 10_000

/** The one before. Messages are few at a time, and of more the newest would not be shown. */
let shown: MessageHandler | null = null

/** Says what was done last, with a button that takes it back; without one when there is nothing to go back to. */
export function useUndoMessage(): (text: string, undo: (() => void) | null) => void {
  const { t } = useI18n()
  return (text, undo) => {
    const takeBack = (): void => {
      message.close()
      undo?.()
    }
    const button = h('button', { type: 'button', class: 'link-button', onClick: takeBack, 'data-test': 'undo' }, t('common.undo'))
    shown?.close()
    const message = ElMessage({ type: 'success', duration: SHOWN_MS, showClose: true, message: h('span', [text, ' ', undo === null ? null : button]) })
    shown = message
  }
}
