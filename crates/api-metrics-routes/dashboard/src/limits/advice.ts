import type { RateLimit } from "../api/types";
import * as number from "../format/number";

/** What to do about a consumer's limit, in one sentence. */
export const advice = (row: RateLimit): string => {
  if (row.hitsInSeconds === 0) return "Limit reached. Raise it, or spread the calls out.";
  if (row.forecast) return `${row.forecast[0]?.toUpperCase()}${row.forecast.slice(1)}.`;
  if (row.consistently) {
    const { share, peak } = row.consistently;
    return (
      `Near the limit in ${number.percent(share)} of its active periods in 24 h, ` +
      `with a peak of ${number.percent(peak)}. Consider a higher limit.`
    );
  }
  if (row.near) return "Close to the limit.";
  return row.requestsPerMinute * 10 < row.limit ? "Plenty of headroom." : "Within the limit.";
};
