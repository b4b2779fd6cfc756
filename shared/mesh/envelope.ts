import type { Ok, Refused } from './outcomes.ts';
import { ok } from './outcomes.ts';

/** What a message is sent with. `to` and `subject` hold patient data where a GP practice is addressed by its patient. */
export interface MeshEnvelope {
  /** Mailbox id, or `GPPROVIDER_{NHS number}_{YYYYMMDD}_{surname}`. */
  readonly to: string;
  readonly workflowId: string;
  /** Under GP Connect the sending organisation's ODS code, so neither unique nor a key. No patient data. */
  readonly localId: string;
  readonly subject: string;
  /** Of the decoded content, such as `application/xml`. */
  readonly contentType: string;
  /** How every part is encoded; MESH knows no other. */
  readonly contentEncoding?: 'gzip';
  /** No patient data. */
  readonly fileName?: string;
  /** Of the decoded content, in hex: MESH refuses the characters of base64. */
  readonly checksum?: string;
}

/** Longest values MESH takes (MESH API specification, Send Message). */
const rules: Record<string, { max: number; required?: true; pattern?: RegExp; what?: string }> = {
  'Mex-From': { max: 100, required: true },
  'Mex-To': { max: 100, required: true },
  'Mex-WorkflowID': { max: 300, required: true },
  'Mex-LocalID': { max: 300 },
  'Mex-Subject': { max: 500 },
  'Mex-FileName': { max: 300 },
  'Mex-Content-Type': { max: 100, required: true },
  'Mex-Content-Checksum': { max: 100, pattern: /^[0-9A-Fa-f]*$/, what: 'is not in hex' },
};

/** Why MESH, or HTTP, does not take a header's value; undefined where nothing is wrong with it. */
export const headerFault = (name: string, value: string): string | undefined => {
  const rule = rules[name];
  if (rule?.required && value.trim() === '') return 'is empty';
  if (rule && value.length > rule.max) return `is longer than ${rule.max} characters`;
  if (rule?.pattern && !rule.pattern.test(value)) return rule.what;
  const [character] = /[^\x20-\x7e\xa0-\xff]/.exec(value) ?? [];
  if (character === undefined) return undefined;
  return character.charCodeAt(0) > 0xff
    ? 'has a character outside Latin-1, which an HTTP header cannot carry'
    : 'has a control character';
};

/** The headers of a first part, names and values in turn, or which of them cannot be sent (its name, never its value). */
export const envelopeHeaders = (envelope: MeshEnvelope, from: string): Ok<readonly string[]> | Refused => {
  const { contentType, fileName, checksum, contentEncoding } = envelope;
  const headers = ['Mex-From', from, 'Mex-To', envelope.to, 'Mex-WorkflowID', envelope.workflowId];
  headers.push('Mex-LocalID', envelope.localId, 'Mex-Subject', envelope.subject);
  // A message of several parts reaches the recipient as octets unless this names its type.
  headers.push('Mex-Content-Type', contentType, 'Content-Type', contentType);
  if (fileName !== undefined) headers.push('Mex-FileName', fileName);
  if (checksum !== undefined) headers.push('Mex-Content-Checksum', checksum);
  if (contentEncoding !== undefined) headers.push('Content-Encoding', contentEncoding);
  for (let i = 0; i < headers.length; i += 2) {
    const [name = '', value = ''] = [headers[i], headers[i + 1]];
    const fault = headerFault(name, value);
    if (fault) {
      return {
        kind: 'refused',
        reason: `${name} ${fault}.`,
        advice: 'Nothing was sent. Correct the value, or write the name without the character, and send again.',
      };
    }
  }
  return ok(headers);
};
