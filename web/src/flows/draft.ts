/** A text that is not kept by the service yet; it outlives the page, so that nothing that was typed is lost. */
export interface Draft {
  text: string
  note: string
  /** The version that it was made from; null for a new flow. */
  base: string | null
}

const keyOf = (flow: string): string => `cti.flow-draft.${flow}`

export function readDraft(flow: string): Draft | null {
  try {
    const found = JSON.parse(localStorage.getItem(keyOf(flow)) ?? 'null') as Partial<Draft> | null
    if (typeof found?.text !== 'string') return null
    return { text: found.text, note: found.note ?? '', base: found.base ?? null }
  } catch {
    return null
  }
}

/** False when the browser has no room for it. */
export function keepDraft(flow: string, draft: Draft): boolean {
  try {
    localStorage.setItem(keyOf(flow), JSON.stringify(draft))
    return true
  } catch {
    return false
  }
}

export function dropDraft(flow: string): void {
  localStorage.removeItem(keyOf(flow))
}
