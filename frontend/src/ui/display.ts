import { ref } from 'vue'
import { stored } from '@/i18n/stored'

/** 适老化: larger text and higher contrast. */
export const largeText = ref(stored.get('large-text') === 'yes')

/** Puts the choice onto the page. */
export function applyDisplay(): void {
  document.documentElement.classList.toggle('large', largeText.value)
}

/** Switches, and remembers. */
export function toggleLargeText(): void {
  largeText.value = !largeText.value
  stored.set('large-text', largeText.value ? 'yes' : null)
  applyDisplay()
}
