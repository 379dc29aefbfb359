/** Full-width digits and letters as their narrow forms: input methods offer both. */
export function asciiDigits(typed: string): string {
  return typed.replace(/[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]/g, (wide) =>
    String.fromCharCode(wide.charCodeAt(0) - 0xfee0),
  )
}

/** Without the zero-width and directional characters that come along when copying. */
export function visible(typed: string): string {
  return typed.replace(/[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]/g, '')
}

/** A number as people mean it: no spaces, no hyphens, narrow, upper case. */
export function number(typed: string): string {
  return visible(asciiDigits(typed))
    .replace(/[\s\-\u2010-\u2015\u2212\ufe58\ufe63\uff0d]/g, '')
    .toUpperCase()
}
