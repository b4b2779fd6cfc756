/**
 * The types of file that may travel beside the report (GP Connect Send Document 2.0, "Attachment types";
 * NHS test 20004 holds receivers to the same list). Anything else is answered with 20004.
 */
export interface AttachmentType {
  /** As the message says it. */
  readonly mediaType: string;
  /** Other names under which a sender may hand it over. */
  readonly alsoKnownAs: readonly string[];
  /** What its bytes must look like. */
  readonly content: 'pdf' | 'doc' | 'docx' | 'rtf' | 'html' | 'text' | 'xml' | 'jpeg' | 'png' | 'tiff';
  /** For a person. */
  readonly name: string;
}

const type = (
  mediaType: string,
  content: AttachmentType['content'],
  name: string,
  alsoKnownAs: readonly string[] = [],
): AttachmentType => ({ mediaType, alsoKnownAs, content, name });

/**
 * Each type leaves under one name. For JPEG it is the one that the list prints, `image/jpg`: receivers compare with it.
 * The list misprints the names of RTF (`application/mswrtford`) and TIFF (`image/png`), which no program knows: those
 * two leave under their registered names.
 */
export const attachmentTypes: readonly AttachmentType[] = [
  type('application/pdf', 'pdf', 'PDF'),
  type('application/msword', 'doc', 'Word (.doc)'),
  type('application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'docx', 'Word (.docx)'),
  type('application/rtf', 'rtf', 'RTF', ['text/rtf', 'application/mswrtford']),
  type('text/html', 'html', 'HTML'),
  type('text/plain', 'text', 'plain text'),
  type('text/xml', 'xml', 'XML', ['application/xml']),
  type('image/jpg', 'jpeg', 'JPEG', ['image/jpeg']),
  type('image/png', 'png', 'PNG'),
  type('image/tiff', 'tiff', 'TIFF', ['image/tif']),
];

const byName = new Map(
  attachmentTypes.flatMap((one) => [one.mediaType, ...one.alsoKnownAs].map((name) => [name, one] as const)),
);

/** The approved type of this name, whatever its case; undefined where the type is not approved. */
export const attachmentTypeOf = (mediaType: string): AttachmentType | undefined => byName.get(mediaType.toLowerCase());
