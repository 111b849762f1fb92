// The prices of a plan as steps over the requests of a month, with where the month stands and where it will end.
import type { PricePlan } from "../api/types";
import * as number from "../format/number";
import { stepsOf } from "./steps";

interface Props {
  plan: PricePlan;
  /** The positions of the month that this plan has priced. */
  priced: { from: number; to: number };
  projected: number | null;
}

const [WIDTH, HEIGHT, LEFT, TOP, BOTTOM] = [720, 190, 8, 30, 160];

/** The least width of a step that has room for its price. */
const LABELLED = 42;

export const Tiers = ({ plan, priced, projected }: Props) => {
  const last = Math.max(plan.tiers.at(-1)?.fromRequests ?? 0, plan.freeRequests);
  const end = Math.max(1, 1.15 * Math.max(priced.to, projected ?? 0, last * 1.1));
  const steps = stepsOf(plan, end);
  const dearest = Math.max(...steps.map((step) => step.price), Number.MIN_VALUE);
  const x = (requests: number) => LEFT + ((WIDTH - 2 * LEFT) * Math.min(requests, end)) / end;
  const y = (price: number) => (price === 0 ? BOTTOM - 6 : BOTTOM - ((BOTTOM - TOP) * price) / dearest);
  const text = [
    ...steps.map((step) => `from ${number.count(step.from)} on ${step.label}`),
    `${number.count(priced.to)} used`,
    ...(projected === null ? [] : [`${number.count(projected)} projected`]),
  ].join("; ");
  const block = (kind: string, price: number, from: number, to: number) =>
    to > from && (
      <rect
        className={kind}
        x={x(from)}
        y={y(price)}
        width={Math.max(1, x(to) - x(from) - 1)}
        height={BOTTOM - y(price)}
      />
    );
  return (
    <figure className="tiers">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`Prices of ${plan.name}: ${text}`}>
        {steps.map((step) => (
          <g key={step.from}>
            {block("tier", step.price, step.from, step.to)}
            {block("tier used", step.price, Math.max(step.from, priced.from), Math.min(step.to, priced.to))}
            {x(step.to) - x(step.from) > LABELLED && (
              <text className="tier-price" x={x(step.from) + 4} y={y(step.price) - 6}>
                {step.label}
              </text>
            )}
            {step.from > 0 && (
              <text x={x(step.from)} y={BOTTOM + 18}>
                {number.compact(step.from)}
              </text>
            )}
          </g>
        ))}
        <line className="axis" x1={LEFT} x2={WIDTH - LEFT} y1={BOTTOM} y2={BOTTOM} />
        <line className="mark" x1={x(priced.to)} x2={x(priced.to)} y1={TOP - 12} y2={BOTTOM + 6} />
        {projected !== null && projected > priced.to && (
          <line className="mark ahead" x1={x(projected)} x2={x(projected)} y1={TOP - 12} y2={BOTTOM + 6} />
        )}
      </svg>
      <figcaption className="muted">
        {number.count(priced.to - priced.from)} requests are priced by it
        {projected !== null && projected > priced.to && `; dashed: ${number.count(projected)} projected`}
      </figcaption>
    </figure>
  );
};
