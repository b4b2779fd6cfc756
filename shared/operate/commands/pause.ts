import type { Command } from '../command.ts';
import { pauseCommand, resumeCommand } from '../pausing.ts';
import { whoOptions } from '../who.ts';

const everybody = { kind: 'everybody' } as const;

export const pauseCommands: readonly Command[] = [
  {
    words: 'pause',
    takes: [],
    changes: true,
    does: 'send and poll nothing for anybody, until resume',
    notes: ['Drops are still taken. For one organisation or mailbox: sender pause, mailbox pause.'],
    options: whoOptions,
    examples: ["pause --by 'Ann Bell' --why 'clinical safety: wrong practices' --table TABLENAME"],
    run: (_, options, context) => pauseCommand(everybody, options, context),
  },
  {
    words: 'resume',
    takes: [],
    changes: true,
    does: 'end the pause for everybody: what was held goes, oldest first',
    options: whoOptions,
    examples: ["resume --by 'Ann Bell' --why 'put right' --table TABLENAME"],
    run: (_, options, context) => resumeCommand(everybody, options, context),
  },
];
