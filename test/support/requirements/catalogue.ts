/**
 * Every requirement of the standard that concerns whoever sends a document, in our words, with who meets it. `system`
 * asks for a test that names the id; all others give their reason on the page.
 */
export interface Requirement {
  readonly ids: readonly string[];
  /** Generations of the standard; ITK3's own requirements hold for both. */
  readonly versions: string;
  readonly says: string;
  readonly met: Met;
}

export type Met =
  | { readonly by: 'system'; readonly note?: string }
  | { readonly by: 'clinical system' | 'receiver' | 'nobody' | 'not yet'; readonly why: string };

export interface Section {
  readonly title: string;
  readonly requirements: readonly Requirement[];
}

const sd = (...numbers: readonly number[]): readonly string[] =>
  numbers.map((number) => `GPCM-SD-${String(number).padStart(3, '0')}`);

const bySystem = (ids: readonly string[], versions: string, says: string, note?: string): Requirement => ({
  ids,
  versions,
  says,
  met: note === undefined ? { by: 'system' } : { by: 'system', note },
});

const elsewhere = (
  by: 'clinical system' | 'receiver' | 'nobody' | 'not yet',
  ids: readonly string[],
  versions: string,
  says: string,
  why: string,
): Requirement => ({ ids, versions, says, met: { by, why } });

const both = '1, 2';
const drawsThePdf = 'the PDF is drawn by the system that holds the consultation; here it is carried unchanged';
const triggers = 'it knows the encounter, its kind and its end; what it hands over is sent';
const receives = 'asked of the practice’s system';

export const sections: readonly Section[] = [
  {
    title: 'Transport and addressing',
    requirements: [
      bySystem(['GPCM-C-01'], both, 'The transport is MESH.'),
      bySystem(['GPCM-C-02'], both, 'Messages conform to ITK3.'),
      bySystem(sd(56), both, 'Always routed automatically to the practice where the patient is registered.'),
      bySystem(sd(57), both, 'The workflow id of the generation is on every document.'),
      bySystem(sd(58), '1', 'Answers come on the workflow id that ends in `_ACK`.', 'poll expects them there'),
      bySystem(sd(59, 62), both, 'From is the mailbox of the sender.'),
      bySystem(sd(60, 63), both, 'To is the routing string of the patient.'),
      bySystem(sd(61, 64), both, 'The subject is the published sentence.'),
      bySystem(sd(145, 146), '1.3.1 on', 'The local id is the ODS code of the sender.'),
      bySystem(sd(75), '1', 'Errors that MESH reports are handled gracefully.'),
      bySystem(sd(38), both, 'Routing string and Patient resource say the same.'),
    ],
  },
  {
    title: 'ITK3 header',
    requirements: [
      bySystem(sd(39), both, 'RecipientType: for action; 2.0 may say for information.'),
      bySystem(sd(40), both, 'A business acknowledgement is asked for.'),
      bySystem(sd(41), both, 'An infrastructure acknowledgement is asked for.'),
      bySystem(sd(42), both, 'SenderReference is unique to the encounter and the same for all its versions.'),
      bySystem(sd(43), both, 'MessageDefinition is the fixed URL.'),
      bySystem(sd(44), both, 'LocalExtension is the fixed value of the generation.'),
      bySystem(sd(45), both, 'The sender is the header’s Organization, inside the message.'),
      bySystem(sd(46), both, 'The source is the sender’s mailbox.'),
      bySystem(sd(47), both, 'The event is ITK007C.'),
      bySystem(sd(48), both, 'The timestamp is when the message was made.'),
      bySystem(sd(49), both, 'Neither destination nor receiver.'),
      elsewhere(
        'receiver',
        sd(50, 51, 52, 53, 54, 55),
        '1',
        'What an answer holds.',
        `${receives}; answers are read leniently here`,
      ),
      elsewhere(
        'receiver',
        sd(65, 66, 74),
        '1',
        'An invalid message is answered negatively, with the reason.',
        receives,
      ),
    ],
  },
  {
    title: 'Payload',
    requirements: [
      bySystem(sd(103), both, 'The focus is the document bundle, with its profile.'),
      bySystem(sd(104, 113), both, 'There is a Composition, with its profile.'),
      bySystem(sd(105, 122), both, 'The custodian is the sending Organization.'),
      bySystem(sd(106, 120), both, 'The subject is the Patient.'),
      bySystem(sd(107, 121), both, 'The author is the Practitioner.'),
      bySystem(sd(108), both, 'Every resource names its profile.'),
      bySystem(sd(109), both, 'One section for each attachment.'),
      bySystem(sd(110), both, 'Each section refers to its Binary.'),
      bySystem(sd(111), both, 'Files travel in base64.'),
      bySystem(sd(112, 124), both, 'The report is the first, and a section refers to it.'),
      bySystem(
        sd(114),
        '1',
        'The status is final.',
        'a replacement may be `amended` by setting, as the notes to updates allow',
      ),
      bySystem(sd(115), both, 'The type is the SNOMED CT code of the kind of document.'),
      bySystem(sd(116), '1', 'The date is when the message was made.'),
      bySystem(sd(117), '1', 'The confidentiality is N or R.'),
      bySystem(sd(118), '1', 'The title is fixed.'),
      bySystem(sd(119), '1', 'The text is the published sentence; without the place when confidential.'),
      bySystem(sd(123, 131, 132), both, 'A replacement says so and names the document before it.'),
      bySystem(sd(28, 29, 30, 31), both, 'The Organization has ODS code, name and phone.'),
      bySystem(sd(32), both, 'The Practitioner has the SDS user id; in 2.0 if known.'),
      bySystem(sd(33, 34), '1', 'The Practitioner has one official name, and a phone if there is one.'),
      bySystem(sd(35, 36, 37), both, 'The Patient has NHS number, one official name and date of birth.'),
      elsewhere('receiver', sd(93, 125), '1', 'Report and attachments are processed and shown together.', receives),
      elsewhere('receiver', sd(92), '1', 'The subject is shown to staff.', receives),
    ],
  },
  {
    title: 'Process, timing, confidentiality, updates',
    requirements: [
      elsewhere('clinical system', sd(76), '1', 'A report is sent for every clinically relevant encounter.', triggers),
      elsewhere(
        'clinical system',
        sd(77),
        '1',
        'As little administrative work as possible.',
        'two files or one request are all that is asked of it',
      ),
      bySystem(sd(83), both, 'Nothing is sent about a patient who is registered with the sender.'),
      elsewhere(
        'clinical system',
        sd(84),
        both,
        'The registered practice is looked up on PDS.',
        'it has the PDS access; the manifest must say which practice it found and when',
      ),
      elsewhere('clinical system', sd(140), '1', 'Only what is clinically relevant is sent.', triggers),
      elsewhere('clinical system', sd(141), '1', 'A final confirmation can be switched on and off.', triggers),
      elsewhere(
        'clinical system',
        sd(86, 87, 89),
        both,
        'All that the clinician recorded, as on the screen, by day where there are no consultations.',
        drawsThePdf,
      ),
      bySystem(sd(88), both, 'All attachments of the consultation are in the message.', 'all that the manifest lists'),
      elsewhere('clinical system', sd(90), both, 'What the PDF shows, and how.', drawsThePdf),
      bySystem(sd(91), both, 'The version is in subject and PDF.', 'the subject; the PDF is the clinical system’s'),
      elsewhere(
        'clinical system',
        sd(136, 137, 138, 139, 143, 144),
        '1',
        'Layout, colours and fixed text of the PDF.',
        drawsThePdf,
      ),
      bySystem(
        sd(94),
        both,
        'An appropriate person is told of what was not received or not managed.',
        'also of what was handed over and never became a document, or was not taken',
      ),
      bySystem(sd(95), both, 'A missing acknowledgement is noticed, and told.'),
      bySystem(
        sd(96),
        both,
        'Sent within three hours of the last change.',
        'alarms before they are over; the hours before the drop are the clinical system’s',
      ),
      elsewhere(
        'clinical system',
        sd(142),
        '1',
        'Only the latest version within the three hours is sent.',
        'it holds back what may still change; of versions that meet here, the earlier is superseded',
      ),
      bySystem(sd(98), both, 'The original is version 1, each later one the next.'),
      bySystem(
        sd(102),
        '1',
        'A confidential consultation’s notification leaves out notes, clinician and place.',
        'text, subject and attachments; the redacted PDF is the clinical system’s',
      ),
      elsewhere(
        'clinical system',
        sd(133, 134),
        '1',
        'Each confidential item is replaced by a fixed text.',
        drawsThePdf,
      ),
      elsewhere(
        'receiver',
        sd(126, 127),
        '1',
        'A replacement is filed and the old version archived; a failed one voids both.',
        receives,
      ),
      bySystem(sd(128), both, 'After a failed replacement both versions are null and void.'),
      bySystem(sd(129), both, 'A replacement points at the version before it, however many there are.'),
      bySystem(sd(130), '1', 'A replacement comes within 24 hours.', 'a later one goes, with a warning'),
      elsewhere(
        'clinical system',
        sd(135),
        '1',
        'Whoever deletes a consultation is warned that its report was sent; nothing is sent about it.',
        'receipt and API say what was sent',
      ),
    ],
  },
  {
    title: 'User stories',
    requirements: [
      elsewhere(
        'clinical system',
        ['GPC-SD01', 'GPC-SD02'],
        '1',
        'A report goes to the practice of a patient who was seen elsewhere.',
        triggers,
      ),
      bySystem(['GPC-SD05'], '1', 'Staff are told of errors.'),
      bySystem(
        ['GPC-SD06'],
        '1',
        'The version is seen in subject and PDF.',
        'the subject; the PDF is the clinical system’s',
      ),
      elsewhere(
        'clinical system',
        ['GPC-SD07'],
        '1',
        'Each organisation sets how long a report waits for changes.',
        'it holds back what may still change; what is handed over goes at once',
      ),
      bySystem(
        ['GPC-SD08'],
        both,
        'Nothing of a confidential consultation leaves but, in 1.3.x, a notification without content and place.',
        'the notification by setting; its PDF is the clinical system’s',
      ),
      bySystem(
        ['GPC-SD09'],
        '1',
        'A copy of every report is kept.',
        'the original consultation is the clinical system’s',
      ),
      elsewhere(
        'clinical system',
        ['GPC-SD10'],
        '1',
        'Controls of data sharing do not keep a document from the practice.',
        'nothing here asks for them, and nothing is held back for them',
      ),
      elsewhere('clinical system', ['GPC-SD11'], '1', 'Confidential items are replaced by a text.', drawsThePdf),
      elsewhere(
        'clinical system',
        ['GPC-SD12'],
        '1',
        'Whoever deletes a consultation is warned, and tells the practice.',
        'receipt and API say what was sent, and in which state it is',
      ),
    ],
  },
  {
    title: 'ITK3, any sender',
    requirements: [
      bySystem(
        ['FHIR-DOC-01'],
        both,
        'Every document sent and received is logged.',
        'archived as it went over the wire',
      ),
      bySystem(
        ['FHIR-DOC-02'],
        both,
        'Showing and printing are audited.',
        'each view through the API and by an operator’s command; nothing here shows or prints the PDF itself',
      ),
      bySystem(
        ['FHIR-DOC-03'],
        both,
        'The audit names time, NHS number, user, role and document.',
        'entries name time, document and actor, the submission’s also user and role; the NHS number stands in what is kept beside them under the same document id',
      ),
      elsewhere(
        'clinical system',
        ['FHIR-DOC-04'],
        both,
        'A document can be shown to those who may see it.',
        'it made the PDF and keeps it',
      ),
      bySystem(['FHIR-DOC-05'], both, 'The type is coded in SNOMED CT.'),
      bySystem(
        ['FHIR-DOC-06'],
        both,
        'The care setting is coded in SNOMED CT.',
        'where the manifest gives one, in 2.0',
      ),
      bySystem(['FHIR-DOC-09'], both, 'The clinical content is in the sections and their Binaries.'),
      bySystem(['FHIR-V&V-01'], both, 'Messages are validated before they are sent.'),
      elsewhere('clinical system', ['FHIR-V&V-02'], both, 'The author verifies before sending.', triggers),
      elsewhere(
        'nobody',
        ['FHIR-CC-01', 'FHIR-CC-02', 'FHIR-CC-03', 'FHIR-CC-04'],
        both,
        'Coded content agrees with the text.',
        'the content is a PDF: there is none',
      ),
      bySystem(
        ['FHIR-PAY-01', 'FHIR-PAY-02'],
        both,
        'One document in a message, its attachments inside and never by URL.',
      ),
      elsewhere(
        'clinical system',
        ['FHIR-PDS-01', 'FHIR-PDS-03'],
        both,
        'Demographics are synchronised with PDS, and its flag read before sending.',
        'it has the PDS access; the manifest takes verified numbers only',
      ),
      bySystem(
        ['FHIR-PDS-02'],
        both,
        'Without a verified NHS number more demographics are needed.',
        'such a document is refused',
      ),
      elsewhere(
        'nobody',
        ['FHIR-DEM-01', 'FHIR-DEM-02'],
        both,
        'Which demographics go with an unverified number.',
        'no document goes without a verified number',
      ),
      elsewhere(
        'nobody',
        ['FHIR-PDS-04'],
        both,
        'Address and contact of a sensitive record only after evaluation.',
        'no message carries address or contact of a patient',
      ),
      bySystem(
        ['FHIR-PDS-05', 'FHIR-PDS-06', 'FHIR-PDS-07'],
        both,
        'With an invalid NHS number nothing is sent, and the number is never repeated.',
      ),
      elsewhere(
        'clinical system',
        ['FHIR-PDS-08', 'FHIR-PDS-09'],
        both,
        'Flags and dissent on PDS do not keep a document from the practice.',
        'nothing here asks for them, and nothing is held back for them',
      ),
      bySystem(['FHIR-PDS-10'], both, 'The verification status of the NHS number is filled in.'),
      bySystem(
        ['FHIR-TXT-01'],
        both,
        'The text of a section does not repeat what the Composition says.',
        'sections have no text',
      ),
      elsewhere(
        'nobody',
        ['FHIR-CE-01', 'FHIR-CE-02'],
        both,
        'Medication and allergies are coded where that is supported.',
        'the content is a PDF',
      ),
      elsewhere('nobody', ['FHIR-MR-01'], both, 'Every recipient gets the same payload.', 'there is one recipient'),
      bySystem(['FHIR-VER-01'], both, 'Every new document has a new id.'),
      bySystem(['FHIR-SR-01'], both, 'RecipientType is filled in.'),
      bySystem(['FHIR-SR-02', 'FHIR-SR-03'], both, 'SenderReference is filled in, at most 255 characters.'),
      bySystem(['FHIR-SR-05'], both, 'MessageDefinition is filled in.'),
      bySystem(['FHIR-SR-06'], both, 'LocalExtension is filled in.'),
      bySystem(['FHIR-BA-01'], both, 'Every answer is logged and told to administrators.'),
      elsewhere('receiver', ['FHIR-BA-02'], both, 'Answers hold no patient data.', receives),
      bySystem(['RC-HS-01', 'RC-HS-02'], both, 'Every code that a practice must or should answer with is handled.'),
    ],
  },
];

/** Assurance test cases of the standard: a test may name one, none has to. */
export const assuranceCases: readonly string[] = Array.from(
  { length: 13 },
  (_, index) => `GPCM-SD-TST-${String(index + 1).padStart(2, '0')}`,
);

export const requirements: readonly Requirement[] = sections.flatMap((section) => section.requirements);
