import { z } from 'zod';

/** What could be made out of the body of an error. The text of the server is left out: it may repeat a header. */
export interface MeshError {
  readonly code?: string;
  readonly event?: string;
}

const text = z.union([z.string(), z.number()]).transform(String);
const v1 = z.object({ errorCode: text, errorEvent: text.optional() });
const v2 = z.object({ detail: z.array(z.unknown()) });
const v2Detail = z.object({ code: text, event: text.optional() });

// A code is shown to people and logged: what does not look like one could be anything.
const looksLikeCode = (code: string): boolean => /^[A-Za-z0-9 _.-]{1,40}$/.test(code) && !/\d{7}/.test(code);

const meshError = (code: string, event: string | undefined): MeshError => ({
  ...(looksLikeCode(code) ? { code } : {}),
  ...(event && looksLikeCode(event) ? { event } : {}),
});

/** Reads v1 and v2 bodies; an empty one, `null`, HTML, an XML or SOAP fault and anything else give `{}`. */
export const parseErrorBody = (body: string): MeshError => {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return {};
  }
  const first = v1.safeParse(json);
  if (first.success && first.data.errorCode) return meshError(first.data.errorCode, first.data.errorEvent);
  const second = v2.safeParse(json);
  if (!second.success) return {};
  for (const entry of second.data.detail) {
    const detail = v2Detail.safeParse(entry);
    if (detail.success && detail.data.code) return meshError(detail.data.code, detail.data.event);
  }
  return {};
};
