import { jsonListener } from '../json-service.ts';
import { type LocalService, listen, ServiceError, type ServiceSetting } from '../service.ts';
import { secretsOperations } from './operations.ts';
import { createVault } from './vault.ts';

export type SecretsService = LocalService;

/** Secrets Manager. Secrets are kept in memory; recovery windows run by the clock. */
export const startSecrets = async (setting: ServiceSetting): Promise<SecretsService> => {
  const listener = jsonListener({
    setting,
    contentType: 'application/x-amz-json-1.1',
    service: 'secretsmanager',
    operations: secretsOperations(createVault(setting)),
    // Names the field and never its value.
    invalid: (error) =>
      new ServiceError('ValidationException', `The value at '${error.issues[0]?.path.join('.')}' is not valid.`),
    unknown: (name) => new ServiceError('UnknownOperationException', `Secrets Manager has no operation ${name} here.`),
    describe: ({ code }) => ({ type: code }),
  });
  const { endpoint, close } = await listen(listener, setting.port);
  return { endpoint, close };
};
