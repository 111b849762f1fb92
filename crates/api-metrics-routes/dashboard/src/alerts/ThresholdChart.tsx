// The curve of a rule that is edited, with its threshold to drag. A bar is the worst of a few windows; what was not
// judged is marked below the axis.
import { type KeyboardEvent, type PointerEvent, useRef, useState } from "react";
import type { DryRunAnswer } from "../api/types";
import { moment } from "../format/time";
import type { Comparison } from "./describe";
import { holds, roundTo, stepOf, topOf } from "./threshold";

interface Props {
  run: DryRunAnswer;
  threshold: number;
  comparison: Comparison;
  /** A value in the rule's unit, as people read it. */
  text: (value: number) => string;
  tz: string;
  stale: boolean;
  onThreshold: (value: number) => void;
}

/** The height of the drawing; its width is that of its bins. */
const HEIGHT = 100;

export const ThresholdChart = ({ run, threshold, comparison, text, tz, stale, onThreshold }: Props) => {
  const plot = useRef<HTMLDivElement>(null);
  // The axis stands still while the threshold is dragged.
  const [held, setHeld] = useState<number | null>(null);
  const bins = run.curve;
  const top = held ?? topOf(bins, threshold);
  const shown = Math.min(threshold, top);

  const valueAt = (clientY: number): number => {
    const box = plot.current?.getBoundingClientRect();
    if (!box || box.height === 0) return threshold;
    return roundTo((1 - (clientY - box.top) / box.height) * top, top);
  };
  const grab = (event: PointerEvent<HTMLDivElement>) => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    setHeld(top);
    onThreshold(valueAt(event.clientY));
  };
  const drag = (event: PointerEvent<HTMLDivElement>) => {
    if (held !== null) onThreshold(valueAt(event.clientY));
  };
  const walk = (event: KeyboardEvent<HTMLDivElement>) => {
    const step = stepOf(top);
    const next: Readonly<Record<string, number>> = {
      ArrowUp: threshold + step,
      ArrowRight: threshold + step,
      ArrowDown: threshold - step,
      ArrowLeft: threshold - step,
      PageUp: threshold + 10 * step,
      PageDown: threshold - 10 * step,
      Home: 0,
      End: top,
    };
    const value = next[event.key];
    if (value === undefined) return;
    event.preventDefault();
    onThreshold(roundTo(Math.max(0, value), Math.max(top, value)));
  };
  const height = (value: number): number => Math.min(HEIGHT, (value / top) * HEIGHT);
  const [first, last] = [bins[0], bins[bins.length - 1]];

  return (
    <div className="threshold-chart" data-stale={stale}>
      <div
        ref={plot}
        className="threshold-plot"
        onPointerDown={grab}
        onPointerMove={drag}
        onPointerUp={() => setHeld(null)}
      >
        <svg viewBox={`0 0 ${Math.max(1, bins.length)} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
          {bins.map((bin, index) =>
            bin.value == null ? null : (
              <rect
                key={bin.at}
                x={index}
                width={1}
                y={HEIGHT - Math.max(0.6, height(bin.value))}
                height={Math.max(0.6, height(bin.value))}
                data-breached={holds(comparison, bin.value, threshold)}
              />
            ),
          )}
        </svg>
        <div
          className="threshold-line"
          role="slider"
          tabIndex={0}
          aria-label="Threshold"
          aria-orientation="vertical"
          aria-valuemin={0}
          aria-valuemax={top}
          aria-valuenow={shown}
          aria-valuetext={text(threshold)}
          onKeyDown={walk}
          data-low={height(shown) < 20}
          style={{ bottom: `${height(shown)}%` }}
        >
          <span>{text(threshold)}</span>
        </div>
        <span className="threshold-top muted" aria-hidden="true">
          {text(top)}
        </span>
      </div>
      <svg
        className="threshold-judged"
        viewBox={`0 0 ${Math.max(1, bins.length)} 1`}
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        {bins.map((bin, index) => {
          const judged = bin.windows === 0 ? 0 : (bin.windows - bin.tooFew) / bin.windows;
          return judged === 1 ? null : (
            <rect key={bin.at} x={index} y={0} width={1} height={1} opacity={1 - 0.6 * judged} />
          );
        })}
      </svg>
      <p className="threshold-ends muted" aria-hidden="true">
        <span>{first && moment(Date.parse(run.from), tz)}</span>
        <span>{last && moment(Date.parse(run.to), tz)}</span>
      </p>
    </div>
  );
};
