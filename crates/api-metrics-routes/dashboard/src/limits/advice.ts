import type { RateLimit } from "../api/types";
import * as number from "../format/number";

/** What to do about it, in a sentence. */
export const advice = (row: RateLimit): string => {
  if (row.hitsInSeconds === 0) return "Limit reached. Raise it, or spread the calls out.";
  if (row.forecast) return `${row.forecast[0]?.toUpperCase()}${row.forecast.slice(1)}.`;
  if (row.consistently) {
    return `Near its limit in ${number.percent(row.consistently.share)} of its active periods of 24 h, up to ${number.percent(row.consistently.peak)}: a higher limit would fit.`;
  }
  if (row.near) return "Close to the limit.";
  return row.requestsPerMinute * 10 < row.limit ? "Plenty of headroom." : "Within the limit.";
};
