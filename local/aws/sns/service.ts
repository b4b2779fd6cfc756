import { type LocalService, listen, ServiceError, type ServiceSetting } from '../service.ts';
import { createExchange, type Exchange } from './operations.ts';
import type { Outlets } from './publishing.ts';
import { queryListener } from './query-protocol.ts';

/** SNS over HTTP, and `publish` for what publishes without it (alarms, event routing). */
export interface SnsService extends LocalService, Pick<Exchange, 'publish'> {}

/** Standard topics with queues and e-mail addresses as subscribers. Kept in memory. */
export const startSns = async (setting: ServiceSetting & Outlets): Promise<SnsService> => {
  const { operations, publish } = createExchange(setting, setting);
  const listener = queryListener({
    setting,
    service: 'sns',
    namespace: 'http://sns.amazonaws.com/doc/2010-03-31/',
    operations,
    invalid: (error) => new ServiceError('InvalidParameter', `Invalid parameter: ${error.issues[0]?.path.join('.')}`),
  });
  const { endpoint, close } = await listen(listener, setting.port);
  return { endpoint, close, publish };
};
