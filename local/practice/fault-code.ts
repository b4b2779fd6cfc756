import type { MessageIssue } from '../../shared/itk3/checker.ts';

/** What the NHS test harness answers, by what is wrong: the handling extension first, then attachments, then the rest. */
const codesByRequirement: readonly (readonly [requirement: string, code: string])[] = [
  ['GPCM-SD-041', '10002'],
  ['GPCM-SD-040', '10003'],
  ['GPCM-SD-043', '10004'],
  ['GPCM-SD-042', '10007'],
  ['GPCM-SD-039', '10010'],
  ['Extension-ITK-MessageHandling-2', '10001'],
];

/** The ITK3 code for a message with these issues; 20009 where none says more. */
export const faultCode = (issues: readonly MessageIssue[]): string => {
  const errors = issues.filter(({ severity }) => severity === 'error');
  // A whole extension that is missing is one fault, not six.
  const parts = errors.filter(({ path }) => path.includes('.extension:ITKMessageHandling.extension:'));
  if (parts.length > 1 && parts.every(({ code }) => code === 'required')) return '10001';
  const found = codesByRequirement.find(([requirement]) =>
    errors.some(({ requirements }) => requirements.includes(requirement)),
  );
  if (found) return found[1];
  return errors.some(({ path }) => /^Binary\[\d+\]\.contentType$/.test(path)) ? '20004' : '20009';
};
