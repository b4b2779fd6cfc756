import { otherProfileAdvice } from './profile-advice.ts';

/**
 * ITK-ResponseCodes-1 (version 1.5.0 with 1.x's retired 10006): what each code means for a sender and whose move it
 * is. The code number alone decides polarity: published examples and the assurance harness contradict it in
 * `response.code` and `severity`. An unknown code is negative.
 */

export type ResponseLevel = 'infrastructure' | 'business' | 'unknown';
export type Polarity = 'positive' | 'negative';
/** Whose move it is after this answer. */
export type Mover = 'nobody' | 'sender' | 'operator' | 'practice';

export interface ResponseCode {
  readonly code: string;
  readonly display: string;
  readonly level: ResponseLevel;
  readonly polarity: Polarity;
  /** OperationOutcome severity and issue code, MessageHeader.response.code, as a receiver publishes them. */
  readonly severity: 'information' | 'fatal';
  readonly issueCode: string;
  readonly meaning: string;
  readonly advice: string;
  readonly move: Mover;
  /** False for a code that no answer to Send Document should carry. */
  readonly expected: boolean;
}

type Rest = Omit<ResponseCode, 'code' | 'level' | 'expected'> & { readonly expected?: boolean };

const negative = (display: string, issueCode: string, meaning: string, advice: string, move: Mover): Rest => ({
  display,
  polarity: 'negative',
  severity: 'fatal',
  issueCode,
  meaning,
  advice,
  move,
});

const positive = (display: string, meaning: string, advice: string, move: Mover): Rest => ({
  display,
  polarity: 'positive',
  severity: 'information',
  issueCode: 'informational',
  meaning,
  advice,
  move,
});

const composerFault =
  'The message was built wrongly: sending it again changes nothing. Report the fault with this code, and get the document to the practice another way meanwhile.';
const onboarding =
  'The practice must admit this organisation first. Ask the practice or its system supplier, then send the document again.';
const profileChoice = `Ask the practice which generation of Send Document its system takes. ${otherProfileAdvice}`;
const recipient =
  'The message names no recipient of its own, so this should not occur. Contact the practice; get the document there another way.';
const duplicate =
  'If the message was sent again after a doubtful attempt, one copy has arrived: keep waiting for the answer about the patient. Otherwise treat the document as not delivered.';
const anotherUse =
  'This code belongs to another kind of message. It is recorded and the document does not count as delivered: ask the practice what it did with it.';

const otherUse = (display: string): Rest => ({
  ...negative(display, 'business-rule', 'An outcome of another use case.', anotherUse, 'operator'),
  expected: false,
});

const table: Readonly<Record<string, Rest>> = {
  10001: negative(
    'Handling Specification Error',
    'processing',
    'The handling instructions in the message header could not be used.',
    composerFault,
    'operator',
  ),
  10002: negative(
    'Infrastructure Level Response Value - Processing Error',
    'processing',
    'The request for an infrastructure answer was there but not usable.',
    composerFault,
    'operator',
  ),
  10003: negative(
    'Business Level Response Value - Processing Error',
    'processing',
    'The request for a business answer was there but not usable.',
    composerFault,
    'operator',
  ),
  10004: negative(
    'Message Definition Value - Processing Error',
    'processing',
    'The practice does not know this kind of message.',
    profileChoice,
    'operator',
  ),
  10005: negative(
    'Message Definition Version Value - Processing Error',
    'processing',
    'The practice does not handle this version of the message.',
    profileChoice,
    'operator',
  ),
  10006: negative(
    'Priority Value - Processing Error',
    'processing',
    'A retired code about a priority, which the message does not carry.',
    composerFault,
    'operator',
  ),
  10007: negative(
    'Sender Reference Value - Processing Error',
    'processing',
    'The reference to the encounter could not be used.',
    composerFault,
    'operator',
  ),
  10008: negative(
    'Handling Specification Business Rule Error',
    'processing',
    'The handling instructions break a rule of this kind of message.',
    composerFault,
    'operator',
  ),
  10009: negative(
    'Unreadable message received',
    'processing',
    'The practice could not read the message at all.',
    'Check encoding and compression with an operator; one re-send by hand is reasonable. If that fails too, get the document to the practice another way.',
    'operator',
  ),
  10010: negative(
    'Recipient Type - Processing Error',
    'processing',
    'The recipient type could not be used.',
    composerFault,
    'operator',
  ),
  20001: negative(
    'Unrecognised Recipient Person',
    'not-found',
    'A person named as recipient in the header is not known there.',
    recipient,
    'operator',
  ),
  20002: negative(
    'Unrecognised Recipient Organisation',
    'not-found',
    'An organisation named as recipient in the header is not known there.',
    recipient,
    'operator',
  ),
  20003: negative('Unrecognised Sender', 'not-found', 'The practice does not know the sender.', onboarding, 'operator'),
  20004: negative(
    'Non-Approved file type received as an attachment',
    'security',
    'A file is of a type that is not approved.',
    'Convert the file to PDF or leave it out, and send the document again as a correction.',
    'sender',
  ),
  20005: negative(
    'Unsupported file type received as an attachment',
    'security',
    'A file is of a type that the practice cannot handle.',
    'Convert the file to PDF or leave it out, and send the document again as a correction.',
    'sender',
  ),
  20006: negative(
    'ITK header validation failure',
    'invalid',
    'The message header did not pass the practice system’s checks.',
    composerFault,
    'operator',
  ),
  20007: negative(
    'Duplicate Message received',
    'duplicate',
    'The practice has had a message with this id before.',
    duplicate,
    'operator',
  ),
  20008: negative(
    'Duplicate Document received',
    'duplicate',
    'The practice has had a document with this id before.',
    duplicate,
    'operator',
  ),
  20009: negative(
    'Payload validation failure',
    'structure',
    'The document did not pass the practice system’s checks.',
    'Have an operator read what the practice wrote, correct the document, and send it again as a correction.',
    'operator',
  ),
  20010: negative(
    'Unrecognised Payload Recipient Organisation',
    'not-found',
    'An organisation named as recipient in the document is not served there.',
    recipient,
    'operator',
  ),
  20011: negative(
    'Unrecognised Payload Recipient Person',
    'not-found',
    'A person named as recipient in the document is not served there.',
    recipient,
    'operator',
  ),
  20012: negative('Unauthorised Sender', 'security', 'The practice blocks this sender.', onboarding, 'operator'),
  20013: positive(
    'Success',
    'The practice’s system took the message. It says nothing about the patient yet.',
    'Nothing to do: the answer about the patient follows.',
    'practice',
  ),
  20014: negative(
    'Unable to Process Replacement Document',
    'processing',
    'The replacement failed, and the practice marks both it and the version before as void.',
    'Urgent: the practice holds no valid version. A person must review, then send a complete new document, and tell the practice meanwhile.',
    'sender',
  ),
  20015: negative(
    'Message too large',
    'processing',
    'The message is over the practice system’s limit.',
    'Shrink the document or leave attachments out, listing them in the PDF by name, time and size, and send it again as a correction.',
    'sender',
  ),
  30001: positive(
    'Patient known here. (e.g. Patient is registered here)',
    'The practice’s system matched the patient. It does not say that anybody has read the document.',
    'Nothing to do.',
    'nobody',
  ),
  30002: negative(
    "Patient not known here. (aka 'patient record not present in system')",
    'not-found',
    'The practice has no record of the patient, and has received a document about somebody whom it does not know.',
    'That practice now holds a document about somebody who is not its patient: report it as an information governance incident, and ask the practice to destroy its copy. Check in PDS where the patient is registered; if details were wrong, correct them and send the document again, else get it to the right practice another way.',
    'sender',
  ),
  30003: negative(
    'Patient no longer at this clinical setting',
    'business-rule',
    'The patient has left this practice.',
    'Look the patient up in PDS again; when a new practice is registered, send the document again and it goes there.',
    'sender',
  ),
  30004: positive(
    'Patient known here and recently deceased (i.e. patient record current in GP practice system at time of patient’s death and deduction subsequently occurred for this reason)',
    'The practice’s system matched the patient, who has recently died.',
    'Delivered. Tell whoever looks after the record here, so that no contact with the patient is attempted.',
    'sender',
  ),
  30005: otherUse('Referral open'),
  30006: otherUse('Referral completed'),
  30007: otherUse('Referral escalated back to GP'),
  30008: otherUse('Signposting to GP (non-urgent)'),
  30009: otherUse('Clinical escalation to UTC/111/GPOOH'),
  30010: otherUse('Clinical escalation to A&E or 999'),
  30011: otherUse('Advised to go elsewhere/self-referral'),
  30012: otherUse('Unable to contact the patient'),
  30013: otherUse('Closure (service not needed)'),
  30014: otherUse('Closure (service not accepted)'),
  30015: otherUse('Closure (duplicate referral)'),
  30016: otherUse('Referral accepted'),
  30017: otherUse('Referral rejected'),
  30018: otherUse('Did Not Attend'),
  30019: otherUse('GP Registration - Application accepted'),
  30020: otherUse('GP Registration - Application pending (contact practice)'),
  30021: otherUse('GP Registration - Application rejected (patient already registered)'),
  30022: otherUse('GP Registration - Application rejected (at capacity)'),
  30023: otherUse('GP Registration - Application rejected (out of boundary)'),
  30024: otherUse('GP Registration - Application rejected (Previously removed from this practice)'),
  30025: otherUse('GP Registration - Application rejected (Previously removed from another practice)'),
};

const levelOf = (code: string): ResponseLevel => {
  if (/^[12]\d{4}$/.test(code)) return 'infrastructure';
  return /^3\d{4}$/.test(code) ? 'business' : 'unknown';
};

/** Every code of the table, in order of number. */
export const responseCodes: readonly ResponseCode[] = Object.entries(table).map(([code, rest]) => ({
  expected: true,
  ...rest,
  code,
  level: levelOf(code),
}));

const byCode = new Map(responseCodes.map((row) => [row.code, row]));

/** The row of a code; for one that nobody has published a negative row that says so. */
export const responseCode = (code: string): ResponseCode =>
  byCode.get(code) ?? {
    code,
    display: 'Unknown code',
    level: levelOf(code),
    polarity: 'negative',
    severity: 'fatal',
    issueCode: 'processing',
    meaning: 'A code that the standard does not list.',
    advice:
      'It does not count as delivered. Have an operator read the answer as received and ask the practice what it did with the document.',
    move: 'operator',
    expected: false,
  };
