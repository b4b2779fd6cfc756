import { PDFDocument, type PDFFont, type PDFPage, rgb, StandardFonts } from 'pdf-lib';
import type { ManifestInput } from '../../shared/submission/manifest.ts';

/**
 * The sample report: the data points and the order of the NHS layout (send-document standard, PDF content:
 * GPCM-SD-090, SD-136 to 139, SD-143, SD-144), about somebody who does not exist.
 */

// NHS Blue and Light Blue (SD-143).
const blue = rgb(0x00 / 255, 0x5e / 255, 0xb8 / 255);
const lightBlue = rgb(0x41 / 255, 0xb6 / 255, 0xe6 / 255);
const black = rgb(0.13, 0.13, 0.13);

const margin = 48;
const pageWidth = 595;
const pageHeight = 842;
const width = pageWidth - 2 * margin;

// The text that SD-144 fixes.
const summaryReason =
  'A patient recently consulted with a clinician at an organisation different to the GP practice that they are registered with. The notes contained in this document are a summary of the consultation';

const notes: readonly (readonly [title: string, text: string])[] = [
  [
    'History',
    'Three days of sore throat and painful swallowing, with fever up to 38.4 C measured at home. No cough, no rash, no difficulty breathing. Drinking well. No recent travel. Takes amlodipine 5 mg once a day; no known allergies.',
  ],
  [
    'Examination',
    'Looks well. Temperature 37.9 C, pulse 84 regular, oxygen saturation 98% on air, blood pressure 134/82. Tonsils red and enlarged with exudate on both sides. Tender lymph nodes at the front of the neck. No sign of quinsy. Chest clear.',
  ],
  ['Diagnosis', 'Acute tonsillitis. FeverPAIN score 4.'],
  [
    'Treatment',
    'Phenoxymethylpenicillin 500 mg tablets, one to be taken four times a day for five days: 20 tablets supplied on prescription. Paracetamol as needed.',
  ],
];

const followUp =
  'Advised to seek help if unable to swallow fluids, if breathing becomes difficult, or if no better after five days. For the practice: please repeat the blood pressure within four weeks.';

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** dd-MMM-yyyy, the form that the layout asks for. */
const date = (iso: string) => `${iso.slice(8, 10)}-${months[Number(iso.slice(5, 7)) - 1]}-${iso.slice(0, 4)}`;

const wrap = (text: string, font: PDFFont, size: number, room: number): string[] => {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const longer = lines.length === 0 ? word : `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && font.widthOfTextAtSize(longer, size) <= room) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
};

const drawReport = (page: PDFPage, plain: PDFFont, bold: PDFFont, facts: ManifestInput) => {
  const { patient, practitioner, consultation, registeredPractice, version } = facts;
  const nhsNumber = patient.nhsNumber.replace(/^(\d{3})(\d{3})(\d{4})$/, '$1 $2 $3');
  let y = pageHeight - margin;

  const line = (text: string, x: number, size = 9.5, font = plain, color = black) =>
    page.drawText(text, { x, y, size, font, color });
  const rule = () =>
    page.drawLine({ start: { x: margin, y }, end: { x: pageWidth - margin, y }, thickness: 1, color: lightBlue });
  const pair = (label: string, value: string, x: number) => {
    line(label, x, 9, bold);
    line(value, x + 105, 9.5);
  };
  const section = (title: string) => {
    y -= 10;
    rule();
    y -= 15;
    line(title, margin, 11, bold, blue);
    y -= 15;
  };
  const paragraph = (text: string, indent = 0) => {
    for (const part of wrap(text, plain, 9.5, width - indent)) {
      line(part, margin + indent);
      y -= 12.5;
    }
  };

  page.drawRectangle({ x: 0, y: pageHeight - 34, width: pageWidth, height: 34, color: blue });
  page.drawText('GP Connect', { x: margin, y: pageHeight - 23, size: 14, font: bold, color: rgb(1, 1, 1) });
  y -= 16;
  line('CONSULTATION REPORT', margin, 15, bold, blue);
  line(`Version ${version}`, 440, 9.5, bold);
  y -= 14;
  line('- Confidential: personal data -', margin, 9);
  line('Number of related documents: 0', 360, 9);
  y -= 12;
  line('SAMPLE: this patient does not exist', margin, 9, bold);
  line('Page 1 of 1', 440, 9);

  section('Patient');
  line(`${patient.family.toUpperCase()}, ${patient.given.join(' ')} (${patient.prefix})`, margin, 15, bold);
  y -= 18;
  pair('Date of birth', date(patient.birthDate), margin);
  pair('NHS No', nhsNumber, 310);
  y -= 14;
  pair('Tel No', '01632 960 741', margin);
  pair('Mobile No', '07700 900 582', 310);
  y -= 14;
  pair('Home address', '14 Sample Terrace, Exampleton, EX99 9ZZ', margin);

  section('Consulting organisation');
  pair(
    'Clinician',
    `${practitioner.prefix} ${practitioner.given?.join(' ')} ${practitioner.family}, General Practitioner`,
    margin,
  );
  y -= 14;
  pair('Tel No', `${practitioner.phone}`, margin);
  pair('Email', 'northfield@example.org', 310);
  y -= 14;
  pair('Organisation', 'Northfield Out of Hours Service, Exampleton', margin);

  section('Consultation');
  pair('Date', `${date(consultation.startedAt)} ${consultation.startedAt.slice(11, 16)}`, margin);
  y -= 14;
  pair('Receiving practice', registeredPractice.name, margin);
  y -= 4;

  section('Summary reason');
  paragraph(summaryReason);
  section('Clinical notes');
  for (const [title, text] of notes) {
    line(title, margin, 9.5, bold);
    y -= 12.5;
    paragraph(text, 12);
    y -= 4;
  }
  section('Follow-up actions');
  paragraph(followUp);

  y = 34;
  rule();
  y = 20;
  line('Confidential: personal data', margin, 8.5);
};

/** Draws the report of one page. The same facts make the same bytes. */
export const samplePdf = async (facts: ManifestInput): Promise<Buffer> => {
  const pdf = await PDFDocument.create({ updateMetadata: false });
  pdf.setTitle('Consultation report');
  pdf.setLanguage('en-GB');
  const plain = await pdf.embedFont(StandardFonts.Helvetica);
  const bold = await pdf.embedFont(StandardFonts.HelveticaBold);
  drawReport(pdf.addPage([pageWidth, pageHeight]), plain, bold, facts);
  return Buffer.from(await pdf.save({ useObjectStreams: false }));
};
