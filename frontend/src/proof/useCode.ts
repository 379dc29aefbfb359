import { nextTick, ref, type Ref } from 'vue'
import { checkCode, CODE } from '@/forms/checks'
import { useForm, type Form, type Options } from '@/forms/form'
import { number } from '@/forms/typed'

/** The message that was sent last. */
export interface Sent {
  expires_at: string
  resend_at: string
}

interface Plan extends Options {
  /** Times of the last message; `null` before the first. */
  sent: () => Sent | null
  /** Submits the code. */
  confirm: (code: string) => Promise<unknown>
  /** Requests a message; resolves to `false` if none was requested. */
  send: () => Promise<unknown>
}

export interface Code extends Form<'code'> {
  /** The code as it was typed. */
  typed: Ref<string>
  sent: Plan['sent']
  /** Whether another message has just been sent. */
  resent: Ref<boolean>
  next: () => Promise<void>
  send: () => Promise<void>
}

/** A code from a message: entering, submitting, requesting another one. `CodePanel` renders it. */
export function useCode({ sent, confirm, send, ...options }: Plan): Code {
  const typed = ref('')
  const resent = ref(false)
  const form = useForm({ code: CODE }, options)

  const next = () =>
    form.submit(
      () => checkCode(typed.value),
      async () => {
        resent.value = false
        await confirm(number(typed.value))
      },
    )

  const again = () =>
    form.submit(
      () => ({}),
      async () => {
        const first = sent() === null
        resent.value = false
        if ((await send()) === false) return
        typed.value = ''
        resent.value = !first
        // The pressed button is gone or disabled now, and would lose the focus.
        await nextTick()
        document.getElementById('code')?.focus()
      },
    )

  return { ...form, typed, sent, resent, next, send: again }
}
