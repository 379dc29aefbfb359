/** Fictitious exams, and who has applied for them: in memory. */

/**
 * @typedef {object} Exam
 * @property {string} id
 * @property {{ 'zh-CN': string, en: string }} name
 * @property {string} date
 */

/** @type {Exam[]} */
export const exams = [
  {
    id: 'civil-service',
    name: { 'zh-CN': '机关事业单位公开招考（虚构）', en: 'Civil service recruitment (fictitious)' },
    date: '2027-03-20',
  },
  {
    id: 'computer-skills',
    name: {
      'zh-CN': '专业技术人员计算机应用能力考试（虚构）',
      en: 'Computer skills of professionals (fictitious)',
    },
    date: '2027-05-15',
  },
]

export class Applications {
  /** @type {Map<string, Set<string>>} */
  #byPerson = new Map()

  /**
   * @param {string} subject
   * @param {string} exam
   */
  add(subject, exam) {
    this.#byPerson.set(subject, this.of(subject).add(exam))
  }

  /** @param {string} subject */
  of(subject) {
    return this.#byPerson.get(subject) ?? new Set()
  }
}
