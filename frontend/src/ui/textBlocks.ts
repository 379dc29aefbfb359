/** A piece of a longer text, as the content files have it. */
export interface Block {
  h?: string
  p?: string
  list?: string[]
  steps?: string[]
  links?: { to: string; text: string }[]
}
