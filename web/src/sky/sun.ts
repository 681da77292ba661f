// Where the sun stands, by the equations of NOAA's solar calculator (after Meeus, Astronomical
// Algorithms, chapter 25); good to about a minute of time away from the poles.

const rad = (degrees: number) => (degrees * Math.PI) / 180;
const deg = (radians: number) => (radians * 180) / Math.PI;

interface SunPosition {
  declination_deg: number;
  equation_of_time_min: number;
}

function position(utc_ms: number): SunPosition {
  const t = (utc_ms / 86_400_000 + 2440587.5 - 2451545) / 36525;
  const mean_long = (280.46646 + t * (36000.76983 + 0.0003032 * t)) % 360;
  const anomaly = 357.52911 + t * (35999.05029 - 0.0001537 * t);
  const eccentricity = 0.016708634 - t * (0.000042037 + 0.0000001267 * t);
  const centre =
    Math.sin(rad(anomaly)) * (1.914602 - t * (0.004817 + 0.000014 * t)) +
    Math.sin(rad(2 * anomaly)) * (0.019993 - 0.000101 * t) +
    Math.sin(rad(3 * anomaly)) * 0.000289;
  const node = 125.04 - 1934.136 * t;
  const apparent_long = mean_long + centre - 0.00569 - 0.00478 * Math.sin(rad(node));
  const mean_obliquity =
    23 + (26 + (21.448 - t * (46.815 + t * (0.00059 - t * 0.001813))) / 60) / 60;
  const obliquity = mean_obliquity + 0.00256 * Math.cos(rad(node));
  const y = Math.tan(rad(obliquity / 2)) ** 2;
  const equation =
    y * Math.sin(2 * rad(mean_long)) -
    2 * eccentricity * Math.sin(rad(anomaly)) +
    4 * eccentricity * y * Math.sin(rad(anomaly)) * Math.cos(2 * rad(mean_long)) -
    0.5 * y * y * Math.sin(4 * rad(mean_long)) -
    1.25 * eccentricity * eccentricity * Math.sin(2 * rad(anomaly));
  return {
    declination_deg: deg(Math.asin(Math.sin(rad(obliquity)) * Math.sin(rad(apparent_long)))),
    equation_of_time_min: 4 * deg(equation)
  };
}

/** Height of the sun's centre above the horizon, degrees, without refraction. */
export function sun_altitude_deg(utc_ms: number, latitude: number, longitude: number): number {
  const sun = position(utc_ms);
  const minutes = (((utc_ms / 60_000) % 1440) + 1440) % 1440;
  const true_solar_min = minutes + sun.equation_of_time_min + 4 * longitude;
  const hour_angle = rad(true_solar_min / 4 - 180);
  return deg(
    Math.asin(
      Math.sin(rad(latitude)) * Math.sin(rad(sun.declination_deg)) +
        Math.cos(rad(latitude)) * Math.cos(rad(sun.declination_deg)) * Math.cos(hour_angle)
    )
  );
}

/** The sun's upper rim touches the horizon, with 34' of refraction. */
const kHorizon_deg = -0.833;
const kCivil_deg = -6;

export type Light = 'day' | 'low' | 'twilight' | 'night';

export function light_of(altitude_deg: number): Light {
  if (altitude_deg >= 8) return 'day';
  if (altitude_deg >= kHorizon_deg) return 'low';
  return altitude_deg >= kCivil_deg ? 'twilight' : 'night';
}

/** The next moment within 24 h at which the sun rises or sets; undefined in polar day or night. */
export function next_crossing(
  utc_ms: number,
  latitude: number,
  longitude: number
): { at_ms: number; rises: boolean } | undefined {
  const above = (at_ms: number) => sun_altitude_deg(at_ms, latitude, longitude) > kHorizon_deg;
  const kStep_ms = 600_000;
  let before = above(utc_ms);
  for (let at_ms = utc_ms + kStep_ms; at_ms <= utc_ms + 86_400_000; at_ms += kStep_ms) {
    const now = above(at_ms);
    if (now !== before) {
      let low = at_ms - kStep_ms;
      let high = at_ms;
      while (high - low > 1000) {
        const middle = (low + high) / 2;
        if (above(middle) === before) low = middle;
        else high = middle;
      }
      return { at_ms: high, rises: now };
    }
    before = now;
  }
  return undefined;
}
