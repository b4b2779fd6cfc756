/** Something that stands against a document. Holds no value of the manifest and nothing of the PDF (DESIGN 6). */
export interface Problem {
  /** Where: a path in the manifest such as `patient.given[0]`, or `manifest`, `pdf`, `name` for a whole thing. */
  readonly path: string;
  /** Stable; programs may depend on it. */
  readonly code: string;
  /** What is wrong and what to do, in our own words. */
  readonly message: string;
}

interface Entry {
  readonly says: string;
  readonly advice: string;
}

/**
 * Every code with what it says and what to do about it: receipts, the API and docs/manifest.md take their words from
 * here. A code is never renamed once released.
 */
export const problemCodes = {
  // The manifest as a file
  MANIFEST_EMPTY: {
    says: 'The manifest is empty.',
    advice: 'Upload the whole file again; an export that was interrupted leaves such a file.',
  },
  MANIFEST_TOO_LARGE: {
    says: 'The manifest is longer than 64 KiB.',
    advice: 'The manifest holds facts only: send the report itself as the PDF beside it.',
  },
  MANIFEST_NOT_UTF8: {
    says: 'The manifest is not UTF-8 text.',
    advice: 'Save it as UTF-8 (with or without a byte order mark), not as UTF-16 or Windows-1252.',
  },
  MANIFEST_NOT_JSON: {
    says: 'The manifest is not JSON.',
    advice: 'Write it with a JSON library and check that the upload was complete.',
  },
  MANIFEST_TOO_DEEP: {
    says: 'The manifest is nested deeper than 16 levels.',
    advice: 'Follow docs/manifest.schema.json, which needs three.',
  },
  MANIFEST_NOT_OBJECT: {
    says: 'The manifest is JSON but not an object.',
    advice: 'It must begin with { and hold the fields of docs/manifest.schema.json; one file describes one document.',
  },
  DUPLICATE_FIELD: {
    says: 'This field is given more than once in the same object.',
    advice: 'Give it once: which one was meant cannot be known.',
  },

  // The shape of its fields
  MISSING: { says: 'This field is required and is not there.', advice: 'Add it.' },
  WRONG_TYPE: { says: 'This has the wrong type.', advice: 'Give it as the schema says.' },
  UNKNOWN_FIELD: {
    says: 'The manifest has no such field here.',
    advice: 'Remove it, or correct its spelling: names are compared exactly, capital letters included.',
  },
  EMPTY: { says: 'This is empty or blank.', advice: 'Give a value, or leave an optional field out altogether.' },
  TOO_LONG: { says: 'This is too long.', advice: 'Shorten it.' },
  TOO_FEW: { says: 'This list has too few entries.', advice: 'Add what is missing.' },
  TOO_MANY: { says: 'This list has too many entries.', advice: 'Send fewer.' },
  OUT_OF_RANGE: { says: 'This number is out of range.', advice: 'Give one within it.' },
  WRONG_FORMAT: { says: 'This is not in the right form.', advice: 'Correct it.' },
  WRONG_VALUE: { says: 'This is not one of the values allowed here.', advice: 'Use one that the schema lists.' },
  CONTROL_CHARACTER: {
    says: 'This holds a control character (such as a line break, a tab or a change of the writing direction) or half of a character.',
    advice: 'Remove it: the message cannot carry it.',
  },
  LETTER_LOST: {
    says: 'A letter has been lost here: this holds the mark that stands for one (U+FFFD).',
    advice: 'Export the text again as UTF-8, with the letter.',
  },

  // The patient
  NHS_NUMBER_CHECK_DIGIT: {
    says: 'The check digit of this NHS number is wrong, so it is nobody’s.',
    advice: 'Look the patient up on PDS again and give the number found there.',
  },
  NHS_NUMBER_PROBABLY_SCOTTISH: {
    says: 'This number begins with 0, 1 or 2, so it is probably a Scottish CHI number.',
    advice: 'MESH finds practices by NHS number only: send to a practice in Scotland by other means.',
  },
  NHS_NUMBER_NOT_VERIFIED: {
    says: 'Only a traced and verified NHS number (status 01) is sent: with any other the document may reach a wrong practice.',
    advice: 'Trace the patient on PDS, then send with status 01, or inform the practice by other means.',
  },
  NHS_NUMBER_IS_A_TEST_NUMBER: {
    says: 'This is a published test number, and this is production.',
    advice: 'Send test documents to a test environment.',
  },
  NHS_NUMBER_NOT_ALLOWED_HERE: {
    says: 'This is not production, and this number is not on the list of those that may be sent from here.',
    advice:
      'Use a test patient of the list, or ask the operator to add the number (ALLOWED_NHS_NUMBERS of the stage, allowedNhsNumbers of the sender).',
  },
  FAMILY_NAME_UNDERSCORE: {
    says: 'The family name holds an underscore, which separates the parts of the MESH routing address.',
    advice: 'Give the family name exactly as PDS holds it; if PDS holds it so, inform the practice by other means.',
  },
  FAMILY_NAME_TOO_LONG: {
    says: 'The family name is longer than a MESH routing address can carry.',
    advice: 'Give the family name exactly as PDS holds it; if PDS holds it so, inform the practice by other means.',
  },
  FAMILY_NAME_NOT_LATIN1: {
    says: 'The family name holds a character outside ISO 8859-1, which the MESH routing address cannot carry.',
    advice: 'Give the family name exactly as PDS holds it; if PDS holds it so, inform the practice by other means.',
  },
  GIVEN_NAME_STEERS_TEST_HARNESS: {
    says: 'This given name is a word that steers NHS test harnesses, and this is production.',
    advice: 'Send test documents to a test environment.',
  },

  // Dates and times
  DATE_NOT_REAL: { says: 'There is no such date.', advice: 'Give a calendar date as YYYY-MM-DD.' },
  TIME_NOT_REAL: {
    says: 'There is no such time.',
    advice: 'Give a date and time with offset, such as 2026-03-18T10:04:00+00:00.',
  },
  BIRTH_DATE_IN_FUTURE: { says: 'The birth date lies in the future.', advice: 'Give the date that PDS holds.' },
  BIRTH_DATE_TOO_EARLY: { says: 'The birth date lies before 1880.', advice: 'Give the date that PDS holds.' },
  TIME_IN_FUTURE: {
    says: 'This time lies more than five minutes in the future.',
    advice: 'Check the clock of the sending system and that the offset is that of the time given.',
  },
  ENDED_BEFORE_STARTED: {
    says: 'The consultation ended before it started.',
    advice: 'Check both times and their offsets.',
  },
  SAVED_BEFORE_STARTED: {
    says: 'The consultation was saved before it started.',
    advice: 'Give in savedAt when the record was last saved; check both times and their offsets.',
  },

  // What the generation of the message can carry
  ENCOUNTER_ID_HOLDS_NHS_NUMBER: {
    says: 'The encounter id holds ten digits that are a valid NHS number. It appears in logs and receipts, so it must not.',
    advice: 'Use an id that says nothing about the patient; a UUID is best.',
  },
  DOCUMENT_TYPE_NOT_SUPPORTED: {
    says: 'The generation of the message in which this practice is sent documents does not carry this type of document.',
    advice:
      'Give 371531000 if it is a report of a consultation; otherwise ask the operator whether v2 can be chosen for the practice.',
  },
  TITLE_NOT_SUPPORTED: {
    says: 'In v1 a document is titled exactly: Consultation report.',
    advice: 'Give that title, or leave the field out.',
  },
  FIELD_NOT_IN_PROFILE: {
    says: 'The generation of the message in which this practice is sent documents has no place for this.',
    advice: 'Leave it out, or ask the operator whether v2 can be chosen for the practice.',
  },
  NOTIFICATION_NOT_REDACTED: {
    says: 'The consultation is confidential and your organisation sends notifications of such, but the report is not said to be redacted.',
    advice:
      'Hand over a PDF that says neither what the consultation was about nor where it took place, and give redacted: true.',
  },
  NOTIFICATION_HAS_ATTACHMENTS: {
    says: 'The notification of a confidential consultation carries no attachments.',
    advice: 'Leave them out.',
  },
  REDACTED_NOT_CONFIDENTIAL: {
    says: 'The report is said to be redacted, but the consultation not to be confidential.',
    advice: 'Give confidential: true if it is; otherwise hand over the whole report, without redacted.',
  },
  ATTACHMENT_TYPE_NOT_APPROVED: {
    says: 'Files of this type are not taken by practices.',
    advice: 'Convert the file to PDF, and give application/pdf.',
  },
  PDF_DIGEST_MISSING: {
    says: 'The manifest does not name its PDF.',
    advice:
      'Give the SHA-256 of the PDF in pdf.sha256: it makes sure that this report and no other goes to this patient’s practice. The operator can waive it for an organisation.',
  },

  // The name of a drop
  OUTSIDE_INBOX: { says: 'The object does not lie under inbox/.', advice: 'Upload to inbox/{ODS code}/{name}.pdf.' },
  NO_ORGANISATION: {
    says: 'The object lies in inbox/ itself, so whose it is cannot be known.',
    advice: 'Upload to inbox/{ODS code}/{name}.pdf.',
  },
  ODS_CODE_NOT_VALID: {
    says: 'The folder in inbox/ is not an ODS code: three to ten capital letters and digits.',
    advice: 'Upload to inbox/{ODS code}/ with the code in capitals.',
  },
  NESTED_FOLDER: {
    says: 'The object lies too deep: in a folder within a drop’s folder.',
    advice: 'Upload manifest and PDF to inbox/{ODS code}/, attachments to inbox/{ODS code}/{name of the drop}/.',
  },
  NAME_NOT_ALLOWED: {
    says: 'The object’s name may hold 1 to 100 of the characters A-Z a-z 0-9 . _ - before its extension.',
    advice: 'Rename it; a UUID is best.',
  },
  NAME_HOLDS_NHS_NUMBER: {
    says: 'The object’s name holds ten digits that are a valid NHS number. Names appear in receipts, so they must not.',
    advice: 'Rename it and its counterpart; a UUID is best.',
  },
  EXTENSION_NOT_LOWER_CASE: {
    says: 'The extension must be in small letters: .pdf or .json.',
    advice: 'Rename the object; nothing else about it is wrong.',
  },
  EXTENSION_NOT_KNOWN: {
    says: 'Only .pdf (the report) and .json (its manifest) are taken.',
    advice: 'Upload those two with the same name; a Word document must be saved as PDF first.',
  },

  // The PDF
  PDF_EMPTY: { says: 'The PDF is empty.', advice: 'Export and upload it again.' },
  PDF_NOT_PDF: {
    says: 'The file does not begin like a PDF.',
    advice: 'Export the report as PDF: renaming a Word document or an image does not make it one.',
  },
  PDF_TRUNCATED: {
    says: 'The end of the PDF is missing.',
    advice: 'Upload it again, and upload only after the export has finished writing.',
  },
  PDF_BAD_STRUCTURE: {
    says: 'The table that says where the parts of the PDF lie is damaged, so practices may not be able to open it.',
    advice: 'Export it again; transfer it as binary, never as text.',
  },
  PDF_ENCRYPTED: {
    says: 'The PDF is encrypted or protected, so practices may not be able to open it.',
    advice: 'Export it without password and without restrictions on printing or copying.',
  },
  PDF_NO_PAGES_ROOT: {
    says: 'The PDF names no tree of pages, so there is nothing to show.',
    advice: 'Export it again with another PDF writer.',
  },

  // Attachments
  ATTACHMENT_NAMED_TWICE: {
    says: 'Two attachments have the same name.',
    advice: 'Give each file its own: it is the name of its object.',
  },
  ATTACHMENT_EMPTY: { says: 'The attachment is empty.', advice: 'Export and upload it again.' },
  ATTACHMENT_NOT_ITS_TYPE: {
    says: 'What is in the file is not what the manifest’s contentType says.',
    advice: 'Name the type that it has, or convert the file to the type named: renaming it is not enough.',
  },
  ATTACHMENT_EXECUTABLE: {
    says: 'The file is a program or a script, or holds macros: such files are never sent.',
    advice: 'Leave it out, or send what it shows as a PDF.',
  },
  ATTACHMENT_NEVER_CAME: {
    says: 'The file that the manifest names here, with this SHA-256, did not come within an hour.',
    advice:
      'Upload everything again, attachments to inbox/{ODS code}/{name of the drop}/ under the names that the manifest gives them; compute each SHA-256 of the very bytes uploaded.',
  },
  ATTACHMENT_NOT_NAMED: {
    says: 'Files lay in the drop’s folder for an hour that no manifest of this drop names.',
    advice: 'Name each in the manifest’s attachments, by name and SHA-256, and upload everything again.',
  },
  MESSAGE_TOO_LARGE: {
    says: 'The message would be longer than this organisation may send.',
    advice:
      'Leave out large attachments and list them in the PDF by name, time and size, as the standard advises, so that the practice can ask for them; make the PDF smaller (scans at 150 dpi in grey are readable); or ask the operator about the limit (maxMessageBytes).',
  },

  // Found where PDF, manifest and record meet
  UNKNOWN_SENDER: {
    says: 'No organisation with this ODS code is registered here.',
    advice: 'Check the folder’s name, or ask the operator to register the organisation.',
  },
  PDF_NEVER_CAME: {
    says: 'The manifest came but its PDF did not within an hour.',
    advice: 'Upload both again, with the same name and the extensions .pdf and .json.',
  },
  MANIFEST_NEVER_CAME: {
    says: 'The PDF came but its manifest did not within an hour.',
    advice: 'Upload both again, with the same name and the extensions .pdf and .json.',
  },
  PDF_NOT_THE_ONE_NAMED: {
    says: 'The PDF that came is not the one that the manifest names by its SHA-256.',
    advice: 'Upload the PDF and the manifest that belong together; compute the SHA-256 of the very bytes uploaded.',
  },
  COULD_NOT_BE_COMPOSED: {
    says: 'The message could not be composed in the time that sending may take, for a reason on our side.',
    advice: 'Reach the practice by another route, tell the operators of this system, and hand the report over again.',
  },
  MESSAGE_NOT_CONFORMANT: {
    says: 'The message that this system made of it is not as the standard asks, for a reason on our side, and was not sent.',
    advice: 'Reach the practice by another route, and tell the operators of this system.',
  },
  TOO_MANY_CORRECTIONS: {
    says: 'This version of this encounter’s report was corrected too often.',
    advice: 'Hand the report over with the next version number.',
  },
  NAME_USED_AGAIN: {
    says: 'The manifest does not name its PDF’s digest, and another PDF or manifest lay under this name before.',
    advice: 'Name the digest (pdf.sha256), or drop both files under a name that was never used.',
  },
  SAME_ENCOUNTER_OTHER_PATIENT: {
    says: 'Another version of this encounter’s report is about another patient: one encounter has one patient.',
    advice:
      'Check NHS number and encounter id. Another encounter has an id of its own. If the other version named the wrong patient, correct that one if it was not delivered; else tell the practice that has it, and hand this report over under a new encounter id.',
  },
  CONTENT_DIFFERS: {
    says: 'This version of this encounter’s report was already handed over with other content.',
    advice: 'If the report has changed, give it the next version number.',
  },

  MORE_PROBLEMS: { says: 'More problems are not listed.', advice: 'Put these right first.' },
} as const satisfies Record<string, Entry>;

export type ProblemCode = keyof typeof problemCodes;

/** A problem in the words of the table; `says` replaces its first sentence where more is known (never a value). */
export const problem = (code: ProblemCode, path: string, says: string = problemCodes[code].says): Problem => ({
  path,
  code,
  message: `${says} ${problemCodes[code].advice}`,
});

export const problemLimit = 50;

/** At most fifty problems; what is left out is counted in a last one. */
export const boundProblems = (problems: readonly Problem[]): readonly Problem[] => {
  const left = problems.length - problemLimit;
  if (left <= 0) return problems;
  return [...problems.slice(0, problemLimit), problem('MORE_PROBLEMS', 'manifest', `${left} more are not listed.`)];
};
