import { wireApi } from '../../shared/api/wiring.ts';
import { apiHandler } from './handler.ts';

export const handler = apiHandler(wireApi(process.env));
