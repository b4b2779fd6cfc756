import { z } from 'zod';

/** What the practice simulator is started with: one JSON value. */
export const practiceConfiguration = z.strictObject({
  /** Base URL of MESH, on this machine. */
  meshUrl: z.url({ protocol: /^https$/ }),
  /** One practice for each. `certificate` and `privateKey` where it has its own. */
  mailboxes: z
    .array(
      z.strictObject({
        mailboxId: z.string().regex(/^[A-Za-z0-9]{1,100}$/),
        odsCode: z.string().min(1),
        name: z.string().min(1),
        password: z.string().min(1),
        certificate: z.string().optional(),
        privateKey: z.string().optional(),
        /** Patients registered at this practice alone, beside `knownPatients`. */
        knownPatients: z.array(z.string()).default([]),
      }),
    )
    .min(1),
  sharedKey: z.string().min(1),
  /** PEM, like the two that follow. */
  ca: z.string().min(1),
  certificate: z.string().min(1),
  privateKey: z.string().min(1),
  /** Between two polls, in milliseconds of the clock below; never less than 20 real ones. */
  pollEveryMs: z.number().positive(),
  /** Answers to the given name `late` wait this long, in milliseconds of the clock. */
  lateMs: z.number().positive().optional(),
  /** As of `scaledClock`: the process shares the time of whoever started it. */
  clock: z.strictObject({ scale: z.number().positive(), origin: z.number(), realOrigin: z.number() }),
  /** NHS numbers known at every practice: business answer 30001, any other 30002. */
  knownPatients: z.array(z.string()),
  /** Folder for what is received. */
  stateDir: z.string().min(1),
});

/** As written by whoever starts the simulator. */
export type PracticeConfiguration = z.input<typeof practiceConfiguration>;
