import type { z } from 'zod';
import { errorText } from '../platform/log.ts';
import { uploadsPrefix } from '../platform/names.ts';
import type { ApiContext } from './context.ts';
import { type ApiResponse, answered } from './response.ts';
import type { pingAnswer, statusAnswer } from './schemas.ts';

export const ping = async (): Promise<ApiResponse> => {
  const answer: z.output<typeof pingAnswer> = { status: 'up' };
  return answered(200, answer);
};

/** Whether what a submission needs can be reached. Says no more: anybody may ask. */
export const status = async ({ table, drops, log }: ApiContext): Promise<ApiResponse> => {
  const reach = (what: string, attempt: Promise<unknown>): Promise<'up' | 'down'> =>
    attempt.then(
      () => 'up' as const,
      (error: unknown) => {
        log.error('DEPENDENCY_DOWN', { what, error: errorText(error) });
        return 'down' as const;
      },
    );
  const [records, storage] = await Promise.all([
    reach('records', table.read('STATUS#probe')),
    reach('storage', drops.head(`${uploadsPrefix}status-probe`)),
  ]);
  const up = records === 'up' && storage === 'up';
  const answer: z.output<typeof statusAnswer> = { status: up ? 'up' : 'down', records, storage };
  return answered(up ? 200 : 503, answer);
};
