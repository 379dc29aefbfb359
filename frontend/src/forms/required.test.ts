import { expect, it } from 'vitest'
import { required } from './required'

it('finds the fields that were left empty', () => {
  expect(required({ name: '王小明', phone: '', topic: ' \t' })).toEqual({
    phone: 'required',
    topic: 'required',
  })
})

it('takes whatever is true for given, and false for missing', () => {
  const kept: boolean = true
  expect(required({ name: kept || '', sure: false, country: true })).toEqual({ sure: 'required' })
})
