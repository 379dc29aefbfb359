import { useI18n } from 'petite-vue-i18n'

/** Times as people of the language of the page write them. */
export function useTimes() {
  const { locale } = useI18n()
  const shown = (style: Intl.DateTimeFormatOptions) => (time: string) =>
    new Date(time).toLocaleString(locale.value, style)
  return {
    day: shown({ dateStyle: 'medium' }),
    time: shown({ dateStyle: 'medium', timeStyle: 'short' }),
  }
}
