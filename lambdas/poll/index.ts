import { wirePoll } from '../../shared/pipeline/wiring.ts';
import { pollHandler } from './handler.ts';

export const handler = pollHandler(wirePoll(process.env));
