import type { Mailbox, MailboxSetting } from './mailbox.ts';
import type { Sender, SenderItem } from './sender.ts';
import type { UnderWay } from './under-way.ts';

/** What stands against a setting that is sound by itself: a path in it, and a sentence. */
export interface RegistryProblem {
  readonly path: string;
  readonly message: string;
}

const documents = (some: readonly UnderWay[]): string =>
  some.map(({ documentId, state }) => `${documentId} (${state})`).join(', ');

/** A sender's setting held against what is registered beside it. */
export const senderProblems = (
  setting: Sender,
  beside: {
    readonly stored: SenderItem | undefined;
    /** The mailbox that it names. */
    readonly mailbox: MailboxSetting | undefined;
    /** The one that it named before. */
    readonly mailboxBefore: MailboxSetting | undefined;
    /** Documents of its that are not composed yet: they will go out through the mailbox that it names. */
    readonly notComposed: readonly UnderWay[];
  },
): readonly RegistryProblem[] => {
  const { stored, mailbox, mailboxBefore, notComposed } = beside;
  const problems: RegistryProblem[] = [];
  if (!mailbox) {
    problems.push({
      path: 'mailboxId',
      message: `mailbox ${setting.mailboxId} is not registered: put the mailbox first`,
    });
  }
  if (mailbox?.environment === 'production' && setting.allowedNhsNumbers.length > 0) {
    problems.push({
      path: 'allowedNhsNumbers',
      message: `is for tests, and mailbox ${setting.mailboxId} is in production: there it would name patients`,
    });
  }
  if (mailbox && mailboxBefore && mailbox.environment !== mailboxBefore.environment && notComposed.length > 0) {
    problems.push({
      path: 'mailboxId',
      message: `would take documents under way from ${mailboxBefore.environment} to ${mailbox.environment}: ${documents(notComposed)}. Wait until they are composed or have ended`,
    });
  }
  if (stored?.active && setting.addresses.notices.length === 0 && stored.setting.addresses?.notices.length) {
    problems.push({
      path: 'addresses.notices',
      message: 'an active organisation needs somebody who is told: deactivate it first, or name an address',
    });
  }
  return problems;
};

/** A mailbox's setting held against the stage, its users and what is under way through it. */
export const mailboxProblems = (
  setting: MailboxSetting,
  beside: {
    readonly stage: string | undefined;
    readonly stored: Mailbox | undefined;
    readonly users: readonly Sender[];
    /** Documents that go or went out through it and have not ended. */
    readonly underWay: readonly UnderWay[];
  },
): readonly RegistryProblem[] => {
  const { stage, stored, users, underWay } = beside;
  const problems: RegistryProblem[] = [];
  const { environment } = setting;
  if (environment === 'production' && stage !== 'production') {
    problems.push({
      path: 'environment',
      message:
        stage === undefined
          ? 'a mailbox of the production MESH belongs in stage production, and which stage this is is not known yet: watch writes it within a minute or two of the deployment'
          : `a mailbox of the production MESH belongs in stage production, and this is ${stage}`,
    });
  }
  if (environment === 'local' && stage === 'production') {
    problems.push({ path: 'environment', message: 'this is production: nothing goes to a MESH of one machine' });
  }
  if (stored && stored.setting.environment !== environment && underWay.length > 0) {
    problems.push({
      path: 'environment',
      message: `documents are under way through ${stored.setting.environment}, and would go to ${environment} or never be answered: ${documents(underWay)}. Wait until they have ended, or register another mailbox`,
    });
  }
  const testing = users.filter(({ allowedNhsNumbers }) => (allowedNhsNumbers ?? []).length > 0);
  if (environment === 'production' && testing.length > 0) {
    problems.push({
      path: 'environment',
      message: `these senders have a list of test patients, which production does not take: ${testing.map(({ odsCode }) => odsCode).join(', ')}`,
    });
  }
  return problems;
};

/** What stands against taking a sender's drops; each as a sentence. */
export const activationProblems = (
  { setting }: SenderItem,
  mailbox: Mailbox | undefined,
  /** Addresses that are confirmed, so that not anybody can end it; `undefined` where it cannot be asked. */
  confirmed: readonly string[] | undefined,
): readonly string[] => [
  ...(mailbox ? [] : [`Its mailbox ${setting.mailboxId} is not registered.`]),
  ...(setting.addresses?.notices.length
    ? confirmedProblems(setting, confirmed)
    : ['It has no address for notices (addresses.notices): nobody would be told of a document that did not arrive.']),
];

const confirmedProblems = (
  { odsCode, addresses }: Sender,
  confirmed: readonly string[] | undefined,
): readonly string[] => {
  if (confirmed === undefined) {
    return ['Who is told is not known yet: watch writes where notices go within a minute or two of the deployment.'];
  }
  return addresses.notices.some((address) => confirmed.includes(address))
    ? []
    : [
        `None of its addresses for notices is confirmed: nobody would be told of a document that did not arrive. See sender address list ${odsCode}.`,
      ];
};
