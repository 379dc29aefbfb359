/** The rules for security questions that a page can know; the server has the last word. */
export const NUMBERS = [1, 2, 3] as const
type Field = `${'question' | 'answer'}_${(typeof NUMBERS)[number]}`

/** Answers are compared as the server compares them: without regard to case and spaces. */
const plain = (answer: string): string => answer.normalize('NFKC').replace(/\s/g, '').toLowerCase()

/** What is wrong with the choice, by field. */
export function checkAnswers(
  typed: readonly { question: string; answer: string }[],
): Partial<Record<Field, string>> {
  const wrong: Partial<Record<Field, string>> = {}
  for (const number of NUMBERS) {
    const { question = '', answer = '' } = typed[number - 1] ?? {}
    const before = typed.slice(0, number - 1)
    if (question === '') wrong[`question_${number}`] = 'required'
    else if (before.some((one) => one.question === question))
      wrong[`question_${number}`] = 'question_twice'
    if (plain(answer) === '') wrong[`answer_${number}`] = 'required'
    else if (before.some((one) => plain(one.answer) === plain(answer)))
      wrong[`answer_${number}`] = 'answer_twice'
  }
  return wrong
}
