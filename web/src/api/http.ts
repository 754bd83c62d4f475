import { Problem, problemOf } from './problem'

const TIMEOUT_MS = 10_000
/** What is written goes on when the page is left, if it is no longer: browsers take 64 KiB of all that is under way then. */
const OUTLIVES_PAGE_LETTERS = 4_000

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

const bodyOf = async (response: Response): Promise<unknown> => parsed(await response.text())

/** undefined for what is no JSON. */
function parsed(text: string): unknown {
  if (text === '') return null
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

async function send(method: string, url: string, body: unknown, once: string | null, timeoutMs = TIMEOUT_MS): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json', 'Accept-Language': language }
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  if (once !== null) headers['Idempotency-Key'] = once
  if (method !== 'GET' && csrfToken !== null) headers['X-CSRF-Token'] = csrfToken
  const written = body === undefined ? undefined : JSON.stringify(body)
  try {
    return await fetch(url, {
      method,
      headers,
      credentials: 'same-origin',
      cache: 'no-store',
      body: written,
      keepalive: method !== 'GET' && (written?.length ?? 0) <= OUTLIVES_PAGE_LETTERS,
      signal: AbortSignal.timeout(timeoutMs),
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
  timeoutMs = TIMEOUT_MS,
): Promise<T> {
  const response = await send(method, urlOf(path, query), body, once, timeoutMs)
  const answer = await bodyOf(response)
  if (!response.ok) {
    if (response.status === 401 && path !== '/session') onUnauthorized()
    throw problemOf(response.status, answer, response.headers.get('Retry-After'))
  }
  if (answer === undefined) throw new Problem('client.bad_answer', response.status, '')
  return answer as T
}

export const get = <T>(path: string, query: Query = {}): Promise<T> => call<T>('GET', path, undefined, query)
export const post = <T>(path: string, body: unknown = {}, timeoutMs = TIMEOUT_MS): Promise<T> => call<T>('POST', path, body, {}, null, timeoutMs)
export const put = <T>(path: string, body: unknown): Promise<T> => call<T>('PUT', path, body)
export const patch = <T>(path: string, body: unknown): Promise<T> => call<T>('PATCH', path, body)
export const remove = <T>(path: string): Promise<T> => call<T>('DELETE', path)

async function text(method: string, path: string, body: unknown, query: Query): Promise<string> {
  const response = await send(method, urlOf(path, query), body, null)
  const answer = await response.text()
  if (response.ok) return answer
  if (response.status === 401) onUnauthorized()
  throw problemOf(response.status, parsed(answer), response.headers.get('Retry-After'))
}

/** What is no JSON: a drawing. */
export const getText = (path: string, query: Query = {}): Promise<string> => text('GET', path, undefined, query)
export const postForText = (path: string, body: unknown): Promise<string> => text('POST', path, body, {})

/** Where the browser itself fetches something: a file. */
export const addressOf = (path: string, query: Query = {}): string => urlOf(path, query)

/** Keys of creations whose answer never came, by what was asked. */
const unanswered = new Map<string, string>()

/** Creates something once: when no answer came and the same is asked again, the service knows that it is the same. */
export async function create<T>(path: string, body: unknown, timeoutMs = TIMEOUT_MS): Promise<T> {
  const question = `${path} ${JSON.stringify(body)}`
  const key = unanswered.get(question) ?? crypto.getRandomValues(new Uint32Array(4)).join('-')
  unanswered.set(question, key)
  try {
    const answer = await call<T>('POST', path, body, {}, key, timeoutMs)
    unanswered.delete(question)
    return answer
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 0) unanswered.delete(question)
    throw error
  }
}

/** A file may be large and the line slow; the service has its own limit, which is lower. */
const UPLOAD_TIMEOUT_MS = 130_000

/** Sends a file as it is. `progress` is told which share of it, 0 to 1, was sent. */
export function sendFile<T>(
  method: string,
  path: string,
  file: File,
  progress: (share: number) => void,
  mediaType = 'application/octet-stream',
  timeoutMs = UPLOAD_TIMEOUT_MS,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open(method, urlOf(path, {}))
    request.timeout = timeoutMs
    request.setRequestHeader('Accept', 'application/json')
    request.setRequestHeader('Accept-Language', language)
    request.setRequestHeader('Content-Type', mediaType)
    if (csrfToken !== null) request.setRequestHeader('X-CSRF-Token', csrfToken)
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total)
    request.onerror = () => reject(new Problem('client.unreachable', 0, ''))
    request.ontimeout = () => reject(new Problem('client.timeout', 0, ''))
    request.onload = () => {
      const answer = parsed(request.responseText)
      if (request.status === 401) onUnauthorized()
      if (request.status < 200 || request.status >= 300) {
        reject(problemOf(request.status, answer, request.getResponseHeader('Retry-After')))
      } else if (answer === undefined) reject(new Problem('client.bad_answer', request.status, ''))
      else resolve(answer as T)
    }
    request.send(file)
  })
}
