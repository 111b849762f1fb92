import { type Scale, valueAt } from "./scale";

interface Props {
  max: number;
  scale: Scale;
  /** Whether some cells have no data. */
  gaps: boolean;
  short: (value: number) => string;
}

export const Legend = ({ max, scale, gaps, short }: Props) => (
  <div className="heat-legend" role="img" aria-label={`Color scale from 0 to ${short(max)}, ${scale}`}>
    {gaps && <span className="heat-none">No data</span>}
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
