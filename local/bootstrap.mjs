// Runs a TypeScript entry point on a fresh clone: checks Node, installs what is missing, then hands over.
// Plain JavaScript, because nothing is installed yet when it starts.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `This needs Node.js 20.19 or newer; this is ${process.versions.node}. Install a newer one and try again.`,
  );
  process.exit(1);
}

const readJson = (path) => {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
};

/** Is what the lock file names what npm says it installed? Packages for other machines may be missing. */
const isInstalled = () => {
  const wanted = readJson(join(root, 'package-lock.json'))?.packages ?? {};
  const there = readJson(join(root, 'node_modules', '.package-lock.json'))?.packages;
  if (!there) return false;
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    if (path === '') return true;
    const found = there[path];
    return found ? found.version === version : optional === true;
  });
};

/** Two first starts at once must not install over each other: the second waits for the first. */
const installing = join(root, '.installing');
/** Whoever was installing is gone: stopped in the middle of it. */
const isAbandoned = () => {
  try {
    process.kill(Number(readFileSync(join(installing, 'pid'), 'utf8')), 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
};
const takeTurn = async () => {
  for (let waited = 0; ; waited++) {
    try {
      mkdirSync(installing);
      writeFileSync(join(installing, 'pid'), String(process.pid));
      return true;
    } catch {
      if (isInstalled()) return false;
      if (isAbandoned()) {
        rmSync(installing, { recursive: true, force: true });
        continue;
      }
      if (waited === 0) console.log('Another command is installing dependencies; waiting for it…');
      if (waited > 300) {
        console.error(
          `Nothing was installed in five minutes. If no npm is running, delete ${installing} and try again.`,
        );
        process.exit(1);
      }
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
};

if (!isInstalled() && (await takeTurn())) {
  console.log('Installing dependencies (once, about half a minute)…');
  const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ['npm'];
  const [command = 'npm', ...first] = npm;
  const result = spawnSync(command, [...first, 'ci', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  rmSync(installing, { recursive: true, force: true });
  if (result.status !== 0) {
    console.error('npm ci failed: see above. Nothing was started.');
    process.exit(result.status ?? 1);
  }
}

const [entry, ...rest] = process.argv.slice(2);
const child = spawn(process.execPath, ['--import', 'tsx', entry, ...rest], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
});
// Ctrl-C reaches the child through the terminal; a plain kill of this process is passed on.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => signal === 'SIGTERM' && child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? (signal ? 130 : 1)));
