import { wireSend } from '../../shared/pipeline/wiring.ts';
import { sendHandler } from './handler.ts';

export const handler = sendHandler(wireSend(process.env));
