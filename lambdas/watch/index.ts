import { wireWatch } from '../../shared/pipeline/wiring.ts';
import { watchHandler } from './handler.ts';

export const handler = watchHandler(wireWatch(process.env));
