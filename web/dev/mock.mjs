// A stand-in for the program while the pages are drawn: looped clips, made-up places. It is not
// shipped and no test uses it. Usage: MEDIA=folder PORT=8099 node dev/mock.mjs
// MEDIA holds m<i>.mp4 and s<i>.mp4 (fragmented, a third of a second each) and j<i>-<n>.jpg.
import { createServer } from 'node:http';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, extname } from 'node:path';
import { fileURLToPath } from 'node:url';

const media = process.env.MEDIA ?? '/tmp/mockmedia';
const port = Number(process.env.PORT ?? 8099);
const dist = fileURLToPath(new URL('../dist', import.meta.url));

const places = [
  ['eling-lake', 'sanjiangyuan', 'Eling Lake', '鄂陵湖', 34.9, 97.7, 4270],
  ['yuzhu-peak', 'sanjiangyuan', 'Yuzhu Peak', '玉珠峰', 35.65, 94.25, 6178],
  [
    'wudaoliang-north-bridge',
    'sanjiangyuan',
    'Wudaoliang North Bridge',
    '五道梁北大桥',
    35.3,
    93.1,
    4600
  ],
  ['longbao-wetland', 'sanjiangyuan', 'Longbao Wetland', '隆宝湿地', 33.2, 96.5, 4200],
  ['angsai-canyon', 'sanjiangyuan', 'Angsai Canyon', '昂赛大峡谷', 32.8, 95.6, 3900],
  ['nianbaoyuze', 'sanjiangyuan', 'Nianbaoyuze', '年保玉则', 33.35, 101.1, 4000],
  ['zhaqu-river', 'sanjiangyuan', 'Zhaqu River', '扎曲河', 32.9, 95.3, 4060],
  ['haergai-grassland', 'qinghai-lake', 'Haergai Grassland', '哈尔盖草原', 37.25, 100.5, 3210],
  ['qinghai-lake', 'qinghai-lake', 'Qinghai Lake', '青海湖', 36.9, 100.15, 3196],
  ['muli', 'qilian-mountains', 'Muli', '木里', 38.1, 99.2, 4100],
  ['qaidam', 'qaidam-basin', 'Qaidam', '柴达木', 37.3, 95.3, 2800],
  ['yematan', 'hehuang-valley', 'Yematan', '野马滩', 36.5, 101.9, 2700]
];
const sectors = [
  ['sanjiangyuan', 'Sanjiangyuan', '三江源'],
  ['qinghai-lake', 'Qinghai Lake', '青海湖'],
  ['qilian-mountains', 'Qilian Mountains', '祁连山'],
  ['qaidam-basin', 'Qaidam Basin', '柴达木盆地'],
  ['hehuang-valley', 'Hehuang Valley', '河湟谷地']
];

function* boxes(bytes, from = 0, to = bytes.length) {
  while (from + 8 <= to) {
    const size = bytes.readUInt32BE(from);
    yield { type: bytes.toString('latin1', from + 4, from + 8), from, to: from + size };
    from += size;
  }
}
function load(name) {
  const bytes = readFileSync(join(media, name));
  const clip = { init: [], parts: [], audio: bytes.includes('mp4a') };
  let moof;
  for (const box of boxes(bytes)) {
    const body = bytes.subarray(box.from, box.to);
    if (box.type === 'ftyp' || box.type === 'moov') clip.init.push(body);
    if (box.type === 'moof') moof = body;
    if (box.type === 'mdat') clip.parts.push(Buffer.concat([moof, body]));
  }
  clip.init = Buffer.concat(clip.init);
  clip.scales = [];
  for (const trak of deep(clip.init, ['moov', 'trak', 'mdia', 'mdhd']))
    clip.scales.push(clip.init.readUInt32BE(trak.from + 20));
  clip.parts = clip.parts.map((part) => ({ part, at: tfdt(part, 0) / clip.scales[0] }));
  clip.length = 16;
  const avcc = clip.init.indexOf('avcC') + 4;
  clip.codec = 'avc1.' + clip.init.subarray(avcc + 1, avcc + 4).toString('hex');
  clip.mime = `video/mp4; codecs="${clip.codec}${clip.audio ? ',mp4a.40.2' : ''}"`;
  return clip;
}
function* deep(bytes, path, from = 0, to = bytes.length) {
  for (const box of boxes(bytes, from, to)) {
    if (box.type !== path[0]) continue;
    if (path.length === 1) yield box;
    else yield* deep(bytes, path.slice(1), box.from + 8, box.to);
  }
}
function tfdt(part, index) {
  const box = [...deep(part, ['moof', 'traf', 'tfdt'])][index];
  return box
    ? part[box.from + 8] === 1
      ? Number(part.readBigUInt64BE(box.from + 12))
      : part.readUInt32BE(box.from + 12)
    : 0;
}
function shifted(clip, n, base_s) {
  const out = Buffer.from(clip.parts[n].part);
  let track = 0;
  for (const box of deep(out, ['moof', 'traf', 'tfdt'])) {
    const add = base_s * clip.scales[track++];
    if (out[box.from + 8] === 1)
      out.writeBigUInt64BE(
        out.readBigUInt64BE(box.from + 12) + BigInt(Math.round(add)),
        box.from + 12
      );
    else out.writeUInt32BE(out.readUInt32BE(box.from + 12) + Math.round(add), box.from + 12);
  }
  return out;
}
const clips = places.map((_, i) => ({ main: load(`m${i}.mp4`), sub: load(`s${i}.mp4`) }));
const born = Date.now() - 3600e3 * 30;
const epoch = Math.floor(Date.now() / 16000) * 16000 - 16000 * 60;
const isDown = (i) => i === 2 || i === 9 || paused.has(places[i][0]);
const feed = (p, i) => ({
  id: p[0],
  site: p[0],
  name: { en: p[2], zh: p[3] },
  state: i === 2 ? 'failed' : isDown(i) ? 'paused' : 'live',
  reason: i === 2 ? 'link_down' : isDown(i) ? 'paused' : 'none',
  since: new Date(isDown(i) ? Date.now() - 4.3 * 3600e3 : born).toISOString(),
  public: true,
  audio: clips[i].main.audio,
  delay_s: 0,
  renditions: [
    {
      name: 'main',
      codecs: clips[i].main.codec,
      tracks: [{ kind: 'video', codec: 'avc1', width: 1280, height: 720 }],
      bitrate_bps: 1.2e6
    },
    {
      name: 'sub',
      codecs: clips[i].sub.codec,
      tracks: [{ kind: 'video', codec: 'avc1', width: 480, height: 270 }],
      bitrate_bps: 2e5
    }
  ],
  last_part_at: new Date(Date.now() - 500).toISOString(),
  first_recorded_at: new Date(born).toISOString(),
  last_good: {
    start: new Date(Date.now() - (isDown(i) ? 5.3 : 1) * 3600e3).toISOString(),
    end: new Date(Date.now() - (isDown(i) ? 4.3 : 0) * 3600e3).toISOString()
  }
});
function spans(i, start, end) {
  const cuts = [];
  const now = Date.now();
  cuts.push([-Infinity, born, 'missing', 'none']);
  for (let t = born; t < now; t += 3600e3 * 5)
    cuts.push([
      t + 3600e3 * (i % 4),
      t + 3600e3 * (i % 4) + (8 + 9 * i) * 60e3,
      'missing',
      ['link_down', 'paused', 'disk_full', 'server_stopped'][i % 4]
    ]);
  if (isDown(i))
    cuts.push([now - 4.3 * 3600e3, Infinity, 'missing', i === 2 ? 'link_down' : 'paused']);
  cuts.push([now, Infinity, 'missing', 'none']);
  const marks = [...new Set([start, end, ...cuts.flatMap((c) => [c[0], c[1]])])]
    .filter((t) => t >= start && t <= end)
    .sort((a, b) => a - b);
  const out = [];
  for (let k = 0; k + 1 < marks.length; k++) {
    const mid = (marks[k] + marks[k + 1]) / 2;
    const cut = cuts.find((c) => mid >= c[0] && mid < c[1]);
    const state = cut ? 'missing' : 'recorded',
      reason = cut ? cut[3] : 'none';
    if (out.at(-1)?.state === state && out.at(-1).reason === reason) out.at(-1).end = marks[k + 1];
    else out.push({ start: marks[k], end: marks[k + 1], state, reason });
  }
  return out;
}
const iso = (t) => new Date(t).toISOString();
const walls = new Map([
  [
    'hall',
    {
      name: 'hall',
      title: { en: 'The hall', zh: '大厅' },
      feeds: places.slice(0, 9).map((p) => p[0]),
      layout: 'auto',
      mode: 'grid',
      rotate_s: 20,
      languages: ['en', 'zh'],
      clock: true,
      captions: true,
      logo: null,
      theme: 'night'
    }
  ]
]);
const screens = new Map();
const withheld = [];
const paused = new Set();

const server = createServer((req, res) => {
  const url = new URL(req.url, 'http://x');
  const path = url.pathname;
  const q = Object.fromEntries(url.searchParams);
  const json = (value, status = 200, head = {}) => {
    res.writeHead(status, {
      'content-type': status >= 400 ? 'application/problem+json' : 'application/json',
      ...head
    });
    res.end(JSON.stringify(value));
  };
  const problem = (status, detail) =>
    json({ type: 'about:blank', title: 'Error', status, detail }, status);
  const body = (then) => {
    let text = '';
    req.on('data', (d) => (text += d));
    req.on('end', () => then(text ? JSON.parse(text) : {}));
  };
  const index = (id) => places.findIndex((p) => p[0] === id);
  let m;
  const who = /me=([^;]+)/.exec(req.headers.cookie ?? '')?.[1];
  const me = who ? { name: who, role: 'administrator' } : null;
  if (path === '/healthz') return res.end('ok');
  if (path === '/api/v1/about')
    return json({
      name: { en: 'The Qinghai window', zh: '青海之窗' },
      version: '0.1.0',
      languages: ['en', 'zh'],
      demo: true,
      now: iso(Date.now()),
      tiles: null,
      you: me
    });
  if (path === '/api/v1/sectors')
    return json({
      items: sectors.map((s) => ({ id: s[0], name: { en: s[1], zh: s[2] } })),
      next: null
    });
  if (path === '/api/v1/sites')
    return json({
      items: places.map((p) => ({
        id: p[0],
        sector: p[1],
        name: { en: p[2], zh: p[3] },
        latitude: p[4],
        longitude: p[5],
        elevation_m: p[6],
        time_zone: 'Asia/Shanghai'
      })),
      next: null
    });
  if (path === '/api/v1/feeds') return json({ items: places.map(feed), next: null });
  if (path === '/api/v1/events') {
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    res.write(':\n\n');
    return;
  }
  if ((m = path.match(/^\/api\/v1\/feeds\/([^/]+)$/)))
    return json(feed(places[index(m[1])], index(m[1])));
  if ((m = path.match(/^\/api\/v1\/feeds\/([^/]+)\/timeline$/)))
    return json({
      start: q.start,
      end: q.end,
      spans: spans(index(m[1]), Date.parse(q.start), Date.parse(q.end)).map((s) => ({
        ...s,
        start: iso(s.start),
        end: iso(s.end)
      }))
    });
  if ((m = path.match(/^\/api\/v1\/feeds\/([^/]+)\/coverage$/))) {
    const items = [];
    for (let t = Date.parse(q.start); t < Date.parse(q.end); t += 864e5)
      items.push({
        start: iso(t),
        end: iso(t + 864e5),
        recorded_ms: spans(index(m[1]), t, t + 864e5)
          .filter((s) => s.state === 'recorded')
          .reduce((a, s) => a + (s.end - s.start), 0),
        missing_ms: {}
      });
    return json({ items });
  }
  if ((m = path.match(/^\/api\/v1\/feeds\/([^/]+)\/(pause|resume)$/))) {
    if (m[2] === 'pause') paused.add(m[1]);
    else paused.delete(m[1]);
    res.writeHead(204);
    return res.end();
  }
  if (path === '/api/v1/login')
    return body((b) =>
      b.password === 'wrong'
        ? problem(401, 'The name or the password is wrong.')
        : b.name === 'nobody'
          ? problem(401, 'No.')
          : json({ name: b.name, role: 'administrator' }, 200, {
              'set-cookie': 'me=' + b.name + '; Path=/; HttpOnly; SameSite=Strict'
            })
    );
  if (path === '/api/v1/logout') {
    me = null;
    res.writeHead(204);
    return res.end();
  }
  if (path === '/api/v1/me') return me ? json(me) : problem(401, 'Log in first.');
  if (path === '/api/v1/walls') return json({ items: [...walls.values()] });
  if ((m = path.match(/^\/api\/v1\/walls\/([^/]+)\/health$/)))
    return body((b) => {
      screens.set(b.screen, { wall: m[1], ...b, seen_at: iso(Date.now()), address: '127.0.0.1' });
      res.writeHead(204);
      res.end();
    });
  if ((m = path.match(/^\/api\/v1\/walls\/([^/]+)$/))) {
    if (req.method === 'PUT')
      return body((b) => {
        walls.set(m[1], b);
        json(b);
      });
    if (req.method === 'DELETE') {
      walls.delete(m[1]);
      res.writeHead(204);
      return res.end();
    }
    return walls.has(m[1]) ? json(walls.get(m[1])) : problem(404, 'There is no such wall.');
  }
  if (path === '/api/v1/desk/feeds' && req.method === 'GET')
    return json({
      items: places.map((p, i) => ({
        feed: feed(p, i),
        source: `rtsp://10.0.0.${i + 7}/…`,
        declared_in_file: i < 10,
        record: true,
        public_audio: false,
        delay_s: 0,
        width: 1280,
        height: 720,
        fps_declared: 12,
        fps: isDown(i) ? 0 : 11.97,
        bitrate_bps: isDown(i) ? 0 : 1.2e6 + i * 1e5,
        packets_lost: i * 3,
        reconnects: i % 3,
        last_frame_at: iso(Date.now() - (isDown(i) ? 4.3 * 3600e3 : 300)),
        recorded_today_s: 49000,
        recorded_today_bytes: 7.3e9,
        recorded_bytes: 3.1e11 + i * 1e9
      }))
    });
  if (path === '/api/v1/desk/feeds/test')
    return body((b) =>
      /bad|nothing/.test(b.source)
        ? problem(422, 'Nothing answers at this address.')
        : json({
            tracks: [
              { kind: 'video', codec: 'avc1.640028', width: 1280, height: 720 },
              { kind: 'audio', codec: 'mp4a.40.2', sample_rate: 48000, channels: 1 }
            ],
            picture:
              'data:image/jpeg;base64,' + readFileSync(join(media, 'j1-1.jpg')).toString('base64')
          })
    );
  if (path.startsWith('/api/v1/desk/feeds') && req.method !== 'GET') {
    res.writeHead(req.method === 'POST' ? 201 : 204);
    return res.end();
  }
  if (path === '/api/v1/desk/volumes')
    return json({
      items: [
        {
          id: 'v1',
          path: '/srv/oriel/v1',
          state: 'ok',
          free_bytes: 3.1e12,
          total_bytes: 8e12,
          used_bytes: 4.7e12
        },
        {
          id: 'v2',
          path: '/srv/oriel/v2',
          state: 'full',
          free_bytes: 1e9,
          total_bytes: 8e12,
          used_bytes: 7.9e12
        }
      ]
    });
  if (path === '/api/v1/desk/screens') return json({ items: [...screens.values()] });
  if (path === '/api/v1/desk/users')
    return req.method === 'GET'
      ? json({
          items: [
            { name: 'lin', role: 'administrator', disabled: false, made_at: iso(born) },
            { name: 'tashi', role: 'operator', disabled: false, made_at: iso(born) }
          ]
        })
      : json({}, 201);
  if (path === '/api/v1/desk/withheld') {
    if (req.method === 'GET') return json({ items: withheld });
    return body((b) => {
      withheld.push({ id: withheld.length + 1, made_by: 'lin', ...b });
      json(withheld.at(-1), 201);
    });
  }
  if (path.startsWith('/api/v1/')) {
    res.writeHead(204);
    return res.end();
  }
  if ((m = path.match(/^\/snapshot\/(.+)\.jpg$/))) {
    const i = index(m[1]);
    const n = 1 + (Math.floor((q.at ? Date.parse(q.at) : Date.now()) / 2000) % 8);
    res.writeHead(200, { 'content-type': 'image/jpeg', 'cache-control': 'max-age=2' });
    return res.end(readFileSync(join(media, `j${i}-${n}.jpg`)));
  }
  if ((m = path.match(/^\/playback\/(.+)\/index\.m3u8$/))) {
    const i = index(m[1]);
    const segments = [];
    let after_gap = false;
    for (const span of spans(i, Date.parse(q.start), Math.min(Date.parse(q.end), Date.now()))) {
      if (span.state === 'missing') {
        after_gap = segments.length > 0;
        continue;
      }
      for (let n = Math.floor((span.start - epoch) / 2000); epoch + n * 2000 < span.end; n++) {
        segments.push(
          `${after_gap ? '#EXT-X-DISCONTINUITY\n' : ''}${after_gap || !segments.length ? `#EXT-X-MAP:URI="/media/${i}/init.mp4"\n#EXT-X-PROGRAM-DATE-TIME:${iso(epoch + n * 2000)}\n` : ''}#EXTINF:2.000,\n/media/${i}/${n}.m4s`
        );
        after_gap = false;
      }
    }
    res.writeHead(200, { 'content-type': 'application/vnd.apple.mpegurl' });
    return res.end(
      `#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:2\n#EXT-X-PLAYLIST-TYPE:VOD\n${segments.join('\n')}\n#EXT-X-ENDLIST\n`
    );
  }
  if ((m = path.match(/^\/media\/(\d+)\/init\.mp4$/))) return res.end(clips[m[1]].main.init);
  if ((m = path.match(/^\/media\/(\d+)\/(-?\d+)\.m4s$/))) {
    const clip = clips[m[1]].main;
    const loop = Math.floor(Number(m[2]) / 8);
    const from = (Number(m[2]) - loop * 8) * 2;
    const at = (loop + 200000) * 16;
    return res.end(
      Buffer.concat(
        clip.parts
          .map((p, n) => [p, n])
          .filter(([p]) => p.at >= from - 0.01 && p.at < from + 1.99)
          .map(([, n]) => shifted(clip, n, at))
      )
    );
  }
  const page =
    path === '/'
      ? '/index.html'
      : path === '/wall' || path.startsWith('/wall/')
        ? '/wall.html'
        : path === '/desk'
          ? '/desk.html'
          : path;
  const file = join(dist, page);
  if (!existsSync(file)) return problem(404, 'There is nothing here.');
  const types = {
    '.html': 'text/html; charset=utf-8',
    '.js': 'text/javascript',
    '.css': 'text/css',
    '.svg': 'image/svg+xml',
    '.woff2': 'font/woff2',
    '.json': 'application/json',
    '.webmanifest': 'application/manifest+json'
  };
  res.writeHead(200, {
    'content-type': types[extname(file)] ?? 'application/octet-stream',
    'content-security-policy':
      "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; worker-src 'self' blob:; connect-src 'self'; font-src 'self'"
  });
  res.end(readFileSync(file));
});

const frame = (payload, binary) => {
  const n = payload.length;
  const head =
    n < 126
      ? Buffer.from([0, n])
      : n < 65536
        ? Buffer.from([0, 126, n >> 8, n & 255])
        : Buffer.from([0, 127, 0, 0, 0, 0, n >>> 24, (n >> 16) & 255, (n >> 8) & 255, n & 255]);
  head[0] = 0x80 | (binary ? 2 : 1);
  return Buffer.concat([head, payload]);
};
server.on('upgrade', (req, socket) => {
  const key = createHash('sha1')
    .update(req.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11')
    .digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key}\r\n\r\n`
  );
  const slots = new Map();
  const text = (value) => socket.write(frame(Buffer.from(JSON.stringify(value)), false));
  const send = (slot, s, count) => {
    const clip = clips[s.i][s.rendition];
    const per = clip.parts.length;
    const loop = Math.floor(count / per),
      n = count % per;
    const head = Buffer.alloc(36);
    const at = clip.parts[n].at;
    head[0] = 2;
    head[1] = slot;
    head[2] = Math.abs(at % 2) < 0.01 ? 1 : 0;
    head.writeBigUInt64BE(BigInt(loop), 4);
    head.writeUInt32BE(n, 12);
    head.writeBigInt64BE(BigInt(epoch + loop * 16000) * 1000n + BigInt(Math.round(at * 1e6)), 16);
    head.writeBigInt64BE(BigInt(Math.round((loop * 16 + at) * 90000)), 24);
    head.writeUInt32BE(Math.round(((clip.parts[n + 1]?.at ?? 16) - at) * 90000), 32);
    socket.write(frame(Buffer.concat([head, shifted(clip, n, loop * 16)]), true));
  };
  const counter = (s, now) => {
    const clip = clips[s.i][s.rendition];
    const loop = Math.floor((now - epoch) / 16000),
      rest = (now - epoch) / 1000 - loop * 16;
    let n = 0;
    while (n < clip.parts.length && (clip.parts[n + 1]?.at ?? 16) <= rest - 0.05) n++;
    return loop * clip.parts.length + n;
  };
  const timer = setInterval(() => {
    for (const [slot, s] of slots) {
      if (isDown(s.i)) continue;
      const upto = counter(s, Date.now());
      while (s.next < upto) send(slot, s, s.next++);
    }
  }, 50);
  let pending = Buffer.alloc(0);
  socket.on('data', (data) => {
    pending = Buffer.concat([pending, data]);
    for (;;) {
      if (pending.length < 6) return;
      let n = pending[1] & 127,
        at = 2;
      if (n === 126) {
        n = pending.readUInt16BE(2);
        at = 4;
      }
      if (pending.length < at + 4 + n) return;
      const mask = pending.subarray(at, at + 4);
      const body = Buffer.from(pending.subarray(at + 4, at + 4 + n)).map((b, k) => b ^ mask[k % 4]);
      const op = pending[0] & 15;
      pending = pending.subarray(at + 4 + n);
      if (op === 8) {
        socket.end();
        return;
      }
      if (op !== 1) continue;
      const message = JSON.parse(body.toString());
      if (message.ping !== undefined) text({ pong: message.ping, now: iso(Date.now()) });
      if (message.unsubscribe) slots.delete(message.unsubscribe.slot);
      if (message.subscribe) {
        const { slot, feed: id, rendition } = message.subscribe;
        const i = places.findIndex((p) => p[0] === id);
        if (i < 0) {
          text({ error: { slot, kind: 'not_found', message: 'There is no such feed.' } });
          continue;
        }
        const s = { i, rendition: rendition === 'sub' ? 'sub' : 'main', next: 0 };
        const f = feed(places[i], i);
        text({ state: { slot, feed: id, state: f.state, reason: f.reason, since: f.since } });
        if (isDown(i)) continue;
        const clip = clips[i][s.rendition];
        const head = Buffer.from(
          JSON.stringify({
            mime: clip.mime,
            rendition: s.rendition,
            width: 1280,
            height: 720,
            run: 1
          })
        );
        socket.write(
          frame(
            Buffer.concat([
              Buffer.from([1, slot, head.length >> 8, head.length & 255]),
              head,
              clip.init
            ]),
            true
          )
        );
        let first = counter(s, Date.now()) - 1;
        while (
          Math.abs(
            clip.parts[((first % clip.parts.length) + clip.parts.length) % clip.parts.length].at % 2
          ) > 0.01
        )
          first--;
        s.next = first;
        slots.set(slot, s);
      }
    }
  });
  const end = () => {
    clearInterval(timer);
    slots.clear();
  };
  socket.on('close', end);
  socket.on('error', end);
});
server.listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${port}`));
