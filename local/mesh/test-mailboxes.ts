import { TEST_PATIENTS } from '../samples/test-patients.ts';
import type { Mailbox, RegisteredPatient } from './routing.ts';

/** Shared key, mailboxes and patients of the simulator that runs alone (docs/mesh-simulator.md lists them). */
export const sharedKey = 'TestKey';

const password = 'password';

export const mailboxes: readonly Mailbox[] = [
  // Named and protected as those of the public sandbox, so that a client set up for it needs nothing new.
  { mailboxId: 'X26ABC1', password, odsCode: 'X26', name: 'TESTMB1' },
  { mailboxId: 'X26ABC2', password, odsCode: 'X26', name: 'TESTMB2' },
  { mailboxId: 'X26ABC3', password, odsCode: 'X26', name: 'TESTMB3' },
  { mailboxId: 'Y12345OT001', password, odsCode: 'Y12345', name: 'Willow Lane Surgery' },
  { mailboxId: 'Y12345OT002', password, odsCode: 'Y12345', name: 'Willow Lane Branch Surgery' },
  { mailboxId: 'X26LIMITED', password, odsCode: 'X26', name: 'One workflow only', workflows: ['LIMITED_WORKFLOW'] },
  { mailboxId: 'X26INACTIVE', password, odsCode: 'X26', name: 'Deactivated', active: false },
  { mailboxId: 'X26INTERNAL', password, odsCode: 'X26', name: 'Of MESH itself', internal: true },
];

const [first] = TEST_PATIENTS;

/** The test patients of one practice, and two whose registration is in disorder. */
export const patients: readonly RegisteredPatient[] = [
  ...TEST_PATIENTS.map(({ nhsNumber, birthDate, family }) => ({
    nhsNumber,
    birthDate,
    familyName: family,
    mailboxId: 'Y12345OT001',
  })),
  // Registered twice: EPL-150.
  { nhsNumber: '9691375117', birthDate: first.birthDate, familyName: 'Twice', mailboxId: 'Y12345OT001' },
  { nhsNumber: '9691375117', birthDate: first.birthDate, familyName: 'Twice', mailboxId: 'Y12345OT002' },
  // At a practice without a mailbox: EPL-151.
  { nhsNumber: '9691375109', birthDate: first.birthDate, familyName: 'Nowhere', mailboxId: 'NOSUCHMB' },
];
