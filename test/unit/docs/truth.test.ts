import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { usage } from '../../../local/run/options.ts';
import { meanings, states } from '../../../shared/delivery/states.ts';
import { metricUnits } from '../../../shared/platform/measure.ts';
import { mailboxFile } from '../../../shared/senders/mailbox.ts';
import { senderFile } from '../../../shared/senders/sender.ts';
import { readManifest } from '../../../shared/submission/read-manifest.ts';
import { blocks, code, documents, foldersIn, headings, isFolder, quoted, section, textOf } from './markdown.ts';

const readme = textOf('README.md');
const operating = textOf('docs/operating.md');

describe('the README', () => {
  it('lists every state of a document, and whose move it is then', () => {
    const rows = [...section(readme, 'What comes back').matchAll(/^\| \**([A-Z_]+)\** \|.*\| ([a-z ]+) \|$/gm)];
    expect(rows.map(([, state, mover]) => [state, mover])).toEqual(
      states.map((state) => [state, meanings[state].whoseMove]),
    );
  });

  it('shows a manifest that is one, and that names the sample', () => {
    const [example = ''] = blocks(section(readme, 'How a provider drops a document'), 'json');
    expect(readManifest(Buffer.from(example)).kind).toBe('manifest');
    const { sha256 } = z.object({ pdf: z.object({ sha256: z.string() }) }).parse(JSON.parse(example)).pdf;
    expect(textOf('local/samples/consultation.json')).toContain(sha256);
  });

  it('shows a receipt in the words that receipts have', () => {
    const [example = ''] = blocks(section(readme, 'What comes back'), 'json');
    const { state, ...shown } = z
      .object({ state: z.enum(states), meaning: z.string(), whoseMove: z.string() })
      .parse(JSON.parse(example));
    const { meaning, whoseMove } = meanings[state];
    expect(shown).toEqual({ meaning, whoseMove });
  });

  it('lists every option of the one-machine run', () => {
    const options = [...usage.matchAll(/--[a-z-]+/g)].map(([option]) => option);
    expect(options.length).toBeGreaterThan(3);
    expect(options.filter((option) => !section(readme, 'Try it').includes(`\`${option}`))).toEqual([]);
  });

  it('names only folders that are there, and can be read in one sitting', () => {
    const named = quoted(section(readme, 'What is where')).filter((word) => word.endsWith('/'));
    expect(named.filter((folder) => !isFolder(folder))).toEqual([]);
    expect(readme.split('\n').length).toBeLessThan(260);
  });
});

describe('the operating guide', () => {
  it('shows a mailbox and a sender that the commands would take', () => {
    const [mailbox = ''] = blocks(section(operating, 'Mailbox'), 'json');
    const [sender = ''] = blocks(section(operating, 'Sender'), 'json');
    expect(mailboxFile.safeParse(JSON.parse(mailbox)).error?.issues).toBeUndefined();
    expect(senderFile.safeParse(JSON.parse(sender)).error?.issues).toBeUndefined();
  });

  it('explains every setting of both', () => {
    for (const [heading, schema] of [
      ['Mailbox', mailboxFile],
      ['Sender', senderFile],
    ] as const) {
      const words = quoted(section(operating, heading));
      expect(Object.keys(schema.shape).filter((setting) => !words.includes(setting))).toEqual([]);
    }
  });

  it('names every metric', () => {
    const words = quoted(section(operating, 'Where to look'));
    expect(Object.keys(metricUnits).filter((metric) => !words.includes(metric))).toEqual([]);
  });
});

describe('every function', () => {
  it.each(foldersIn('lambdas'))('%s is explained: purpose, flow, integration points, peculiarities', (name) => {
    const found = headings(textOf(`lambdas/${name}/README.md`)).filter(({ level }) => level === 2);
    expect(found.map(({ text }) => text)).toEqual(['Purpose', 'Flow', 'Integration points', 'Peculiarities']);
  });
});

describe('every decision', () => {
  const decisions = documents.filter((path) => /^docs\/decisions\/\d{4}-/.test(path));

  it.each(decisions)('%s has a date, a context, a decision and its consequence', (path) => {
    const text = textOf(path);
    expect(text).toMatch(/^# .+\n\nDate: \d{4}-\d{2}-\d{2}\n/);
    const found = headings(text).filter(({ level }) => level === 2);
    expect(found.map((heading) => heading.text)).toEqual(['Context', 'Decision', 'Consequence']);
  });

  it('stands in the list, in order', () => {
    const index = textOf('docs/decisions/README.md');
    const listed = [...index.matchAll(/\((\d{4}-[^)]+)\)/g)].map(([, file]) => `docs/decisions/${file}`);
    expect(listed).toEqual(decisions);
  });
});

describe('documents', () => {
  const all = code();

  it.each(documents)('%s names only codes and settings that the code knows', (path) => {
    const codes = quoted(textOf(path)).filter((word) => /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/.test(word));
    // Of CloudWatch, EventBridge and the reader's own commands.
    const others = new Set(['ERROR_CODE', 'ERROR_MESSAGE']);
    expect(codes.filter((word) => !others.has(word) && !all.includes(word))).toEqual([]);
  });
});
