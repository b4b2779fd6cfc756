import { type AttachmentType, attachmentTypeOf } from '../../itk3/attachment-types.ts';
import { inspectPdf } from '../pdf.ts';
import { type Problem, problem } from '../problems.ts';
import { type RangedSource, rangedText, TooManyReads } from '../ranged-text.ts';
import { type FileKind, headLength, isExecutable, kindOf } from './file-kind.ts';
import { isUtf8Text, looksLikeHtml, looksLikeXml } from './text-file.ts';
import { inspectDocx, isDoc } from './word-file.ts';

const maxReads = 200;

type Content = AttachmentType['content'];

/** The types that their first bytes tell apart for good. */
const byBeginning: Partial<Record<Content, FileKind>> = {
  rtf: 'RTF',
  jpeg: 'a JPEG image',
  png: 'a PNG image',
  tiff: 'a TIFF image',
};

const matches = async (content: Content, head: string, kind: FileKind | undefined, source: RangedSource) => {
  const text = rangedText(source, maxReads);
  switch (content) {
    case 'doc':
      return kind === 'an old Office file or installer' && (await isDoc(text));
    case 'docx':
      return kind === 'a ZIP archive, or a file made like one' ? inspectDocx(text, source.size) : false;
    case 'html':
      return kind === undefined && looksLikeHtml(head) && (await isUtf8Text(source));
    case 'xml':
      return kind === undefined && looksLikeXml(head) && (await isUtf8Text(source));
    case 'text':
      return kind === undefined && (await isUtf8Text(source));
    default:
      return kind === byBeginning[content];
  }
};

/**
 * What stands against an attachment's bytes, undefined when nothing does: that they are what the manifest's type says (receivers answer
 * 20004 and 20005 to others), and nothing that does something when it is opened. A PDF
 * is held to the same as the report. Types that are not approved are told by the rules, not here. `path`: the
 * attachment's in the manifest. Reads ranges; all of it only where it should be text.
 */
export const inspectAttachment = async (
  source: RangedSource,
  contentType: string,
  path: string,
): Promise<Problem | undefined> => {
  const type = attachmentTypeOf(contentType);
  if (!type) return undefined;
  if (source.size === 0) return problem('ATTACHMENT_EMPTY', path);
  const head = await rangedText(source, maxReads).at(0, headLength);
  const kind = kindOf(head);
  if (isExecutable(kind)) return problem('ATTACHMENT_EXECUTABLE', path);
  const mismatch = () =>
    problem(
      'ATTACHMENT_NOT_ITS_TYPE',
      `${path}.contentType`,
      kind === undefined ? undefined : `What is in the file is not ${type.name}, as the manifest says: it is ${kind}.`,
    );
  if (type.content === 'pdf') {
    if (kind !== undefined && kind !== 'a PDF') return mismatch();
    const inspection = await inspectPdf(source);
    return inspection.kind === 'ok' ? undefined : problem(inspection.code, path);
  }
  try {
    const matched = await matches(type.content, head, kind, source);
    if (matched === 'macros') return problem('ATTACHMENT_EXECUTABLE', path);
    return matched === true || matched === 'ok' ? undefined : mismatch();
  } catch (thrown) {
    if (thrown instanceof TooManyReads) return mismatch();
    throw thrown;
  }
};
