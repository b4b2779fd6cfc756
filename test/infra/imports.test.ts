import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, posix, relative, sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from './root.ts';

/** Imports run one way (docs/architecture.md). A file is named by its path in the repository. */
interface Import {
  readonly from: string;
  /** A path in the repository, or a package's or built-in module's name. */
  readonly to: string;
}

const folders = ['infra', 'lambdas', 'shared', 'local', 'test'] as const;

/** What each folder may import of the others. */
const mayImport: Record<string, readonly string[]> = {
  'shared/': ['shared/'],
  'lambdas/': ['lambdas/', 'shared/'],
  'infra/': ['infra/', 'shared/platform/'],
  'local/': ['local/', 'shared/'],
  'test/': ['test/', 'infra/', 'lambdas/', 'shared/', 'local/'],
};

/** Packages that only some folders may import. */
const keptTo: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^@aws-sdk\//, ['shared/platform/aws/', 'local/', 'test/']],
  [/^@smithy\//, ['shared/platform/aws/', 'local/', 'test/']],
  [/^(node:)?(https|tls)$/, ['shared/mesh/', 'local/', 'test/']],
  [/^(aws-cdk-lib|constructs|cdk-nag)(\/|$)/, ['infra/', 'test/infra/']],
];

const fault = ({ from, to }: Import): string | undefined => {
  const own = Object.keys(mayImport).find((folder) => from.startsWith(folder));
  if (own === undefined) return `${from} lies outside the folders this knows`;
  if (folders.some((folder) => to.startsWith(`${folder}/`))) {
    const allowed = mayImport[own]?.some((prefix) => to.startsWith(prefix)) ?? false;
    if (!allowed) return `${from} imports ${to}`;
    if (own === 'infra/' && to.startsWith('shared/platform/aws/')) return `${from} imports an AWS adapter: ${to}`;
    const [, fromFunction] = /^lambdas\/([^/]+)\//.exec(from) ?? [];
    const [, toFunction] = /^lambdas\/([^/]+)\//.exec(to) ?? [];
    if (own === 'lambdas/' && toFunction !== undefined && toFunction !== fromFunction) return `${from} imports ${to}`;
    return undefined;
  }
  const limit = keptTo.find(([name]) => name.test(to));
  return limit && !limit[1].some((folder) => from.startsWith(folder)) ? `${from} imports ${to}` : undefined;
};

const specifiers = (source: string): string[] =>
  [
    ...source.matchAll(/^\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/gm),
    ...source.matchAll(/^\s*import\s*['"]([^'"]+)['"]/gm),
    ...source.matchAll(/\b(?:import|require)\(\s*['"]([^'"]+)['"]/g),
  ].map(([, name]) => name ?? '');

const sources = folders.flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|mjs)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name)),
);

const imports: Import[] = sources.flatMap((file) => {
  const from = relative(root, file).split(sep).join('/');
  return specifiers(readFileSync(file, 'utf8')).map((name) => ({
    from,
    to: name.startsWith('.') ? posix.normalize(posix.join(dirname(from), name)) : name,
  }));
});

describe('imports', () => {
  it('run one way: lambdas use shared, infra uses shared/platform, nothing but tests uses local', () => {
    expect(imports.flatMap((each) => fault(each) ?? [])).toEqual([]);
  });

  it('are seen at all: the rules look at what is there', () => {
    const some = (from: string, to: string) =>
      imports.some((each) => each.from.startsWith(from) && each.to.startsWith(to));
    expect(some('infra/', 'shared/platform/')).toBe(true);
    expect(some('infra/', 'aws-cdk-lib')).toBe(true);
    expect(some('shared/platform/aws/', '@aws-sdk/')).toBe(true);
    expect(some('test/', 'infra/')).toBe(true);
  });

  it('name files with their suffix and built-in modules with node:', () => {
    const bare = imports.filter(({ to }) => builtinModules.includes(to));
    const withoutSuffix = imports.filter(({ to }) =>
      /^(infra|lambdas|shared|local|test)\/.*(?<!\.(ts|mjs|json))$/.test(to),
    );
    expect([...bare, ...withoutSuffix]).toEqual([]);
  });
});

describe('the rules for imports', () => {
  it.each([
    ['shared/delivery/a.ts', 'lambdas/send/handler.ts'],
    ['shared/delivery/a.ts', 'infra/app.ts'],
    ['shared/delivery/a.ts', 'local/clock.ts'],
    ['lambdas/send/handler.ts', 'local/clock.ts'],
    ['lambdas/send/handler.ts', 'lambdas/poll/handler.ts'],
    ['lambdas/send/handler.ts', '@aws-sdk/client-s3'],
    ['infra/app.ts', 'shared/delivery/reduce.ts'],
    ['infra/app.ts', 'shared/platform/aws/s3-objects.ts'],
    ['infra/app.ts', 'lambdas/send/handler.ts'],
    ['local/engine/engine.ts', 'infra/app.ts'],
    ['local/engine/engine.ts', 'test/infra/support.ts'],
    ['shared/senders/a.ts', 'node:https'],
    ['shared/senders/a.ts', 'https'],
    ['shared/platform/clock.ts', '@aws-sdk/client-sqs'],
    ['shared/platform/clock.ts', 'aws-cdk-lib/aws-s3'],
    ['local/engine/engine.ts', 'aws-cdk-lib'],
  ])('refuse %s → %s', (from, to) => {
    expect(fault({ from, to })).toBeDefined();
  });

  it.each([
    ['lambdas/send/index.ts', 'lambdas/send/handler.ts'],
    ['lambdas/send/index.ts', 'shared/platform/aws/s3-objects.ts'],
    ['infra/app.ts', 'shared/platform/names.ts'],
    ['shared/mesh/client.ts', 'node:https'],
    ['local/engine/engine.ts', '@aws-sdk/client-s3'],
    ['test/fault/send.test.ts', 'lambdas/send/handler.ts'],
  ])('allow %s → %s', (from, to) => {
    expect(fault({ from, to })).toBeUndefined();
  });
});
