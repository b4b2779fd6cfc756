/**
 * MESH's codes, as they come in error bodies and in `Mex-StatusCode` of reports (MESH API specification, GP Connect
 * error handling GPCM-SD-075). Codes are text; one that is not here is kept as it came.
 */
export interface StatusCode {
  readonly code: string;
  readonly meaning: string;
  /** Who has to do what. */
  readonly advice: string;
}

const table: readonly StatusCode[] = [
  { code: '00', meaning: 'No error.', advice: 'Nothing to do.' },
  {
    code: '02',
    meaning: 'The message has no content.',
    advice: 'A fault of this system: report it. The document has to be sent again.',
  },
  {
    code: '06',
    meaning: 'A header of the message is malformed.',
    advice: 'Look for unusual characters in the patient’s or practice’s name, correct them and send again.',
  },
  {
    code: '07',
    meaning: 'The sending mailbox is not the one that the message names.',
    advice: 'Check the mailbox id of the sender’s registration.',
  },
  {
    code: '08',
    meaning: 'The message names no recipient.',
    advice: 'A fault of this system: report it. The document has to be sent again.',
  },
  {
    code: '09',
    meaning: 'The version of the message’s control data is not one MESH knows.',
    advice: 'A fault of this system: report it.',
  },
  {
    code: '11',
    meaning: 'The message’s type is not DATA.',
    advice: 'A fault of this system: report it.',
  },
  {
    code: '12',
    meaning: 'No mailbox is registered under the recipient’s address.',
    advice: 'Tell the MESH service desk that its routing to this practice failed.',
  },
  {
    code: '14',
    meaning: 'The recipient did not collect the message in time, or its mailbox is switched off.',
    advice: 'The practice has not received the document: tell the practice, and send it another way or once more.',
  },
  {
    code: '15',
    meaning: 'The content is not a valid CP-IS file.',
    advice: 'The workflow is wrong for this content: check the sender’s settings.',
  },
  {
    code: '16',
    meaning: 'This mailbox may not send messages of this workflow.',
    advice: 'Ask the MESH service desk to register the workflow for sending by this mailbox.',
  },
  {
    code: '17',
    meaning: 'The workflow is not registered for the mailbox.',
    advice: 'Ask the MESH service desk which mailbox lacks the workflow: the sender’s or the practice’s.',
  },
  {
    code: '18',
    meaning: 'The ONS workflow is not enabled over MESH.',
    advice: 'The workflow is wrong for this content: check the sender’s settings.',
  },
  { code: '19', meaning: 'The expiry period is not valid.', advice: 'A fault of this system: report it.' },
  {
    code: '20',
    meaning: 'MESH does not know the message.',
    advice:
      'Collecting from the inbox, there is nothing to do: it was collected before, or belongs to another mailbox. A document that MESH says this of has not arrived: ask the MESH service desk, naming its MESH message id, and get it to the practice another way.',
  },
  {
    code: '100',
    meaning: 'The mailbox is not enabled for this kind of notification.',
    advice: 'Ask the MESH service desk to check the mailbox.',
  },
  {
    code: 'EPL-150',
    meaning: 'More than one mailbox matches the patient’s practice and this workflow.',
    advice: 'Do not send again. Tell the MESH service desk which practice it is, and send the document another way.',
  },
  {
    code: 'EPL-151',
    meaning: 'No mailbox matches the patient’s practice and this workflow.',
    advice:
      'The patient may have no registered practice, or the practice cannot receive this workflow: get the document there another way meanwhile.',
  },
  {
    code: 'EPL-152',
    meaning: 'The NHS number is not valid.',
    advice: 'Correct the NHS number in the source system and send a corrected document. Never repeat it unchanged.',
  },
  {
    code: 'EPL-153',
    meaning: 'The NHS number was not found.',
    advice: 'Trace the patient again and send a corrected document. Never repeat it unchanged.',
  },
  {
    code: 'EPL-154',
    meaning: 'The NHS number does not belong to the date of birth and surname given.',
    advice: 'Check surname and date of birth against the national record, correct them and send a corrected document.',
  },
  {
    code: 'InvalidHeaderChunks',
    meaning: 'The part number of a part is not valid.',
    advice: 'A fault of this system: report it. The document has to be sent again.',
  },
  {
    code: 'UnsupportedContentEncoding',
    meaning: 'The content’s encoding is not gzip.',
    advice: 'A fault of this system: report it.',
  },
  {
    code: 'Message already accepted',
    meaning: 'The message is no longer available.',
    advice:
      'Collecting from the inbox, there is nothing to do: it was collected before, or it expired. A document that MESH says this of has not arrived: ask the MESH service desk, naming its MESH message id.',
  },
  {
    code: 'Invalid checksum',
    meaning: 'The checksum has characters that MESH does not take.',
    advice: 'A fault of this system: report it.',
  },
];

const byCode = new Map(table.map((row) => [row.code.toLowerCase(), row]));

export const statusCodes = table;

/** The row of a code, found without regard to case or a missing leading zero. */
export const statusCode = (code: string): StatusCode | undefined =>
  byCode.get(code.trim().toLowerCase()) ?? byCode.get(code.trim().padStart(2, '0'));

/** A row for any code: one that is not in the table keeps its text and says so. */
export const describeCode = (code: string): StatusCode =>
  statusCode(code) ?? {
    code,
    meaning: `MESH gave the code ${code}, which is not in our list.`,
    advice: 'Ask the MESH service desk what the code means, naming the MESH message id.',
  };
