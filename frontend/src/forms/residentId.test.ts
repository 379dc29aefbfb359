import { expect, it } from 'vitest'
import vectors from '../../../tests/data/vectors.json'
import { checks, tells } from './residentId'

it('tells date of birth and sex of the numbers that are right', () => {
  expect(tells('11010519491231002X')).toEqual({ birthDate: '1949-12-31', gender: 'female' })
  expect(tells('440305199003070014')).toEqual({ birthDate: '1990-03-07', gender: 'male' })
  for (const number of vectors.resident_id_valid) expect(tells(number), number).not.toBeNull()
})

it('tells nothing of a number that is wrong or not complete', () => {
  expect(checks('440305199003070015')).toBe(false)
  for (const number of ['', '4403051990', '440305199003070015', '440305199002300016']) {
    expect(tells(number), number).toBeNull()
  }
})
