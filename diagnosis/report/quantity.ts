/** Figures as a person reads them aloud, each with its unit. */
export function duration(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 10) return `${trim(seconds, 1)} s`;
  const whole = Math.round(seconds);
  if (whole < 120) return `${whole} s`;
  if (whole < 2 * HOUR) return pair(whole, 60, "min", 1, "s");
  if (whole < 2 * DAY) return pair(whole, HOUR, "h", 60, "min");
  return pair(whole, DAY, "d", HOUR, "h");
}

export function size(bytes: number): string {
  const exponent = Math.min(Math.max(Math.floor(Math.log2(Math.max(Math.abs(bytes), 1)) / 10), 0), SIZES.length - 1);
  return `${trim(bytes / 1024 ** exponent, exponent === 0 ? 0 : 1)} ${SIZES[exponent]}`;
}

/** "2026-03-14 09:17:45 UTC". What is no date is given back as it came. */
export function instant(iso: string): string {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/u.test(iso) ? `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC` : iso;
}

/** "18.4" of what version() says at length. */
export function shortVersion(version: string): string {
  return /\d[\w.]*/u.exec(version)?.[0] ?? version;
}

/** 2,147,483,647: a count that a person has to compare with another one. */
export function grouped(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(?:\d{3})+$)/gu, ",");
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

const HOUR = 3600;
const DAY = 86_400;
const SIZES = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;

function pair(seconds: number, large: number, largeUnit: string, small: number, smallUnit: string): string {
  const rest = Math.floor((seconds % large) / small);
  return `${Math.floor(seconds / large)} ${largeUnit}${rest === 0 ? "" : ` ${rest} ${smallUnit}`}`;
}

function trim(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)));
}
