/** What was chosen in a list that is sent only with a choice. */
export function chosen<T extends string>(value: T | ''): T {
  if (value === '') throw new Error('nothing was chosen')
  return value
}
