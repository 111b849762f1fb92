// The heatmap's colour scale, from cool to warm. Its lightness changes steadily too,
// so that it can be read without hue.
import { colour } from "../ui/theme";

type Rgb = [number, number, number];

export type Scale = "linear" | "log";

const parse = (hex: string): Rgb => {
  const n = Number.parseInt(hex.slice(1), 16);
  return [(n >> 16) & 255, (n >> 8) & 255, n & 255];
};

/** The style sheet has colours for the intensities 0, 1/5, .. 1. */
const STOPS = 5;

export const colours = (): ((intensity: number) => string) => {
  const stops = Array.from({ length: STOPS + 1 }, (_, i) => parse(colour(`heat-${i}`)));
  return (intensity) => {
    const at = Math.min(Math.max(intensity, 0), 1) * STOPS;
    const low = Math.min(Math.floor(at), STOPS - 1);
    const [a, b] = [stops[low] as Rgb, stops[low + 1] as Rgb];
    const mix = (i: 0 | 1 | 2) => Math.round(a[i] + (b[i] - a[i]) * (at - low));
    return `rgb(${mix(0)} ${mix(1)} ${mix(2)})`;
  };
};

/** The intensity of a value, 0 to 1; at least 0.05 for a value above zero, so that it differs from zero. */
export const intensity = (value: number, max: number, scale: Scale): number => {
  if (value <= 0 || max <= 0) return 0;
  const part = scale === "log" ? Math.log1p(value) / Math.log1p(max) : value / max;
  return Math.max(0.05, Math.min(1, part));
};

/** The value at an intensity, for the legend. */
export const valueAt = (part: number, max: number, scale: Scale): number =>
  scale === "log" ? Math.expm1(part * Math.log1p(max)) : part * max;
