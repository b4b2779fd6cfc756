import { answerXml } from '../../../shared/itk3/write-answer.ts';
import { seconds } from '../../../shared/platform/clock.ts';
import { practiceMailbox, type World } from './world.ts';

/** What a practice does about a message, on time, late, twice or never. */
export type Conduct =
  | 'accepts'
  | 'accepts, business first'
  | 'accepts twice over'
  | 'accepts without 20013'
  | 'rejects for the patient'
  | 'rejects the message'
  | 'takes it in and falls silent'
  | 'is silent'
  | 'cannot be reached';

const codes: Readonly<Record<Conduct, readonly string[]>> = {
  accepts: ['20013', '30001'],
  'accepts, business first': ['30001', '20013'],
  'accepts twice over': ['20013', '20013', '30001', '30001'],
  'accepts without 20013': ['30001'],
  'rejects for the patient': ['20013', '30002'],
  'rejects the message': ['20015'],
  'takes it in and falls silent': ['20013'],
  'is silent': [],
  'cannot be reached': [],
};

export const headerIn = (body: Buffer): string =>
  /<MessageHeader\b[^>]*>\s*<id value="([^"]+)"/.exec(body.toString('utf8'))?.[1] ?? '';

/** A message of ours that MESH has, by the MessageHeader.id in it. */
export interface Post {
  readonly header: string;
  readonly from: string;
  readonly at: number;
  readonly meshMessageId: string;
}

export interface Practice {
  /** Every copy that MESH took, in order. */
  readonly posts: readonly Post[];
  /** What was put into our inbox: codes by the header that they answer; `report 14` for MESH's. */
  readonly answers: ReadonlyMap<string, readonly string[]>;
  look(): void;
  /** Answers on their way. */
  pending(): number;
}

export const createPractice = (
  world: World,
  setting: {
    readonly conduct: (header: string) => Conduct;
    /** How long each answer takes, in milliseconds. */
    readonly delay?: () => number;
    readonly lookEvery?: number;
  },
): Practice => {
  const { clock, mesh } = world;
  const posts: Post[] = [];
  const answers = new Map<string, string[]>();
  const copies = new Map<string, number>();
  const delay = setting.delay ?? (() => seconds(1));
  const lookEvery = setting.lookEvery ?? seconds(45);
  let seen = 0;
  let pending = 0;

  const noted = (header: string, code: string) => void answers.set(header, [...(answers.get(header) ?? []), code]);
  const later = (after: number, act: () => void) => {
    pending += 1;
    clock.at(clock.now() + after, () => {
      pending -= 1;
      act();
    });
  };
  const answer = (to: string, header: string, code: string) => {
    const xml = answerXml(
      { code },
      {
        ids: { uuid: world.chance.uuid },
        at: clock.now(),
        mailboxId: practiceMailbox,
        odsCode: 'Y12345',
        inResponseTo: header,
        senderReference: undefined,
      },
    );
    mesh.control.deliver(to, {
      from: practiceMailbox,
      workflowId: 'GPFED_CONSULT_REPORT_ACK',
      content: Buffer.from(xml),
    });
    noted(header, code);
  };

  const look = () => {
    const sent = mesh.control.sent();
    for (const message of sent.slice(seen)) {
      seen += 1;
      if (message.from === practiceMailbox) continue;
      const header = headerIn(message.body);
      const { from, meshMessageId } = message;
      posts.push({ header, from, at: message.acceptedAt, meshMessageId });
      const copy = (copies.get(header) ?? 0) + 1;
      copies.set(header, copy);
      const conduct = setting.conduct(header);
      if (conduct === 'cannot be reached') {
        later(delay(), () => {
          mesh.control.injectReport({
            mailboxId: from,
            linkedMessageId: meshMessageId,
            code: '14',
            workflowId: message.workflowId,
          });
          noted(header, `report ${meshMessageId}`);
        });
        continue;
      }
      // A second copy: told so, by a practice that notices (a SHOULD).
      const says = copy === 1 || conduct === 'is silent' ? codes[conduct] : ['20007'];
      let after = 0;
      for (const code of says) {
        after += delay();
        later(after, () => answer(from, header, code));
      }
    }
  };
  const again = () => {
    look();
    clock.at(clock.now() + lookEvery, again);
  };
  clock.at(clock.now() + lookEvery, again);
  return { posts, answers, look, pending: () => pending };
};
