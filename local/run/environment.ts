import { CreateSecretCommand, PutSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { environmentSecretName, mailboxSecretName } from '../../shared/platform/names.ts';
import { createPki, type IssuedCertificate, type Pki } from '../pki/pki.ts';
import { TEST_PATIENTS } from '../samples/test-patients.ts';

/** The world around the system in a local run: a MESH, a practice, a certificate authority, all made up for the run. */
export interface LocalWorld {
  readonly pki: Pki;
  readonly sharedKey: string;
  readonly sender: {
    readonly mailboxId: string;
    readonly odsCode: string;
    readonly name: string;
    readonly password: string;
  };
  readonly practice: {
    readonly mailboxId: string;
    readonly odsCode: string;
    readonly name: string;
    readonly password: string;
  };
  readonly practiceCertificate: IssuedCertificate;
}

export const stage = 'local';

export const createWorld = async (
  now: number,
  sender: { mailboxId: string; odsCode: string; name: string },
  random: () => string,
): Promise<LocalWorld> => {
  // Fast clocks run ahead of the machine's: certificates of a year outlast any run.
  const pki = await createPki({ now, days: 365 });
  const practice = { mailboxId: 'Y12345OT001', odsCode: 'Y12345', name: 'Willow Lane Surgery', password: random() };
  return {
    pki,
    sharedKey: random(),
    sender: { ...sender, password: random() },
    practice,
    practiceCertificate: await pki.issueClient(practice.mailboxId),
  };
};

/** Everybody of the published test patients is registered at the one practice. */
export const registeredPatients = (world: LocalWorld) =>
  TEST_PATIENTS.map(({ nhsNumber, birthDate, family }) => ({
    nhsNumber,
    birthDate,
    familyName: family,
    mailboxId: world.practice.mailboxId,
  }));

/** Puts the two kinds of secret where the functions read them, as an operator would. */
export const storeSecrets = async (client: SecretsManagerClient, world: LocalWorld): Promise<void> => {
  const own = await world.pki.issueClient(world.sender.mailboxId);
  await client.send(
    new PutSecretValueCommand({
      SecretId: environmentSecretName(stage),
      SecretString: JSON.stringify({ sharedKey: world.sharedKey, ca: world.pki.ca }),
    }),
  );
  await client.send(
    new CreateSecretCommand({
      Name: mailboxSecretName(stage, world.sender.mailboxId),
      SecretString: JSON.stringify({ ...own, password: world.sender.password }),
    }),
  );
};
