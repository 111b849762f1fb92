import { type Scale, valueAt } from "./scale";

interface Props { most: number; scale: Scale; short: (value: number) => string }

export const Legend = ({ most, scale, short }: Props) => (
  <div className="heat-legend" role="img" aria-label={`Colours from 0 to ${short(most)}, ${scale}`}>
    <span>0</span>
    <div>
      <div className="heat-ramp" />
      <div className="heat-ticks" aria-hidden="true">
        {[0.25, 0.5, 0.75].map((part) => <span key={part}>{short(valueAt(part, most, scale))}</span>)}
      </div>
    </div>
    <span>{short(most)}</span>
  </div>
);
