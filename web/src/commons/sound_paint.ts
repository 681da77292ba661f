// Draws a sound: its wave above, its spectrogram below.
import { magnitudes } from './spectrum';

const kWindow = 1024; // samples of one column's spectrum: 23 ms at 44.1 kHz
const kRate = 32_000; // what is decoded to, Hz: the spectrogram goes to half of it
const kWave = 0.3; // of the height
const kFloor_db = -90;
const kSilence = 0.003; // of the full range: what is quieter is not drawn larger
const kYield_columns = 60; // drawn without giving the page a chance to answer

/** A quiet night through glacier to dawn, by loudness from 0 to 1. */
export function colour_of(level: number): [number, number, number] {
  const stops = [
    [11, 21, 36],
    [28, 74, 110],
    [159, 212, 230],
    [246, 236, 220]
  ] as const;
  const at = Math.min(0.9999, Math.max(0, level)) * (stops.length - 1);
  const from = stops[Math.floor(at)]!;
  const to = stops[Math.floor(at) + 1]!;
  const part = at % 1;
  return [0, 1, 2].map((i) => Math.round(from[i]! + (to[i]! - from[i]!) * part)) as [
    number,
    number,
    number
  ];
}

/** Rejects when the sound does not come or cannot be decoded; stops early when `signal` says so. */
export async function paint_sound(
  canvas: HTMLCanvasElement,
  src: string,
  signal: AbortSignal
): Promise<void> {
  const answer = await fetch(src, { signal, credentials: 'same-origin' });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  const decoder = new OfflineAudioContext(1, 1, kRate);
  const sound = await decoder.decodeAudioData(await answer.arrayBuffer());
  const samples = sound.getChannelData(0);
  const context = canvas.getContext('2d')!;
  const { width, height } = canvas;
  const wave = Math.floor(height * kWave);
  const below = height - wave;
  context.clearRect(0, 0, width, height);
  const column = context.createImageData(1, below);
  // A quiet sound is drawn as large as a loud one; silence stays a line.
  const loudest = samples.reduce((most, value) => Math.max(most, Math.abs(value)), kSilence);
  for (let x = 0; x < width; x++) {
    if (signal.aborted) return;
    const begin = Math.floor((x / width) * samples.length);
    const end = Math.max(begin + 1, Math.floor(((x + 1) / width) * samples.length));
    let peak = 0;
    for (let i = begin; i < end; i++) peak = Math.max(peak, Math.abs(samples[i]!));
    const tall = Math.max(1, (peak / loudest) * (wave - 8));
    context.fillStyle = '#9fd4e6';
    context.fillRect(x, (wave - tall) / 2, 1, tall);

    const middle = Math.floor((begin + end) / 2) - kWindow / 2;
    const start = Math.max(0, Math.min(samples.length - kWindow, middle));
    const levels = magnitudes(samples.subarray(start, start + kWindow), kWindow);
    for (let y = 0; y < below; y++) {
      const bin = Math.floor(((below - 1 - y) / below) * levels.length);
      const db = 20 * Math.log10(levels[bin]! + 1e-9);
      const [r, g, b] = colour_of(1 - db / kFloor_db);
      column.data.set([r, g, b, 255], y * 4);
    }
    context.putImageData(column, x, wave);
    if (x % kYield_columns === 0) await new Promise((done) => setTimeout(done));
  }
}
