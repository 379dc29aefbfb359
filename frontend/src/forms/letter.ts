import { reactive } from 'vue'
import type { Schemas } from '@/api/client'

/**
 * What a page hands to the form that writes to the operator: only what the
 * person chose to send. It is never stored and never part of an address.
 */
const empty = () => ({
  topic: '' as Schemas['SupportTopic'] | '',
  name: '',
  documentNumber: '',
  replyTo: '',
  message: '',
})
export const letter = reactive(empty())

/** Forgets the letter. */
export function clearLetter(): void {
  Object.assign(letter, empty())
}
