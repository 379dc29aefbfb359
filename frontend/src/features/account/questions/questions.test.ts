import { expect, it } from 'vitest'
import { checkAnswers } from './questions'

const typed = (...pairs: [string, string][]) =>
  pairs.map(([question, answer]) => ({ question, answer }))

it('wants three questions and three answers', () => {
  expect(checkAnswers(typed(['', ''], ['b', ' '], ['c', '荔枝']))).toEqual({
    question_1: 'required',
    answer_1: 'required',
    answer_2: 'required',
  })
})

it('wants them different, however they are typed', () => {
  expect(checkAnswers(typed(['a', 'Blue Bird'], ['a', 'ｂｌｕｅbird'], ['c', '荔枝']))).toEqual({
    question_2: 'question_twice',
    answer_2: 'answer_twice',
  })
})

it('finds nothing wrong with a good choice', () => {
  expect(checkAnswers(typed(['a', '荔枝'], ['b', '老榕树'], ['c', '风筝']))).toEqual({})
})
