import { type ApiProblemEntry, apiProblems } from '../platform/api-problems.ts';

/** The table of docs/api/errors.md, so that the page cannot fall behind the code. */
export const errorTable = (): string => {
  const entries: [string, ApiProblemEntry][] = Object.entries(apiProblems);
  return [
    '| Code | Status | Issue type | What is wrong | What to do | Whose move |',
    '|---|---|---|---|---|---|',
    ...entries.map(
      ([code, { status, issue, says, advice, whoseMove }]) =>
        `| \`${code}\` | ${status} | ${issue} | ${says} | ${advice} | ${whoseMove} |`,
    ),
  ].join('\n');
};
