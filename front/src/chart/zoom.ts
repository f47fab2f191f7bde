// The range of time that is shown: narrower, wider, further, and never outside of what there is.
import type { Range } from "./spec";

/** Keeps a range within the whole; null is everything. Nothing is narrower than `least` seconds. */
export function within(range: Range, whole: Range, least: number): Range | null {
  const length = Math.max(range.max - range.min, Math.min(least, whole.max - whole.min));
  if (length >= whole.max - whole.min) return null;
  const middle = (range.min + range.max) / 2;
  const min = Math.min(Math.max(middle - length / 2, whole.min), whole.max - length);
  return { min, max: min + length };
}

/** A range by a factor narrower or wider, with one moment staying where it is. */
export function scaled({ min, max }: Range, factor: number, around: number): Range {
  return { min: around - (around - min) * factor, max: around + (max - around) * factor };
}

/** A range moved so that a moment lies in it. */
export function following({ min, max }: Range, time: number): Range {
  if (time >= min && time <= max) return { min, max };
  const shift = time < min ? time - min - (max - min) * 0.1 : time - max + (max - min) * 0.1;
  return { min: min + shift, max: max + shift };
}
