import type { MessageFacts } from '../../shared/itk3/message-facts.ts';
import { responseCode } from '../../shared/itk3/response-codes.ts';
import type { Answer } from '../../shared/itk3/write-answer.ts';

/** What a practice's system found when it opened a message. */
export interface Opened {
  /** Undefined when it could not be read as XML at all. */
  readonly facts: MessageFacts | undefined;
  /** What is wrong with it, by HL7's schema and by the standard; no patient data. */
  readonly problems: readonly string[];
  /** The code that the problems deserve; 20009 where nothing says more. */
  readonly faultCode?: string;
}

/** What the practice has had before. */
export interface Known {
  readonly patients: ReadonlySet<string>;
  readonly messageHeaderIds: ReadonlySet<string>;
  readonly documentIds: ReadonlySet<string>;
  /** Of those, the documents that stand in a patient's record: what a replacement may replace. */
  readonly filedDocumentIds: ReadonlySet<string>;
}

export interface Decision {
  /** In order; at most an infrastructure answer and a business one, unless a word asks for more. */
  readonly answers: readonly Answer[];
  /** Answered only after the practice's long delay. */
  readonly late: boolean;
}

const success: Answer = { code: '20013' };
const maxProblems = 10;

const problemText = (problems: readonly string[]): string => {
  const shown = problems.slice(0, maxProblems).join('; ');
  return problems.length > maxProblems ? `${shown}; and ${problems.length - maxProblems} more` : shown;
};

/** Codes that break the format itself, as the NHS test harness sends for `invrep`. */
const invalidAnswer: Answer = {
  code: 'INVALIDVALUE',
  responseCode: 'INVALIDTEXT',
  severity: 'INVALIDTEXT',
  issueCode: 'INVALIDTEXT',
};

/** The answers that a steering word asks for: those of the NHS test harness. Undefined for any other name. */
const steered = (word: string): readonly Answer[] | undefined => {
  if (word === 'noresponse') return [];
  if (word === 'invrep') return [invalidAnswer];
  if (/^(100(0[1-9]|10)|200(0[1-9]|1[0-5])|3000[1-9])$/.test(word)) return [{ code: word }];
  const both = /^IB0(0[1-9]|1\d|2[0-5])$/.exec(word)?.[1];
  return both === undefined ? undefined : [success, { code: `300${both}` }];
};

/** What the message itself deserves, without words. */
const deserved = (facts: MessageFacts, opened: Opened, known: Known): readonly Answer[] => {
  const { problems, faultCode = '20009' } = opened;
  if (problems.length > 0) return [{ code: faultCode, diagnostics: problemText(problems) }];
  if (facts.messageHeaderId !== undefined && known.messageHeaderIds.has(facts.messageHeaderId))
    return [{ code: '20007', diagnostics: 'A message with this id was received before.' }];
  if (facts.documentBundleId !== undefined && known.documentIds.has(facts.documentBundleId))
    return [{ code: '20008', diagnostics: 'A document with this id was received before.' }];
  return [];
};

/** A practice can only replace what it holds. */
const outcome = (facts: MessageFacts, known: Known): readonly Answer[] => {
  if (facts.replaces !== undefined && !known.filedDocumentIds.has(facts.replaces))
    return [{ code: '20014', diagnostics: 'The document to be replaced is not held here.' }];
  const registered = known.patients.has(facts.patient.nhsNumber ?? '');
  return [
    ...(facts.infrastructureAckRequested ? [success] : []),
    ...(facts.businessAckRequested ? [{ code: registered ? '30001' : '30002' }] : []),
  ];
};

/**
 * Which answers a message gets. Order: `noresponse`; what is wrong with the message; a steering word in a given name
 * of practitioner or patient; else success, and whether the patient is known. Two words of our own go with any other:
 * `late` answers after a long delay, `twice` sends every answer twice.
 */
export const decide = (opened: Opened, known: Known): Decision => {
  const { facts, problems } = opened;
  if (!facts) return { answers: [{ code: '10009', diagnostics: problemText(problems) }], late: false };
  const words = [...facts.practitionerGiven, ...facts.patient.given];
  if (words.includes('noresponse')) return { answers: [], late: false };

  const faults = deserved(facts, opened, known);
  const asked = words.map(steered).find((answers) => answers !== undefined);
  const answers = faults.length > 0 ? faults : (asked ?? outcome(facts, known));
  return {
    answers: words.includes('twice') ? answers.flatMap((answer) => [answer, answer]) : answers,
    late: words.includes('late'),
  };
};

/** Whether a practice that answered so keeps the document in the patient's record. */
export const isFiled = (answers: readonly Answer[]): boolean =>
  answers.every(({ code }) => responseCode(code).polarity === 'positive');
