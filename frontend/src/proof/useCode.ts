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
  /** What is known of the last message; `null` before the first. */
  sent: () => Sent | null
  /** Hands the code in. */
  confirm: (code: string) => Promise<unknown>
  /** Asks for a message; `false` where the person has something else to do first. */
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

/** A code from a message: typed, handed in, sent again. `CodePanel` shows it. */
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
        // The button that was pressed is gone, or cannot be pressed for a while.
        await nextTick()
        document.getElementById('code')?.focus()
      },
    )

  return { ...form, typed, sent, resent, next, send: again }
}
