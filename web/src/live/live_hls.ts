// The live picture by low-latency HLS: only where no socket comes through.
import Hls from 'hls.js';
import type { ServerClock } from './clock';
import type { PlayerStatus } from './player';

const kLook_ms = 500;
const kAgain_ms = 4000;

/** Plays until the returned function is called. */
export function play_live_hls(
  video: HTMLVideoElement,
  url: string,
  clock: ServerClock,
  on_change: (status: PlayerStatus) => void
): () => void {
  let hls: Hls | undefined;
  let again: ReturnType<typeof setTimeout> | undefined;
  let position_s = -1;
  let rebuilds = 0;

  const start = () => {
    if (!Hls.isSupported()) {
      video.src = url;
      void video.play().catch(() => undefined);
      return;
    }
    hls = new Hls({ lowLatencyMode: true, backBufferLength: 10, enableWorker: false });
    hls.on(Hls.Events.MANIFEST_PARSED, () => void video.play().catch(() => undefined));
    hls.on(Hls.Events.ERROR, (_event, data) => {
      if (!data.fatal) return;
      hls?.destroy();
      rebuilds++;
      clearTimeout(again);
      again = setTimeout(start, kAgain_ms);
    });
    hls.loadSource(url);
    hls.attachMedia(video);
  };
  start();

  const timer = setInterval(() => {
    const moved = video.currentTime !== position_s;
    position_s = video.currentTime;
    const date_ms = hls?.playingDate?.getTime();
    on_change({
      picture:
        moved && video.readyState >= 2 ? 'playing' : video.readyState >= 2 ? 'stalled' : 'waiting',
      feed_state: 'live',
      feed_reason: 'none',
      feed_since: '',
      behind_ms: date_ms === undefined ? undefined : Math.round(clock.now_ms() - date_ms),
      rendition: 'hls',
      stalls: 0,
      rebuilds,
      error: ''
    });
  }, kLook_ms);

  return () => {
    clearInterval(timer);
    clearTimeout(again);
    hls?.destroy();
    video.removeAttribute('src');
    video.load();
  };
}
