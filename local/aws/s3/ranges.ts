import { S3Error } from './errors.ts';

export interface Stretch {
  readonly start: number;
  readonly length: number;
}

/**
 * The stretch that a Range header names, cut to the body's `size`; undefined for none, or for one that S3 ignores
 * (several ranges, another unit). Throws InvalidRange (416) where the body has no such bytes.
 */
export const byteRange = (header: string | undefined, size: number): Stretch | undefined => {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (start > end) throw new S3Error('InvalidRange', 416, 'The requested range is not satisfiable');
  return { start, length: end - start + 1 };
};
