// A chart from a table: its columns, and where things stand on its axes.
import type { LessonChart } from '../api/types';

export interface Series {
  name: string;
  values: (number | undefined)[];
}
export interface ChartData {
  x: string[];
  series: Series[];
}

/** A number as tables write it, "1,204" and "−3" too; undefined for what is none. */
export function number_of(cell: string): number | undefined {
  const text = cell.trim().replace(/−/g, '-');
  if (!/^-?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?(e[+-]?\d+)?$/i.test(text)) return undefined;
  const value = Number(text.replace(/,/g, ''));
  return Number.isFinite(value) ? value : undefined;
}

/** The columns that a chart names; undefined when the table has no such column. */
export function chart_data(rows: string[][], chart: LessonChart): ChartData | undefined {
  const heads = (rows[0] ?? []).map((head) => head.replace(/^\uFEFF/, '').trim());
  const at = heads.indexOf(chart.x);
  const columns = chart.y.map((name) => ({ name, at: heads.indexOf(name) }));
  if (at < 0 || columns.length === 0 || columns.some((column) => column.at < 0)) return undefined;
  const body = rows.slice(1).filter((row) => row.some((cell) => cell.trim() !== ''));
  return {
    x: body.map((row) => (row[at] ?? '').trim()),
    series: columns.map((column) => ({
      name: column.name,
      values: body.map((row) => number_of(row[column.at] ?? ''))
    }))
  };
}

/** Round marks that hold all values: steps of 1, 2 or 5 times a power of ten, about `count`. */
export function scale_of(values: number[], from_zero: boolean, count = 5): number[] {
  let low = Math.min(...values);
  let high = Math.max(...values);
  if (!Number.isFinite(low) || !Number.isFinite(high)) return [0, 1];
  if (from_zero) {
    low = Math.min(0, low);
    high = Math.max(0, high);
  }
  if (low === high) {
    low -= Math.abs(low) / 2 || (from_zero ? 0 : 1);
    high += Math.abs(high) / 2 || 1;
  }
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999) ?? 10) * power;
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  const digits = Math.max(0, Math.min(12, -Math.floor(Math.log10(step) + 1e-9)));
  return Array.from({ length: last - first + 1 }, (_, i) =>
    Number(((first + i) * step).toFixed(digits))
  );
}

/** Where each value of the x axis stands, 0 to 1: by its number or date, else one after another. */
export function places_of(x: string[]): number[] {
  const read = (text: string) =>
    number_of(text) ?? (/^\d{4}-\d\d(-\d\d)?/.test(text) ? Date.parse(text) : Number.NaN);
  const values = x.map(read);
  const low = Math.min(...values);
  const high = Math.max(...values);
  if (Number.isFinite(low) && high > low) return values.map((at) => (at - low) / (high - low));
  return x.map((_, i) => (x.length > 1 ? i / (x.length - 1) : 0.5));
}

/** Which of `count` labels are written, so that no more than `most` are. */
export function labelled(count: number, most: number): number[] {
  const every = Math.max(1, Math.ceil(count / Math.max(1, most)));
  const chosen: number[] = [];
  for (let i = 0; i < count; i += every) chosen.push(i);
  return chosen;
}
