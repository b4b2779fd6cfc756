import { defineConfig } from 'vitest/config';

const suite = (name: string, include: string[], timeout = 20_000, exclude: string[] = [], isolate = true) => ({
  extends: true as const,
  test: {
    name,
    include,
    exclude: ['**/node_modules/**', ...exclude],
    isolate,
    testTimeout: timeout,
    hookTimeout: Math.max(timeout, 120_000),
  },
});

// Fires every alarm once in the whole system: minutes, so it has a suite of its own.
const drill = 'test/acceptance/alarm-fire-drill.test.ts';

// One project per kind of proof; `npm test` runs them in this order and prints each one's seconds.
export default defineConfig({
  test: {
    pool: 'forks',
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    projects: [
      // None of these changes what another reads, and loading what they use takes longer than most of their checks.
      suite('unit', ['test/unit/**/*.test.ts'], 20_000, [], false),
      suite('property', ['test/property/**/*.test.ts'], 60_000, [], false),
      suite('infra', ['test/infra/**/*.test.ts'], 120_000, [], false),
      suite('contract', ['test/contract/**/*.test.ts'], 60_000, [], false),
      suite('fault', ['test/fault/**/*.test.ts'], 60_000, [], false),
      suite('acceptance', ['test/acceptance/**/*.test.ts'], 240_000, [drill]),
      suite('drill', [drill], 240_000),
    ],
  },
});
