/** Full-width digits and letters as their narrow forms: input methods offer both. */
export function asciiDigits(typed: string): string {
  return typed.replace(/[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]/g, (wide) =>
    String.fromCharCode(wide.charCodeAt(0) - 0xfee0),
  )
}

/** A number as people mean it: no spaces, no hyphens, narrow, upper case. */
export function number(typed: string): string {
  return asciiDigits(typed)
    .replace(/[\s\-\u2010-\u2015\uff0d]/g, '')
    .toUpperCase()
}
