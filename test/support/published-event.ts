import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { StatusEvent } from '../../shared/events/status-event.ts';

/** The schema that subscribers are given, as it lies in docs/events. */
const page = new URL('../../docs/events/document.state-changed.v1.schema.json', import.meta.url);
const published = z.fromJSONSchema(JSON.parse(readFileSync(page, 'utf8')));

/** An event as a subscriber reads it; throws where it is not what was published that it would be. */
export const readEvent = (body: string): StatusEvent => {
  const json: unknown = JSON.parse(body);
  published.parse(json);
  return json as StatusEvent;
};
