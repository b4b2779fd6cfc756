import { Readable } from 'node:stream';
import { profileOfWorkflow } from '../../shared/itk3/profiles.ts';
import { type Answer, answerXml } from '../../shared/itk3/write-answer.ts';
import type { MeshClient } from '../../shared/mesh/client.ts';
import { type Clock, hours, isoTime } from '../../shared/platform/clock.ts';
import type { Ids } from '../../shared/platform/ids.ts';
import { decide, isFiled } from './decide.ts';
import { openMessage } from './open-message.ts';
import type { FhirSchema } from './schema.ts';
import type { PracticeStore, ReceivedLine } from './store.ts';

/** One practice: its MESH mailbox and what it does with what arrives there. */
export interface PracticeSetting {
  readonly mailboxId: string;
  readonly odsCode: string;
  readonly mesh: Pick<MeshClient, 'allInboxIds' | 'download' | 'acknowledge' | 'send'>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly store: PracticeStore;
  readonly schema: FhirSchema;
  /** NHS numbers of the patients registered here. */
  readonly patients: ReadonlySet<string>;
  /** How long the word `late` delays, in milliseconds of the clock. */
  readonly lateMs?: number;
}

export interface Practice {
  /** Handles everything in the inbox once. Returns what went wrong, in our own words; nothing when all went well. */
  poll(): Promise<readonly string[]>;
}

/** A message that is being answered: what is still to be sent, and what to note down then. */
interface Underway {
  readonly answers: Answer[];
  readonly dueAt: number;
  readonly replyTo: string;
  readonly ackWorkflowId: string;
  readonly senderReference: string | undefined;
  readonly line: Omit<ReceivedLine, 'at'>;
}

export const openPractice = async (setting: PracticeSetting): Promise<Practice> => {
  const { clock, mesh, store, mailboxId } = setting;
  const messageHeaderIds = new Set<string>();
  const documentIds = new Set<string>();
  const filedDocumentIds = new Set<string>();
  const answered = new Set<string>();
  const underway = new Map<string, Underway>();

  const remember = (line: Omit<ReceivedLine, 'at'>) => {
    answered.add(line.meshMessageId);
    if (line.messageHeaderId !== undefined) messageHeaderIds.add(line.messageHeaderId);
    if (line.documentBundleId === undefined) return;
    documentIds.add(line.documentBundleId);
    if (line.filed) filedDocumentIds.add(line.documentBundleId);
    // A failed replacement voids the version before, too.
    if (line.codes.includes('20014') && line.replaces !== undefined) filedDocumentIds.delete(line.replaces);
  };
  for (const line of await store.received()) if (line.mailboxId === mailboxId) remember(line);

  const open = async (meshMessageId: string): Promise<Underway | 'nothing to answer' | string[]> => {
    const downloaded = await mesh.download(meshMessageId);
    if (downloaded.kind !== 'ok') return [`download: ${downloaded.reason}`];
    const { headers, body } = downloaded.value;
    const { workflowId, from } = headers;
    const profile = profileOfWorkflow(workflowId ?? '');
    // Reports about our own answers, and whatever else is not a document.
    if (headers.messageType === 'REPORT' || workflowId === undefined || profile?.workflowId !== workflowId) {
      body.destroy();
      return 'nothing to answer';
    }
    const xml = Buffer.concat(await body.toArray());
    const delivered = { workflowId, subject: headers.get('mex-subject'), localId: headers.localId, from };
    const opened = openMessage(xml, delivered, setting.schema);
    const kept = await store.keep(mailboxId, meshMessageId, xml, opened.facts);
    const decision = decide(opened, { patients: setting.patients, messageHeaderIds, documentIds, filedDocumentIds });
    return {
      answers: [...decision.answers],
      dueAt: decision.late ? clock.now() + (setting.lateMs ?? hours(30)) : clock.now(),
      replyTo: from ?? '',
      ackWorkflowId: profile.ackWorkflowId,
      senderReference: opened.facts?.senderReference,
      line: {
        mailboxId,
        meshMessageId,
        workflowId,
        messageHeaderId: opened.facts?.messageHeaderId,
        documentBundleId: opened.facts?.documentBundleId,
        version: opened.facts?.version,
        replaces: opened.facts?.replaces,
        sha256: kept.sha256,
        codes: decision.answers.map(({ code }) => code),
        filed: isFiled(decision.answers),
        folder: kept.folder,
      },
    };
  };

  const send = async (answer: Answer, to: Underway): Promise<string | undefined> => {
    const xml = Buffer.from(
      answerXml(answer, {
        ids: setting.ids,
        at: clock.now(),
        mailboxId,
        odsCode: setting.odsCode,
        inResponseTo: to.line.messageHeaderId,
        senderReference: to.senderReference,
      }),
    );
    const sent = await mesh.send(
      {
        to: to.replyTo,
        workflowId: to.ackWorkflowId,
        localId: setting.odsCode,
        subject: 'ITK Response',
        contentType: 'application/xml',
      },
      [{ length: xml.length, open: () => Readable.from([xml]) }],
    );
    return sent.kind === 'sent' ? undefined : `answer: ${sent.reason}`;
  };

  /** Answers, notes it down, and only then lets MESH forget the message. */
  const handle = async (meshMessageId: string): Promise<readonly string[]> => {
    if (!answered.has(meshMessageId)) {
      const found = underway.get(meshMessageId) ?? (await open(meshMessageId));
      if (Array.isArray(found)) return found;
      if (typeof found !== 'string') {
        underway.set(meshMessageId, found);
        if (clock.now() < found.dueAt) return [];
        for (let answer = found.answers[0]; answer; answer = found.answers[0]) {
          const fault = await send(answer, found);
          if (fault !== undefined) return [fault];
          found.answers.shift();
        }
        await store.record({ at: isoTime(clock.now()), ...found.line });
        remember(found.line);
        underway.delete(meshMessageId);
      }
    }
    const acknowledged = await mesh.acknowledge(meshMessageId);
    return acknowledged.kind === 'ok' || acknowledged.kind === 'gone' ? [] : [`acknowledge: ${acknowledged.reason}`];
  };

  return {
    async poll() {
      const faults: string[] = [];
      try {
        for await (const meshMessageId of mesh.allInboxIds()) faults.push(...(await handle(meshMessageId)));
      } catch (error) {
        faults.push(error instanceof Error ? `inbox: ${error.message}` : 'inbox: unknown fault');
      }
      return faults;
    },
  };
};
