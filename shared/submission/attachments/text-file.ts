import type { RangedSource } from '../ranged-text.ts';

const stepLength = 1 << 20;

/** Is it UTF-8 without a NUL from beginning to end? Reads all of it, a MiB at a time. */
export const isUtf8Text = async (source: RangedSource): Promise<boolean> => {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    for (let from = 0; from < source.size; from += stepLength) {
      const bytes = await source.read(from, Math.min(source.size, from + stepLength));
      if (bytes.includes(0)) return false;
      decoder.decode(bytes, { stream: true });
    }
    decoder.decode();
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
};

/** Behind byte order mark, white space and comments. */
const beginning = (head: string): string => head.replace(/^(?:\xef\xbb\xbf)?(?:\s|<!--[\s\S]*?-->)*/, '');

/** HTML of today is none, whatever its first letters look like. */
export const looksLikeXml = (head: string): boolean =>
  /^<(?:\?xml\s|!DOCTYPE\s(?!\s*html\s*>)|[A-Za-z_])/.test(beginning(head));

/** Also a piece of HTML without its frame, as some systems export a letter. */
export const looksLikeHtml = (head: string): boolean =>
  /^(?:<\?xml[^>]*\?>\s*)?<(?:!doctype\s+html|html|head|body|title|meta|style|p|div|span|table|ul|ol|h[1-6]|article|section|b|i|em|strong|a|br|hr|font|center)\b/i.test(
    beginning(head),
  );
