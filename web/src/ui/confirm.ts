import { ElMessageBox } from 'element-plus'
import { useI18n } from 'vue-i18n'

/** Asks before what cannot be undone: the question, and what the button that does it says. False: he would rather not. */
export function useConfirm(): (question: string, deed: string) => Promise<boolean> {
  const { t } = useI18n()
  return async (question, deed) => {
    try {
      await ElMessageBox.confirm(question, { confirmButtonText: deed, cancelButtonText: t('common.cancel'), type: 'warning' })
      return true
    } catch {
      return false
    }
  }
}
