/** Narrows a choice that was checked before; throws if nothing was chosen. */
export function chosen<T extends string>(value: T | ''): T {
  if (value === '') throw new Error('nothing was chosen')
  return value
}
