/** Hands `text` to the person as a file. Its address is given up soon after. */
export function saveAs(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // Some browsers read the file only after the press has been handled.
  window.setTimeout(() => URL.revokeObjectURL(url), 1000)
}
