// Usage of a limit as a bar with its percentage, so that colour is not the only sign.
import * as number from "../format/number";
import { Bar } from "./Bar";
import { levelOf } from "./usageLevel";

interface Props {
  percent: number;
  label: string;
  wide?: boolean;
}

export const UsageBar = ({ percent, label, wide = false }: Props) => (
  <span className={wide ? "usage wide" : "usage"} data-level={levelOf(percent)}>
    <Bar kind={levelOf(percent)} value={percent} max={100} label={label} />
    <span>{number.percent(percent).replace(/\.\d+%$/, (text) => (percent < 10 ? text : "%"))}</span>
  </span>
);
