const TEXT = '页面加载失败，请检查网络。 · The page could not be loaded. Please check the network.'
const AGAIN = '重试 · Try again'

/** The last resort: says in both languages that the page is not there, and loads it again when the network is back. */
export function showNotLoaded(): void {
  const again = (): void => location.reload()
  const text = document.createElement('p')
  text.textContent = TEXT
  const button = document.createElement('button')
  button.textContent = AGAIN
  button.addEventListener('click', again)
  window.addEventListener('online', again)
  const box = document.createElement('div')
  box.className = 'empty'
  box.setAttribute('role', 'alert')
  box.append(text, button)
  document.querySelector('#app')?.replaceChildren(box)
}
