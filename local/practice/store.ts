import { createHash } from 'node:crypto';
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MessageFacts } from '../../shared/itk3/message-facts.ts';

/** What a practice has received: a line in `received.jsonl` for each message, in the order of answering. */
export interface ReceivedLine {
  /** ISO time of the answer, by the practice's clock. */
  readonly at: string;
  readonly mailboxId: string;
  readonly meshMessageId: string;
  readonly workflowId: string;
  /** Absent where the message could not be read. */
  readonly messageHeaderId?: string | undefined;
  readonly documentBundleId?: string | undefined;
  readonly version?: number | undefined;
  readonly replaces?: string | undefined;
  /** SHA-256 of the first file, in hex. */
  readonly sha256?: string | undefined;
  /** Codes answered, in order; none for a practice that keeps silent. */
  readonly codes: readonly string[];
  /** Whether the practice counts the document as received: false for a refused one. */
  readonly filed: boolean;
  /** Where the files lie, below the state folder. */
  readonly folder: string;
}

/** Files of a practice below one folder: `{mailboxId}/{messageHeaderId}/message.xml`, `document-1.pdf`, … */
export interface PracticeStore {
  keep(mailboxId: string, meshMessageId: string, xml: Uint8Array, facts: MessageFacts | undefined): Promise<KeptFiles>;
  record(line: ReceivedLine): Promise<void>;
  /** All lines so far. */
  received(): Promise<readonly ReceivedLine[]>;
}

export interface KeptFiles {
  readonly folder: string;
  /** SHA-256 of the first file, in hex. */
  readonly sha256: string | undefined;
}

const extensions: Readonly<Record<string, string>> = {
  'application/pdf': 'pdf',
  'text/plain': 'txt',
  'text/html': 'html',
  'text/xml': 'xml',
  'image/png': 'png',
  'image/jpg': 'jpg',
  'image/tiff': 'tif',
};

/** An id out of a message may become a folder's name only if it could not lead anywhere else. */
const safeName = (id: string | undefined): string | undefined =>
  id !== undefined && /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/.test(id) ? id : undefined;

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

// A line that a crash cut off says nothing: its message was not acknowledged and comes again.
const lineOf = (text: string): ReceivedLine[] => {
  try {
    return [JSON.parse(text)];
  } catch {
    return [];
  }
};

export const openPracticeStore = (stateDir: string): PracticeStore => {
  const linesPath = join(stateDir, 'received.jsonl');
  return {
    async keep(mailboxId, meshMessageId, xml, facts) {
      const mesh = safeName(meshMessageId) ?? createHash('sha256').update(meshMessageId).digest('hex');
      const header = safeName(facts?.messageHeaderId) ?? 'unread';
      const first = join(mailboxId, header);
      // A message that came before keeps its folder; a second one with the same id goes below it.
      const owner = await readFile(join(stateDir, first, 'mesh-message-id'), 'utf8').catch(() => undefined);
      const folder = owner === undefined || owner === mesh ? first : join(first, `again-${mesh}`);
      const path = join(stateDir, folder);
      await mkdir(path, { recursive: true });
      await writeFile(join(path, 'mesh-message-id'), mesh);
      await writeFile(join(path, 'message.xml'), xml);
      let sha256: string | undefined;
      for (const [index, file] of (facts?.files ?? []).entries()) {
        const bytes = Buffer.from(file.content, 'base64');
        sha256 ??= createHash('sha256').update(bytes).digest('hex');
        const extension = extensions[file.contentType ?? ''] ?? 'bin';
        await writeFile(join(path, `document-${index + 1}.${extension}`), bytes);
      }
      return { folder, sha256 };
    },
    async record(line) {
      await mkdir(stateDir, { recursive: true });
      await appendFile(linesPath, `${JSON.stringify(line)}\n`);
    },
    async received() {
      const text = await readFile(linesPath, 'utf8').catch((error: unknown) => {
        if (isMissing(error)) return '';
        throw error;
      });
      return text.split('\n').flatMap(lineOf);
    },
  };
};
