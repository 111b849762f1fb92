// How one consumer fares beside everybody else.
import type { EndpointConsumer } from "../api/types";

/** Fewer requests say nothing of a p95. */
const ENOUGH = 20;

type Compared = Pick<EndpointConsumer, "requestCount" | "othersRequestCount" | "p95Ms" | "othersP95Ms">;

/** How many times slower a consumer's p95 is than everybody else's; null where one of them has too few requests. */
export const timesSlower = (row: Compared): number | null =>
  row.requestCount < ENOUGH || row.othersRequestCount < ENOUGH || row.p95Ms == null || !row.othersP95Ms
    ? null
    : row.p95Ms / row.othersP95Ms;
