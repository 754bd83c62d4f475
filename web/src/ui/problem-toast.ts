import { ElMessage } from 'element-plus'
import { useI18n } from 'vue-i18n'

import type { Problem } from '@/api/problem'

import { problemText } from './problem-text'

/** For a problem that belongs to no form or panel: a message that can be closed. */
export function useProblemToast(): (problem: Problem) => void {
  const { t } = useI18n()
  return (problem) => {
    const code = t('problem.code', { code: problem.code })
    ElMessage({ type: 'error', message: `${problemText(t, problem)} (${code})`, showClose: true, duration: 8000 })
  }
}
