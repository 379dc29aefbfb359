/** Returns the empty fields: blank texts, and `false`. */
export function required<F extends string>(
  fields: Record<F, string | boolean>,
): Partial<Record<F, 'required'>> {
  const missing: Partial<Record<F, 'required'>> = {}
  for (const name of Object.keys(fields) as F[]) {
    const given = fields[name]
    if (typeof given === 'string' ? given.trim() === '' : !given) missing[name] = 'required'
  }
  return missing
}
