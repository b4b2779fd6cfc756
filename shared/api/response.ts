import type { DocumentId } from '../platform/ids.ts';

export interface ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: object;
  /** For the log. */
  readonly documentId?: DocumentId;
  readonly resultCode?: string;
}

/** An answer that is no error; always JSON. */
export const answered = (
  status: 200 | 201 | 202 | 503,
  body: object,
  more: { readonly headers?: Readonly<Record<string, string>>; readonly documentId?: DocumentId } = {},
): ApiResponse => ({
  status,
  headers: { 'Content-Type': 'application/json; charset=utf-8', ...more.headers },
  body,
  ...(more.documentId === undefined ? {} : { documentId: more.documentId }),
});
