// Bundles the page into the folder given: what is there afterwards is all that a browser is sent.
import { build } from 'esbuild';
import { copyFile, mkdir, rm } from 'node:fs/promises';

const out = process.argv[2];
if (!out) throw new Error('usage: node build.js FOLDER');
await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await build({
  entryPoints: ['src/page.ts', 'src/theme.ts', 'src/page.css'],
  outdir: out,
  bundle: true,
  minify: true,
  target: 'es2022',
  format: 'iife',
  loader: { '.woff2': 'file' },
  assetNames: '[name]',
  legalComments: 'none',
  logLevel: 'warning',
});
// Last: it says that all of the others are there.
await copyFile('src/icon.svg', `${out}/icon.svg`);
await copyFile('src/index.html', `${out}/index.html`);
