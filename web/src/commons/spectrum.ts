// How loud each frequency of a stretch of sound is.

/**
 * The magnitudes of the first half of a Hann-windowed discrete Fourier transform, so that a sine of
 * amplitude 1 gives 1. `size` is a power of two; a shorter stretch is filled with silence.
 */
export function magnitudes(samples: Float32Array, size: number): Float32Array {
  const re = new Float32Array(size);
  const im = new Float32Array(size);
  const count = Math.min(size, samples.length);
  for (let i = 0; i < count; i++)
    re[reversed(i, size)] = samples[i]! * (0.5 - 0.5 * Math.cos((2 * Math.PI * i) / size));
  for (let length = 2; length <= size; length *= 2) {
    const step = (-2 * Math.PI) / length;
    for (let i = 0; i < length / 2; i++) {
      const wr = Math.cos(step * i);
      const wi = Math.sin(step * i);
      for (let at = i; at < size; at += length) {
        const other = at + length / 2;
        const tr = re[other]! * wr - im[other]! * wi;
        const ti = re[other]! * wi + im[other]! * wr;
        re[other] = re[at]! - tr;
        im[other] = im[at]! - ti;
        re[at]! += tr;
        im[at]! += ti;
      }
    }
  }
  const levels = new Float32Array(size / 2);
  // The window halves the amplitude, and half of it lies in the other half.
  for (let i = 0; i < size / 2; i++) levels[i] = Math.hypot(re[i]!, im[i]!) / (size / 4);
  return levels;
}

function reversed(value: number, size: number): number {
  let bits = 0;
  for (let left = size / 2; left >= 1; left /= 2) {
    if (value & 1) bits += left;
    value >>= 1;
  }
  return bits;
}
