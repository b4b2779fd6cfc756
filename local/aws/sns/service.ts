import { type LocalService, listen, ServiceError, type ServiceSetting } from '../service.ts';
import { createExchange, type Exchange } from './operations.ts';
import type { Outlets } from './publishing.ts';
import { queryListener } from './query-protocol.ts';
import { createWebhooks } from './webhooks.ts';

/** SNS over HTTP, and `publish` for what publishes without it (alarms, event routing). */
export interface SnsService extends LocalService, Pick<Exchange, 'publish'> {}

/** Standard topics with queues, webhooks and e-mail addresses as subscribers. Kept in memory. */
export const startSns = async (
  setting: ServiceSetting & Pick<Outlets, 'deliverToQueue' | 'onEmail'>,
): Promise<SnsService> => {
  const webhooks = createWebhooks(setting.clock);
  const own = { endpoint: '' };
  const outlets: Outlets = { ...setting, webhooks, ownEndpoint: () => own.endpoint };
  const { operations, publish, followed } = createExchange(setting, outlets);
  const listener = queryListener({
    setting,
    service: 'sns',
    namespace: 'http://sns.amazonaws.com/doc/2010-03-31/',
    operations,
    links: followed,
    invalid: (error) => new ServiceError('InvalidParameter', `Invalid parameter: ${error.issues[0]?.path.join('.')}`),
  });
  const { endpoint, close } = await listen(listener, setting.port);
  own.endpoint = endpoint;
  return {
    endpoint,
    publish,
    close: () => {
      webhooks.close();
      return close();
    },
  };
};
