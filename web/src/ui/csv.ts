/** A cell as a spreadsheet takes it: never a formula, quoted where it must be. */
export function csvCell(text: string): string {
  const plain = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain
}

/** Offers rows as a file to keep. */
export function saveCsv(name: string, rows: string[][]): void {
  const text = rows.map((row) => row.map(csvCell).join(',')).join('\r\n')
  // With a byte order mark spreadsheets read it as UTF-8.
  const address = URL.createObjectURL(new Blob(['\uFEFF', text], { type: 'text/csv' }))
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  URL.revokeObjectURL(address)
}

/** A file's text, as UTF-8 or as spreadsheets in China write it. */
export async function fileText(file: File): Promise<string> {
  const bytes = await file.arrayBuffer()
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder('gb18030').decode(bytes)
  }
}
