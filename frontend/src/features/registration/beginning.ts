import { api, repeatable, type Schemas } from '@/api/client'
import { problemFrom } from '@/api/problem'
import type { Registration } from './draft'

type Start = Schemas['StartRegistration']

/** Begins a registration. A way back that is not allowed keeps nobody from registering: it is left out. */
export function useBeginning(): (body: Start) => Promise<Registration> {
  const once = repeatable()
  const send = (body: Start) =>
    once(body, (header) => api.POST('/api/v1/registrations', { params: { header }, body }))

  return async (body) => {
    try {
      return await send(body)
    } catch (thrown) {
      const { errors } = problemFrom(thrown)
      if (!body.return_to || !errors?.some(({ pointer }) => pointer === '/return_to')) throw thrown
      return send({ ...body, return_to: null })
    }
  }
}
