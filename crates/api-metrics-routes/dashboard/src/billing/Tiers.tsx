// The prices of a plan as steps over the requests of a month, with where the month stands and where it will end.
import type { PricePlan } from "../api/types";
import * as number from "../format/number";
import { stepsOf } from "./steps";

interface Props {
  plan: PricePlan;
  position: number;
  projected: number | null;
}

const [WIDTH, HEIGHT, LEFT, TOP, BOTTOM] = [720, 200, 8, 26, 150];

export const Tiers = ({ plan, position, projected }: Props) => {
  const last = Math.max(plan.tiers.at(-1)?.fromRequests ?? 0, plan.freeRequests);
  const end = Math.max(1, 1.15 * Math.max(position, projected ?? 0, last * 1.1));
  const steps = stepsOf(plan, end);
  const dearest = Math.max(...steps.map((step) => step.price), Number.MIN_VALUE);
  const x = (requests: number) => LEFT + ((WIDTH - 2 * LEFT) * Math.min(requests, end)) / end;
  const y = (price: number) => BOTTOM - ((BOTTOM - TOP) * price) / dearest;
  const text = [
    ...steps.map((step) => `from ${number.count(step.from)} on ${step.label}`),
    `${number.count(position)} used`,
    ...(projected === null ? [] : [`${number.count(projected)} projected`]),
  ].join("; ");
  const anchor = (at: number) => (at > WIDTH * 0.8 ? "end" : "start");
  return (
    <svg
      className="tiers"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={`Prices of ${plan.name}: ${text}`}
    >
      {steps.map((step) => (
        <g key={step.from}>
          <rect
            className={step.price === 0 ? "tier free" : "tier"}
            x={x(step.from)}
            y={step.price === 0 ? BOTTOM - 6 : y(step.price)}
            width={Math.max(1, x(step.to) - x(step.from) - 1)}
            height={step.price === 0 ? 6 : BOTTOM - y(step.price)}
          />
          {position > step.from && (
            <rect
              className="tier used"
              x={x(step.from)}
              y={step.price === 0 ? BOTTOM - 6 : y(step.price)}
              width={Math.max(1, x(Math.min(position, step.to)) - x(step.from) - 1)}
              height={step.price === 0 ? 6 : BOTTOM - y(step.price)}
            />
          )}
          <text className="tier-price" x={x(step.from) + 4} y={(step.price === 0 ? BOTTOM - 6 : y(step.price)) - 5}>
            {step.label}
          </text>
          {step.from > 0 && (
            <text className="tier-from" x={x(step.from)} y={BOTTOM + 16}>
              {number.compact(step.from)}
            </text>
          )}
        </g>
      ))}
      <line className="axis" x1={LEFT} x2={WIDTH - LEFT} y1={BOTTOM} y2={BOTTOM} />
      <line className="mark" x1={x(position)} x2={x(position)} y1={TOP - 8} y2={BOTTOM + 22} />
      <text className="mark-text" x={x(position)} y={BOTTOM + 34} textAnchor={anchor(x(position))}>
        {number.count(position)} used
      </text>
      {projected !== null && projected > position && (
        <>
          <line className="mark ahead" x1={x(projected)} x2={x(projected)} y1={TOP - 8} y2={BOTTOM + 36} />
          <text className="mark-text" x={x(projected)} y={BOTTOM + 48} textAnchor={anchor(x(projected))}>
            {number.count(projected)} projected
          </text>
        </>
      )}
    </svg>
  );
};
