/** Element Plus takes its dark colours from a class; it follows the reader's system. */
export function followColorScheme(): void {
  const dark = window.matchMedia('(prefers-color-scheme: dark)')
  const apply = (): void => void document.documentElement.classList.toggle('dark', dark.matches)
  dark.addEventListener('change', apply)
  apply()
}
