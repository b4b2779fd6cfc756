import { jsonListener } from '../json-service.ts';
import { type LocalService, listen, ServiceError, type ServiceSetting } from '../service.ts';
import { type Broker, createBroker } from './broker.ts';
import { sqsOperations } from './operations.ts';

/** SQS over HTTP, and the way in for the other parts of the machine (event routing, topics, the engine). */
export interface SqsService extends LocalService, Pick<Broker, 'deliver' | 'depth'> {}

/** Error codes that the older Query protocol knew by another name; SDK clients show it as `error.Code`. */
const queryCodes: Readonly<Record<string, string>> = {
  QueueDoesNotExist: 'AWS.SimpleQueueService.NonExistentQueue',
  QueueNameExists: 'QueueAlreadyExists',
  ...Object.fromEntries(
    [
      'EmptyBatchRequest',
      'TooManyEntriesInBatchRequest',
      'BatchEntryIdsNotDistinct',
      'BatchRequestTooLong',
      'InvalidBatchEntryId',
      'MessageNotInflight',
      'UnsupportedOperation',
    ].map((code) => [code, `AWS.SimpleQueueService.${code}`]),
  ),
};

/** Messages are kept in memory. Every time (visibility, delay, retention, deduplication, waiting) is the clock's. */
export const startSqs = async (setting: ServiceSetting): Promise<SqsService> => {
  const broker = createBroker(setting);
  const listener = jsonListener({
    setting,
    contentType: 'application/x-amz-json-1.0',
    service: 'sqs',
    operations: sqsOperations(broker, setting.account, () => setting.clock.now()),
    invalid: (error) => {
      const issue = error.issues[0];
      const name = issue?.path.join('.') ?? '';
      return issue?.message.endsWith('received undefined')
        ? new ServiceError('MissingParameter', `The request must contain the parameter ${name}.`)
        : new ServiceError('InvalidParameterValue', `The value for parameter ${name} is invalid.`);
    },
    unknown: (name) => new ServiceError('UnsupportedOperation', `SQS has no operation ${name} here.`),
    describe: ({ code, status }) => ({
      type: `com.amazonaws.sqs#${code}`,
      headers: { 'x-amzn-query-error': `${queryCodes[code] ?? code};${status < 500 ? 'Sender' : 'Receiver'}` },
    }),
  });
  const { endpoint, close } = await listen(listener, setting.port);
  return {
    endpoint,
    deliver: broker.deliver,
    depth: broker.depth,
    close: async () => {
      broker.close();
      // Waiting polls get their empty answers out before their connections go.
      await new Promise<void>((resolve) => setImmediate(resolve));
      await close();
    },
  };
};
