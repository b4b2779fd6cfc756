import { readFile } from 'node:fs/promises';
import { deflateSync } from 'node:zlib';
import { PDFDocument, StandardFonts } from 'pdf-lib';
import { describe, expect, it } from 'vitest';
import { samplePdf } from '../../../../../local/samples/sample-pdf.ts';
import { makePdf, sampleFacts } from '../../../../../local/samples/variants.ts';
import { findPatient } from '../../../../../shared/pipeline/compose/patient-guard.ts';
import { pdfTextLimits, pdfTextReader } from '../../../../../shared/submission/pdf-text/pdf-text-reader.ts';
import { bytesSource } from '../pdf-support.ts';

const own = sampleFacts.patient.nhsNumber;
const readText = pdfTextReader();

const textOf = async (pdf: Uint8Array, read = readText) => {
  const pages: string[] = [];
  const end = await read(bytesSource(pdf), (text) => {
    pages.push(text);
    return 'more';
  });
  return { end, pages };
};

/** A PDF of one page with these content operators, unpacked from what is stored. */
const pageOf = (operators: Buffer): Buffer => {
  const packed = deflateSync(operators);
  const objects = [
    Buffer.from('<</Type/Catalog/Pages 2 0 R>>'),
    Buffer.from('<</Type/Pages/Count 1/Kids[3 0 R]>>'),
    Buffer.from('<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<<>>>>'),
    Buffer.concat([
      Buffer.from(`<</Length ${packed.length}/Filter/FlateDecode>>\nstream\n`),
      packed,
      Buffer.from('\nendstream'),
    ]),
  ];
  let file = Buffer.from('%PDF-1.4\n');
  const offsets = objects.map((object, index) => {
    const at = file.length;
    file = Buffer.concat([file, Buffer.from(`${index + 1} 0 obj\n`), object, Buffer.from('\nendobj\n')]);
    return `${String(at).padStart(10, '0')} 00000 n \n`;
  });
  const tail = `xref\n0 5\n0000000000 65535 f \n${offsets.join('')}trailer<</Size 5/Root 1 0 R>>\nstartxref\n${file.length}\n%%EOF`;
  return Buffer.concat([file, Buffer.from(tail)]);
};

const draw = async (paint: (pdf: PDFDocument) => Promise<void>): Promise<Buffer> => {
  const pdf = await PDFDocument.create({ updateMetadata: false });
  await paint(pdf);
  return Buffer.from(await pdf.save());
};

describe('the text of a PDF', () => {
  it('is read page by page, in order', async () => {
    const { end, pages } = await textOf(await makePdf({ text: 'Sore throat', pages: 3 }));
    expect(end).toBe('all');
    expect(pages).toHaveLength(3);
    expect(pages[1]).toMatch(/Sore throat[\s\S]*Page 2 of 3/);
  });

  it('is read from compressed objects too, and from the fields of a form', async () => {
    const { pages } = await textOf(await makePdf({ text: 'Sore throat', objectStreams: true }));
    expect(pages[0]).toContain('Sore throat');
    const form = await draw(async (pdf) => {
      const field = pdf.getForm().createTextField('number');
      field.setText('943 476 5919');
      field.addToPage(pdf.addPage([300, 300]), { x: 20, y: 20, width: 200, height: 20 });
    });
    expect((await textOf(form)).pages[0]).toContain('943 476 5919');
  });

  it('is read by ranges: what no page shows is never fetched', async () => {
    const source = bytesSource(await makePdf({ text: 'Sore throat', minBytes: 8 << 20 }));
    expect(await readText(source, () => 'more')).toBe('all');
    expect(source.bytesRead).toBeLessThan(1 << 20);
  });

  it('ends when enough was seen', async () => {
    let pages = 0;
    const end = await readText(bytesSource(await makePdf({ text: 'Sore throat', pages: 5 })), () => {
      pages += 1;
      return 'enough';
    });
    expect([end, pages]).toEqual(['enough', 1]);
  });

  it('ends at the limit of pages, of time and of memory, and says which', async () => {
    const long = await makePdf({ text: 'Sore throat', pages: 4 });
    const { end, pages } = await textOf(long, pdfTextReader({ ...pdfTextLimits, pages: 3 }));
    expect([end, pages.length]).toEqual(['pages', 3]);
    expect((await textOf(long, pdfTextReader({ ...pdfTextLimits, milliseconds: 0 }))).end).toBe('time');
    // A page that unpacks to a thousand times its size.
    const bomb = pageOf(Buffer.alloc(128 << 20, ' '));
    expect(bomb.length).toBeLessThan(1 << 20);
    const small = { ...pdfTextLimits, megabytes: { process: 64, heap: 64 } };
    expect((await textOf(bomb, pdfTextReader(small))).end).toBe('memory');
  });

  it('is read for twenty seconds, of two hundred pages, and no program in it is run', async () => {
    expect(pdfTextLimits).toMatchObject({ milliseconds: 20_000, pages: 200 });
    const worker = new URL('../../../../../shared/submission/pdf-text/pdf-text-worker.mjs', import.meta.url);
    expect(await readFile(worker, 'utf8')).toMatch(/^\s*isEvalSupported: false,$/m);
  });

  it('that pdfjs cannot read is no fault of ours', async () => {
    expect((await textOf(Buffer.from('%PDF-1.7 and nothing else'))).end).toBe('broken');
  });

  it('is tried again when the file cannot be read', async () => {
    const gone = { size: 1000, read: () => Promise.reject(new Error('gone')) };
    await expect(readText(gone, () => 'more')).rejects.toThrow('gone');
    // The reader goes on with the next.
    expect((await textOf(await makePdf({ text: 'Sore throat' }))).end).toBe('all');
  });

  it('is read of one PDF at a time', async () => {
    let reading = 0;
    let most = 0;
    const one = async () => {
      const pdf = bytesSource(await makePdf({ text: 'Sore throat' }));
      const source = {
        size: pdf.size,
        async read(from: number, to: number) {
          reading += 1;
          most = Math.max(most, reading);
          const bytes = await pdf.read(from, to);
          await new Promise((resolve) => setTimeout(resolve, 20));
          reading -= 1;
          return bytes;
        },
      };
      return readText(source, () => 'more');
    };
    expect(await Promise.all([one(), one(), one()])).toEqual(['all', 'all', 'all']);
    expect(most).toBe(1);
  });
});

describe('whether a PDF names the patient', () => {
  const find = (pdf: Uint8Array, nhsNumber = own) => findPatient(readText, bytesSource(pdf), nhsNumber);

  it('the layout of the standard does (GPCM-SD-090)', async () => {
    expect(await find(await samplePdf(sampleFacts))).toEqual({ outcome: 'matched' });
  });

  it('the same PDF names another patient than a manifest of somebody else', async () => {
    expect(await find(await samplePdf(sampleFacts), '9434765919')).toEqual({ outcome: 'other-patient' });
  });

  it('others beside the patient are fine, on whichever page', async () => {
    const pdf = await draw(async (made) => {
      const font = await made.embedFont(StandardFonts.Helvetica);
      made.addPage().drawText('Mother: 943 476 5919', { font, x: 50, y: 700 });
      made.addPage().drawText(own, { font, x: 50, y: 700 });
    });
    expect(await find(pdf)).toEqual({ outcome: 'matched' });
  });

  it('a number is found that is drawn piece by piece', async () => {
    const pdf = await draw(async (made) => {
      const [plain, bold] = [await made.embedFont(StandardFonts.Helvetica), await made.embedFont('Helvetica-Bold')];
      const page = made.addPage();
      let x = 50;
      for (const [index, piece] of ['943', '47', '6', '5919'].entries()) {
        const font = index % 2 === 0 ? plain : bold;
        page.drawText(piece, { font, size: 12, x, y: 700 });
        x += font.widthOfTextAtSize(piece, 12) + (index === 0 || index === 2 ? 3.3 : 0);
      }
    });
    expect(await find(pdf)).toEqual({ outcome: 'other-patient' });
    expect(await find(pdf, '9434765919')).toEqual({ outcome: 'matched' });
  });

  it('one with other text names nobody, one without text is not compared', async () => {
    expect(await find(await makePdf({ text: 'Sore throat' }))).toEqual({ outcome: 'no-number' });
    const blank = await draw(async (pdf) => void pdf.addPage().drawRectangle({ width: 100, height: 100 }));
    expect(await find(blank)).toEqual({ outcome: 'unchecked', why: 'no-text' });
    expect(await find(Buffer.from('%PDF-1.7'))).toEqual({ outcome: 'unchecked', why: 'broken' });
  });
});
