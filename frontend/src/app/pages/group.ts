import type { Component } from 'vue'
import type { NavigationGuardWithThis, RouteRecordRaw } from 'vue-router'
import type { Namespace } from '@/i18n'
import { paths } from '../paths'

type Name = keyof typeof paths
export type View = () => Promise<{ default: Component }>
/** A page for every path of a group. */
export type Views<G extends string> = Record<Extract<Name, `${G}${string}`>, View>

/** What is fetched when somebody comes to a group: the pages that people begin with know none of it. */
export interface Group {
  guard: NavigationGuardWithThis<undefined>
  views: Partial<Record<Name, View>>
}

/** The routes of a group: all paths whose names begin alike. */
export function group(
  prefix: string,
  messages: Namespace[],
  fetch: () => Promise<Group>,
): RouteRecordRaw[] {
  const names = (Object.keys(paths) as Name[]).filter((name) => name.startsWith(prefix))
  return names.map((name) => ({
    name,
    path: paths[name],
    meta: { messages, fetch },
    beforeEnter: async (...step) => (await fetch()).guard.apply(undefined, step),
    component: async () => (await fetch()).views[name]?.() as ReturnType<View>,
  }))
}
