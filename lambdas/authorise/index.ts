import { wireAuthorise } from '../../shared/api/wiring.ts';
import { authoriseHandler } from './handler.ts';

export const handler = authoriseHandler(wireAuthorise(process.env));
