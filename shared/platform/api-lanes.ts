import { createHash } from 'node:crypto';

/**
 * Lanes of the API's usage plan: each has a rate of its own, so that one organisation's haste is not the others' wait.
 * API Gateway knows a lane by an API key, which the authoriser names and no caller ever sends or sees. Keys are made when
 * deploying and organisations are registered while running, so an organisation's code decides its lane (docs/decisions).
 */
export const laneCount = 64;

export const lanes: readonly number[] = Array.from({ length: laneCount }, (_, lane) => lane);

/** The lane of an organisation, always the same. */
export const laneOf = (who: string): number => createHash('sha256').update(who).digest().readUInt16BE(0) % laneCount;

/** API Gateway takes 20 characters at least. It is no secret: it opens nothing. */
export const laneKey = (stage: string, lane: number): string =>
  `send-document-${stage}-lane-${String(lane).padStart(2, '0')}`;
