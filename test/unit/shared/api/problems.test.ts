import { describe, expect, it } from 'vitest';
import { apiProblem, manifestProblem, refusal, requestPath } from '../../../../shared/api/problems.ts';
import { type ApiProblemCode, type ApiProblemEntry, apiProblems } from '../../../../shared/platform/api-problems.ts';
import { problem, problemCodes } from '../../../../shared/submission/problems.ts';

const codes = Object.keys(apiProblems) as ApiProblemCode[];

describe('every error', () => {
  it.each(codes)('%s has a status of its kind, sentences, and somebody whose move it is', (code) => {
    const entry: ApiProblemEntry = apiProblems[code];
    expect(entry.status).toBeGreaterThanOrEqual(400);
    expect(entry.whoseMove === 'this system').toBe(entry.status >= 500);
    expect(entry.says).toMatch(/^[A-Z].*\.$/);
    expect(entry.advice).toMatch(/^[A-Z].*\.$/);
    const { status, body } = refusal([apiProblem(code)]);
    expect(status).toBe(entry.status);
    expect(JSON.stringify(body)).toContain(`Whose move: ${entry.whoseMove}.`);
  });

  it('is told with every other one, under the status of what must be dealt with first', () => {
    const statusOf = (...some: ApiProblemCode[]) => {
      const [first, ...rest] = some.map((code) => apiProblem(code));
      return first && refusal([first, ...rest]).status;
    };
    expect(statusOf('FIELD_MISSING', 'INLINE_PDF_TOO_LARGE')).toBe(413);
    expect(statusOf('REQUEST_ID_MISSING', 'NOT_ACCEPTABLE')).toBe(406);
    expect(statusOf('FIELD_MISSING', 'REQUEST_ID_MISSING')).toBe(400);
    expect(statusOf('UNSUPPORTED_MEDIA_TYPE', 'NOT_ACCEPTABLE')).toBe(406);
    expect(refusal([apiProblem('FIELD_MISSING', 'a'), apiProblem('FIELD_UNKNOWN', 'b')]).body).toMatchObject({
      issue: [{ expression: ['a'] }, { expression: ['b'] }],
    });
  });

  it('of a manifest has its own code and words, at its place in the request', () => {
    for (const code of Object.keys(problemCodes) as (keyof typeof problemCodes)[]) {
      const { status, issue } = manifestProblem(problem(code, 'patient.given[0]'));
      expect(status).toBe(422);
      expect(issue).toMatchObject({
        details: { coding: [{ code }], text: problemCodes[code].says },
        expression: ['manifest.patient.given[0]'],
      });
      expect(issue.diagnostics).toContain(problemCodes[code].advice);
    }
    expect(['manifest', 'pdf', 'version'].map(requestPath)).toEqual(['manifest', 'pdf', 'manifest.version']);
  });
});
