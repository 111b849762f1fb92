import { type Scale, valueAt } from "./scale";

interface Props {
  max: number;
  scale: Scale;
  /** Whether some cells have no requests to measure. */
  gaps: boolean;
  /** Whether nothing is known of some cells. */
  unknown: boolean;
  short: (value: number) => string;
}

export const Legend = ({ max, scale, gaps, unknown, short }: Props) => (
  <div
    className="heat-legend"
    role="img"
    aria-label={`Color scale from 0 to ${short(max)}, ${scale}${unknown ? "; hatched cells are unknown" : ""}`}
  >
    {unknown && <span className="heat-unknown">Unknown</span>}
    {gaps && <span className="heat-none">No requests</span>}
    <span>0</span>
    <div>
      <div className="heat-ramp" />
      <div className="heat-ticks" aria-hidden="true">
        {[0.25, 0.5, 0.75].map((part) => (
          <span key={part}>{short(valueAt(part, max, scale))}</span>
        ))}
      </div>
    </div>
    <span>{short(max)}</span>
  </div>
);
