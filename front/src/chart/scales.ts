// Numbers and times as people read them, and the lines that a scale has.

const TOPS = [1, 2, 3, 4, 5, 6, 8, 10];

/** The end of a scale from zero that has a round number in its middle, above `value`. */
export function top(value: number): number {
  if (!(value > 0) || !Number.isFinite(value)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const found = TOPS.find((each) => each * power >= value * 1.02) ?? 20;
  return Number((found * power).toPrecision(12));
}

/** By how many digits follow the point; to make one anew for each number is slow. */
const NUMBERS = [0, 1, 2, 3].map((digits) => new Intl.NumberFormat("en", { maximumFractionDigits: digits }));

function plain(value: number): string {
  const size = Math.abs(value);
  const digits = size >= 1000 || Number.isInteger(value) ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 3;
  return (NUMBERS[digits] as Intl.NumberFormat).format(value);
}

function percent(value: number): string {
  const size = Math.abs(value);
  if (size === 0 || size === 100) return `${value} %`;
  // not everything unless it is all
  if (size >= 99 && size < 100) return `${(Math.floor(value * 100) / 100).toFixed(2)} %`;
  return size >= 10 ? `${Math.round(value)} %` : `${Number(value.toPrecision(2))} %`;
}

/** A value with its unit, as the hover card shows it. */
export function format(value: number, unit: string): string {
  if (!Number.isFinite(value)) return "no data";
  if (unit === "%") return percent(value);
  return unit ? `${plain(value)} ${unit}` : plain(value);
}

/** A range with its unit. */
export function formatRange(low: number, high: number, unit: string): string {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return "not known";
  // it is an estimate: more than whole numbers would say more than is known
  const [from, to] = [low, high].map((end) => (end >= 10 ? Math.round(end) : Number(end.toPrecision(2)))) as [number, number];
  return from > 0 ? `${format(from, unit)} to ${format(to, unit)}` : `up to ${format(to, unit)}`;
}

/** A number of a scale: short, its unit only where it is a percentage. */
export function formatTick(value: number, unit: string): string {
  const text =
    value >= 1e6 ? `${Number((value / 1e6).toPrecision(3))}M` : value >= 1e4 ? `${value / 1e3}k` : plain(value);
  return unit === "%" && value ? `${text} %` : text;
}

export type Zone = "UTC" | "local";

const zoneOf = (zone: Zone): { timeZone?: string } => (zone === "UTC" ? { timeZone: "UTC" } : {});
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(zone: Zone, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = zone + Object.keys(options).join();
  let found = formatters.get(key);
  if (!found) formatters.set(key, (found = new Intl.DateTimeFormat("en-GB", { ...options, ...zoneOf(zone) })));
  return found;
}

const HOUR = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
const DAY = { day: "numeric", month: "short" } as const;

/** "13:03", with seconds where they matter. */
export function clock(time: number, zone: Zone, seconds = false): string {
  const options = seconds || time % 60 ? ({ ...HOUR, second: "2-digit" } as const) : HOUR;
  // what UTC has is read off without a calendar
  if (zone === "UTC") return new Date(time * 1000).toISOString().slice(11, options === HOUR ? 16 : 19);
  return formatter(zone, options).format(time * 1000);
}

/** "4 Mar". */
export function day(time: number, zone: Zone): string {
  return formatter(zone, DAY).format(time * 1000);
}

/** "UTC", or the name of the zone of the one who looks. */
export function zoneName(time: number, zone: Zone): string {
  if (zone === "UTC") return "UTC";
  const parts = formatter(zone, { timeZoneName: "short" }).formatToParts(time * 1000);
  return parts.find((part) => part.type === "timeZoneName")?.value ?? "local";
}

/** "4 Mar 13:03 UTC"; the day only where the chart is longer than one. */
export function moment(time: number, zone: Zone, withDay: boolean): string {
  return `${withDay ? `${day(time, zone)} ` : ""}${clock(time, zone)} ${zoneName(time, zone)}`;
}

/** A length of time in one or two units: "5 min", "2 h". */
export function duration(seconds: number): string {
  const units: [number, string][] = [
    [86_400, "d"],
    [3600, "h"],
    [60, "min"],
  ];
  for (const [size, name] of units) if (seconds >= size) return `${Number((seconds / size).toFixed(1))} ${name}`;
  return `${Math.round(seconds)} s`;
}

const STEPS = [
  1, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 1_209_600,
  2_592_000, 7_776_000, 31_536_000,
];

/** Seconds by which the clock of a zone is before UTC at a moment. */
function offset(time: number, zone: Zone): number {
  return zone === "UTC" ? 0 : -new Date(time * 1000).getTimezoneOffset() * 60;
}

/** Round moments of a zone within a range, at most one for each `space` pixels of `width`, and their texts. */
export function timeTicks(min: number, max: number, width: number, zone: Zone, space = 74): [number[], string[]] {
  const most = Math.max(1, Math.floor(width / space));
  const step = STEPS.find((each) => (max - min) / each <= most) ?? (STEPS.at(-1) as number);
  const ticks: number[] = [];
  const labels: string[] = [];
  const shift = offset(min, zone);
  for (let local = Math.ceil((min + shift) / step) * step; ; local += step) {
    // the zone's clock may have been changed since the beginning
    const time = local - offset(local - shift, zone);
    if (time > max) break;
    ticks.push(time);
    const midnight = local % 86_400 === 0;
    labels.push(step >= 86_400 || midnight ? day(time, zone) : clock(time, zone, step < 60));
  }
  return [ticks, labels];
}
