import type { SalvagedManifest } from '../manifest.ts';
import { nameProblem } from '../object-names.ts';
import { type Problem, problem } from '../problems.ts';

/** The attachment's path in the manifest. */
export const attachmentPath = (index: number): string => `attachments[${index}]`;

/** What stands against the names that a manifest gives its attachments: they are names of objects, and each is one file's. */
export const attachmentNameProblems = ({ attachments = [] }: SalvagedManifest): Problem[] =>
  attachments.flatMap((attachment, index) => {
    const name = attachment?.name;
    if (name === undefined) return [];
    const path = `${attachmentPath(index)}.name`;
    const wrongName = nameProblem(name);
    const twice = attachments.findIndex((other) => other?.name === name) < index;
    return [
      ...(wrongName === undefined ? [] : [problem(wrongName, path)]),
      ...(twice ? [problem('ATTACHMENT_NAMED_TWICE', path)] : []),
    ];
  });
