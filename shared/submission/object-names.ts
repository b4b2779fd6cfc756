import { inboxPrefix } from '../platform/names.ts';
import { holdsNhsNumber } from './nhs-number.ts';
import { type Problem, type ProblemCode, problem } from './problems.ts';

export type DropKey =
  | { readonly kind: 'pdf' | 'manifest'; readonly odsCode: string; readonly name: string }
  /** A further file of the drop `name`. */
  | { readonly kind: 'attachment'; readonly odsCode: string; readonly name: string; readonly attachment: string }
  /** A folder's marker, which file browsers make: nobody's document. */
  | { readonly kind: 'ignore' }
  | {
      readonly kind: 'problem';
      readonly problem: Problem;
      /** As far as known; `name` only if it may be shown, that is, a receipt may carry it. */
      readonly odsCode?: string;
      readonly name?: string;
    };

const kinds = { pdf: 'pdf', json: 'manifest' } as const;
const isExtension = (text: string): text is keyof typeof kinds => Object.hasOwn(kinds, text);

const isOdsCode = (text: string) => /^[A-Z0-9]{3,10}$/.test(text);

/** Why a drop (without its extension) or an attachment may not be named so, if it may not. */
export const nameProblem = (name: string): ProblemCode | undefined => {
  if (!/^[A-Za-z0-9._-]{1,100}$/.test(name)) return 'NAME_NOT_ALLOWED';
  return holdsNhsNumber(name) ? 'NAME_HOLDS_NHS_NUMBER' : undefined;
};

/** What the names of a document's drops begin with that the API made. */
export const submissionPrefix = (documentId: string): string => `api-${documentId}-`;

/** Where a drop's objects lie. A folder for attachments: `a.b.pdf` beside `a.pdf` would be another drop. */
export const manifestKey = (odsCode: string, name: string): string => `${inboxPrefix}${odsCode}/${name}.json`;
export const pdfKey = (odsCode: string, name: string): string => `${inboxPrefix}${odsCode}/${name}.pdf`;
export const attachmentFolder = (odsCode: string, name: string): string => `${inboxPrefix}${odsCode}/${name}/`;
export const attachmentKey = (odsCode: string, name: string, attachment: string): string =>
  `${attachmentFolder(odsCode, name)}${attachment}`;

/**
 * What the key of an object says: `inbox/{ods}/{name}.pdf`, `inbox/{ods}/{name}.json`, or an attachment,
 * `inbox/{ods}/{name}/{attachment}`. Keys are case-sensitive.
 */
export const parseDropKey = (key: string): DropKey => {
  const refused = (code: ProblemCode, known: { odsCode?: string; name?: string } = {}): DropKey => ({
    kind: 'problem',
    problem: problem(code, 'name'),
    ...known,
  });
  if (!key.startsWith(inboxPrefix)) return refused('OUTSIDE_INBOX');
  if (key.endsWith('/')) return { kind: 'ignore' };
  const [odsCode = '', ...rest] = key.slice(inboxPrefix.length).split('/');
  const [file, ...nested] = rest;
  if (file === undefined) return refused('NO_ORGANISATION');
  if (!isOdsCode(odsCode)) return refused('ODS_CODE_NOT_VALID');
  const [attachment, ...deeper] = nested;
  if (attachment !== undefined) {
    if (deeper.length > 0) return refused('NESTED_FOLDER', { odsCode });
    const wrong = nameProblem(file) ?? nameProblem(attachment);
    return wrong === undefined ? { kind: 'attachment', odsCode, name: file, attachment } : refused(wrong, { odsCode });
  }
  const dot = file.lastIndexOf('.');
  const name = dot < 0 ? file : file.slice(0, dot);
  const extension = dot < 0 ? '' : file.slice(dot + 1);
  const wrongName = nameProblem(name);
  if (wrongName !== undefined) return refused(wrongName, { odsCode });
  if (isExtension(extension)) return { kind: kinds[extension], odsCode, name };
  return refused(isExtension(extension.toLowerCase()) ? 'EXTENSION_NOT_LOWER_CASE' : 'EXTENSION_NOT_KNOWN', {
    odsCode,
    name,
  });
};
