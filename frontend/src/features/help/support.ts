import { shallowRef } from 'vue'
import type { Schemas } from '@/api/client'

export const TOPICS = [
  'bank_mismatch',
  'name',
  'phone',
  'unit',
  'other',
] as const satisfies Schemas['SupportTopic'][]

/** The letter that was sent last, and where the answer will go. */
export const written = shallowRef<{ number: string; replyTo: string } | null>(null)
