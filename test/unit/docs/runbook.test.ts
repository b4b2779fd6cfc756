import { describe, expect, it } from 'vitest';
import { runbookSections } from '../../../infra/constructs/monitoring.ts';
import { anchorOf, headings, section, textOf } from './markdown.ts';

const runbook = textOf('docs/runbook.md');
const sections = headings(runbook).filter(({ level }) => level === 2);

describe('the runbook', () => {
  it('has a section for each kind of alarm, and none without an alarm', () => {
    expect(sections.map(({ text }) => anchorOf(text)).sort()).toEqual(Object.values(runbookSections).sort());
  });

  it.each(sections.map(({ text }) => text))(
    '“%s” says what it means, where to look, what to do and whom to tell',
    (text) => {
      const leads = [...section(runbook, text).matchAll(/^\*\*([^*]+)\.\*\*/gm)].map(([, lead]) => lead);
      expect(leads).toEqual(['Meaning', 'Look at', 'Do', 'Tell']);
    },
  );
});
