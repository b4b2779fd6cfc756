import { wireCompose } from '../../shared/pipeline/wiring.ts';
import { composeHandler } from './handler.ts';

export const handler = composeHandler(wireCompose(process.env));
