import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { profiles } from '../../../../shared/itk3/profiles.ts';
import { messageReport } from '../../../../shared/operate/message-report.ts';
import { composed, documentToCompose } from '../../../fixtures/itk3/documents.ts';

const good = (await composed(documentToCompose())).toString();
const v2 = (await composed(documentToCompose(), { profile: profiles.v2 })).toString();
const faulty = good.replace('<status value="final"/>', '').replace('<code value="FA"/>', '<code value="FI"/>');

const report = (xml: string, ...args: string[]) =>
  messageReport([...args, 'message.xml'], () => ({ kind: 'bytes', bytes: Buffer.from(xml) }));

describe('what check-message says', () => {
  it('is one line where a message is conformant (FHIR-V&V-01)', () => {
    expect(report(good)).toEqual({ exitCode: 0, out: ['Conformant with v1.'], errors: [] });
  });

  it('is a line for each issue, with path and requirement, and no value of the message', () => {
    const { exitCode, out } = report(faulty);
    expect(exitCode).toBe(1);
    expect(out).toHaveLength(3);
    expect(out[1]).toBe('error    Composition.status must be final (GPCM-SD-114, FHIR-STU3)');
    expect(out[2]).toBe('Not conformant with v1: 2 errors.');
    expect(out.join()).not.toMatch(/9691375087|Lindqvist/);
  });

  it('holds a message against the generation that it says it belongs to, or the one asked for', () => {
    expect(report(v2).out).toEqual(['Conformant with v2.']);
    expect(report(v2, '--profile', 'v1').exitCode).toBe(1);
    expect(report(good, '--profile', 'v2').exitCode).toBe(1);
  });

  it('is an OperationOutcome with --json', () => {
    const outcome = z
      .object({ resourceType: z.literal('OperationOutcome'), issue: z.array(z.object({ severity: z.string() })) })
      .parse(JSON.parse(report(faulty, '--json').out.join('')));
    expect(outcome.issue.map(({ severity }) => severity)).toEqual(['error', 'error']);
    expect(report(good, '--json').exitCode).toBe(0);
  });

  it('is the reason for what is no XML', () => {
    expect(report('%PDF-1.7').out).toEqual([
      'error    Bundle the message is not XML (GPCM-C-02, FHIR-V&V-01)',
      'Not conformant with v1: 1 error.',
    ]);
  });

  it('is a sentence for each of the reasons', () => {
    const xmls = ['', '<!DOCTYPE a><a/>', '<?xml version="1.0" encoding="x"?><a/>'];
    expect(xmls.map((xml) => report(xml).out[0])).toEqual(
      ['empty', 'headed by a document type declaration', 'in an unknown encoding'].map(
        (reason) => `error    Bundle the message is ${reason} (GPCM-C-02, FHIR-V&V-01)`,
      ),
    );
  });

  it('is how to use it when asked', () => {
    const { exitCode, out, errors } = messageReport(['--help'], () => ({ kind: 'problem', sentence: 'never' }));
    expect([exitCode, errors]).toEqual([0, []]);
    expect(out.join('\n')).toContain('npm run check-message');
  });

  it('is how to use it, with exit code 2, where nothing can be checked', () => {
    const never = () => ({ kind: 'problem', sentence: 'x.xml cannot be read.' }) as const;
    for (const args of [[], ['a.xml', 'b.xml'], ['--what'], ['x.xml', '--profile', 'v3'], ['x.xml']]) {
      const { exitCode, out, errors } = messageReport(args, never);
      expect([exitCode, out]).toEqual([2, []]);
      expect(errors.join('\n')).toContain('npm run check-message');
    }
  });
});

describe('check-message as a command', () => {
  const script = fileURLToPath(new URL('../../../../shared/operate/check-message.ts', import.meta.url));
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'check-message-'));
    await Promise.all([writeFile(join(folder, 'good.xml'), good), writeFile(join(folder, 'faulty.xml'), faulty)]);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const run = (name: string) =>
    new Promise<readonly [code: unknown, out: string]>((resolve) => {
      execFile(process.execPath, ['--import', 'tsx', script, join(folder, name)], (error, out) =>
        resolve([error?.code ?? 0, out]),
      );
    });

  it('ends with 0 when conformant, 1 when not, 2 when there is no such file', async () => {
    const [ok, not, none] = await Promise.all(['good.xml', 'faulty.xml', 'none.xml'].map(run));
    expect(ok).toEqual([0, 'Conformant with v1.\n']);
    expect(not?.[0]).toBe(1);
    expect(none).toEqual([2, '']);
  });
});
