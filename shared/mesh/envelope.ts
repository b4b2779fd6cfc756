import type { OutgoingHttpHeaders } from 'node:http';
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

const faultOf = (name: string, value: string): string | undefined => {
  const rule = rules[name];
  if (rule?.required && value.trim() === '') return 'is empty';
  if (rule && value.length > rule.max) return `is longer than ${rule.max} characters`;
  if (rule?.pattern && !rule.pattern.test(value)) return rule.what;
  for (const character of value) {
    const code = character.codePointAt(0) ?? 0;
    if (code > 0xff) return 'has a character outside Latin-1, which an HTTP header cannot carry';
    if (code < 0x20 || (code >= 0x7f && code <= 0x9f)) return 'has a control character';
  }
  return undefined;
};

/** The headers of a first part, or which of them cannot be sent (its name, never its value). */
export const envelopeHeaders = (envelope: MeshEnvelope, from: string): Ok<OutgoingHttpHeaders> | Refused => {
  const headers: Record<string, string> = {
    'Mex-From': from,
    'Mex-To': envelope.to,
    'Mex-WorkflowID': envelope.workflowId,
    'Mex-LocalID': envelope.localId,
    'Mex-Subject': envelope.subject,
    // A message of several parts reaches the recipient as octets unless this names its type.
    'Mex-Content-Type': envelope.contentType,
    'Content-Type': envelope.contentType,
    ...(envelope.fileName === undefined ? {} : { 'Mex-FileName': envelope.fileName }),
    ...(envelope.checksum === undefined ? {} : { 'Mex-Content-Checksum': envelope.checksum }),
    ...(envelope.contentEncoding === undefined ? {} : { 'Content-Encoding': envelope.contentEncoding }),
  };
  for (const [name, value] of Object.entries(headers)) {
    const fault = faultOf(name, value);
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
