import { ref, type Ref } from 'vue'
import { problemFrom } from '@/api/problem'
import { account } from '@/api/session'
import { serverNow } from '@/api/time'

export interface Fresh {
  /** Whether the page asks for the password now; what was typed waits behind it. */
  asking: Ref<boolean>
  /**
   * Does the work of `action`, or asks for the password before it is pressed again. Returns
   * whether the work is done.
   */
  guarded: (action: () => unknown, work: () => Promise<unknown>) => Promise<boolean>
  /** The password was entered: goes on with what the person was doing. */
  entered: () => void
  /** The person would rather not. */
  back: () => void
}

/** Whether the password was entered a short while ago, as far as this page knows. */
function known(): boolean {
  const until = account.value?.password_fresh_until
  return typeof until === 'string' && Date.parse(until) > serverNow()
}

/** Work for which the password must have been entered a short while ago. */
export function useFresh(): Fresh {
  const asking = ref(false)
  let goOn: () => unknown = () => undefined

  return {
    asking,
    async guarded(action, work) {
      goOn = action
      if (!known()) {
        asking.value = true
        return false
      }
      try {
        await work()
        return true
      } catch (thrown) {
        // The server's clock decides.
        if (problemFrom(thrown).code !== 'password_needed') throw thrown
        asking.value = true
        return false
      }
    },
    entered() {
      asking.value = false
      goOn()
    },
    back() {
      asking.value = false
    },
  }
}
