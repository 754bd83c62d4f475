/** What a drawing is made of. Anything else in a picture, above all scripts, styles and links, is left out. */
const ELEMENTS = new Set(['svg', 'title', 'defs', 'marker', 'g', 'path', 'rect', 'text'])
const ATTRIBUTES = new Set(
  (
    'id class width height viewBox x y d rx refX refY markerWidth markerHeight markerUnits orient marker-end font-family font-size ' +
    'font-weight fill stroke stroke-width paint-order text-anchor opacity data-step data-from data-to data-ways'
  ).split(' '),
)

/** A drawing of the service as an element to put into a page; null for what is none. */
export function drawingOf(svg: string): SVGSVGElement | null {
  const root = new DOMParser().parseFromString(svg, 'image/svg+xml').documentElement
  if (root.localName !== 'svg' || root.querySelector('parsererror') !== null) return null
  for (const element of [root, ...root.querySelectorAll('*')]) {
    if (!ELEMENTS.has(element.localName)) element.remove()
    else for (const { name } of [...element.attributes]) if (!ATTRIBUTES.has(name) && name !== 'xmlns') element.removeAttribute(name)
  }
  return document.importNode(root, true) as unknown as SVGSVGElement
}

export interface Path {
  /** The step where the call is. */
  current: string | null
  visited: ReadonlySet<string>
  /** `from>to` of each way that was gone. */
  ways: ReadonlySet<string>
}

/** Marks where a call went through the drawing, and gives the element of the step where it is. */
export function light(drawing: SVGSVGElement, path: Path | null): Element | null {
  let here: Element | null = null
  drawing.classList.toggle('tried', path !== null)
  for (const step of drawing.querySelectorAll('g.step')) {
    const name = step.getAttribute('data-step') ?? ''
    step.classList.toggle('visited', path?.visited.has(name) ?? false)
    step.classList.toggle('current', path?.current === name)
    if (path?.current === name) here = step
  }
  for (const way of drawing.querySelectorAll('g.way')) {
    const ends = `${way.getAttribute('data-from')}>${way.getAttribute('data-to')}`
    way.classList.toggle('gone', path?.ways.has(ends) ?? false)
  }
  return here
}
