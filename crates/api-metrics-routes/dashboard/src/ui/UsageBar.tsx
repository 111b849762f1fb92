// How much of something is used: a bar, and the number beside it, so that colour is not all that tells.
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
    <Bar kind={levelOf(percent)} value={percent} most={100} label={label} />
    <span>{number.percent(percent).replace(/\.\d+%$/, (text) => (percent < 10 ? text : "%"))}</span>
  </span>
);
