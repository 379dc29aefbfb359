import { computed, nextTick, reactive, ref, shallowRef, type ComputedRef, type Ref } from 'vue'
import { problemFrom, type Problem } from '@/api/problem'
import { useI18n } from 'petite-vue-i18n'
import { rules } from '@/api/service'
import { keyOf, type Namespace } from '@/i18n'
import { page } from './page'

/**
 * Fields of a form: the name, which is also the id of its input, and what refusals call it: its places
 * in the body, or the codes of refusals that are about what was typed there.
 */
export type Pointers<F extends string> = Record<F, string | string[]>

export interface Form<F extends string> {
  /** Text of what is wrong, by field, in the language that the page has now. */
  errors: Readonly<Partial<Record<F, string>>>
  /** What is wrong, in the order of the page. */
  summary: ComputedRef<{ id: string; text: string }[]>
  /** A refusal that belongs to no field. */
  problem: Ref<Problem | null>
  /** What the server refused last, wherever it is shown. */
  refused: Ref<Problem | null>
  /** Whether a request is under way. */
  busy: Ref<boolean>
  /** Checks, then works; a second press while it works is ignored. */
  submit: (check: () => Partial<Record<F, string>>, work: () => Promise<unknown>) => Promise<void>
  /** Shows refusals that came from elsewhere. */
  show: (problem: Problem) => void
  /** Says what is wrong with fields, by code. */
  fail: (codes: Partial<Record<F, string>>) => void
}

export interface Options {
  /** Namespaces with the page's messages for errors, in order of precedence; `core` comes last. */
  words?: readonly Namespace[]
  /** Which of several purposes the page serves: messages may be specific to one. */
  purpose?: string
}

/** Everything that forms have in common: errors, summary, focus, one request at a time. */
export function useForm<F extends string>(
  pointers: Pointers<F>,
  { words = [], purpose = '' }: Options = {},
): Form<F> {
  const { t } = useI18n()
  const names = Object.keys(pointers) as F[]
  /** What is wrong, by field; codes, so that another language has its own words for them. */
  const wrong = shallowRef<Partial<Record<F, string>>>({})
  const problem = shallowRef<Problem | null>(null)
  const refused = shallowRef<Problem | null>(null)
  const busy = ref(false)

  function text(name: F, code: string): string {
    // Fields of a row, such as `answer_2`, have one set of words.
    const [, row = name, n = ''] = /^(.+)_(\d)$/.exec(name) ?? []
    const key = keyOf(
      [...words, 'core'],
      `errors.${row}.${code}_${purpose}`,
      `errors.${row}.${code}`,
      `errors.any.${code}`,
    )
    return t(key ?? 'core.errors.any.invalid', {
      ...rules.value,
      n,
      left: refused.value?.attempts_left ?? 0,
    })
  }
  const said = (name: F) =>
    computed(() => {
      const code = wrong.value[name]
      return code === undefined ? undefined : text(name, code)
    })
  // What `reactive` gives is read as if it held no references.
  const errors = reactive(
    Object.fromEntries(names.map((name) => [name, said(name)])),
  ) as unknown as Partial<Record<F, string>>
  const summary = computed(() => {
    const items: { id: string; text: string }[] = []
    for (const id of names) {
      const message = errors[id]
      // One refusal may be about several fields; it is said once.
      if (message === undefined || items.some((one) => one.text === message)) continue
      items.push({ id, text: message })
    }
    return items
  })

  function clear(): void {
    wrong.value = {}
    problem.value = null
    refused.value = null
    page.failed = false
  }

  function announce(): void {
    page.failed = true
    void nextTick(() => document.getElementById('what-is-wrong')?.focus())
  }

  function fail(codes: Partial<Record<F, string>>): void {
    clear()
    put(codes)
  }

  function put(codes: Partial<Record<F, string>>): void {
    wrong.value = codes
    if (summary.value.length > 0) announce()
  }

  function show(answer: Problem): void {
    const codes: Partial<Record<F, string>> = {}
    const { code: itself, errors: parts = [] } = answer
    for (const { pointer, code } of [...parts, { pointer: itself, code: itself }]) {
      for (const name of names) {
        if (([] as string[]).concat(pointers[name]).includes(pointer)) codes[name] ??= code
      }
    }
    clear()
    refused.value = answer
    if (Object.keys(codes).length > 0) {
      put(codes)
    } else {
      problem.value = answer
      announce()
    }
  }

  async function submit(
    check: () => Partial<Record<F, string>>,
    work: () => Promise<unknown>,
  ): Promise<void> {
    if (busy.value) return
    fail(check())
    if (summary.value.length > 0) return
    busy.value = true
    try {
      await work()
    } catch (thrown) {
      show(problemFrom(thrown))
    } finally {
      busy.value = false
    }
  }

  return {
    errors,
    summary,
    problem,
    refused,
    busy,
    submit,
    show,
    fail,
  }
}
