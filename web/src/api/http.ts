import { Problem, problemOf } from './problem'

const TIMEOUT_MS = 10_000

type Query = Record<string, string | number | null | undefined>

let csrfToken: string | null = null
let language = 'en'
let onUnauthorized: () => void = () => undefined

export function setCsrfToken(token: string | null): void {
  csrfToken = token
}

export function setAcceptLanguage(tag: string): void {
  language = tag
}

/** Called when the service answers 401 to anything but a sign-in: the session is over. */
export function setOnUnauthorized(call: () => void): void {
  onUnauthorized = call
}

function urlOf(path: string, query: Query): string {
  const entries = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== '')
  const search = new URLSearchParams(entries.map(([key, value]) => [key, String(value)])).toString()
  return `/api/v1${path}${search === '' ? '' : `?${search}`}`
}

async function bodyOf(response: Response): Promise<unknown> {
  const text = await response.text()
  if (text === '') return null
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

async function send(method: string, url: string, body: unknown, once: string | null): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json', 'Accept-Language': language }
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  if (once !== null) headers['Idempotency-Key'] = once
  if (method !== 'GET' && csrfToken !== null) headers['X-CSRF-Token'] = csrfToken
  try {
    return await fetch(url, {
      method,
      headers,
      credentials: 'same-origin',
      cache: 'no-store',
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
  } catch (error) {
    const timedOut = error instanceof DOMException && error.name === 'TimeoutError'
    throw new Problem(timedOut ? 'client.timeout' : 'client.unreachable', 0, '')
  }
}

async function call<T>(
  method: string,
  path: string,
  body?: unknown,
  query: Query = {},
  once: string | null = null,
): Promise<T> {
  const response = await send(method, urlOf(path, query), body, once)
  const answer = await bodyOf(response)
  if (!response.ok) {
    if (response.status === 401 && path !== '/session') onUnauthorized()
    throw problemOf(response.status, answer, response.headers.get('Retry-After'))
  }
  if (answer === undefined) throw new Problem('client.bad_answer', response.status, '')
  return answer as T
}

export const get = <T>(path: string, query: Query = {}): Promise<T> => call<T>('GET', path, undefined, query)
export const post = <T>(path: string, body: unknown = {}): Promise<T> => call<T>('POST', path, body)
export const put = <T>(path: string, body: unknown): Promise<T> => call<T>('PUT', path, body)
export const patch = <T>(path: string, body: unknown): Promise<T> => call<T>('PATCH', path, body)
export const remove = <T>(path: string): Promise<T> => call<T>('DELETE', path)

/** Keys of creations whose answer never came, by what was asked. */
const unanswered = new Map<string, string>()

/** Creates something once: when no answer came and the same is asked again, the service knows that it is the same. */
export async function create<T>(path: string, body: unknown): Promise<T> {
  const question = `${path} ${JSON.stringify(body)}`
  const key = unanswered.get(question) ?? crypto.getRandomValues(new Uint32Array(4)).join('-')
  unanswered.set(question, key)
  try {
    const answer = await call<T>('POST', path, body, {}, key)
    unanswered.delete(question)
    return answer
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 0) unanswered.delete(question)
    throw error
  }
}
