import { describe, expect, it } from 'vitest';
import { anchorOf, documents, exists, headings, linkFault, links, prose, quoted, textOf } from './markdown.ts';

describe('documents', () => {
  it('are found, and none of somebody else’s', () => {
    expect(documents).toContain('README.md');
    expect(documents).toContain('docs/runbook.md');
    expect(documents.filter((path) => path.includes('node_modules'))).toEqual([]);
  });

  it.each(documents)('%s links only to files and headings that are there', (path) => {
    expect(links(path, textOf(path)).flatMap((link) => linkFault(link) ?? [])).toEqual([]);
  });

  it.each(documents)('%s names only files of the project that are there', (path) => {
    const named = quoted(textOf(path)).filter((word) =>
      /^(infra|lambdas|shared|local|test|docs)\/[\w./-]+$/.test(word),
    );
    expect(named.filter((file) => !exists(file))).toEqual([]);
  });

  it.each(documents)('%s begins with its title', (path) => {
    expect(headings(textOf(path)).filter(({ level }) => level === 1)).toHaveLength(1);
    expect(textOf(path)).toMatch(/^# /);
  });
});

describe('what finds a broken link', () => {
  it('finds missing files, missing headings and ways out of the repository', () => {
    const fault = (target: string) => linkFault({ from: 'docs/operating.md', target });
    expect(fault('nowhere.md')).toContain('no such file');
    expect(fault('runbook.md#nothing-of-the-kind')).toContain('no such heading');
    expect(fault('../../outside.md')).toContain('no such file');
    expect(fault('runbook.md')).toBeUndefined();
    expect(fault('#secrets')).toBeUndefined();
  });

  it('sees links but not code', () => {
    const text =
      '[a](b.md) ![c](d.png "t")\n\n```md\n[e](f.md)\n# not a heading\n```\n[g](https://h.example)\n\n[i]: j.md\n';
    expect(links('x.md', text).map(({ target }) => target)).toEqual(['b.md', 'd.png', 'j.md']);
    expect(headings(text)).toEqual([]);
    expect(prose('  ```sh\n  # x\n  ```\ny')).toBe('\ny');
  });

  it('makes anchors as GitHub does', () => {
    expect(anchorOf('Storage events that did not reach the ingest queue')).toBe(
      'storage-events-that-did-not-reach-the-ingest-queue',
    );
    expect(anchorOf('What ACCEPTED means, and what it does not')).toBe('what-accepted-means-and-what-it-does-not');
    expect(anchorOf('[0.1.0] – unreleased')).toBe('010--unreleased');
  });
});
