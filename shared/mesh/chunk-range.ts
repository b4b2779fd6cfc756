/** Which part of how many: `Mex-Chunk-Range: 2:5`. A report has `1:0`. */
export interface ChunkRange {
  readonly part: number;
  readonly total: number;
}

/** MESH allows no more parts in a message. */
export const maxParts = 10_000;

/** Undefined where the text is not `part:total` with a part from 1 and at most `maxParts`. */
export const parseChunkRange = (text: string | undefined): ChunkRange | undefined => {
  const match = /^\s*(\d{1,5})\s*:\s*(\d{1,5})\s*$/.exec(text ?? '');
  if (!match) return undefined;
  const range = { part: Number(match[1]), total: Number(match[2]) };
  return range.part >= 1 && range.total <= maxParts ? range : undefined;
};

export const formatChunkRange = ({ part, total }: ChunkRange): string => `${part}:${total}`;
