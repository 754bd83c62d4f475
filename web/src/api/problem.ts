export interface FieldProblem {
  pointer?: string
  parameter?: string
  code: string
  detail: string
  /** Where in a text, from 1. */
  file?: string
  line?: number
  column?: number
}

/**
 * An RFC 9457 problem from the service, or one the client met on the way to it.
 *
 * Codes of the client's own start with `client.` and have their text in the translations under `problem`; all others
 * carry a title and a detail in the reader's language.
 */
export class Problem extends Error {
  constructor(
    readonly code: string,
    readonly status: number,
    readonly title: string,
    readonly detail: string | null = null,
    readonly fields: FieldProblem[] = [],
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(`${code}: ${detail ?? title}`)
  }

  get ofClient(): boolean {
    return this.code.startsWith('client.')
  }
}

export function asProblem(error: unknown): Problem {
  return error instanceof Problem ? error : new Problem('client.unexpected', 0, String(error))
}

/** The problem in an answer that is not a success; any body, or none, is accepted. */
export function problemOf(status: number, body: unknown, retryAfter: string | null): Problem {
  const known = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
  const text = (key: string): string | null => (typeof known[key] === 'string' ? (known[key] as string) : null)
  const seconds = retryAfter === null ? NaN : Number(retryAfter)
  return new Problem(
    text('code') ?? 'client.bad_answer',
    status,
    text('title') ?? `HTTP ${status}`,
    text('detail'),
    Array.isArray(known.errors) ? (known.errors as FieldProblem[]) : [],
    Number.isFinite(seconds) ? seconds : null,
  )
}

/** What is wrong with a value of the body, or with a part of it. */
export function fieldsAt(problem: Problem | null, pointer: string): FieldProblem[] {
  return problem?.fields.filter((field) => field.pointer === pointer || field.pointer?.startsWith(`${pointer}/`)) ?? []
}
