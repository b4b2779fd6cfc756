import { randomBytes } from 'node:crypto';
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { z } from 'zod';
import { isJsonObject, parseJson } from '../../aws/events/pattern.ts';
import { type Family, family, generatedName, number, tags } from './family.ts';

const generate = z.looseObject({
  PasswordLength: number.default(32),
  SecretStringTemplate: z.string().optional(),
  GenerateStringKey: z.string().optional(),
});

/** A throw-away value: which characters CloudFormation would leave out makes no difference to hexadecimal digits. */
const generated = ({ PasswordLength, SecretStringTemplate, GenerateStringKey }: z.output<typeof generate>): string => {
  const password = randomBytes(PasswordLength).toString('hex').slice(0, PasswordLength);
  if (SecretStringTemplate === undefined || GenerateStringKey === undefined) return password;
  const template = parseJson(SecretStringTemplate);
  return JSON.stringify({ ...(isJsonObject(template) ? template : {}), [GenerateStringKey]: password });
};

const secret = family(
  'AWS::SecretsManager::Secret',
  z.object({
    Name: z.string().optional(),
    Description: z.string().optional(),
    SecretString: z.string().optional(),
    GenerateSecretString: generate.optional(),
    Tags: tags,
  }),
  ['KmsKeyId'],
  async (declared, { clients: { secrets } }) => {
    const { Name, Description, SecretString, GenerateSecretString, Tags } = declared.properties;
    const value = SecretString ?? (GenerateSecretString && generated(GenerateSecretString));
    const { ARN = '' } = await secrets.send(
      new CreateSecretCommand({
        Name: Name ?? generatedName(declared, 256),
        ...(Description === undefined ? {} : { Description }),
        ...(value === undefined ? {} : { SecretString: value }),
        Tags,
      }),
    );
    return { ref: ARN, attributes: { Id: ARN } };
  },
);

export const secretFamilies: readonly Family[] = [secret];
