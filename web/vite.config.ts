import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';
import { svelte } from '@sveltejs/vite-plugin-svelte';

const page = (name: string) => fileURLToPath(new URL(`./${name}.html`, import.meta.url));

// Where `npm run dev` sends what is not a page: the running program, or the mock beside it.
const program = process.env.ORIEL_URL ?? 'http://127.0.0.1:8080';

/** The program sends `name.gz` to whoever takes it: compressed once here, not for each visitor. */
function compressed(): Plugin {
  return {
    name: 'compressed',
    apply: 'build',
    writeBundle({ dir }) {
      if (!dir) return;
      for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
        if (!/\.(js|css|html|svg|json)$/.test(name)) continue;
        const bytes = readFileSync(join(dir, name));
        if (bytes.length > 1024)
          writeFileSync(join(dir, `${name}.gz`), gzipSync(bytes, { level: 9 }));
      }
    }
  };
}

export default defineConfig({
  plugins: [svelte(), compressed()],
  build: {
    target: 'es2022',
    // A data: URL in a style sheet is not allowed for fonts by the page's security policy.
    assetsInlineLimit: 0,
    // MapLibre and hls.js are loaded only when asked for; their size is no mistake.
    chunkSizeWarningLimit: 1100,
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: {
        index: page('index'),
        wall: page('wall'),
        desk: page('desk'),
        moment: page('moment'),
        commons: page('commons'),
        work: page('work'),
        exhibit: page('exhibit')
      }
    }
  },
  server: {
    proxy: Object.fromEntries(
      ['/api', '/live', '/playback', '/clip', '/snapshot', '/media', '/tiles', '/files'].map(
        (path) => [path, { target: program, ws: path === '/live', changeOrigin: false }]
      )
    )
  }
});
