import {
  type ApiProblemCode,
  type ApiProblemEntry,
  apiProblems,
  type IssueType,
  type OperationOutcome,
  type OutcomeIssue,
  outcomeIssue,
  outcomeMediaType,
} from '../platform/api-problems.ts';
import type { DocumentId } from '../platform/ids.ts';
import { type Problem, type ProblemCode, problem, problemCodes, problemLimit } from '../submission/problems.ts';
import type { ApiResponse } from './response.ts';

/** Something that stands against a request: what it weighs, and how it is told. */
export interface ApiProblem {
  readonly status: number;
  readonly issue: OutcomeIssue;
}

/** `says` replaces the catalogue's first sentence where more is known; it never quotes what was sent. */
export const apiProblem = (code: ApiProblemCode, path?: string | readonly string[], says?: string): ApiProblem => {
  const entry: ApiProblemEntry = apiProblems[code];
  return {
    status: entry.status,
    issue: outcomeIssue({ ...entry, ...(says === undefined ? {} : { says }) }, code, path),
  };
};

const issueTypes: Partial<Record<ProblemCode, IssueType>> = {
  MISSING: 'required',
  EMPTY: 'required',
  TOO_FEW: 'required',
  TOO_LONG: 'too-long',
  TOO_MANY: 'too-long',
  MANIFEST_TOO_LARGE: 'too-long',
  MANIFEST_TOO_DEEP: 'structure',
  MANIFEST_NOT_OBJECT: 'structure',
  UNKNOWN_FIELD: 'structure',
  DUPLICATE_FIELD: 'structure',
  WRONG_TYPE: 'structure',
  DOCUMENT_TYPE_NOT_SUPPORTED: 'not-supported',
  TITLE_NOT_SUPPORTED: 'not-supported',
  MESSAGE_TOO_LARGE: 'too-long',
  FIELD_NOT_IN_PROFILE: 'not-supported',
  ATTACHMENT_TYPE_NOT_APPROVED: 'not-supported',
  ENDED_BEFORE_STARTED: 'invariant',
  SAVED_BEFORE_STARTED: 'invariant',
};

const isProblemCode = (code: string): code is ProblemCode => code in problemCodes;

/** A path in the manifest as a path in the request. */
export const requestPath = (path: string): string =>
  path === 'manifest' || path === 'pdf' ? path : `manifest.${path}`;

/** A problem of docs/manifest.md: its own code, in its own words. */
export const manifestProblem = ({ code, path, message }: Problem): ApiProblem => {
  const { status, issue, whoseMove } = apiProblems.MANIFEST_REFUSED;
  const known = isProblemCode(code) ? { type: issueTypes[code], says: problemCodes[code].says } : undefined;
  const told = outcomeIssue(
    { issue: known?.type ?? issue, says: message, advice: '', whoseMove },
    code,
    requestPath(path),
  );
  return { status, issue: { ...told, details: { ...told.details, text: known?.says ?? message } } };
};

/** What must be dealt with first, first: the status of an answer that tells several problems. */
const precedence = [401, 403, 404, 405, 406, 415, 413, 400, 409, 422];
const rank = (status: number) => {
  const at = precedence.indexOf(status);
  return at < 0 ? -1 : at;
};

/** Every error of the function becomes an answer here: a FHIR OperationOutcome with all problems at once. */
export const refusal = (
  problems: readonly [ApiProblem, ...ApiProblem[]],
  more: { readonly headers?: Readonly<Record<string, string>>; readonly documentId?: DocumentId } = {},
): ApiResponse => {
  const [first] = [...problems].sort((a, b) => rank(a.status) - rank(b.status));
  const body: OperationOutcome = { resourceType: 'OperationOutcome', issue: boundIssues(problems) };
  return {
    status: (first ?? problems[0]).status,
    headers: { 'Content-Type': `${outcomeMediaType}; charset=utf-8`, ...more.headers },
    body,
    ...(more.documentId === undefined ? {} : { documentId: more.documentId }),
    resultCode: (first ?? problems[0]).issue.details.coding[0]?.code ?? 'INTERNAL',
  };
};

const boundIssues = (problems: readonly ApiProblem[]): OutcomeIssue[] => {
  const left = problems.length - problemLimit;
  const issues = problems.slice(0, problemLimit).map(({ issue }) => issue);
  if (left <= 0) return issues;
  return [...issues, manifestProblem(problem('MORE_PROBLEMS', 'manifest', `${left} more are not listed.`)).issue];
};

/** A list of problems as an answer; undefined where there is none. */
export const refusalIfAny = (problems: readonly ApiProblem[]): ApiResponse | undefined => {
  const [first, ...rest] = problems;
  return first && refusal([first, ...rest]);
};
