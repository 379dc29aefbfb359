import type { Problem } from '@/api/problem'

/** Whether a refusal has ended its flow: the way on is a new one. */
export const isOver = (problem: Problem | null): boolean =>
  problem !== null &&
  (['flow_not_found', 'document_attempts_exceeded'].includes(problem.code) ||
    problem.scope === 'flow')
