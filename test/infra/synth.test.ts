import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from './root.ts';
import { synthesise } from './support.ts';

const folder = mkdtempSync(join(tmpdir(), 'send-document-synth-'));
const outdir = join(folder, 'cdk.out');
const dockerCalls = join(folder, 'docker-calls');

/** The real command, with bundling, and a `docker` first on the path that only leaves a mark. */
beforeAll(async () => {
  const docker = join(folder, 'docker');
  writeFileSync(docker, `#!/bin/sh\necho "$@" >> '${dockerCalls}'\nexit 1\n`);
  chmodSync(docker, 0o755);
  await promisify(execFile)(
    process.execPath,
    ['node_modules/aws-cdk/bin/cdk', 'synth', '--quiet', '--output', outdir],
    { cwd: root, env: { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH}` } },
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('cdk synth', () => {
  it('needs no Docker', () => {
    expect(existsSync(dockerCalls)).toBe(false);
    expect(synthesise().dockerImages).toBe(0);
  });

  it('leaves four stacks', () => {
    expect(
      readdirSync(outdir)
        .filter((name) => name.endsWith('.template.json'))
        .sort(),
    ).toEqual([
      'send-document-local-api.template.json',
      'send-document-local-data.template.json',
      'send-document-local-operations.template.json',
      'send-document-local-pipeline.template.json',
    ]);
  });

  it('bundles each function into one ES module that needs nothing but Node.js', () => {
    const bundles = readdirSync(outdir).filter((name) => name.startsWith('asset.'));
    expect(bundles).toHaveLength(6);
    const needed = (source: string) =>
      [...source.matchAll(/^(?:import|export) [^;]*?from ["']([^"']+)["']/gm)]
        .map(([, name]) => name ?? '')
        .filter((name) => !isBuiltin(name));
    const threads: string[] = [];
    for (const bundle of bundles) {
      const [index, map, ...beside] = readdirSync(join(outdir, bundle)).sort();
      expect([index, map]).toEqual(['index.mjs', 'index.mjs.map']);
      const source = readFileSync(join(outdir, bundle, 'index.mjs'), 'utf8');
      expect(source).toMatch(/export \{[^}]*\bhandler\b/);
      // What a function starts as a thread lies beside it, and needs as little.
      expect(beside.filter((file) => !source.includes(`"./${file}", import.meta.url`))).toEqual([]);
      threads.push(...beside);
      for (const file of ['index.mjs', ...beside]) {
        expect(needed(readFileSync(join(outdir, bundle, file), 'utf8')), file).toEqual([]);
      }
    }
    expect(threads).toEqual(['pdf-text-worker.mjs']);
  });

  it.each(['compose', 'send', 'poll', 'watch', 'api', 'authorise'])(
    'makes a bundle of %s that this Node.js loads with the environment of the template',
    async (name) => {
      const system = synthesise();
      const logicalId = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
      const { id, properties, stack } = system.one('AWS::Lambda::Function', logicalId);
      const template = JSON.parse(readFileSync(join(outdir, `send-document-local-${stack}.template.json`), 'utf8'));
      const bundle = join(outdir, template.Resources[id].Metadata['aws:asset:path'], 'index.mjs');
      const { Variables } = properties.Environment as { Variables: Record<string, string> };
      const load = `process.stdout.write(typeof (await import(${JSON.stringify(pathToFileURL(bundle).href)})).handler)`;
      const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', load], {
        env: { ...Variables, PATH: process.env.PATH, AWS_REGION: 'eu-west-2' },
      });
      expect(stdout).toBe('function');
    },
  );

  it('holds every recommended feature flag', () => {
    const recommended = JSON.parse(
      readFileSync(join(root, 'node_modules/aws-cdk-lib/recommended-feature-flags.json'), 'utf8'),
    );
    expect(JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8')).context).toEqual(recommended);
  });

  it('joins stacks by references that CloudFormation keeps whole', () => {
    const pipeline = readFileSync(join(outdir, 'send-document-local-pipeline.template.json'), 'utf8');
    expect(pipeline).toContain('Fn::ImportValue');
    expect(pipeline).not.toContain('Fn::GetStackOutput');
  });
});
