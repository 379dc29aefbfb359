import { reactive } from 'vue'

/** What the window's title says: the page, and whether something on it is wrong. */
export const page = reactive({ title: '', failed: false })
