// Written by scripts/types.mjs from openapi.json.
export interface paths {
    "/api-metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Rows over time, by any dimensions */
        get: operations["series"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-metrics/daily": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One row for each calendar day */
        get: operations["daily"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-metrics/endpoints": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One row for each endpoint */
        get: operations["endpoints"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-metrics/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * All rows and all metrics, as a file
         * @description By every dimension unless `groupBy` names some. Rows are read window by window, so an export of
         *     any length takes little memory; a failure on the way breaks the transfer off, so that a part is
         *     never taken for the whole. Text in CSV that a spreadsheet would take for a formula begins with an
         *     apostrophe.
         */
        get: operations["export"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-metrics/heatmap": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** When the service is busy */
        get: operations["heatmap"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-metrics/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One row for each API key */
        get: operations["keys"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-metrics/query": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Several groupings of one question at once */
        post: operations["query"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-metrics/realtime": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The last five minutes, unfolded data included */
        get: operations["realtime"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-metrics/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The last five minutes, as server-sent events
         * @description An event `metrics-update` every five seconds, each a whole answer of `/api-metrics/realtime`;
         *     `metrics-unavailable` with a problem while the store does not answer. The stream ends after an
         *     hour and when the service stops: clients come back by themselves.
         */
        get: operations["stream"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-metrics/summary": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Totals, rates and quantiles of a range */
        get: operations["summary"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-metrics/top-consumers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who asks most, fails most or moves most */
        get: operations["top_consumers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The state of the store and of what records into it */
        get: operations["status"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the process answers at all */
        get: operations["live"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether metrics are delivered and can be asked for
         * @description A service whose metrics are degraded still serves its own requests: don't take it out of a load
         *     balancer for this.
         */
        get: operations["ready"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        CacheView: {
            /** Format: int64 */
            bytes: number;
            /** Format: int64 */
            entries: number;
            /** Format: int64 */
            hits: number;
            /** Format: int64 */
            misses: number;
        };
        /** @description One cell, also where nothing was requested. */
        Cell: {
            /**
             * Format: double
             * @description Average latency in milliseconds; null without requests.
             */
            averageMs?: number | null;
            /**
             * Format: double
             * @description 4xx and 5xx in percent of the requests; null without requests.
             */
            errorRate?: number | null;
            /**
             * Format: int32
             * @description The hour in `tz`, 0 to 23, in the weekday layout by hours.
             */
            hour?: number;
            /**
             * Format: double
             * @description Requests as a part of those of the busiest cell, 0 to 1.
             */
            intensity: number;
            /**
             * Format: date-time
             * @description The start of the cell in the timeline layout.
             */
            periodStart?: string;
            /** Format: int64 */
            requestCount: number;
            /**
             * Format: int32
             * @description The weekday in `tz`, 1 for Monday to 7 for Sunday, in the weekday layout.
             */
            weekday?: number;
        };
        /** @description An API key and what was asked with it. */
        Consumer: {
            /**
             * Format: int64
             * @description Its number; 0 for requests without a key, null for keys that are too new to have one.
             */
            apiKeyId?: number | null;
            /**
             * Format: double
             * @description Average latency in milliseconds.
             */
            averageMs?: number | null;
            /**
             * Format: int64
             * @description Both together.
             */
            bandwidthBytes: number;
            /**
             * Format: double
             * @description 4xx and 5xx in percent of the requests.
             */
            errorRate?: number | null;
            /** @description The host's own name for it. */
            externalId?: string | null;
            /** @description A name for people. */
            name?: string | null;
            /**
             * Format: double
             * @description The 95th percentile in milliseconds.
             */
            p95Ms?: number | null;
            /**
             * Format: int64
             * @description Body bytes that were read.
             */
            requestBytes: number;
            /**
             * Format: int64
             * @description Requests that finished in the range.
             */
            requestCount: number;
            /**
             * Format: int64
             * @description Body bytes that were sent.
             */
            responseBytes: number;
            /** @description The tenant that it belongs to. */
            tenantId?: string | null;
        };
        /** @description A page of days. */
        DailyPage: {
            /** @description Whether days may be cut at other hours than the zone's: old data is kept in UTC days. */
            approximate: boolean;
            /**
             * Format: date-time
             * @description The database's time of the snapshot.
             */
            asOf: string;
            /** @description The days that have requests, the earliest first. */
            data: components["schemas"]["DailyRow"][];
            /**
             * Format: date-time
             * @description The first instant that the answer covers.
             */
            from: string;
            /** @description Asks for the next page; null on the last. */
            nextCursor?: string | null;
            /**
             * Format: date-time
             * @description The first instant that the answer does not cover.
             */
            to: string;
            /** @description The zone of the days. */
            tz: string;
        };
        /** @description One day of a zone's calendar. */
        DailyRow: {
            /**
             * Format: int64
             * @description Both together.
             */
            bandwidthBytes: number;
            /**
             * Format: date
             * @description The date in `tz`.
             */
            date: string;
            /**
             * Format: int64
             * @description How many API keys were used.
             */
            distinctKeys: number;
            /**
             * Format: double
             * @description 4xx and 5xx in percent of the requests.
             */
            errorRate?: number | null;
            /**
             * Format: date-time
             * @description The start of the hour with the most bytes; the earliest of several.
             */
            peakHour?: string | null;
            /**
             * Format: int64
             * @description The bytes of that hour.
             */
            peakHourBandwidthBytes: number;
            /**
             * Format: date-time
             * @description The day's first instant.
             */
            periodStart: string;
            /**
             * Format: int64
             * @description Body bytes that were read.
             */
            requestBytes: number;
            /**
             * Format: int64
             * @description Requests that finished on this day, within the range.
             */
            requestCount: number;
            /**
             * Format: int64
             * @description Body bytes that were sent.
             */
            responseBytes: number;
        };
        DirtyView: {
            granularity: string;
            /** Format: int64 */
            periods: number;
        };
        /** @description A page of endpoints. */
        EndpointPage: {
            /** @description Whether records at an edge may belong to the other side of it. */
            approximate: boolean;
            /**
             * Format: date-time
             * @description The database's time of the snapshot.
             */
            asOf: string;
            /** @description The rows, the most requested first. */
            data: components["schemas"]["EndpointRow"][];
            /**
             * Format: date-time
             * @description The first instant that the answer covers.
             */
            from: string;
            /** @description Asks for the next page; null on the last. */
            nextCursor?: string | null;
            /**
             * Format: date-time
             * @description The first instant that the answer does not cover.
             */
            to: string;
        };
        /** @description One endpoint of one service. */
        EndpointRow: {
            /**
             * Format: double
             * @description Average latency to the last byte, in milliseconds; null without a measured request.
             */
            averageMs?: number | null;
            /** @description The route template, `<unmatched>` or `<other>`. */
            endpoint: string;
            /**
             * Format: double
             * @description 4xx and 5xx in percent of the requests.
             */
            errorRate?: number | null;
            /**
             * Format: double
             * @description The greatest latency in milliseconds.
             */
            maxMs?: number | null;
            /** @description The method, or `_OTHER`. */
            method: string;
            /**
             * Format: double
             * @description The least latency in milliseconds.
             */
            minMs?: number | null;
            /**
             * Format: double
             * @description The median latency in milliseconds.
             */
            p50Ms?: number | null;
            /**
             * Format: double
             * @description The 95th percentile in milliseconds.
             */
            p95Ms?: number | null;
            /**
             * Format: double
             * @description The 99th percentile in milliseconds.
             */
            p99Ms?: number | null;
            /**
             * Format: int64
             * @description Body bytes that were read.
             */
            requestBytes: number;
            /**
             * Format: int64
             * @description Requests that finished in the range.
             */
            requestCount: number;
            /**
             * Format: int64
             * @description Body bytes that were sent.
             */
            responseBytes: number;
            /** @description The recording service. */
            service: string;
            /** @description How many requests were answered with each status. */
            statusCodes: {
                [key: string]: number;
            };
        };
        FloorView: {
            /**
             * Format: date-time
             * @description Null where everything is kept.
             */
            floor?: string | null;
            granularity: string;
        };
        /** @description A heatmap. */
        Heatmap: {
            /** @description Whether cells may be cut at other hours than the zone's: old data is kept in UTC days. */
            approximate: boolean;
            /**
             * Format: date-time
             * @description The database's time of the snapshot.
             */
            asOf: string;
            /** @description The cells, in order of time or of weekday and hour. */
            data: components["schemas"]["Cell"][];
            /**
             * Format: date-time
             * @description The first instant that the answer covers.
             */
            from: string;
            granularity: string;
            layout: string;
            /**
             * Format: int64
             * @description The requests of the busiest cell.
             */
            maxRequestCount: number;
            /**
             * Format: date-time
             * @description The first instant that the answer does not cover.
             */
            to: string;
            /** @description The zone of hours, days and weeks. */
            tz: string;
        };
        InboxView: {
            /** Format: int64 */
            batches: number;
            /** Format: int64 */
            bytes: number;
            /** Format: int64 */
            records: number;
        };
        /** @description One recording process. */
        InstanceView: {
            environment: string;
            /**
             * Format: int64
             * @description Seconds since then.
             */
            flushAgeSeconds?: number | null;
            /**
             * Format: int64
             * @description The last flush that was folded.
             */
            folded: number;
            /** @description The machine's name. */
            host: string;
            /** @description A UUID, random for the life of the process. */
            id: string;
            /**
             * Format: date-time
             * @description When its last flush was acknowledged.
             */
            lastFlushAt?: string | null;
            /** @description Whether it flushed within the last hour. */
            live: boolean;
            /**
             * Format: int64
             * @description The number of its last flush.
             */
            sequence: number;
            service: string;
            /** Format: date-time */
            startedAt: string;
            /** @description The version of the host's code. */
            version: string;
        };
        /** @description A page of keys. */
        KeyPage: {
            /** @description Whether records at an edge may belong to the other side of it. */
            approximate: boolean;
            /**
             * Format: date-time
             * @description The database's time of the snapshot.
             */
            asOf: string;
            /** @description The keys that were used, the most used first; requests without a key as number 0. */
            data: components["schemas"]["KeyRow"][];
            /**
             * Format: date-time
             * @description The first instant that the answer covers.
             */
            from: string;
            /** @description Asks for the next page; null on the last. */
            nextCursor?: string | null;
            /**
             * Format: date-time
             * @description The first instant that the answer does not cover.
             */
            to: string;
        };
        /** @description One API key. */
        KeyRow: components["schemas"]["Consumer"] & {
            /**
             * Format: date-time
             * @description The start of the last period, `lastSeenWithinSeconds` long, in which it was used.
             */
            lastSeenAt?: string | null;
            /**
             * Format: int64
             * @description How exact `lastSeenAt` is.
             */
            lastSeenWithinSeconds?: number | null;
        };
        /** @description One endpoint. */
        LiveEndpoint: {
            /** Format: double */
            averageMs?: number | null;
            endpoint: string;
            /** Format: double */
            errorRate?: number | null;
            method: string;
            /** Format: double */
            p95Ms?: number | null;
            /** Format: int64 */
            requestCount: number;
            service: string;
        };
        /** @description Hand-overs that are gone. */
        LostView: {
            /**
             * Format: int64
             * @description The number of the first.
             */
            first: number;
            /**
             * Format: int64
             * @description The number of the last.
             */
            last: number;
        };
        /** @description A row: the dimensions that were grouped by, and the metrics that were asked for. */
        MetricRow: {
            /** Format: int64 */
            abortedCount?: number;
            /**
             * Format: int64
             * @description The number of the API key; 0 for requests without one, null for keys that are too new to
             *     have a number.
             */
            apiKeyId?: number | null;
            /** Format: double */
            averageMs?: number | null;
            /**
             * Format: double
             * @description From the request being seen to the response's head, in milliseconds.
             */
            averageTimeToHeadersMs?: number | null;
            /** @description The route template, `<unmatched>` or `<other>`. */
            endpoint?: string;
            /** @description Its environment. */
            environment?: string;
            /** Format: int64 */
            errorCount4xx?: number;
            /** Format: int64 */
            errorCount5xx?: number;
            /**
             * Format: double
             * @description 4xx and 5xx in percent of the requests.
             */
            errorRate?: number | null;
            /** Format: double */
            maxMs?: number | null;
            /** @description The method, or `_OTHER`. */
            method?: string;
            /** Format: double */
            minMs?: number | null;
            /** Format: double */
            p50Ms?: number | null;
            /** Format: double */
            p95Ms?: number | null;
            /** Format: double */
            p99Ms?: number | null;
            /**
             * Format: date-time
             * @description The start of the point; absent with `granularity=none`.
             */
            periodStart?: string;
            /** @description `http` or `grpc`. */
            protocol?: string;
            /** Format: int64 */
            requestBytes?: number;
            /** Format: int64 */
            requestCount?: number;
            /** Format: int64 */
            responseBytes?: number;
            /** @description The recording service. */
            service?: string;
            /** @description How many requests were answered with each status. */
            statusCodes?: {
                [key: string]: number;
            };
        };
        /** @description One minute. */
        Minute: {
            /** Format: int64 */
            errorCount: number;
            /** Format: double */
            p95Ms?: number | null;
            /** Format: date-time */
            periodStart: string;
            /** Format: int64 */
            requestCount: number;
        };
        /** @description The range before, and how this one differs. */
        Previous: {
            /**
             * Format: double
             * @description Average latency more, in percent.
             */
            averageChange?: number | null;
            /** Format: double */
            averageMs?: number | null;
            /** Format: double */
            errorRate?: number | null;
            /**
             * Format: double
             * @description Error rate more, in percentage points.
             */
            errorRateChange?: number | null;
            /** Format: date-time */
            from: string;
            /**
             * Format: double
             * @description 95th percentile more, in percent.
             */
            p95Change?: number | null;
            /** Format: double */
            p95Ms?: number | null;
            /** Format: date-time */
            to: string;
            /** Format: int64 */
            totalRequests: number;
            /**
             * Format: double
             * @description Requests more, in percent of the range before; null where it had none.
             */
            totalRequestsChange?: number | null;
        };
        /** @description What a probe is told. */
        Probe: {
            /** @description What is wrong; absent while nothing is. */
            reason?: string;
            /** @description `live`, `ready` or `degraded`. */
            status: string;
            /**
             * Format: date-time
             * @description Since when the store has not answered; absent while it does.
             */
            storeUnreachableSince?: string;
        };
        /**
         * @description What went wrong, as RFC 9457 writes it.
         * @example {
         *       "detail": "`3h` is none of 5m, 15m, 1h, 6h, 24h, 7d, 30d, 90d, 1y",
         *       "parameter": "period",
         *       "status": 400,
         *       "title": "Bad parameter",
         *       "type": "urn:api-metrics:bad-parameter"
         *     }
         */
        Problem: {
            /** @description What is wrong with this request. */
            detail: string;
            /** @description The parameter or member that is wrong, where it is one. */
            parameter?: string;
            /**
             * Format: int32
             * @description The HTTP status.
             */
            status: number;
            /** @description The kind in words. */
            title: string;
            /** @description Which kind of problem: a URN that never changes its meaning. */
            type: string;
        };
        /** @description The rows of each grouping. */
        QueryAnswer: {
            approximate: boolean;
            /** Format: date-time */
            asOf: string;
            /** Format: date-time */
            from: string;
            granularity: string;
            /** @description In the order of `groupings`. */
            results: components["schemas"]["QueryResult"][];
            /** Format: date-time */
            to: string;
            tz: string;
        };
        /** @description A question. */
        QueryBody: {
            /** @description Which series count: the filters of `GET /api-metrics`. */
            filter?: components["schemas"]["QueryFilter"];
            /** Format: date-time */
            from?: string;
            /**
             * @description As in `GET /api-metrics`.
             * @example auto
             */
            granularity?: string;
            /**
             * @description The groupings, each a list of dimensions; one without any by default. At most 8.
             * @example [
             *       [
             *         "endpoint"
             *       ],
             *       [
             *         "apiKey"
             *       ]
             *     ]
             */
            groupings?: string[][];
            /**
             * Format: int32
             * @description At most so many rows of each grouping.
             * @default 100
             */
            limit: number;
            /**
             * @description The numbers of a row; all by default.
             * @example [
             *       "requestCount",
             *       "p95Ms"
             *     ]
             */
            metrics?: string[];
            /**
             * @description The range up to now; not together with `from`.
             * @example 24h
             */
            period?: string;
            /** Format: date-time */
            to?: string;
            /** @example UTC */
            tz?: string;
        };
        /** @description Which series count. */
        QueryFilter: {
            /** Format: int64 */
            apiKeyId?: number;
            endpoint?: string;
            environment?: string;
            method?: string;
            protocol?: string;
            service?: string;
        };
        /** @description The rows of one grouping. */
        QueryResult: {
            /** @description Its rows, by time, then by their dimensions. */
            data: components["schemas"]["MetricRow"][];
            /** @description Its dimensions. */
            groupBy: string[];
            /** @description Whether there are more than `limit`; `GET /api-metrics` pages through them. */
            truncated: boolean;
        };
        /** @description What this process holds in memory. */
        RecorderView: {
            /** @description Bytes held, an estimate. */
            bytes: number;
            /** @description Spans whose records were moved to the start of their 5 minutes or hour, in an outage. */
            coarsened: components["schemas"]["SpanView"][];
            /**
             * Format: int64
             * @description Records whose key was counted as `<other key>`, which is never billed. Not 0: an alarm.
             */
            keyOverflow: number;
            /** @description API keys in memory. */
            liveKeys: number;
            /** @description Series in memory. */
            liveSeries: number;
            /**
             * Format: int64
             * @description Records whose endpoint was counted as `<other>`.
             */
            seriesOverflow: number;
            /**
             * Format: int64
             * @description Records that no flush has delivered yet.
             */
            unflushedRecords: number;
            /** @description A sample of the raw paths behind `<unmatched>`, the most frequent first. */
            unmatched: components["schemas"]["UnmatchedView"][];
            /** @description Flushes whose outcome is not known yet. */
            unresolvedParts: number;
        };
        /** @description A page of rows. */
        SeriesPage: {
            /** @description Whether records at an edge may belong to the other side of it. */
            approximate: boolean;
            /**
             * Format: date-time
             * @description The database's time of the snapshot, the first where the answer took several.
             */
            asOf: string;
            /** @description The rows that have requests, by time, then by their dimensions. */
            data: components["schemas"]["MetricRow"][];
            /**
             * Format: date-time
             * @description The first instant that the answer covers.
             */
            from: string;
            /** @description The length of a point; `none` for one over the whole range. */
            granularity: string;
            /** @description Asks for the next page; null on the last. */
            nextCursor?: string | null;
            /**
             * Format: date-time
             * @description The first instant that the answer does not cover.
             */
            to: string;
            /** @description The zone of hours, days and weeks. */
            tz: string;
        };
        /** @description What has just happened. Every event of a stream is a whole one. */
        Snapshot: {
            /**
             * Format: int64
             * @description Requests whose client left before the end.
             */
            abortedCount: number;
            /**
             * Format: date-time
             * @description The database's time of the snapshot.
             */
            asOf: string;
            /**
             * Format: double
             * @description Average latency to the last byte, in milliseconds.
             */
            averageMs?: number | null;
            /** @description The endpoints with the most requests, at most 20. */
            endpoints: components["schemas"]["LiveEndpoint"][];
            /**
             * Format: double
             * @description 4xx and 5xx in percent of the requests; null without requests.
             */
            errorRate?: number | null;
            /**
             * Format: date-time
             * @description The first instant that the answer covers.
             */
            from: string;
            /** @description The minutes of the range, the earliest first, those without requests included. */
            minutes: components["schemas"]["Minute"][];
            /**
             * Format: double
             * @description The median latency in milliseconds.
             */
            p50Ms?: number | null;
            /**
             * Format: double
             * @description The 95th percentile in milliseconds.
             */
            p95Ms?: number | null;
            /**
             * Format: double
             * @description The 99th percentile in milliseconds.
             */
            p99Ms?: number | null;
            /**
             * Format: double
             * @description Requests a second, over the part of the range that has passed.
             */
            requestsPerSecond: number;
            /**
             * Format: date-time
             * @description The first instant that the answer does not cover: the end of the running minute.
             */
            to: string;
            /**
             * Format: int64
             * @description 4xx and 5xx together.
             */
            totalErrorCount: number;
            /**
             * Format: int64
             * @description Body bytes that were read.
             */
            totalRequestBytes: number;
            /**
             * Format: int64
             * @description Requests that finished in the range.
             */
            totalRequests: number;
            /**
             * Format: int64
             * @description Body bytes that were sent.
             */
            totalResponseBytes: number;
        };
        SpanView: {
            /** Format: date-time */
            from: string;
            /** Format: date-time */
            to: string;
        };
        /** @description The state of the store, of this process and of all that record into this database. */
        Status: {
            /** @description Answers that are kept. */
            cache: components["schemas"]["CacheView"];
            /**
             * @description The processes that flushed last, the latest first; at most 100. Their versions are the
             *     deploy marks.
             */
            instances: components["schemas"]["InstanceView"][];
            /**
             * Format: int64
             * @description Hand-overs of this process that the database has lost by a restore or a failover; 0 is the promise.
             */
            lost: number;
            /** @description Their numbers, the latest spans last; at most 32 spans. */
            lostFlushes: components["schemas"]["LostView"][];
            recorder?: components["schemas"]["RecorderView"] | null;
            /** @description The store. */
            store: components["schemas"]["StoreView"];
            /** @description Live streams that are open. */
            streams: number;
            tasks?: components["schemas"]["TasksView"] | null;
            /** @description The release of this crate. */
            version: string;
        };
        /** @description The store. */
        StoreView: {
            /** @description `postgres` or `sqlite`. */
            backend?: string | null;
            /** @description Periods that wait for their rollup. */
            dirty: components["schemas"]["DirtyView"][];
            /** @description Why it does not. */
            error?: string | null;
            /** @description The start of what each granularity keeps. */
            floors: components["schemas"]["FloorView"][];
            inbox?: components["schemas"]["InboxView"] | null;
            /**
             * Format: date-time
             * @description The database's clock.
             */
            now?: string | null;
            /** @description Whether it has just answered. */
            reachable: boolean;
            /**
             * Format: int64
             * @description The schema's version.
             */
            schemaVersion?: number | null;
            /**
             * Format: int64
             * @description Series that it knows.
             */
            series?: number | null;
            /**
             * Format: int64
             * @description Hand-overs that could not be read and were set aside; 0 is normal.
             */
            setAside?: number | null;
            /** @description The kind of its sketches. */
            sketchKind?: string | null;
            /**
             * Format: date-time
             * @description Since when it has not; null while it does, or where nobody has noticed yet.
             */
            unreachableSince?: string | null;
        };
        /** @description The numbers of a range. */
        Summary: {
            /**
             * Format: int64
             * @description Requests whose client left before the end; no errors.
             */
            abortedCount: number;
            /** @description Whether records at an edge may belong to the other side of it. */
            approximate: boolean;
            /**
             * Format: date-time
             * @description The database's time of the snapshot.
             */
            asOf: string;
            /**
             * Format: double
             * @description Average latency to the last byte, in milliseconds; null without a measured request.
             */
            averageMs?: number | null;
            /**
             * Format: int64
             * @description How many API keys were used; requests without a key are no key.
             */
            distinctKeys: number;
            /**
             * Format: int64
             * @description Requests answered with a status of 400 to 499.
             */
            errorCount4xx: number;
            /**
             * Format: int64
             * @description Requests answered with a status of 500 to 599, that failed, or that panicked.
             */
            errorCount5xx: number;
            /**
             * Format: double
             * @description 4xx and 5xx in percent of the requests; null without requests.
             */
            errorRate?: number | null;
            /**
             * Format: date-time
             * @description The first instant that the answer covers: `from` as asked, or earlier where the store keeps
             *     only longer periods there.
             */
            from: string;
            /**
             * Format: double
             * @description The greatest latency in milliseconds.
             */
            maxMs?: number | null;
            /**
             * Format: double
             * @description The least latency in milliseconds.
             */
            minMs?: number | null;
            /**
             * Format: double
             * @description The median latency in milliseconds.
             */
            p50Ms?: number | null;
            /**
             * Format: double
             * @description The latency that 95% of the requests do not exceed, in milliseconds.
             */
            p95Ms?: number | null;
            /**
             * Format: double
             * @description The latency that 99% of the requests do not exceed, in milliseconds.
             */
            p99Ms?: number | null;
            /** @description The range of the same length before this one. */
            previous: components["schemas"]["Previous"];
            /**
             * Format: double
             * @description 100 minus `errorRate`; null without requests.
             */
            successRate?: number | null;
            /**
             * Format: date-time
             * @description The first instant that the answer does not cover.
             */
            to: string;
            /** @description The ten endpoints with the most requests. */
            topEndpoints: components["schemas"]["EndpointRow"][];
            /**
             * Format: int64
             * @description 4xx and 5xx together.
             */
            totalErrorCount: number;
            /**
             * Format: int64
             * @description Body bytes that were read.
             */
            totalRequestBytes: number;
            /**
             * Format: int64
             * @description Requests that finished in the range.
             */
            totalRequests: number;
            /**
             * Format: int64
             * @description Body bytes that were sent.
             */
            totalResponseBytes: number;
        };
        TaskView: {
            lastError?: string | null;
            /** Format: date-time */
            lastSuccessAt?: string | null;
            name: string;
            running: boolean;
        };
        TasksView: {
            /**
             * Format: double
             * @description How long records have been waiting beyond the flush interval.
             */
            flushLagSeconds: number;
            /** Format: date-time */
            lastFlushAt?: string | null;
            tasks: components["schemas"]["TaskView"][];
        };
        /** @description One consumer. */
        TopConsumer: components["schemas"]["Consumer"] & {
            /**
             * Format: double
             * @description Its requests in percent of all that the caller may see.
             */
            share?: number | null;
        };
        /** @description The top consumers. */
        TopConsumers: {
            /** @description Whether records at an edge may belong to the other side of it. */
            approximate: boolean;
            /**
             * Format: date-time
             * @description The database's time of the snapshot.
             */
            asOf: string;
            /** @description The consumers, the top one first. Requests without a key are no consumer. */
            data: components["schemas"]["TopConsumer"][];
            /**
             * Format: date-time
             * @description The first instant that the answer covers.
             */
            from: string;
            /** @description Always null: the top of a list has no next page. `/api-metrics/keys` has all. */
            nextCursor?: string | null;
            /**
             * Format: date-time
             * @description The first instant that the answer does not cover.
             */
            to: string;
        };
        UnmatchedView: {
            /**
             * Format: int64
             * @description About how often; never less than it was.
             */
            count: number;
            path: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    series: {
        parameters: {
            query?: {
                period?: "5m" | "15m" | "1h" | "6h" | "24h" | "7d" | "30d" | "90d" | "1y";
                /**
                 * @description The first instant that belongs to the range, RFC 3339, or a date for its midnight in UTC.
                 * @example 2015-05-17T00:00:00Z
                 */
                from?: string;
                /**
                 * @description The first instant after the range, RFC 3339, or a date for its midnight in UTC. Without it
                 *     the range goes up to now.
                 * @example 2015-05-18T00:00:00Z
                 */
                to?: string;
                granularity?: "auto" | "none" | "1m" | "5m" | "1h" | "1d" | "1w";
                /**
                 * @description The IANA zone whose hours, days and weeks are meant; UTC by default.
                 * @example Europe/Berlin
                 */
                tz?: string;
                /**
                 * @description Dimensions by which rows are told apart, with commas between them: service, environment,
                 *     protocol, method, endpoint, apiKey.
                 * @example endpoint,method
                 */
                groupBy?: string;
                /**
                 * @description The numbers of a row, with commas between them; all by default. Without quantiles an answer
                 *     is cheaper.
                 * @example requestCount,errorRate,p95Ms
                 */
                metrics?: string;
                /**
                 * @description Only this recording service.
                 * @example shop
                 */
                service?: string;
                /**
                 * @description Only this environment.
                 * @example production
                 */
                environment?: string;
                protocol?: "http" | "grpc";
                /**
                 * @description Only this method, in any case; `_OTHER` for methods outside the standard set.
                 * @example GET
                 */
                method?: string;
                /**
                 * @description Only this route template, exactly; `<unmatched>` for requests that no route matched.
                 * @example /users/{id}
                 */
                endpoint?: string;
                /**
                 * @description Only the API key of this number; 0 for requests without a key.
                 * @example 0
                 */
                apiKeyId?: number;
                /**
                 * @description At most so many rows.
                 * @example 100
                 */
                limit?: number;
                /** @description `nextCursor` of the page before, with all other parameters as they were. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The rows that have requests */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "approximate": false,
                     *       "asOf": "2026-05-18T09:30:00.125Z",
                     *       "data": [
                     *         {
                     *           "endpoint": "/users/{id}",
                     *           "errorRate": 0.5,
                     *           "p95Ms": 31.104,
                     *           "periodStart": "2026-05-17T00:00:00Z",
                     *           "requestCount": 40
                     *         },
                     *         {
                     *           "endpoint": "/users/{id}",
                     *           "errorRate": 0.5,
                     *           "p95Ms": 31.104,
                     *           "periodStart": "2026-05-17T01:00:00Z",
                     *           "requestCount": 32
                     *         }
                     *       ],
                     *       "from": "2026-05-17T00:00:00Z",
                     *       "granularity": "1h",
                     *       "nextCursor": null,
                     *       "to": "2026-05-18T00:00:00Z",
                     *       "tz": "UTC"
                     *     }
                     */
                    "application/json": components["schemas"]["SeriesPage"];
                };
            };
            /** @description A parameter is wrong; `parameter` names it */
            400: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The principal may not ask for this */
            403: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back */
            429: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A query failed; the service's log says why */
            500: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store does not answer, or there are too many streams */
            503: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The query took too long */
            504: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    daily: {
        parameters: {
            query?: {
                period?: "5m" | "15m" | "1h" | "6h" | "24h" | "7d" | "30d" | "90d" | "1y";
                /**
                 * @description The first instant that belongs to the range, RFC 3339, or a date for its midnight in UTC.
                 * @example 2015-05-17T00:00:00Z
                 */
                from?: string;
                /**
                 * @description The first instant after the range, RFC 3339, or a date for its midnight in UTC. Without it
                 *     the range goes up to now.
                 * @example 2015-05-18T00:00:00Z
                 */
                to?: string;
                /**
                 * @description The IANA zone whose hours, days and weeks are meant; UTC by default.
                 * @example Europe/Berlin
                 */
                tz?: string;
                /**
                 * @description Only this recording service.
                 * @example shop
                 */
                service?: string;
                /**
                 * @description Only this environment.
                 * @example production
                 */
                environment?: string;
                protocol?: "http" | "grpc";
                /**
                 * @description Only this method, in any case; `_OTHER` for methods outside the standard set.
                 * @example GET
                 */
                method?: string;
                /**
                 * @description Only this route template, exactly; `<unmatched>` for requests that no route matched.
                 * @example /users/{id}
                 */
                endpoint?: string;
                /**
                 * @description Only the API key of this number; 0 for requests without a key.
                 * @example 0
                 */
                apiKeyId?: number;
                /**
                 * @description At most so many rows.
                 * @example 100
                 */
                limit?: number;
                /** @description `nextCursor` of the page before, with all other parameters as they were. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The days that have requests, the earliest first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "approximate": false,
                     *       "asOf": "2026-05-18T09:30:00.125Z",
                     *       "data": [
                     *         {
                     *           "bandwidthBytes": 410220,
                     *           "date": "2026-05-17",
                     *           "distinctKeys": 3,
                     *           "errorRate": 0.5,
                     *           "peakHour": "2026-05-17T14:00:00Z",
                     *           "peakHourBandwidthBytes": 61400,
                     *           "periodStart": "2026-05-17T00:00:00Z",
                     *           "requestBytes": 0,
                     *           "requestCount": 1200,
                     *           "responseBytes": 410220
                     *         }
                     *       ],
                     *       "from": "2026-05-17T00:00:00Z",
                     *       "nextCursor": null,
                     *       "to": "2026-05-18T00:00:00Z",
                     *       "tz": "UTC"
                     *     }
                     */
                    "application/json": components["schemas"]["DailyPage"];
                };
            };
            /** @description A parameter is wrong; `parameter` names it */
            400: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The principal may not ask for this */
            403: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back */
            429: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A query failed; the service's log says why */
            500: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store does not answer, or there are too many streams */
            503: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The query took too long */
            504: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    endpoints: {
        parameters: {
            query?: {
                period?: "5m" | "15m" | "1h" | "6h" | "24h" | "7d" | "30d" | "90d" | "1y";
                /**
                 * @description The first instant that belongs to the range, RFC 3339, or a date for its midnight in UTC.
                 * @example 2015-05-17T00:00:00Z
                 */
                from?: string;
                /**
                 * @description The first instant after the range, RFC 3339, or a date for its midnight in UTC. Without it
                 *     the range goes up to now.
                 * @example 2015-05-18T00:00:00Z
                 */
                to?: string;
                /**
                 * @description Only this recording service.
                 * @example shop
                 */
                service?: string;
                /**
                 * @description Only this environment.
                 * @example production
                 */
                environment?: string;
                protocol?: "http" | "grpc";
                /**
                 * @description Only this method, in any case; `_OTHER` for methods outside the standard set.
                 * @example GET
                 */
                method?: string;
                /**
                 * @description Only this route template, exactly; `<unmatched>` for requests that no route matched.
                 * @example /users/{id}
                 */
                endpoint?: string;
                /**
                 * @description Only the API key of this number; 0 for requests without a key.
                 * @example 0
                 */
                apiKeyId?: number;
                /**
                 * @description At most so many rows.
                 * @example 100
                 */
                limit?: number;
                /** @description `nextCursor` of the page before, with all other parameters as they were. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The endpoints, the most requested first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "approximate": false,
                     *       "asOf": "2026-05-18T09:30:00.125Z",
                     *       "data": [
                     *         {
                     *           "averageMs": 12.407,
                     *           "endpoint": "/users/{id}",
                     *           "errorRate": 0.5,
                     *           "maxMs": 240.118,
                     *           "method": "GET",
                     *           "minMs": 0.911,
                     *           "p50Ms": 9.984,
                     *           "p95Ms": 31.104,
                     *           "p99Ms": 88.576,
                     *           "requestBytes": 0,
                     *           "requestCount": 1200,
                     *           "responseBytes": 410220,
                     *           "service": "shop",
                     *           "statusCodes": {
                     *             "200": 1194,
                     *             "404": 4,
                     *             "500": 2
                     *           }
                     *         }
                     *       ],
                     *       "from": "2026-05-17T00:00:00Z",
                     *       "nextCursor": null,
                     *       "to": "2026-05-18T00:00:00Z"
                     *     }
                     */
                    "application/json": components["schemas"]["EndpointPage"];
                };
            };
            /** @description A parameter is wrong; `parameter` names it */
            400: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The principal may not ask for this */
            403: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back */
            429: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A query failed; the service's log says why */
            500: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store does not answer, or there are too many streams */
            503: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The query took too long */
            504: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    export: {
        parameters: {
            query?: {
                format?: "csv" | "json" | "ndjson";
                period?: "5m" | "15m" | "1h" | "6h" | "24h" | "7d" | "30d" | "90d" | "1y";
                /**
                 * @description The first instant that belongs to the range, RFC 3339, or a date for its midnight in UTC.
                 * @example 2015-05-17T00:00:00Z
                 */
                from?: string;
                /**
                 * @description The first instant after the range, RFC 3339, or a date for its midnight in UTC. Without it
                 *     the range goes up to now.
                 * @example 2015-05-18T00:00:00Z
                 */
                to?: string;
                granularity?: "auto" | "none" | "1m" | "5m" | "1h" | "1d" | "1w";
                /**
                 * @description The IANA zone whose hours, days and weeks are meant; UTC by default.
                 * @example Europe/Berlin
                 */
                tz?: string;
                /**
                 * @description Dimensions by which rows are told apart, with commas between them: service, environment,
                 *     protocol, method, endpoint, apiKey.
                 * @example endpoint,method
                 */
                groupBy?: string;
                /**
                 * @description The numbers of a row, with commas between them; all by default. Without quantiles an answer
                 *     is cheaper.
                 * @example requestCount,errorRate,p95Ms
                 */
                metrics?: string;
                /**
                 * @description Only this recording service.
                 * @example shop
                 */
                service?: string;
                /**
                 * @description Only this environment.
                 * @example production
                 */
                environment?: string;
                protocol?: "http" | "grpc";
                /**
                 * @description Only this method, in any case; `_OTHER` for methods outside the standard set.
                 * @example GET
                 */
                method?: string;
                /**
                 * @description Only this route template, exactly; `<unmatched>` for requests that no route matched.
                 * @example /users/{id}
                 */
                endpoint?: string;
                /**
                 * @description Only the API key of this number; 0 for requests without a key.
                 * @example 0
                 */
                apiKeyId?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example periodStart,endpoint,requestCount
                     *     2026-05-17T00:00:00Z,/users/{id},1200
                     */
                    "text/csv": string;
                    "application/json": components["schemas"]["MetricRow"][];
                    /** @example {"endpoint":"/users/{id}","requestCount":1200} */
                    "application/x-ndjson": string;
                };
            };
            /** @description A parameter is wrong; `parameter` names it */
            400: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The principal may not ask for this */
            403: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back */
            429: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A query failed; the service's log says why */
            500: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store does not answer, or there are too many streams */
            503: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The query took too long */
            504: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    heatmap: {
        parameters: {
            query?: {
                layout?: "timeline" | "weekday";
                granularity?: "hour" | "day" | "week";
                period?: "5m" | "15m" | "1h" | "6h" | "24h" | "7d" | "30d" | "90d" | "1y";
                /**
                 * @description The first instant that belongs to the range, RFC 3339, or a date for its midnight in UTC.
                 * @example 2015-05-17T00:00:00Z
                 */
                from?: string;
                /**
                 * @description The first instant after the range, RFC 3339, or a date for its midnight in UTC. Without it
                 *     the range goes up to now.
                 * @example 2015-05-18T00:00:00Z
                 */
                to?: string;
                /**
                 * @description The IANA zone whose hours, days and weeks are meant; UTC by default.
                 * @example Europe/Berlin
                 */
                tz?: string;
                /**
                 * @description Only this recording service.
                 * @example shop
                 */
                service?: string;
                /**
                 * @description Only this environment.
                 * @example production
                 */
                environment?: string;
                protocol?: "http" | "grpc";
                /**
                 * @description Only this method, in any case; `_OTHER` for methods outside the standard set.
                 * @example GET
                 */
                method?: string;
                /**
                 * @description Only this route template, exactly; `<unmatched>` for requests that no route matched.
                 * @example /users/{id}
                 */
                endpoint?: string;
                /**
                 * @description Only the API key of this number; 0 for requests without a key.
                 * @example 0
                 */
                apiKeyId?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The cells */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "approximate": false,
                     *       "asOf": "2026-05-18T09:30:00.125Z",
                     *       "data": [
                     *         {
                     *           "averageMs": 12.407,
                     *           "errorRate": 0.5,
                     *           "hour": 0,
                     *           "intensity": 0.5,
                     *           "requestCount": 40,
                     *           "weekday": 1
                     *         },
                     *         {
                     *           "averageMs": 12.407,
                     *           "errorRate": 0.5,
                     *           "hour": 1,
                     *           "intensity": 1,
                     *           "requestCount": 80,
                     *           "weekday": 1
                     *         }
                     *       ],
                     *       "from": "2026-05-11T00:00:00Z",
                     *       "granularity": "hour",
                     *       "layout": "weekday",
                     *       "maxRequestCount": 80,
                     *       "to": "2026-05-18T00:00:00Z",
                     *       "tz": "UTC"
                     *     }
                     */
                    "application/json": components["schemas"]["Heatmap"];
                };
            };
            /** @description A parameter is wrong; `parameter` names it */
            400: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The principal may not ask for this */
            403: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back */
            429: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A query failed; the service's log says why */
            500: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store does not answer, or there are too many streams */
            503: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The query took too long */
            504: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    keys: {
        parameters: {
            query?: {
                period?: "5m" | "15m" | "1h" | "6h" | "24h" | "7d" | "30d" | "90d" | "1y";
                /**
                 * @description The first instant that belongs to the range, RFC 3339, or a date for its midnight in UTC.
                 * @example 2015-05-17T00:00:00Z
                 */
                from?: string;
                /**
                 * @description The first instant after the range, RFC 3339, or a date for its midnight in UTC. Without it
                 *     the range goes up to now.
                 * @example 2015-05-18T00:00:00Z
                 */
                to?: string;
                /**
                 * @description Only this recording service.
                 * @example shop
                 */
                service?: string;
                /**
                 * @description Only this environment.
                 * @example production
                 */
                environment?: string;
                protocol?: "http" | "grpc";
                /**
                 * @description Only this method, in any case; `_OTHER` for methods outside the standard set.
                 * @example GET
                 */
                method?: string;
                /**
                 * @description Only this route template, exactly; `<unmatched>` for requests that no route matched.
                 * @example /users/{id}
                 */
                endpoint?: string;
                /**
                 * @description Only the API key of this number; 0 for requests without a key.
                 * @example 0
                 */
                apiKeyId?: number;
                /**
                 * @description At most so many rows.
                 * @example 100
                 */
                limit?: number;
                /** @description `nextCursor` of the page before, with all other parameters as they were. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The keys that were used */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "approximate": false,
                     *       "asOf": "2026-05-18T09:30:00.125Z",
                     *       "data": [
                     *         {
                     *           "apiKeyId": 3,
                     *           "averageMs": 11.2,
                     *           "bandwidthBytes": 273480,
                     *           "errorRate": 0.25,
                     *           "externalId": "acme-production",
                     *           "lastSeenAt": "2026-05-17T23:00:00Z",
                     *           "lastSeenWithinSeconds": 3600,
                     *           "name": "Acme",
                     *           "p95Ms": 29.952,
                     *           "requestBytes": 0,
                     *           "requestCount": 800,
                     *           "responseBytes": 273480,
                     *           "tenantId": "acme"
                     *         }
                     *       ],
                     *       "from": "2026-05-17T00:00:00Z",
                     *       "nextCursor": null,
                     *       "to": "2026-05-18T00:00:00Z"
                     *     }
                     */
                    "application/json": components["schemas"]["KeyPage"];
                };
            };
            /** @description A parameter is wrong; `parameter` names it */
            400: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The principal may not ask for this */
            403: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back */
            429: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A query failed; the service's log says why */
            500: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store does not answer, or there are too many streams */
            503: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The query took too long */
            504: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    query: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "granularity": "none",
                 *       "groupings": [
                 *         [
                 *           "endpoint"
                 *         ],
                 *         []
                 *       ],
                 *       "metrics": [
                 *         "requestCount",
                 *         "p95Ms"
                 *       ],
                 *       "period": "24h"
                 *     }
                 */
                "application/json": components["schemas"]["QueryBody"];
            };
        };
        responses: {
            /** @description The rows of each grouping */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "approximate": false,
                     *       "asOf": "2026-05-18T09:30:00.125Z",
                     *       "from": "2026-05-17T00:00:00Z",
                     *       "granularity": "none",
                     *       "results": [
                     *         {
                     *           "data": [
                     *             {
                     *               "endpoint": "/users/{id}",
                     *               "p95Ms": 31.104,
                     *               "requestCount": 1200
                     *             }
                     *           ],
                     *           "groupBy": [
                     *             "endpoint"
                     *           ],
                     *           "truncated": false
                     *         },
                     *         {
                     *           "data": [
                     *             {
                     *               "p95Ms": 31.104,
                     *               "requestCount": 1200
                     *             }
                     *           ],
                     *           "groupBy": [],
                     *           "truncated": false
                     *         }
                     *       ],
                     *       "to": "2026-05-18T00:00:00Z",
                     *       "tz": "UTC"
                     *     }
                     */
                    "application/json": components["schemas"]["QueryAnswer"];
                };
            };
            /** @description A parameter is wrong; `parameter` names it */
            400: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The principal may not ask for this */
            403: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back */
            429: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A query failed; the service's log says why */
            500: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store does not answer, or there are too many streams */
            503: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The query took too long */
            504: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    realtime: {
        parameters: {
            query?: {
                /**
                 * @description Only this recording service.
                 * @example shop
                 */
                service?: string;
                /**
                 * @description Only this environment.
                 * @example production
                 */
                environment?: string;
                protocol?: "http" | "grpc";
                /**
                 * @description Only this method, in any case; `_OTHER` for methods outside the standard set.
                 * @example GET
                 */
                method?: string;
                /**
                 * @description Only this route template, exactly; `<unmatched>` for requests that no route matched.
                 * @example /users/{id}
                 */
                endpoint?: string;
                /**
                 * @description Only the API key of this number; 0 for requests without a key.
                 * @example 0
                 */
                apiKeyId?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The last five minutes */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "abortedCount": 0,
                     *       "asOf": "2026-05-18T09:30:29.5Z",
                     *       "averageMs": 11.902,
                     *       "endpoints": [
                     *         {
                     *           "averageMs": 11.902,
                     *           "endpoint": "/users/{id}",
                     *           "errorRate": 0,
                     *           "method": "GET",
                     *           "p95Ms": 30.976,
                     *           "requestCount": 25,
                     *           "service": "shop"
                     *         }
                     *       ],
                     *       "errorRate": 0,
                     *       "from": "2026-05-18T09:26:00Z",
                     *       "minutes": [
                     *         {
                     *           "errorCount": 0,
                     *           "p95Ms": 30.976,
                     *           "periodStart": "2026-05-18T09:26:00Z",
                     *           "requestCount": 5
                     *         },
                     *         {
                     *           "errorCount": 0,
                     *           "p95Ms": 30.976,
                     *           "periodStart": "2026-05-18T09:27:00Z",
                     *           "requestCount": 5
                     *         },
                     *         {
                     *           "errorCount": 0,
                     *           "p95Ms": 30.976,
                     *           "periodStart": "2026-05-18T09:28:00Z",
                     *           "requestCount": 5
                     *         },
                     *         {
                     *           "errorCount": 0,
                     *           "p95Ms": 30.976,
                     *           "periodStart": "2026-05-18T09:29:00Z",
                     *           "requestCount": 5
                     *         },
                     *         {
                     *           "errorCount": 0,
                     *           "p95Ms": 30.976,
                     *           "periodStart": "2026-05-18T09:30:00Z",
                     *           "requestCount": 5
                     *         }
                     *       ],
                     *       "p50Ms": 9.856,
                     *       "p95Ms": 30.976,
                     *       "p99Ms": 30.976,
                     *       "requestsPerSecond": 0.093,
                     *       "to": "2026-05-18T09:31:00Z",
                     *       "totalErrorCount": 0,
                     *       "totalRequestBytes": 0,
                     *       "totalRequests": 25,
                     *       "totalResponseBytes": 8540
                     *     }
                     */
                    "application/json": components["schemas"]["Snapshot"];
                };
            };
            /** @description A parameter is wrong; `parameter` names it */
            400: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The principal may not ask for this */
            403: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back */
            429: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A query failed; the service's log says why */
            500: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store does not answer, or there are too many streams */
            503: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The query took too long */
            504: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    stream: {
        parameters: {
            query?: {
                /**
                 * @description Only this recording service.
                 * @example shop
                 */
                service?: string;
                /**
                 * @description Only this environment.
                 * @example production
                 */
                environment?: string;
                protocol?: "http" | "grpc";
                /**
                 * @description Only this method, in any case; `_OTHER` for methods outside the standard set.
                 * @example GET
                 */
                method?: string;
                /**
                 * @description Only this route template, exactly; `<unmatched>` for requests that no route matched.
                 * @example /users/{id}
                 */
                endpoint?: string;
                /**
                 * @description Only the API key of this number; 0 for requests without a key.
                 * @example 0
                 */
                apiKeyId?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The events */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example event: metrics-update
                     *     id: 1779000000000000
                     *     data: {...}
                     */
                    "text/event-stream": string;
                };
            };
            /** @description A parameter is wrong; `parameter` names it */
            400: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The principal may not ask for this */
            403: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back */
            429: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A query failed; the service's log says why */
            500: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store does not answer, or there are too many streams */
            503: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The query took too long */
            504: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    summary: {
        parameters: {
            query?: {
                period?: "5m" | "15m" | "1h" | "6h" | "24h" | "7d" | "30d" | "90d" | "1y";
                /**
                 * @description The first instant that belongs to the range, RFC 3339, or a date for its midnight in UTC.
                 * @example 2015-05-17T00:00:00Z
                 */
                from?: string;
                /**
                 * @description The first instant after the range, RFC 3339, or a date for its midnight in UTC. Without it
                 *     the range goes up to now.
                 * @example 2015-05-18T00:00:00Z
                 */
                to?: string;
                /**
                 * @description Only this recording service.
                 * @example shop
                 */
                service?: string;
                /**
                 * @description Only this environment.
                 * @example production
                 */
                environment?: string;
                protocol?: "http" | "grpc";
                /**
                 * @description Only this method, in any case; `_OTHER` for methods outside the standard set.
                 * @example GET
                 */
                method?: string;
                /**
                 * @description Only this route template, exactly; `<unmatched>` for requests that no route matched.
                 * @example /users/{id}
                 */
                endpoint?: string;
                /**
                 * @description Only the API key of this number; 0 for requests without a key.
                 * @example 0
                 */
                apiKeyId?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The numbers of the range */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "abortedCount": 1,
                     *       "approximate": false,
                     *       "asOf": "2026-05-18T09:30:00.125Z",
                     *       "averageMs": 12.407,
                     *       "distinctKeys": 3,
                     *       "errorCount4xx": 4,
                     *       "errorCount5xx": 2,
                     *       "errorRate": 0.5,
                     *       "from": "2026-05-17T00:00:00Z",
                     *       "maxMs": 240.118,
                     *       "minMs": 0.911,
                     *       "p50Ms": 9.984,
                     *       "p95Ms": 31.104,
                     *       "p99Ms": 88.576,
                     *       "previous": {
                     *         "averageChange": 2.537,
                     *         "averageMs": 12.1,
                     *         "errorRate": 0.6,
                     *         "errorRateChange": -0.1,
                     *         "from": "2026-05-16T00:00:00Z",
                     *         "p95Change": 2.993,
                     *         "p95Ms": 30.2,
                     *         "to": "2026-05-17T00:00:00Z",
                     *         "totalRequests": 1000,
                     *         "totalRequestsChange": 20
                     *       },
                     *       "successRate": 99.5,
                     *       "to": "2026-05-18T00:00:00Z",
                     *       "topEndpoints": [
                     *         {
                     *           "averageMs": 12.407,
                     *           "endpoint": "/users/{id}",
                     *           "errorRate": 0.5,
                     *           "maxMs": 240.118,
                     *           "method": "GET",
                     *           "minMs": 0.911,
                     *           "p50Ms": 9.984,
                     *           "p95Ms": 31.104,
                     *           "p99Ms": 88.576,
                     *           "requestBytes": 0,
                     *           "requestCount": 1200,
                     *           "responseBytes": 410220,
                     *           "service": "shop",
                     *           "statusCodes": {
                     *             "200": 1194,
                     *             "404": 4,
                     *             "500": 2
                     *           }
                     *         }
                     *       ],
                     *       "totalErrorCount": 6,
                     *       "totalRequestBytes": 0,
                     *       "totalRequests": 1200,
                     *       "totalResponseBytes": 410220
                     *     }
                     */
                    "application/json": components["schemas"]["Summary"];
                };
            };
            /** @description A parameter is wrong; `parameter` names it */
            400: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The principal may not ask for this */
            403: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back */
            429: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A query failed; the service's log says why */
            500: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store does not answer, or there are too many streams */
            503: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The query took too long */
            504: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    top_consumers: {
        parameters: {
            query?: {
                sort?: "volume" | "errorRate" | "bandwidth";
                /**
                 * @description At most so many.
                 * @example 10
                 */
                limit?: number;
                period?: "5m" | "15m" | "1h" | "6h" | "24h" | "7d" | "30d" | "90d" | "1y";
                /**
                 * @description The first instant that belongs to the range, RFC 3339, or a date for its midnight in UTC.
                 * @example 2015-05-17T00:00:00Z
                 */
                from?: string;
                /**
                 * @description The first instant after the range, RFC 3339, or a date for its midnight in UTC. Without it
                 *     the range goes up to now.
                 * @example 2015-05-18T00:00:00Z
                 */
                to?: string;
                /**
                 * @description Only this recording service.
                 * @example shop
                 */
                service?: string;
                /**
                 * @description Only this environment.
                 * @example production
                 */
                environment?: string;
                protocol?: "http" | "grpc";
                /**
                 * @description Only this method, in any case; `_OTHER` for methods outside the standard set.
                 * @example GET
                 */
                method?: string;
                /**
                 * @description Only this route template, exactly; `<unmatched>` for requests that no route matched.
                 * @example /users/{id}
                 */
                endpoint?: string;
                /**
                 * @description Only the API key of this number; 0 for requests without a key.
                 * @example 0
                 */
                apiKeyId?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The top consumers */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "approximate": false,
                     *       "asOf": "2026-05-18T09:30:00.125Z",
                     *       "data": [
                     *         {
                     *           "apiKeyId": 3,
                     *           "averageMs": 11.2,
                     *           "bandwidthBytes": 273480,
                     *           "errorRate": 0.25,
                     *           "externalId": "acme-production",
                     *           "name": "Acme",
                     *           "p95Ms": 29.952,
                     *           "requestBytes": 0,
                     *           "requestCount": 800,
                     *           "responseBytes": 273480,
                     *           "share": 66.667,
                     *           "tenantId": "acme"
                     *         }
                     *       ],
                     *       "from": "2026-05-17T00:00:00Z",
                     *       "nextCursor": null,
                     *       "to": "2026-05-18T00:00:00Z"
                     *     }
                     */
                    "application/json": components["schemas"]["TopConsumers"];
                };
            };
            /** @description A parameter is wrong; `parameter` names it */
            400: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The principal may not ask for this */
            403: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back */
            429: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A query failed; the service's log says why */
            500: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store does not answer, or there are too many streams */
            503: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The query took too long */
            504: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    status: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The state; also while the store does not answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "cache": {
                     *         "bytes": 8212,
                     *         "entries": 4,
                     *         "hits": 90,
                     *         "misses": 31
                     *       },
                     *       "instances": [
                     *         {
                     *           "environment": "production",
                     *           "flushAgeSeconds": 5,
                     *           "folded": 539,
                     *           "host": "web-1",
                     *           "id": "7f1c0c0e-6f0e-4c58-9d3b-0d5a3f6b8f10",
                     *           "lastFlushAt": "2026-05-18T09:29:55Z",
                     *           "live": true,
                     *           "sequence": 540,
                     *           "service": "shop",
                     *           "startedAt": "2026-05-18T08:00:00Z",
                     *           "version": "2.3.1"
                     *         }
                     *       ],
                     *       "lost": 0,
                     *       "lostFlushes": [],
                     *       "recorder": {
                     *         "bytes": 190464,
                     *         "coarsened": [],
                     *         "keyOverflow": 0,
                     *         "liveKeys": 3,
                     *         "liveSeries": 14,
                     *         "seriesOverflow": 0,
                     *         "unflushedRecords": 12,
                     *         "unmatched": [
                     *           {
                     *             "count": 7,
                     *             "path": "/wp-login.php"
                     *           }
                     *         ],
                     *         "unresolvedParts": 0
                     *       },
                     *       "store": {
                     *         "backend": "postgres",
                     *         "dirty": [
                     *           {
                     *             "granularity": "1h",
                     *             "periods": 1
                     *           }
                     *         ],
                     *         "error": null,
                     *         "floors": [
                     *           {
                     *             "floor": "2026-05-17T09:00:00Z",
                     *             "granularity": "1m"
                     *           },
                     *           {
                     *             "floor": null,
                     *             "granularity": "1d"
                     *           }
                     *         ],
                     *         "inbox": {
                     *           "batches": 1,
                     *           "bytes": 1204,
                     *           "records": 25
                     *         },
                     *         "now": "2026-05-18T09:30:00.125Z",
                     *         "reachable": true,
                     *         "schemaVersion": 1,
                     *         "series": 42,
                     *         "setAside": 0,
                     *         "sketchKind": "histogram",
                     *         "unreachableSince": null
                     *       },
                     *       "streams": 1,
                     *       "tasks": {
                     *         "flushLagSeconds": 0,
                     *         "lastFlushAt": "2026-05-18T09:29:55Z",
                     *         "tasks": [
                     *           {
                     *             "lastError": null,
                     *             "lastSuccessAt": "2026-05-18T09:29:55Z",
                     *             "name": "flush",
                     *             "running": true
                     *           }
                     *         ]
                     *       },
                     *       "version": "0.1.0"
                     *     }
                     */
                    "application/json": components["schemas"]["Status"];
                };
            };
            /** @description A parameter is wrong; `parameter` names it */
            400: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not signed in */
            401: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The principal may not ask for this */
            403: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests; `Retry-After` says when to come back */
            429: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A query failed; the service's log says why */
            500: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The store does not answer, or there are too many streams */
            503: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The query took too long */
            504: {
                headers: {
                    /** @description What is left of the principal's limit */
                    RateLimit?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    live: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It does */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "live"
                     *     }
                     */
                    "application/json": components["schemas"]["Probe"];
                };
            };
        };
    };
    ready: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The store answers */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "ready"
                     *     }
                     */
                    "application/json": components["schemas"]["Probe"];
                };
            };
            /** @description The store does not answer, or a task has ended */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "reason": "the store does not answer",
                     *       "status": "degraded",
                     *       "storeUnreachableSince": "2026-05-17T03:12:09Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Probe"];
                };
            };
        };
    };
}
