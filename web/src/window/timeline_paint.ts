// Draws the bar of time: the sky's colours where there is a recording, a thin hatching where there
// is none (texture and height, not colour alone, tell them apart).
import { sun_altitude_deg } from '../sky/sun';
import { sky_colour } from './sky_colour';
import type { Stretch } from './spans';

export interface BarPaint {
  start_ms: number;
  end_ms: number;
  now_ms: number;
  /** Before this moment there was no camera, so that nothing is missing. */
  first_ms: number;
  stretches: readonly Stretch[];
  latitude: number | null | undefined;
  longitude: number | null | undefined;
  rtl: boolean;
}

const kSkyStep_px = 6;
const kThinnedTop = 0.45;

export function paint_bar(canvas: HTMLCanvasElement, paint: BarPaint): void {
  const ratio = Math.min(3, globalThis.devicePixelRatio || 1);
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  if (width === 0 || height === 0) return;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext('2d');
  if (!context) return;
  context.scale(ratio, ratio);
  if (paint.rtl) {
    context.translate(width, 0);
    context.scale(-1, 1);
  }
  const span_ms = paint.end_ms - paint.start_ms;
  const x_of = (at_ms: number) =>
    Math.min(width, Math.max(0, ((at_ms - paint.start_ms) / span_ms) * width));
  context.clearRect(0, 0, width, height);
  const sky = sky_gradient(context, paint, width);
  for (const stretch of paint.stretches) {
    const from = x_of(
      stretch.recorded ? stretch.start_ms : Math.max(stretch.start_ms, paint.first_ms)
    );
    const to = x_of(Math.min(stretch.end_ms, paint.now_ms));
    if (to - from < 0.05) continue;
    if (stretch.recorded) {
      context.fillStyle = sky;
      // Of what was thinned a lower band is left: texture and height, not colour alone.
      const top = stretch.thinned ? height * kThinnedTop : 0;
      context.fillRect(from, top, Math.max(to - from, 0.6), height - top);
    } else {
      paint_missing(context, from, Math.max(to - from, 1), height);
    }
  }
  // What was before the first recording, and what has not happened yet, is an empty line.
  const first_x = x_of(paint.first_ms);
  const now_x = x_of(paint.now_ms);
  context.fillStyle = 'rgb(190 218 236 / 30%)';
  context.fillRect(0, height / 2 - 0.5, first_x, 1);
  context.fillRect(now_x, height / 2 - 0.5, width - now_x, 1);
}

function sky_gradient(
  context: CanvasRenderingContext2D,
  paint: BarPaint,
  width: number
): CanvasGradient | string {
  const { latitude, longitude } = paint;
  if (typeof latitude !== 'number' || typeof longitude !== 'number') return 'rgb(159 212 230)';
  const gradient = context.createLinearGradient(0, 0, width, 0);
  const steps = Math.min(240, Math.max(8, Math.round(width / kSkyStep_px)));
  for (let i = 0; i <= steps; i++) {
    const at_ms = paint.start_ms + ((paint.end_ms - paint.start_ms) * i) / steps;
    gradient.addColorStop(i / steps, sky_colour(sun_altitude_deg(at_ms, latitude, longitude)));
  }
  return gradient;
}

function paint_missing(
  context: CanvasRenderingContext2D,
  from: number,
  width: number,
  height: number
): void {
  const top = height * 0.3;
  const bottom = height * 0.7;
  context.save();
  context.beginPath();
  context.rect(from, top, width, bottom - top);
  context.clip();
  context.fillStyle = 'rgb(10 18 32 / 70%)';
  context.fillRect(from, top, width, bottom - top);
  context.strokeStyle = 'rgb(214 228 238 / 62%)';
  context.lineWidth = 1;
  context.beginPath();
  // Anchored to the bar, not to the stretch, so that the hatching stands still while time moves.
  for (let x = Math.floor(from / 5) * 5 - height; x < from + width + height; x += 5) {
    context.moveTo(x, bottom);
    context.lineTo(x + (bottom - top), top);
  }
  context.stroke();
  context.restore();
}

/** Round times to write under the bar, about one every `wanted_px`. */
export function ticks(
  start_ms: number,
  end_ms: number,
  offset_ms: number,
  width_px: number,
  wanted_px = 92
): number[] {
  const steps_min = [1, 5, 10, 15, 30, 60, 120, 180, 240, 360, 720];
  const room = Math.max(1, Math.floor(width_px / wanted_px));
  const span_min = (end_ms - start_ms) / 60_000;
  const step_ms = (steps_min.find((step) => span_min / step <= room) ?? 720) * 60_000;
  const marks: number[] = [];
  const first = Math.ceil((start_ms + offset_ms) / step_ms) * step_ms - offset_ms;
  for (let at_ms = first; at_ms < end_ms && marks.length < 100; at_ms += step_ms) marks.push(at_ms);
  return marks;
}
