// Bundles every src/**/*.test.ts with the esbuild that Vite brings and runs them with Node's own
// test runner: Node 18 cannot read TypeScript by itself.
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = join(root, 'node_modules/.cache/oriel-tests');
const tests = readdirSync(join(root, 'src'), { recursive: true })
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => join(root, 'src', name));
rmSync(out, { recursive: true, force: true });
await build({
  entryPoints: tests,
  outdir: out,
  outbase: join(root, 'src'),
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node18',
  outExtension: { '.js': '.mjs' },
  logLevel: 'warning'
});
const built = tests.map((name) =>
  join(out, name.slice(join(root, 'src').length + 1).replace(/\.ts$/, '.mjs'))
);
process.exit(spawnSync(process.execPath, ['--test', ...built], { stdio: 'inherit' }).status ?? 1);
