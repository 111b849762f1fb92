import { type Scale, valueAt } from "./scale";

interface Props {
  most: number;
  scale: Scale /** Whether some cells have none. */;
  gaps: boolean;
  short: (value: number) => string;
}

export const Legend = ({ most, scale, gaps, short }: Props) => (
  <div className="heat-legend" role="img" aria-label={`Color scale from 0 to ${short(most)}, ${scale}`}>
    {gaps && <span className="heat-none">No data</span>}
    <span>0</span>
    <div>
      <div className="heat-ramp" />
      <div className="heat-ticks" aria-hidden="true">
        {[0.25, 0.5, 0.75].map((part) => (
          <span key={part}>{short(valueAt(part, most, scale))}</span>
        ))}
      </div>
    </div>
    <span>{short(most)}</span>
  </div>
);
