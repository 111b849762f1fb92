// Written by scripts/types.mjs from openapi.json.
export interface paths {
    "/api-alerts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The rules
         * @description A manager and a developer see those of their tenant, a viewer none.
         */
        get: operations["list_alerts"];
        put?: never;
        /**
         * Makes a rule
         * @description It is evaluated from the next whole minute on.
         */
        post: operations["create_alert"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-alerts/channels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where notices go, and whether they arrive */
        get: operations["channels"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Mutes a channel, or ends that
         * @description Channels are configured by the host. This switches off whether notices go to one: what comes up while it is muted is not
         *     delivered through it, nor later. A test still goes through.
         */
        patch: operations["mute_channel"];
        trace?: never;
    };
    "/api-alerts/channels/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sends a test through one channel
         * @description A notice of the kind `test`, by the way that all notices take: through the outbox, with retries. It is delivered within
         *     seconds; `GET /api-alerts/deliveries?status=all&noticeId=` says what became of it.
         */
        post: operations["test"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-alerts/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Notices that could not be delivered, or are on their way */
        get: operations["deliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-alerts/deliveries/redeliver": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Tries a dead letter again
         * @description With all its attempts before it, beginning at once.
         */
        post: operations["redeliver"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-alerts/dry-run": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * When a rule would have fired
         * @description Evaluates a rule over the past, as far as data is kept: at most 10,080 windows. Nothing is written
         *     and no notice is sent.
         */
        post: operations["dry_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-alerts/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Breaches of rules: fired and resolved */
        get: operations["events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-alerts/events/{id}/acknowledge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Takes an event on
         * @description The first one stays: who has taken it on is what the others ask.
         */
        post: operations["acknowledge_event"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-alerts/events/{id}/incident": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * An event, explained
         * @description What broke, since when, after which release, and whose requests it is about: the rule's curve around the event, and
         *     shares of the errors, or of what the rule is about, against usual shares. Worked out when it is asked for.
         */
        get: operations["incident"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-alerts/events/{id}/silence": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Silences an event's rule
         * @description Its notices are not delivered meanwhile, those of later events included; events are still recorded. Notices that were
         *     decided before are still delivered.
         */
        post: operations["silence_event"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-alerts/silences": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Maintenance windows and other silences
         * @description A manager and a developer see those of their tenant, a viewer none.
         */
        get: operations["list_silences"];
        put?: never;
        /**
         * Plans a silence
         * @description The notices of all rules that it is about are kept back while it lasts; events are still recorded. What fires meanwhile is
         *     delivered when it is over, if it still does.
         */
        post: operations["create_silence"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-alerts/silences/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Ends a silence now, or calls it off
         * @description What fires still is delivered within a minute. One that has not begun is gone.
         */
        delete: operations["end_silence"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-alerts/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One rule */
        get: operations["alert"];
        /**
         * Replaces a rule
         * @description What is left out takes its default. A rule that is switched off while it fires is resolved.
         */
        put: operations["replace_alert"];
        post?: never;
        /**
         * Removes a rule
         * @description Its events stay. One that fires is resolved first, with a notice.
         */
        delete: operations["remove_alert"];
        options?: never;
        head?: never;
        /**
         * Changes a rule
         * @description What is left out stays as it is; a null takes the default. A rule that is switched off while it
         *     fires is resolved.
         */
        patch: operations["change_alert"];
        trace?: never;
    };
    "/api-audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who has changed or deleted what
         * @description For admins. Changes of API keys, limits, quotas, price plans, alert rules and ingest tokens, and erasures.
         */
        get: operations["list_audit_trail"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Work in the background
         * @description For admins. Jobs of all services that share this database, and the background tasks of the instance that answers.
         */
        get: operations["list_jobs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-jobs/{id}/run": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Runs a job now
         * @description For admins. The instance that takes it first runs it, within a few seconds; one run, however often it is asked for until then.
         *     It is noted in the audit trail.
         */
        post: operations["run_job"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-jobs/{id}/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The last runs of a job
         * @description For admins. Kept are the last 100 that were a success and the last 500 that were none.
         */
        get: operations["list_job_runs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The API keys
         * @description Those that were used, and those that were made before their first request.
         */
        get: operations["list_keys"];
        put?: never;
        /**
         * Makes an API key before its first request
         * @description For admins: the text may be that of another tenant's key that has not been used yet.
         */
        post: operations["create_key"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-keys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Changes an API key's name, owner, limits or plan */
        patch: operations["change_key"];
        trace?: never;
    };
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
    "/api-metrics/billing": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Usage and cost, by key, tenant and day
         * @description Amounts are exact; only the lines of an invoice are rounded.
         */
        get: operations["billing"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-metrics/billing/invoice": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A month's invoice, as a preview
         * @description Lines come by pages in JSON; CSV has all of them. Prices are of 1,000 requests; only the amounts of lines are rounded, and the total is their sum.
         */
        get: operations["invoice"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-metrics/billing/keys/{keyId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Why a key's bill is what it is
         * @description Days and the positions that they reach, plans, lines, the projection with its range, other plans, the month before.
         */
        get: operations["explain"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-metrics/billing/reconciliation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether all counts agree: inbox, every granularity, what views answer, and the invoices
         * @description Counts the database, in one snapshot; what a process has not flushed yet is in none of them. A
         *     granularity is compared where it keeps the whole day and no period of it waits for its rollup.
         *     At most 366 days.
         */
        get: operations["reconciliation"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-metrics/coverage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Documented operations beside what is called */
        get: operations["coverage"];
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
        /**
         * One row for each calendar day
         * @description Of at most 458 days at once.
         */
        get: operations["daily"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-metrics/dependencies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Which services call whom
         * @description Outgoing calls that client layers have recorded. Another `protocol` than `http-client` is refused.
         */
        get: operations["dependencies"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-metrics/endpoint-consumers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who calls which endpoint, beside everybody else */
        get: operations["endpoint_consumers"];
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
    "/api-metrics/limits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Limits and quotas, whoever hits theirs first at the front
         * @description Now, the busiest minute of 24 hours, what is used of the quota, the 429s given, and forecasts from the hour of the week.
         */
        get: operations["limits"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-metrics/limits/{keyId}/what-if": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What another limit or quota would have done to the last 24 hours
         * @description Counted by minute, whatever the key has today: requests over the bound, and the minutes in which there were any.
         */
        get: operations["what_if"];
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
    "/api-metrics/quotas": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What keys have used of their quotas
         * @description Counted at the moment of the question, what is not folded or flushed yet included; never kept.
         */
        get: operations["quotas"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-metrics/rate-limits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Where keys stand towards their rate limits right now
         * @description What is neither folded nor, in this process, flushed is counted too.
         */
        get: operations["rate_limits"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-metrics/rate-limits/{keyId}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How near a key came to its rate limit
         * @description Kept for 30 days; a period is there about 15 seconds after its end.
         */
        get: operations["history"];
        put?: never;
        post?: never;
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
         * @description An event `metrics-update` every five seconds, or sooner when traffic begins or the share of errors
         *     jumps by ten points, each a whole answer of `/api-metrics/realtime`; `metrics-unavailable` with a
         *     problem while the store does not answer. The stream ends after an hour, with the caller's token or
         *     session, and when the service stops: clients come back by themselves. At most ten streams a principal,
         *     admins excepted, and fifty different ones a scope.
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
    "/api-objectives": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The objectives, each with what is left of its budget
         * @description At most 50 a page. A manager and a developer see those of their tenant, a viewer none.
         */
        get: operations["list_objectives"];
        put?: never;
        /**
         * Makes an objective
         * @description A latency threshold is moved up to the next edge of the sketch, at most 1.6%: `latencyMs` of the answer says where
         *     it is, and there it is exact. Two alert rules over its burn rate are made with it, unless `rules` is false: 14.4 over
         *     1 h and 5 min, and 6 over 6 h and 30 min.
         */
        post: operations["create_objective"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-objectives/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One objective, with each day of its range */
        get: operations["objective"];
        /**
         * Replaces an objective
         * @description What is left out takes its default. Its rules look at what it looks at from the next minute on; their thresholds
         *     and windows stay.
         */
        put: operations["replace_objective"];
        post?: never;
        /**
         * Removes an objective and its rules
         * @description The rules' events stay. A rule that fires is resolved first, with a notice.
         */
        delete: operations["remove_objective"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-price-plans": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The price plans
         * @description Everybody's, and those of the caller's tenant.
         */
        get: operations["list_price_plans"];
        put?: never;
        /**
         * Makes a price plan, or a version of one
         * @description Versions are never changed: what was billed by one stays explained.
         */
        post: operations["create_price_plan"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-releases": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Versions of services, each held against the one before
         * @description For admins; at most 50 a page. A version's first day is compared with the version before: side by side where both
         *     were live together, else with the same hours the day before or the time just before it. Intervals hold with 99%.
         */
        get: operations["list_releases"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-releases/rollout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What the versions of a service have answered over time, side by side
         * @description For admins; 31 days at most. `service` and `environment` are needed. Requests that no route matched are left out.
         */
        get: operations["rollout"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-requests": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Single requests, newest first
         * @description What the service's policy has kept; each request says by its `weight` for how many it stands. Tenants and consumers see those
         *     of their own keys; admins also events, which the service has logged outside of all requests.
         */
        get: operations["list_requests"];
        put?: never;
        post?: never;
        /**
         * Erases all requests of a key, a user or an address
         * @description For admins. Counts and bills stay as they are. What errors said goes out of the causes of all alerts, because
         *     these don't say whose it was; their figures stay. The audit trail keeps who has done it.
         */
        delete: operations["erase_requests"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-requests/countries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Requests by country
         * @description Exact: all requests that were counted while geography is on, in whole hours, of countries by their two letters.
         */
        get: operations["request_countries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-requests/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * All requests of a range, as a file
         * @description Newest first. Requests are read page by page, so an export of any length takes little memory; a failure on the
         *     way breaks the transfer off, so that a part is never taken for the whole. Text in CSV that a spreadsheet would
         *     take for a formula begins with an apostrophe.
         */
        get: operations["export_requests"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-requests/groups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Groups of errors
         * @description Errors with the same endpoint, status, type and message are one group; numbers, ids and quoted texts in the
         *     message make no difference. `text` has no effect.
         */
        get: operations["request_groups"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-requests/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Requests and groups of errors, the best first
         * @description By words: those that hold all of them in path, error or user agent. By likeness: groups of errors whose text
         *     shares words and parts of words with the question, misspelt ones too. By both: what holds all words first, then
         *     what holds some and is similar. Errors of one group are one hit.
         */
        get: operations["search_requests"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-requests/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How much the log has kept and dropped */
        get: operations["request_log_status"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-requests/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Requests as they arrive, as server-sent events
         * @description The first event is `requests-stream` with `updateSeconds`, how often an event comes at least, and `continues`:
         *     `now` begins with what arrives from now on, `arrival` goes on exactly after `Last-Event-ID`, `time` with what has
         *     finished after `after`, or after the last event of a stream that was away for more than a minute. Events
         *     `requests` have what has arrived, `requests-unavailable` a problem while the store does not answer. What is kept
         *     at once arrives within two seconds, from all instances; samples when their minute is over. The stream ends after
         *     an hour, with the caller's token or session, and when the service stops: clients come back by themselves.
         */
        get: operations["stream_requests"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-requests/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One request */
        get: operations["request"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-requests/{id}/curl": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One request as a curl command
         * @description What the log does not keep is a variable of the shell: `BASE_URL`, `API_KEY`, `CONTENT_TYPE`, `BODY`, and the
         *     values of path parameters by their names.
         */
        get: operations["request_as_curl"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-requests/{id}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sends a request once more
         * @description For admins, where the service was given a router to replay into, or an address. In a router it is neither counted
         *     nor billed nor logged, and at an address it is counted under the consumer `<replay>`; the audit trail keeps who has done it. GET and HEAD alone unless the service allows others,
         *     never paths of sign-in, payment and administration. What was masked is given in `values`, used once and kept
         *     nowhere; the `inputs` of the snapshot say what is needed. The new response is masked as the recorded one was.
         */
        post: operations["replay_request"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api-requests/{id}/snapshot": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What a request and its response carried
         * @description For admins. Headers, the query and bodies of routes that leave a snapshot, masked before they were stored; and
         *     what has to be given to replay the request.
         */
        get: operations["request_snapshot"];
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
    "/ingest-dead-letters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Reported items that were refused
         * @description The last 10,000 are kept.
         */
        get: operations["list_dead_letters"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ingest-dead-letters/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Deletes a refused item */
        delete: operations["delete_dead_letter"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ingest-dead-letters/{id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Tries a refused item again
         * @description With the token that it came by, whose templates or tenant may be others now. What is accepted is
         *     counted once and is no dead letter any more.
         */
        post: operations["retry_dead_letter"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ingest-tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The tokens of writers */
        get: operations["list_ingest_tokens"];
        put?: never;
        /**
         * Makes a token for a writer
         * @description Its secret is in the answer and can't be asked for again.
         */
        post: operations["create_ingest_token"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ingest-tokens/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revokes a token, for good
         * @description It is refused within ten seconds.
         */
        delete: operations["revoke_ingest_token"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Own health and served requests, for Prometheus
         * @description Served requests are those of all instances on the database: scrape one instance, or take the
         *     maximum over instances. Latencies are a histogram with the bounds that OpenTelemetry advises; quantiles by our own
         *     sketches, within 1%, are a summary. Counters begin at midnight UTC, quantiles are of the last five
         *     minutes. While the store does not answer, `api_metrics_store_up` is 0 and they are absent.
         *
         *     Who accepts OpenMetrics gets it: its buckets have exemplars, each the trace of a request in the request log.
         */
        get: operations["metrics"];
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
        /** @description A rule. */
        Alert: {
            /**
             * @description What it looks at: `error_rate` (percent), `response_time` (milliseconds), `rate_limit`
             *     (percent of the limit), `request_volume` (requests in the window), `bandwidth` (bytes in the
             *     window), `unit` (the sum of a unit in the window), `anomaly`, `anomaly_errors`, `anomaly_latency` or
             *     `anomaly_bandwidth` (deviations of requests, error rate, latency or bytes from the same hour of the week),
             *     `burn_rate` (how many times faster than allowed an objective's budget burns), or `release_regression` (by how much a
             *     release is worse than the version before: percentage points of 5xx, or with a quantile percent of the latency);
             *     and over our own health `store_unreachable` (seconds in the window), `flush_lag` (seconds), `answer_time` and
             *     `query_time` (milliseconds), `open_streams`, `dropped_log_rows` (requests in the window), or `cache_hit_rate`
             *     (percent).
             */
            alertType: string;
            /**
             * Format: int64
             * @description Only the API key of this number.
             */
            apiKeyFilter?: number | null;
            /** @description `gt`, `lt`, `gte` or `lte`. */
            comparison: string;
            /**
             * Format: int32
             * @description How many minutes lie between two firings at least.
             */
            cooldownMinutes: number;
            /**
             * Format: date-time
             * @description When it was made.
             */
            createdAt: string;
            /** @description Who made it. */
            createdBy?: string | null;
            /** @description Whether it is evaluated. */
            enabled: boolean;
            /** @description Only this endpoint, exactly or as a glob, with or without a method before it. */
            endpointFilter?: string | null;
            /** @description Only this environment. */
            environmentFilter?: string | null;
            /**
             * Format: date-time
             * @description The end of the last window that was evaluated.
             */
            evaluatedTo: string;
            /** @description The event that is open while it fires. */
            eventId?: string | null;
            /**
             * Format: int64
             * @description Its number.
             */
            id: number;
            /**
             * Format: date-time
             * @description When it last fired.
             */
            lastFiredAt?: string | null;
            /**
             * Format: int64
             * @description A window with fewer requests is not evaluated; of our own health, with fewer answers, queries or lookups.
             */
            minRequests: number;
            /** @description A name for people. */
            name: string;
            /**
             * Format: int64
             * @description For burn rates: the number of the objective, whose filters and tenant are the rule's; else null.
             */
            objectiveId?: number | null;
            /** @description Only this protocol; null: requests to the server, `http` and `grpc`. */
            protocolFilter?: string | null;
            /**
             * Format: double
             * @description For response times: which quantile; null is the mean.
             */
            quantile?: number | null;
            /**
             * Format: int64
             * @description Counts the edits.
             */
            revision: number;
            /** @description Only this service. */
            serviceFilter?: string | null;
            /** @description `low`, `medium`, `high` or `critical`. */
            severity: string;
            /** @description `ok`, `pending` (breached within the cooldown), `firing` or `resolved`. */
            state: string;
            /**
             * Format: date-time
             * @description Since when it stands there.
             */
            stateSince: string;
            /** @description Whose keys it watches; null watches everything. */
            tenantId?: string | null;
            /**
             * Format: double
             * @description In the unit of the type.
             */
            thresholdValue: number;
            /** @description For units: the one whose sum is looked at; else null. */
            unit?: string | null;
            /**
             * Format: date-time
             * @description When it was last changed.
             */
            updatedAt: string;
            /**
             * Format: double
             * @description The value of that window; null where it could not be evaluated.
             */
            value?: number | null;
            /**
             * Format: int32
             * @description How many whole minutes are looked at together.
             */
            windowMinutes: number;
        };
        /** @description What can be set of a rule; the first four are needed. */
        AlertBody: {
            /**
             * @description `error_rate`, `response_time`, `rate_limit`, `request_volume`, `bandwidth`, `unit`, `anomaly`, `anomaly_errors`,
             *     `anomaly_latency`, `anomaly_bandwidth` or `burn_rate`; over our own health, for admins, `store_unreachable`,
             *     `flush_lag`, `answer_time`, `query_time`, `open_streams`, `dropped_log_rows` or `cache_hit_rate`.
             * @example error_rate
             */
            alertType: string;
            /**
             * Format: int64
             * @description Only the API key of this number.
             */
            apiKeyFilter?: number | null;
            /**
             * @description `gt`, `lt`, `gte` or `lte`.
             * @example gt
             */
            comparison: string;
            /**
             * Format: int32
             * @description Minutes between two firings, 0 to 43200.
             * @default 30
             */
            cooldownMinutes: number | null;
            /**
             * @description Whether it is evaluated.
             * @default true
             */
            enabled: boolean | null;
            /**
             * @description Only this endpoint, exactly or as a glob, with or without a method before it:
             *     `/users/{id}`, `GET /users/{id}`, `/users/*`.
             */
            endpointFilter?: string | null;
            /** @description Only this environment. */
            environmentFilter?: string | null;
            /**
             * Format: int64
             * @description A window with fewer requests is not evaluated.
             * @default 0
             */
            minRequests: number | null;
            /**
             * @description A name for people, 1 to 200 bytes.
             * @example checkout errors
             */
            name: string;
            /**
             * Format: int64
             * @description For the type `burn_rate`, which needs it: the number of the objective. The rule's filters and tenant are the
             *     objective's, and its window is a multiple of 12 minutes, of which the last twelfth is looked at too.
             */
            objectiveId?: number | null;
            /**
             * @description Only this protocol: `http`, `grpc`, a kind of events such as `agent`, or `any`. Where it is left out, requests
             *     to the server: `http` and `grpc`.
             * @example agent
             */
            protocolFilter?: string | null;
            /**
             * Format: double
             * @description For response times: which quantile, such as 0.95; null is the mean.
             */
            quantile?: number | null;
            /**
             * Format: int64
             * @description The revision that the change is of; 409 where the rule has another. Not for new rules.
             */
            revision?: number | null;
            /** @description Only this service. */
            serviceFilter?: string | null;
            /**
             * @description `low`, `medium`, `high` or `critical`.
             * @default medium
             */
            severity: string | null;
            /** @description Whose keys it watches; null watches everything. A manager's rules are its tenant's. */
            tenantId?: string | null;
            /**
             * Format: double
             * @description In the unit of the type: percent, milliseconds, requests, bytes, deviations.
             * @example 10
             */
            thresholdValue: number;
            /** @description For the type `unit`, which needs it: the name of the unit that is summed. */
            unit?: string | null;
            /**
             * Format: int32
             * @description Whole minutes that are looked at together, 1 to 1440.
             * @default 5
             */
            windowMinutes: number | null;
        };
        /** @description The largest groups of errors and the largest consumers in a rule's window and filters when it fired. */
        AlertCauses: {
            /** @description At most three consumers, those with most errors first. Left out where the counts did not answer in time. */
            consumers?: components["schemas"]["CauseConsumer"][];
            /**
             * @description At most three groups of errors, those of most requests first. Left out without a log of requests, and where it
             *     did not answer in time.
             */
            groups?: components["schemas"]["CauseGroup"][];
        };
        /** @description A breach from its firing to its end. */
        AlertEvent: {
            /**
             * Format: date-time
             * @description When somebody took it on.
             */
            acknowledgedAt?: string | null;
            /** @description Who did. */
            acknowledgedBy?: string | null;
            /**
             * Format: int64
             * @description The rule; null once that was removed.
             */
            alertId?: number | null;
            /** @description The type of the rule. */
            alertType: string;
            causes?: components["schemas"]["AlertCauses"] | null;
            /**
             * Format: date-time
             * @description The end of the window that breached.
             */
            firedAt: string;
            /**
             * Format: uuid
             * @description The `eventId` of its notices.
             */
            id: string;
            /** @description The text of the notice when it fired. */
            message: string;
            /** @description The rule's name when it fired. */
            name: string;
            /**
             * Format: date-time
             * @description The end of the first window that no longer did; null while it fires.
             */
            resolvedAt?: string | null;
            /** @description The text of the notice when it resolved; null while it fires. */
            resolvedMessage?: string | null;
            /** @description The severity of the rule when it fired. */
            severity: string;
            /**
             * Format: date-time
             * @description When somebody silenced its rule's notices.
             */
            silencedAt?: string | null;
            /** @description Who did. */
            silencedBy?: string | null;
            /**
             * Format: date-time
             * @description Until when; null while silenced: until the event is resolved.
             */
            silencedUntil?: string | null;
            /** @description `firing` or `resolved`. */
            state: string;
            /** @description Whose rule it was. */
            tenantId?: string | null;
            /**
             * Format: double
             * @description The threshold that it breached.
             */
            threshold: number;
            /**
             * Format: double
             * @description The value that fired.
             */
            value: number;
        };
        /** @description A page of events. */
        AlertEventPage: {
            /** @description The events, the latest first. */
            data: components["schemas"]["AlertEvent"][];
            /** @description Asks for the next page; null on the last. */
            nextCursor?: string | null;
        };
        /** @description A page of rules. */
        AlertPage: {
            /** @description The rules, in the order of their numbers. */
            data: components["schemas"]["Alert"][];
            /** @description Asks for the next page; null on the last. */
            nextCursor?: string | null;
        };
        /** @description Any of a rule's members; what is left out stays as it is. */
        AlertPatch: {
            /** @description What it looks at. */
            alertType?: string;
            /**
             * Format: int64
             * @description Only the API key of this number; null for all.
             */
            apiKeyFilter?: number | null;
            /** @description `gt`, `lt`, `gte` or `lte`. */
            comparison?: string;
            /**
             * Format: int32
             * @description Minutes between two firings, 0 to 43200.
             */
            cooldownMinutes?: number | null;
            /**
             * @description Whether it is evaluated.
             * @example false
             */
            enabled?: boolean | null;
            /** @description Only this endpoint, exactly or as a glob; null for all. */
            endpointFilter?: string | null;
            /** @description Only this environment; null for all. */
            environmentFilter?: string | null;
            /**
             * Format: int64
             * @description A window with fewer requests is not evaluated.
             */
            minRequests?: number | null;
            /** @description A name for people, 1 to 200 bytes. */
            name?: string;
            /**
             * Format: int64
             * @description For the type `burn_rate`: the number of the objective.
             */
            objectiveId?: number | null;
            /** @description Only this protocol; null for requests to the server. */
            protocolFilter?: string | null;
            /**
             * Format: double
             * @description For response times: which quantile; null is the mean.
             */
            quantile?: number | null;
            /**
             * Format: int64
             * @description The revision that the change is of; 409 where the rule has another.
             */
            revision?: number | null;
            /** @description Only this service; null for all. */
            serviceFilter?: string | null;
            /** @description `low`, `medium`, `high` or `critical`. */
            severity?: string | null;
            /** @description Whose keys it watches; null watches everything. */
            tenantId?: string | null;
            /**
             * Format: double
             * @description In the unit of the type: percent, milliseconds, requests, bytes, deviations.
             */
            thresholdValue?: number;
            /** @description For the type `unit`: the name of the unit that is summed. */
            unit?: string | null;
            /**
             * Format: int32
             * @description Whole minutes that are looked at together, 1 to 1440.
             */
            windowMinutes?: number | null;
        };
        /** @description An exact amount of money. */
        Amount: {
            /**
             * @description A decimal.
             * @example 0.02466
             */
            amount: string;
            /**
             * @description The currency's ISO 4217 code.
             * @example USD
             */
            currency: string;
        };
        /** @description An API key. */
        ApiKey: {
            /**
             * Format: date-time
             * @description When it was first seen, or made.
             */
            createdAt: string;
            /** @description Whether limits, quota and plan are watched. */
            enabled: boolean;
            /** @description The host's own name for it. */
            externalId: string;
            /**
             * Format: int64
             * @description Its number, the `apiKeyId` of all other routes.
             */
            id: number;
            /** @description A name for people. */
            name?: string | null;
            /**
             * Format: int64
             * @description A version of the plan that it is billed by; null is the default plan.
             */
            pricePlanId?: number | null;
            /**
             * Format: date-time
             * @description Where periods start. Months begin on its day and at its time, or on the last day of a month that is too
             *     short; null is calendar months. Days count from it on; null is the key's creation.
             */
            quotaAnchor?: string | null;
            /**
             * Format: int64
             * @description Requests that it may send in a quota period, or how much of `quotaUnit` it may use; null: it has no quota.
             */
            quotaLimit?: number | null;
            /** @description `month`, or a number of days as in `30d`; null is a month. */
            quotaPeriod?: string | null;
            /** @description The unit that the quota is of; null is requests. */
            quotaUnit?: string | null;
            /**
             * Format: int64
             * @description Requests that it may send in a minute; null: no limit is known.
             */
            rateLimitPerMinute?: number | null;
            /** @description The team that it belongs to. */
            teamId?: string | null;
            /** @description The tenant that it belongs to. */
            tenantId?: string | null;
            /**
             * Format: date-time
             * @description When it was last changed.
             */
            updatedAt: string;
            /** @description The user that it belongs to. */
            userId?: string | null;
        };
        /** @description A key before its first request. */
        ApiKeyBody: {
            /** @description Whether limits, quota and plan are watched. */
            enabled?: boolean | null;
            /**
             * @description The host's own name for it: the text of the `ApiKey` that its requests will carry.
             * @example k-2041
             */
            externalId: string;
            /** @description A name for people, 1 to 200 bytes. */
            name?: string | null;
            /**
             * Format: date
             * @description The first UTC day on which the plan counts.
             */
            pricePlanFrom?: string | null;
            /**
             * Format: int64
             * @description Any version of the plan that it is billed by.
             */
            pricePlanId?: number | null;
            /**
             * Format: date-time
             * @description Where periods start: months on its day and at its time, days from it on.
             */
            quotaAnchor?: string | null;
            /**
             * Format: int64
             * @description Requests that it may send in a quota period, or how much of `quotaUnit` it may use.
             */
            quotaLimit?: number | null;
            /** @description `month`, or a number of days from 1 to 366 as in `30d`. */
            quotaPeriod?: string | null;
            /** @description The unit that the quota is of; requests by default. */
            quotaUnit?: string | null;
            /**
             * Format: int64
             * @description Requests that it may send in a minute.
             */
            rateLimitPerMinute?: number | null;
            /** @description The team that it belongs to. */
            teamId?: string | null;
            /** @description The tenant that it belongs to. */
            tenantId?: string | null;
            /** @description The user that it belongs to. */
            userId?: string | null;
        };
        /** @description A page of API keys. */
        ApiKeyPage: {
            /** @description The keys, in the order of their numbers. */
            data: components["schemas"]["ApiKey"][];
            /** @description Asks for the next page; null on the last. */
            nextCursor?: string | null;
        };
        /** @description What can be set of a key. What is left out stays as it is; a null clears it. */
        ApiKeyPatch: {
            /** @description Whether limits, quota and plan are watched. */
            enabled?: boolean | null;
            /**
             * @description A name for people, 1 to 200 bytes.
             * @example render-farm
             */
            name?: string | null;
            /**
             * Format: date
             * @description The first UTC day on which the new plan counts, today or earlier; today by default. Goes with
             *     `pricePlanId`.
             */
            pricePlanFrom?: string | null;
            /**
             * Format: int64
             * @description Any version of the plan that it is billed by.
             */
            pricePlanId?: number | null;
            /**
             * Format: date-time
             * @description Where periods start, snapped down to a UTC hour: months on its day and at its time, days from it on.
             */
            quotaAnchor?: string | null;
            /**
             * Format: int64
             * @description Requests that it may send in a quota period, or how much of `quotaUnit` it may use.
             * @example 100000
             */
            quotaLimit?: number | null;
            /**
             * @description `month`, or a number of days from 1 to 366 as in `30d`.
             * @example month
             */
            quotaPeriod?: string | null;
            /** @description The unit that the quota is of, such as `tokens`; null is requests. */
            quotaUnit?: string | null;
            /**
             * Format: int64
             * @description Requests that it may send in a minute. The service itself enforces it.
             * @example 100
             */
            rateLimitPerMinute?: number | null;
            /** @description The team that it belongs to. */
            teamId?: string | null;
            /** @description The tenant that it belongs to. Only an admin may name another one than its own. */
            tenantId?: string | null;
            /** @description The user that it belongs to. */
            userId?: string | null;
        };
        /** @description The data of an event `requests`. */
        ArrivedRequests: {
            /** @description What has arrived, oldest first. */
            data: components["schemas"]["LoggedRequest"][];
            /**
             * Format: int64
             * @description Requests that have arrived beyond `perSecond`.
             */
            leftOut: number;
        };
        /** @description A note in the audit trail: one change, by one actor, at one time. */
        AuditEntry: {
            /** @description What was done. */
            action: string;
            /** @description Who has done it, as the host names them. `<code>` is the host's own code, `<directory>` its list of keys. */
            actor: string;
            /**
             * Format: date-time
             * @description When it was done, to the second.
             */
            at: string;
            /**
             * Format: int64
             * @description Its number; later notes have greater ones.
             */
            id: number;
            /** @description To what, and in which way. Never a secret. */
            subject: string;
        };
        /** @description A page of the audit trail. One note more than the page holds is asked for, to know whether there is another page. */
        AuditPage: {
            /** @description The notes, the latest first. */
            data: components["schemas"]["AuditEntry"][];
            /** @description Asks for the next page; null on the last. */
            nextCursor?: string | null;
        };
        /** @description How an answer over time is divided. Charts draw these periods, and compute none of their own. */
        AxisView: {
            /**
             * @description Where periods begin: `local` by the zone's clock; `utcHours` at whole UTC hours and `utcDays` at UTC
             *     midnights, because what is kept can't be cut where the zone's periods begin.
             */
            alignment: string;
            /**
             * @description Where periods begin, and the end of the last: one more than there are periods. The range cuts the first
             *     and the last.
             */
            edges: string[];
            /**
             * @description By period, what the zone's clock shows at the start of the local hour, date, week or month that holds most
             *     of it.
             * @example [
             *       "2026-05-17T00:00:00"
             *     ]
             */
            names: string[];
            /** @description The length of a period: `1m` to `1mo`. */
            step: string;
        };
        /** @description A background task of this crate, in the instance that answers. */
        BackgroundTask: {
            /**
             * Format: int64
             * @description Runs that have failed since this instance began.
             */
            failureCount: number;
            /**
             * Format: double
             * @description How long its last run took, in milliseconds.
             */
            lastDurationMs?: number | null;
            /** @description What went wrong last, until it succeeds again. */
            lastError?: string | null;
            /**
             * Format: date-time
             * @description When it last did its work; null before the first time.
             */
            lastSuccessAt?: string | null;
            /** @description What it does: `flush`, `fold`, `rollup`, `retention`, `alerts`, `notices`, `jobs` and so on. */
            name: string;
            /**
             * Format: date-time
             * @description When it runs next; null where nothing is planned, because it runs now or is left to others.
             */
            nextAt?: string | null;
            /** @description Whether it runs in this instance. */
            running: boolean;
        };
        /** @description Why a key's bill is what it is. */
        BillExplanation: components["schemas"]["KeyLabel"] & {
            /** @description What the same counts would cost by each plan that the key could be on. */
            alternatives: components["schemas"]["PlanAlternative"][];
            /** @description Whether records near an edge of a day may count in its neighbour. */
            approximate: boolean;
            /**
             * Format: date-time
             * @description When the snapshot was taken, by the clock of the database.
             */
            asOf: string;
            before?: components["schemas"]["MonthBefore"] | null;
            /** @description Whether the month is over. */
            closed: boolean;
            /** @description The days with requests. */
            days: components["schemas"]["ExplainedDay"][];
            /** @description The lines, one invoice a currency. */
            invoices: components["schemas"]["Invoice"][];
            /**
             * Format: date
             * @description The first day after it.
             */
            periodEnd: string;
            /**
             * Format: date
             * @description The month's first day.
             */
            periodStart: string;
            /** @description The plans that price the month's days, in order. */
            plans: components["schemas"]["PlanInEffect"][];
            /**
             * Format: int64
             * @description Requests at the month's end at the pace so far; null for a month that is over.
             */
            projectedRequests?: number | null;
            /** @description What the month will cost, one a currency; empty for a month that is over. */
            projection: components["schemas"]["ProjectedRange"][];
            /**
             * Format: int32
             * @description Weeks that the range of the projection is made of, at most four; 0: the key is younger than one.
             */
            projectionWeeks: number;
            /** @description How amounts of lines are rounded. */
            rounding: string;
        };
        /** @description A page of usage by key, and the sums over all of them. */
        BillingPage: {
            /** @description Whether records near an edge of a day may count in its neighbour. */
            approximate: boolean;
            /**
             * Format: date-time
             * @description When the snapshot was taken, by the clock of the database.
             */
            asOf: string;
            axis?: components["schemas"]["AxisView"] | null;
            /** @description The keys with requests, in the order of their numbers. */
            data: components["schemas"]["KeyUsage"][];
            /**
             * Format: date
             * @description The first UTC day.
             */
            from: string;
            /** @description Asks for the next page; null on the last. */
            nextCursor?: string | null;
            /** @description The current month at its end, one a currency; empty where another range is asked about. */
            projection: components["schemas"]["Projection"][];
            /** @description By tenant; on every page all of them. */
            tenants: components["schemas"]["TenantUsage"][];
            /**
             * Format: date
             * @description The first UTC day after the range.
             */
            to: string;
            /** @description All keys together; on every page all of them. */
            total: components["schemas"]["Usage"];
            /**
             * Format: int64
             * @description Requests without a key, or of keys beyond the recorder's bound: never billed.
             */
            unbilledRequests: number;
        };
        /** @description Another database, which keeps the buckets. */
        BucketsView: {
            /**
             * Format: date-time
             * @description When flush batches were last copied there; null where none was yet.
             */
            copiedAt?: string | null;
            /** @description Why it does not. */
            error?: string | null;
            /** @description Whether some are being copied, or wait to be copied to their end. */
            isCopying: boolean;
            /** @description What it is, such as `ClickHouse 26.9.2.1`; null where it does not answer. */
            version?: string | null;
        };
        /** @description A UTC day of an objective's range. */
        BudgetDay: {
            /**
             * Format: int64
             * @description Those that were bad.
             */
            bad: number;
            /**
             * Format: double
             * @description How much of the range's budget was left at its end, in percent.
             */
            budgetLeft?: number | null;
            /**
             * Format: date-time
             * @description Its first instant; that of the range for the first one.
             */
            from: string;
            /**
             * Format: int64
             * @description Its requests that count.
             */
            requests: number;
        };
        /** @description How fast a budget burns over a window up to now. */
        BurnRate: {
            /**
             * Format: int32
             * @description The window.
             */
            minutes: number;
            /**
             * Format: double
             * @description 1 uses the budget up at the end of the objective's window; null without requests.
             */
            rate?: number | null;
        };
        /** @description The busiest minute of the last 24 hours. */
        BusiestMinute: {
            /**
             * Format: date-time
             * @description Its start.
             */
            at: string;
            /**
             * Format: int64
             * @description Requests in it.
             */
            requests: number;
        };
        /** @description The cache of answers. */
        CacheView: {
            /**
             * Format: int64
             * @description Bytes of them.
             */
            bytes: number;
            /**
             * Format: int64
             * @description Answers held now.
             */
            entries: number;
            /**
             * Format: int64
             * @description Answers that were at hand.
             */
            hits: number;
            /**
             * Format: int64
             * @description Answers that were computed.
             */
            misses: number;
        };
        /** @description A consumer behind an alert, from the counts, which are exact: no sampling is in them. */
        CauseConsumer: {
            /**
             * Format: int64
             * @description The number of its API key; 0 stands for requests without a key.
             */
            apiKeyId: number;
            /**
             * Format: int64
             * @description Its errors in the window: 4xx and 5xx.
             */
            errors: number;
            /** @description The host's text for the key; null for requests without one. */
            externalId?: string | null;
            /** @description The key's name; null where it has none. */
            name?: string | null;
            /**
             * Format: int64
             * @description All of its requests in the window, those that succeeded included.
             */
            requests: number;
        };
        /**
         * @description A group of errors behind an alert: requests with one template, status, type and normalised message. Its id leads to
         *     the list of those requests.
         */
        CauseGroup: {
            /** @description The route template. */
            endpoint: string;
            /** @description The kind of error, as the service names it; null: it named none. */
            errorType?: string | null;
            /** @description Its id, which `group` of the list of requests takes. */
            id: string;
            /** @description What its latest request said, scrubbed, at most 200 characters; null: nothing. */
            message?: string | null;
            /** @description The method. */
            method: string;
            /**
             * Format: int64
             * @description Requests that it stands for in the window: the kept ones by their weight, not by their number.
             */
            requests: number;
            /**
             * Format: int32
             * @description The status under which its requests are counted.
             */
            status: number;
        };
        /** @description One cell, also where nothing was requested. */
        Cell: {
            /**
             * @description In the timeline layout, whether the cell is not cut where the zone's clock says, or records at its edges
             *     may belong to its neighbours.
             */
            approximate?: boolean;
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
             * @description In the timeline layout, what `tz`'s clock shows at the start of the hour, date, week or month that holds
             *     most of the cell.
             * @example 2026-05-17T00:00:00
             */
            name?: string;
            /**
             * Format: double
             * @description In the weekday layout, how often the cell occurs between the first request of the range and its end or
             *     now, whichever is earlier; with a part for an occurrence that is cut. An average week has
             *     `requestCount / occurrences` requests in the cell.
             */
            occurrences?: number;
            /** @description In the timeline layout, whether the range begins or ends within the cell, or it is not over yet. */
            partial?: boolean;
            /**
             * Format: date-time
             * @description The first instant after it, in the timeline layout.
             */
            periodEnd?: string;
            /**
             * Format: date-time
             * @description The first instant of the cell in the timeline layout.
             */
            periodStart?: string;
            /**
             * Format: int64
             * @description Requests that finished in the cell.
             */
            requestCount: number;
            /**
             * Format: int32
             * @description The weekday in `tz`, 1 for Monday to 7 for Sunday, in the weekday layout.
             */
            weekday?: number;
        };
        /** @description A way that notices go. */
        Channel: {
            /** @description Its name. */
            channel: string;
            /** @description Whether the process that answers has it. */
            configured: boolean;
            /**
             * Format: int64
             * @description Notices that were given up.
             */
            dead: number;
            /**
             * Format: int64
             * @description Notices that were taken, of those that are kept.
             */
            delivered: number;
            last?: components["schemas"]["LastDelivery"] | null;
            /**
             * Format: date-time
             * @description When a notice was last taken.
             */
            lastDeliveredAt?: string | null;
            /** @description Who has muted it; null where it is not. */
            mutedBy?: string | null;
            /**
             * Format: date-time
             * @description Since when it is muted: notices do not go through it; null where it is not.
             */
            mutedSince?: string | null;
            /**
             * Format: int64
             * @description Notices that are to be tried.
             */
            pending: number;
            /**
             * @description `ok`: the last notice was taken; `failing`: it was not, or not yet; `waiting`: it was not tried yet; `unused`: there
             *     was none.
             */
            state: string;
        };
        /** @description All channels, by name. */
        ChannelList: {
            /** @description The channels. */
            data: components["schemas"]["Channel"][];
        };
        /** @description Whether notices go through a channel. */
        ChannelPatch: {
            /**
             * @description The channel's name.
             * @example slack
             */
            channel: string;
            /** @description Whether notices do not go through it. */
            muted: boolean;
        };
        /** @description How a key stood in the last 24 hours, where it was near its limit consistently. */
        Consistently: {
            /**
             * Format: int64
             * @description Five-minute periods in which it sent anything.
             */
            activePeriods: number;
            /**
             * Format: int64
             * @description Those in which it was near its limit, or above it.
             */
            nearPeriods: number;
            /**
             * Format: double
             * @description The highest utilization among them, in percent.
             */
            peak: number;
            /**
             * Format: double
             * @description The latter in percent of the former; at least 50.
             */
            share: number;
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
            /** @description Units that are no sums, by name. */
            gauges: {
                [key: string]: components["schemas"]["GaugeView"];
            };
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
            /** @description Sums of units by name, as responses have counted them. */
            units: {
                [key: string]: number;
            };
        };
        /** @description Documents beside requests. */
        Coverage: {
            /** @description Whether records at an edge may belong to the other side of it. */
            approximate: boolean;
            /**
             * Format: date-time
             * @description When the snapshot was taken, by the clock of the database.
             */
            asOf: string;
            /** @description The documents, in the order in which the host has given them. */
            documents: components["schemas"]["CoveredDocument"][];
            /**
             * Format: date-time
             * @description The first instant that the answer covers.
             */
            from: string;
            /** @description Whether stored bytes of the range can't be read, so that flush batches are left out. The status names them. */
            incomplete: boolean;
            /** @description Their operations, in the documents' order. */
            operations: components["schemas"]["CoveredOperation"][];
            /**
             * Format: date-time
             * @description The first instant that the answer does not cover.
             */
            to: string;
            /**
             * @description Endpoints that were called and that no document has, the most called first, a thousand at most. Requests that no
             *     route matched are none.
             */
            undocumented: components["schemas"]["UndocumentedEndpoint"][];
        };
        /** @description What one document covers. */
        CoveredDocument: {
            /** @description Those of them that were called. */
            calledCount: number;
            /**
             * Format: double
             * @description Those in percent; null where it has none.
             */
            calledPercent?: number | null;
            /** @description Deprecated operations that were called. */
            deprecatedCalledCount: number;
            /** @description Operations that it has. */
            operationCount: number;
            /** @description The service whose requests it is compared with. */
            service: string;
            /** @description What it calls itself. */
            title?: string | null;
            /** @description Endpoints that were called and that it does not have. */
            undocumentedCount: number;
            /**
             * Format: int64
             * @description Requests to these.
             */
            undocumentedRequestCount: number;
        };
        /** @description An operation of a document. */
        CoveredOperation: {
            /**
             * @description Of a deprecated operation that is still called: by whom, the most requests first, ten at most. Empty where
             *     these are operations beyond the fifty that are called most.
             */
            callers: components["schemas"]["DeprecatedCaller"][];
            /** @description Whether the document says that it is deprecated. */
            deprecated: boolean;
            /** @description The route template under which most of them were recorded; null where it was never called. */
            endpoint?: string | null;
            /**
             * Format: double
             * @description Those of them that were answered with 4xx or 5xx, in percent.
             */
            errorRate?: number | null;
            /** @description The method. */
            method: string;
            /** @description Whether there are more callers. */
            moreCallers: boolean;
            /** @description What the document calls it. */
            operationId?: string | null;
            /** @description The path, as the document has it. */
            path: string;
            /**
             * Format: int64
             * @description Requests in the range; 0: never called.
             */
            requestCount: number;
            /** @description The service of its document. */
            service: string;
            /** @description What it does, in a line of the document's. */
            summary?: string | null;
        };
        /** @description A command and its variables. */
        CurlCommand: {
            /** @description One line for a POSIX shell. */
            command: string;
            /** @description The variables in it, which are to be set before, in the order in which they appear. */
            placeholders: string[];
        };
        /** @description A page of days. */
        DailyPage: {
            /** @description Whether days may be cut at other hours than the zone's: old data is kept in UTC days. */
            approximate: boolean;
            /**
             * Format: date-time
             * @description When the snapshot was taken, by the clock of the database.
             */
            asOf: string;
            axis?: components["schemas"]["AxisView"] | null;
            /** @description The days that have requests, the earliest first. */
            data: components["schemas"]["DailyRow"][];
            /**
             * Format: date-time
             * @description The first instant that the answer covers.
             */
            from: string;
            /**
             * @description Whether stored bytes of the range can't be read, so that latencies or statuses of some rows, or
             *     flush batches, are left out. The status names them.
             */
            incomplete: boolean;
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
        DailyRow: components["schemas"]["RowPeriod"] & {
            /**
             * Format: double
             * @description Average latency to the last byte, in milliseconds; null without a measured request.
             */
            averageMs?: number | null;
            /**
             * Format: int64
             * @description Both together.
             */
            bandwidthBytes: number;
            /**
             * Format: date
             * @description The date in `tz` that holds most of the day.
             */
            date: string;
            /**
             * Format: int64
             * @description How many API keys were used.
             */
            distinctKeys: number;
            /**
             * Format: int64
             * @description How many users had API keys that were used.
             */
            distinctUsers: number;
            /**
             * Format: double
             * @description 4xx and 5xx in percent of the requests.
             */
            errorRate?: number | null;
            /**
             * Format: date-time
             * @description The start of the hour with the most bytes, the earliest of several; null where hours are no longer kept
             *     for all of the day.
             */
            peakHour?: string | null;
            /**
             * Format: int64
             * @description The bytes of that hour; null where it is.
             */
            peakHourBandwidthBytes?: number | null;
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
        /** @description An item that was refused. */
        DeadLetter: {
            /**
             * Format: date-time
             * @description When it came.
             */
            at: string;
            /**
             * Format: int64
             * @description Its number.
             */
            id: number;
            /** @description Whether it came as an event, and not as a request. */
            isEvent: boolean;
            /** @description The item as it came, cut to 4 KiB. */
            item: string;
            /** @description The member that is wrong; null: the item as a whole. */
            member?: string | null;
            /** @description What is wrong with it. */
            reason: string;
            /**
             * @description The shape of the collector in which it came: `command`, `agent`, `productivity`, `session_start` or
             *     `session_end`; null: it came as ingest has it.
             */
            shape?: string | null;
            /**
             * Format: int64
             * @description The token that it came by.
             */
            tokenId: number;
        };
        /** @description A page of dead letters. */
        DeadLetterPage: {
            /** @description The newest first. */
            data: components["schemas"]["DeadLetter"][];
            /** @description Asks for the next page; null on the last. */
            nextCursor?: string | null;
        };
        /** @description A notice and how its delivery through one channel stands. */
        Delivery: {
            /**
             * Format: int64
             * @description Attempts made so far.
             */
            attempts: number;
            /** @description The notifier's name. */
            channel: string;
            /** @description Why the last attempt failed. */
            lastError?: string | null;
            /**
             * Format: date-time
             * @description While pending: when it is tried again.
             */
            nextAttemptAt?: string | null;
            /** @description The notice itself. */
            notice: components["schemas"]["Notice"];
            /** @description `dead`, `pending` or `delivered`. */
            status: string;
            /**
             * Format: date-time
             * @description When any of this last changed.
             */
            updatedAt: string;
        };
        /** @description A page of deliveries. */
        DeliveryPage: {
            /** @description The deliveries, the ones that changed last first. */
            data: components["schemas"]["Delivery"][];
            /** @description Asks for the next page; null on the last. */
            nextCursor?: string | null;
        };
        /** @description A page of dependencies. */
        DependencyPage: {
            /** @description Whether records at an edge may belong to the other side of it. */
            approximate: boolean;
            /**
             * Format: date-time
             * @description When the snapshot was taken, by the clock of the database.
             */
            asOf: string;
            /** @description The rows, the most called first. */
            data: components["schemas"]["DependencyRow"][];
            /**
             * Format: date-time
             * @description The first instant that the answer covers.
             */
            from: string;
            /** @description Whether stored bytes of the range can't be read, so that figures of some rows are left out. The status names them. */
            incomplete: boolean;
            /** @description Asks for the next page; null on the last. */
            nextCursor?: string | null;
            /**
             * Format: date-time
             * @description The first instant that the answer does not cover.
             */
            to: string;
        };
        /** @description Calls of one service to one route of a partner. */
        DependencyRow: {
            /**
             * Format: double
             * @description Average time to the answer's last byte, in milliseconds.
             */
            averageMs?: number | null;
            /**
             * Format: int64
             * @description Calls that the service itself gave up: a timeout outside of the client's layer, or its own caller had left.
             */
            cancelledCount: number;
            /** @description Both together, as `endpoint` of a filter has them. */
            endpoint: string;
            /**
             * Format: double
             * @description 4xx and 5xx in percent of the calls; a call without an answer counts as 502 or 504, one that was cancelled as 499.
             */
            errorRate?: number | null;
            /** @description The partner: its host, with a port that is not the scheme's own, or the name that the client's layer gives it. */
            host: string;
            /**
             * Format: double
             * @description The greatest in milliseconds.
             */
            maxMs?: number | null;
            /** @description The method. */
            method: string;
            /**
             * Format: int64
             * @description Calls without an answer: no connection, a connection that broke, a timeout.
             */
            noAnswerCount: number;
            /**
             * Format: double
             * @description Its median in milliseconds.
             */
            p50Ms?: number | null;
            /**
             * Format: double
             * @description Its 95th percentile in milliseconds.
             */
            p95Ms?: number | null;
            /**
             * Format: double
             * @description Its 99th percentile in milliseconds.
             */
            p99Ms?: number | null;
            /**
             * Format: int64
             * @description Body bytes that were sent, where the client knew the body's size.
             */
            requestBytes: number;
            /**
             * Format: int64
             * @description Calls that finished in the range, however often each was tried.
             */
            requestCount: number;
            /**
             * Format: int64
             * @description Body bytes that came back.
             */
            responseBytes: number;
            /**
             * Format: int64
             * @description Attempts after the first one, of all calls.
             */
            retryCount: number;
            /** @description The service that calls. */
            service: string;
            /** @description How many calls were counted with each status. */
            statusCodes: {
                [key: string]: number;
            };
            /** @description The route template; null where the call has named none. */
            template?: string | null;
            /**
             * Format: int64
             * @description Calls that ended with 504: a timeout of the client's own, or of a gateway in between.
             */
            timeoutCount: number;
        };
        /** @description Who still calls a deprecated operation. */
        DeprecatedCaller: {
            /**
             * Format: int64
             * @description The number of the API key; 0 for requests without a key, null for keys that are too new to have one.
             */
            apiKeyId?: number | null;
            /** @description The host's own name for the key. */
            externalId?: string | null;
            /** @description A name for people. */
            name?: string | null;
            /**
             * Format: int64
             * @description Its requests.
             */
            requestCount: number;
        };
        /** @description Periods of a granularity that wait for their rollup. */
        DirtyView: {
            /** @description `1m`, `5m`, `1h` or `1d`. */
            granularity: string;
            /**
             * Format: int64
             * @description How many.
             */
            periods: number;
        };
        /** @description Requests that were dropped, by reason. */
        DroppedRequests: {
            /**
             * Format: int64
             * @description Beyond the bytes a second that a process may keep.
             */
            bytes: number;
            /**
             * Format: int64
             * @description Older than what is kept, or more than a day ahead.
             */
            late: number;
            /**
             * Format: int64
             * @description Beyond the memory of a process.
             */
            memory: number;
            /**
             * Format: int64
             * @description Beyond the requests, or the events, a second that a process may keep.
             */
            rate: number;
            /**
             * Format: int64
             * @description Refused by the database, again and again.
             */
            refused: number;
        };
        /** @description What a rule would have done in a range of the past. */
        DryRunAnswer: {
            /**
             * Format: int64
             * @description How many of them breached.
             */
            breaches: number;
            /** @description All windows in the order of time, in at most 360 bins. */
            curve: components["schemas"]["DryRunBin"][];
            /** @description The breaches that would have sent a notice, the earliest first. */
            events: components["schemas"]["DryRunEvent"][];
            /**
             * Format: date-time
             * @description The range whose windows were evaluated.
             */
            from: string;
            /**
             * Format: int64
             * @description How many more were passed over, because an outage's coarse records can't be told from those beside them.
             */
            passedOver: number;
            /**
             * @description How far the ends of two windows lie apart: `1m`, as in reality, or longer where minutes are
             *     no longer kept.
             */
            step: string;
            /**
             * Format: date-time
             * @description Its end.
             */
            to: string;
            /**
             * Format: int64
             * @description How many of them had too few requests to be judged.
             */
            tooFew: number;
            /**
             * Format: int64
             * @description How many windows were evaluated.
             */
            windows: number;
        };
        /** @description Neighbouring windows, as one point of a chart. */
        DryRunBin: {
            /**
             * Format: date-time
             * @description The end of its last window.
             */
            at: string;
            /**
             * Format: int64
             * @description How many of them breached.
             */
            breaches: number;
            /**
             * Format: int64
             * @description How many of them had too few requests to be judged.
             */
            tooFew: number;
            /**
             * Format: double
             * @description The value of its windows that is closest to breaching, or furthest beyond: the greatest where the rule compares
             *     by `gt` or `gte`, else the least. Null where none of them has one.
             */
            value?: number | null;
            /**
             * Format: int64
             * @description How many windows were evaluated.
             */
            windows: number;
        };
        /** @description A rule and the range that it is tried on. */
        DryRunBody: {
            /**
             * Format: date-time
             * @description The first instant of the range, RFC 3339.
             */
            from?: string;
            /**
             * @description The range up to now; not together with `from`.
             * @example 24h
             */
            period?: string;
            rule: {
                /**
                 * @description `error_rate`, `response_time`, `rate_limit`, `request_volume`, `bandwidth`, `unit`, `anomaly`, `anomaly_errors`,
                 *     `anomaly_latency`, `anomaly_bandwidth` or `burn_rate`; over our own health, for admins, `store_unreachable`,
                 *     `flush_lag`, `answer_time`, `query_time`, `open_streams`, `dropped_log_rows` or `cache_hit_rate`.
                 * @example error_rate
                 */
                alertType: string;
                /**
                 * Format: int64
                 * @description Only the API key of this number.
                 */
                apiKeyFilter?: number | null;
                /**
                 * @description `gt`, `lt`, `gte` or `lte`.
                 * @example gt
                 */
                comparison: string;
                /**
                 * Format: int32
                 * @description Minutes between two firings, 0 to 43200.
                 * @default 30
                 */
                cooldownMinutes: number | null;
                /**
                 * @description Whether it is evaluated.
                 * @default true
                 */
                enabled: boolean | null;
                /**
                 * @description Only this endpoint, exactly or as a glob, with or without a method before it:
                 *     `/users/{id}`, `GET /users/{id}`, `/users/*`.
                 */
                endpointFilter?: string | null;
                /** @description Only this environment. */
                environmentFilter?: string | null;
                /**
                 * Format: int64
                 * @description A window with fewer requests is not evaluated.
                 * @default 0
                 */
                minRequests: number | null;
                /**
                 * @description A name for people, 1 to 200 bytes.
                 * @example checkout errors
                 */
                name: string;
                /**
                 * Format: int64
                 * @description For the type `burn_rate`, which needs it: the number of the objective. The rule's filters and tenant are the
                 *     objective's, and its window is a multiple of 12 minutes, of which the last twelfth is looked at too.
                 */
                objectiveId?: number | null;
                /**
                 * @description Only this protocol: `http`, `grpc`, a kind of events such as `agent`, or `any`. Where it is left out, requests
                 *     to the server: `http` and `grpc`.
                 * @example agent
                 */
                protocolFilter?: string | null;
                /**
                 * Format: double
                 * @description For response times: which quantile, such as 0.95; null is the mean.
                 */
                quantile?: number | null;
                /**
                 * Format: int64
                 * @description The revision that the change is of; 409 where the rule has another. Not for new rules.
                 */
                revision?: number | null;
                /** @description Only this service. */
                serviceFilter?: string | null;
                /**
                 * @description `low`, `medium`, `high` or `critical`.
                 * @default medium
                 */
                severity: string | null;
                /** @description Whose keys it watches; null watches everything. A manager's rules are its tenant's. */
                tenantId?: string | null;
                /**
                 * Format: double
                 * @description In the unit of the type: percent, milliseconds, requests, bytes, deviations.
                 * @example 10
                 */
                thresholdValue: number;
                /** @description For the type `unit`, which needs it: the name of the unit that is summed. */
                unit?: string | null;
                /**
                 * Format: int32
                 * @description Whole minutes that are looked at together, 1 to 1440.
                 * @default 5
                 */
                windowMinutes: number | null;
            } & Record<string, never>;
            /**
             * Format: date-time
             * @description The first instant after the range, RFC 3339; up to now without it.
             */
            to?: string;
        };
        /** @description A breach that would have sent a notice. */
        DryRunEvent: {
            /**
             * Format: date-time
             * @description The end of the window that breached.
             */
            firedAt: string;
            /** @description The text of the notice. */
            message: string;
            /**
             * Format: date-time
             * @description The end of the first window that no longer did; null: it lasted to the end.
             */
            resolvedAt?: string | null;
            /**
             * Format: double
             * @description The value that fired.
             */
            value: number;
        };
        /** @description One endpoint as one consumer sees it. */
        EndpointConsumer: {
            /**
             * Format: int64
             * @description The number of the API key; 0 for requests without a key, null for keys that are too new to have one.
             */
            apiKeyId?: number | null;
            /** @description The route template, `<unmatched>` or `<other>`. */
            endpoint: string;
            /**
             * Format: int64
             * @description Those of them that were answered with 4xx or 5xx.
             */
            errorCount: number;
            /**
             * Format: double
             * @description These in percent of the requests.
             */
            errorRate?: number | null;
            /** @description The host's own name for the key. */
            externalId?: string | null;
            /** @description The method, or `_OTHER`. */
            method: string;
            /** @description A name for people. */
            name?: string | null;
            /**
             * Format: double
             * @description Their errors in percent.
             */
            othersErrorRate?: number | null;
            /**
             * Format: double
             * @description Their 95th percentile in milliseconds; null without others, and where latencies are kept as t-digests.
             */
            othersP95Ms?: number | null;
            /**
             * Format: int64
             * @description Requests of everybody else to this endpoint, as far as the caller may see them.
             */
            othersRequestCount: number;
            /**
             * Format: double
             * @description The 95th percentile in milliseconds.
             */
            p95Ms?: number | null;
            /**
             * Format: int64
             * @description Requests of this consumer to this endpoint.
             */
            requestCount: number;
            /** @description The recording service. */
            service: string;
            /** @description The tenant that the key belongs to. */
            tenantId?: string | null;
        };
        /** @description Endpoints by consumer. */
        EndpointConsumers: {
            /** @description Whether records at an edge may belong to the other side of it. */
            approximate: boolean;
            /**
             * Format: date-time
             * @description When the snapshot was taken, by the clock of the database.
             */
            asOf: string;
            /** @description Whether these are all pairs. */
            complete: boolean;
            /** @description The pairs with the most requests, the most first. */
            data: components["schemas"]["EndpointConsumer"][];
            /**
             * Format: date-time
             * @description The first instant that the answer covers.
             */
            from: string;
            /**
             * @description Whether stored bytes of the range can't be read, so that latencies or statuses of some rows, or
             *     flush batches, are left out. The status names them.
             */
            incomplete: boolean;
            /**
             * Format: date-time
             * @description The first instant that the answer does not cover.
             */
            to: string;
        };
        /** @description A page of endpoints. */
        EndpointPage: {
            /** @description Whether records at an edge may belong to the other side of it. */
            approximate: boolean;
            /**
             * Format: date-time
             * @description When the snapshot was taken, by the clock of the database.
             */
            asOf: string;
            /** @description The rows, the most requested first. */
            data: components["schemas"]["EndpointRow"][];
            /**
             * Format: date-time
             * @description The first instant that the answer covers.
             */
            from: string;
            /**
             * @description Whether stored bytes of the range can't be read, so that latencies or statuses of some rows, or
             *     flush batches, are left out. The status names them.
             */
            incomplete: boolean;
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
            /**
             * Format: double
             * @description From the request being seen to the response's head, on average, in milliseconds.
             */
            averageTimeToHeadersMs?: number | null;
            /** @description The route template, `<unmatched>` or `<other>`. */
            endpoint: string;
            /**
             * Format: double
             * @description 4xx and 5xx in percent of the requests.
             */
            errorRate?: number | null;
            /** @description Units that are no sums, by name. */
            gauges: {
                [key: string]: components["schemas"]["GaugeView"];
            };
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
             * @description The median time to headers in milliseconds; null where the service does not keep such quantiles
             *     (`Builder::headers_quantiles`).
             */
            p50TimeToHeadersMs?: number | null;
            /**
             * Format: double
             * @description The 95th percentile in milliseconds.
             */
            p95Ms?: number | null;
            /**
             * Format: double
             * @description The 95th percentile of the time to headers, in milliseconds.
             */
            p95TimeToHeadersMs?: number | null;
            /**
             * Format: double
             * @description The 99th percentile in milliseconds.
             */
            p99Ms?: number | null;
            /**
             * Format: double
             * @description The 99th percentile of the time to headers, in milliseconds.
             */
            p99TimeToHeadersMs?: number | null;
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
            /**
             * Format: int64
             * @description How many of the requests these three cover: all that had a head where every instance keeps them, 0
             *     where none does.
             */
            timeToHeadersQuantileCount: number;
            /** @description Sums of units by name, as responses have counted them. */
            units: {
                [key: string]: number;
            };
        };
        /** @description What was erased. */
        ErasedView: {
            /**
             * Format: int64
             * @description Requests deleted.
             */
            requests: number;
        };
        /** @description A day of a month, and where its count ends. */
        ExplainedDay: components["schemas"]["UtcDay"] & {
            /** @description What the day costs, exactly. */
            cost: components["schemas"]["Amount"];
            /**
             * Format: int64
             * @description Requests whose status does not count.
             */
            notCounted: number;
            /**
             * Format: int64
             * @description Requests of the month up to the day's end: from there on the next day is priced.
             */
            position: number;
            /**
             * Format: int64
             * @description Requests that are billed.
             */
            requests: number;
            /** @description What was used of units. */
            units: {
                [key: string]: number;
            };
        };
        /** @description From when on a granularity keeps its periods. */
        FloorView: {
            /**
             * Format: date-time
             * @description Null where everything is kept.
             */
            floor?: string | null;
            /** @description `1m`, `5m`, `1h` or `1d`. */
            granularity: string;
        };
        /** @description Observations of a unit that is no sum, such as a score. Each was rounded to millionths. */
        GaugeView: {
            /**
             * Format: int64
             * @description How many there were.
             */
            count: number;
            /**
             * Format: double
             * @description The greatest.
             */
            max: number;
            /**
             * Format: double
             * @description Their mean.
             */
            mean: number;
            /**
             * Format: double
             * @description The smallest.
             */
            min: number;
            /**
             * Format: double
             * @description All of them together.
             */
            sum: number;
        };
        /** @description The groups of a range. */
        GroupList: {
            /** @description The groups, those of most requests first. */
            data: components["schemas"]["RequestGroup"][];
            /**
             * Format: date-time
             * @description The start of the range.
             */
            from: string;
            /**
             * Format: date-time
             * @description The end of the range.
             */
            to: string;
        };
        /** @description How a key stands towards its bounds. */
        Headroom: components["schemas"]["KeyLabel"] & {
            /**
             * Format: date-time
             * @description When it hits the first of its bounds; the moment of the count where it has hit one; null: no forecast says so.
             */
            hitsAt?: string | null;
            quota?: components["schemas"]["QuotaRoom"] | null;
            rate?: components["schemas"]["LimitRoom"] | null;
            /**
             * Format: int64
             * @description Those of them that were answered with 429.
             */
            refused: number;
            /**
             * Format: int64
             * @description Requests in the last 24 hours.
             */
            requests: number;
        };
        /** @description A page of keys with a limit or a quota. */
        HeadroomPage: {
            /**
             * Format: date-time
             * @description The moment of the count.
             */
            asOf: string;
            /** @description The keys, whoever hits first at the front; then who has used most of a bound. */
            data: components["schemas"]["Headroom"][];
            /**
             * Format: int64
             * @description Requests a month of keys without a quota of their own; null: they have none.
             */
            defaultQuota?: number | null;
            /**
             * Format: int64
             * @description Requests a minute of keys without a limit of their own; null: they have none.
             */
            defaultRateLimit?: number | null;
            /** @description Asks for the next page; null on the last. */
            nextCursor?: string | null;
            /**
             * Format: double
             * @description From which percentage on a key is near its limit.
             */
            threshold: number;
        };
        /** @description A heatmap. */
        Heatmap: {
            /**
             * @description Where periods begin: `local` by the zone's clock, `utcHours` or `utcDays` where what is kept can't be
             *     cut so.
             */
            alignment: string;
            /** @description Whether cells may be cut at other hours than the zone's, or records at their edges belong to others. */
            approximate: boolean;
            /**
             * Format: date-time
             * @description When the snapshot was taken, by the clock of the database.
             */
            asOf: string;
            /**
             * @description Whether what lies between the start that was asked for and `from` is left out, because hours are no
             *     longer kept there.
             */
            cutShort: boolean;
            /** @description The cells, in order of time or of weekday and hour. */
            data: components["schemas"]["Cell"][];
            /**
             * Format: date-time
             * @description The first instant that the answer covers. In the weekday layout by hours it is later than asked where
             *     only days are kept: a day is never put into an hour.
             */
            from: string;
            /** @description The length of a cell: `hour`, `day`, `week`, or the name of another step. */
            granularity: string;
            /**
             * @description Whether stored bytes of the range can't be read, so that latencies or statuses of some rows, or
             *     flush batches, are left out. The status names them.
             */
            incomplete: boolean;
            /** @description How cells are laid out. */
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
        /** @description What looks like a mistake though nothing fails. */
        HintView: {
            /** @description What to look at, for people. */
            detail: string;
            /** @description Its environment. */
            environment: string;
            /**
             * @description Which hint it is. `no-keys`: in the last 24 hours no request has carried an API key, though some
             *     were answered with 401. Others may follow.
             */
            name: string;
            /**
             * Format: int64
             * @description How many requests show it; of `no-keys` those that were answered with 401.
             */
            requests: number;
            /** @description The service that it is about. */
            service: string;
        };
        /** @description Flush batches that wait to be folded. */
        InboxView: {
            /**
             * Format: int64
             * @description Flush batches.
             */
            batches: number;
            /**
             * Format: int64
             * @description Bytes of them.
             */
            bytes: number;
            /**
             * Format: int64
             * @description Records in them.
             */
            records: number;
        };
        /**
         * @description An event, explained. Parts that are not known are null: with the rule gone all but the event, without a request log
         *     the groups and the requests.
         */
        Incident: {
            consumers?: components["schemas"]["IncidentBreakdown"] | null;
            curve?: components["schemas"]["IncidentCurve"] | null;
            endpoints?: components["schemas"]["IncidentBreakdown"] | null;
            /** @description The event. */
            event: components["schemas"]["AlertEvent"];
            /**
             * Format: date-time
             * @description The start of the span that is broken down: of the event's first window.
             */
            from: string;
            /** @description The three largest groups of errors. */
            groups?: components["schemas"]["CauseGroup"][] | null;
            /** @description What the breakdowns count: `errors`, `slow_requests`, `requests`, `missing_requests`, `bytes` or `unit`. */
            measure?: string | null;
            release?: components["schemas"]["IncidentRelease"] | null;
            /** @description Some of the requests, the latest first. */
            requests?: components["schemas"]["LoggedRequest"][] | null;
            rule?: components["schemas"]["Alert"] | null;
            statuses?: components["schemas"]["IncidentBreakdown"] | null;
            /**
             * Format: date-time
             * @description Its end: that of the event, at most a day later.
             */
            to: string;
            /**
             * Format: date-time
             * @description The start of the span that it is held against, which ends where the other begins.
             */
            usualFrom: string;
            /** @description All of it in one sentence. */
            verdict?: string | null;
        };
        /** @description A dimension of an incident. */
        IncidentBreakdown: {
            /**
             * Format: int64
             * @description How many parts there are.
             */
            of: number;
            /** @description The largest parts, at most eight. */
            parts: components["schemas"]["IncidentPart"][];
            /** @description The verdict in words. */
            text: string;
            /**
             * Format: int64
             * @description All of it in the incident.
             */
            total: number;
            /** @description `too_few`, `only_one`, `one`, `few`, `alike` or `mixed`. */
            verdict: string;
        };
        /** @description The values of a rule. */
        IncidentCurve: {
            /** @description Whether the event goes on beyond the last point. */
            cut: boolean;
            /** @description In the order of time. */
            points: components["schemas"]["IncidentPoint"][];
            /** @description How far the ends of two windows lie apart. */
            step: string;
        };
        /** @description A part of an incident. */
        IncidentPart: {
            /**
             * Format: int64
             * @description How much of it is in the incident.
             */
            amount: number;
            /**
             * Format: int64
             * @description Of a consumer: the number of its key; 0 stands for requests without one.
             */
            apiKeyId?: number | null;
            /** @description Of an endpoint: its route template. */
            endpoint?: string | null;
            /** @description Of an endpoint: its method. */
            method?: string | null;
            /** @description As people know it. */
            name: string;
            /**
             * Format: int64
             * @description Its requests in the incident.
             */
            requests: number;
            /**
             * Format: double
             * @description Its share of the incident, 0 to 1.
             */
            share: number;
            /**
             * Format: int32
             * @description Of a status code: the code.
             */
            status?: number | null;
            /**
             * Format: double
             * @description Its usual share, 0 to 1; null where too little came before to tell.
             */
            usualShare?: number | null;
        };
        /** @description A window of the rule. */
        IncidentPoint: {
            /**
             * Format: date-time
             * @description Its end.
             */
            at: string;
            /**
             * Format: int64
             * @description Its requests.
             */
            requests: number;
            /**
             * Format: double
             * @description Its value in the unit of the rule; null where it is not evaluated.
             */
            value?: number | null;
        };
        /** @description A release and the rule's traffic around it. */
        IncidentRelease: {
            /** @description The hour after. */
            after: components["schemas"]["IncidentTotals"];
            /**
             * Format: date-time
             * @description When its first process started.
             */
            at: string;
            /** @description The hour before. */
            before: components["schemas"]["IncidentTotals"];
            /** @description The service. */
            service: string;
            /** @description The version that came. */
            version: string;
        };
        /** @description The traffic of an hour. */
        IncidentTotals: {
            /**
             * Format: double
             * @description The share of 4xx and 5xx in percent; null without requests.
             */
            errorRate?: number | null;
            /**
             * Format: double
             * @description The 95th percentile in milliseconds; null without requests.
             */
            p95Ms?: number | null;
            /**
             * Format: int64
             * @description Requests.
             */
            requests: number;
        };
        /** @description A writer's token, without its secret. */
        IngestToken: {
            /**
             * Format: date-time
             * @description When it was made.
             */
            createdAt: string;
            /** @description Who has made it. */
            createdBy: string;
            /** @description Its environment. */
            environment: string;
            /**
             * Format: int64
             * @description Its number.
             */
            id: number;
            /**
             * Format: date-time
             * @description When it was last used, to the minute; null: never.
             */
            lastUsedAt?: string | null;
            /** @description A name for people. */
            name: string;
            /** @description The origins of pages that use it, which write `webrtc` alone; empty: it is a service's. */
            origins: string[];
            /**
             * Format: double
             * @description By which part of itself a quantile of the service may be off, because of what it reports by OpenTelemetry: 0.41
             *     is 41%. Null: by no more than our own, 1%.
             */
            quantileError?: number | null;
            /**
             * Format: date-time
             * @description Since when it is refused; null: it is good.
             */
            revokedAt?: string | null;
            /** @description The service that its requests are of. */
            service: string;
            /** @description The service's route templates, for requests that come with a path. */
            templates: string[];
            /** @description Whose API keys its requests may name; null: all. */
            tenantId?: string | null;
        };
        /** @description A token before it is made. */
        IngestTokenBody: {
            /**
             * @description Its environment; `default` by default.
             * @example production
             */
            environment?: string | null;
            /**
             * @description A name for people, 1 to 128 bytes.
             * @example checkout in production
             */
            name: string;
            /**
             * @description The origins of pages that use it, at most 20: it is then a browser's, which writes `webrtc` alone and is
             *     never billed.
             * @example [
             *       "https://app.example"
             *     ]
             */
            origins?: string[] | null;
            /**
             * @description The service that its requests are of.
             * @example checkout
             */
            service: string;
            /** @description The service's route templates, for requests that come with a path. */
            templates?: string[] | null;
            /** @description Whose API keys its requests may name; all by default. */
            tenantId?: string | null;
        };
        /** @description All tokens. */
        IngestTokenList: {
            /** @description The newest first, revoked ones included. */
            data: components["schemas"]["IngestToken"][];
        };
        /** @description One recording process. */
        InstanceView: {
            /** @description Its environment. */
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
            /** @description Whether it flushed within the last hour and has not ended in order. */
            live: boolean;
            /**
             * Format: int64
             * @description The number of its last flush.
             */
            sequence: number;
            /** @description The service that it records for. */
            service: string;
            /**
             * Format: date-time
             * @description When it started.
             */
            startedAt: string;
            /** @description The version of the host's code. */
            version: string;
        };
        /** @description A month of one currency. */
        Invoice: {
            /** @description The currency's ISO 4217 code. */
            currency: string;
            /** @description The sum of the exact amounts. */
            exact: string;
            /**
             * Format: int64
             * @description Lines on all pages.
             */
            lineCount: number;
            /** @description By key, then in the order in which they came up: those of this page. */
            lines: components["schemas"]["InvoiceLine"][];
            /**
             * Format: int64
             * @description Requests on all lines.
             */
            quantity: number;
            /** @description The sum of the rounded lines: what is due. */
            total: string;
        };
        /** @description A month's invoices. */
        InvoiceAnswer: {
            /**
             * Format: date-time
             * @description When the snapshot was taken, by the clock of the database.
             */
            asOf: string;
            /** @description Whether the month is over. */
            closed: boolean;
            /** @description One a currency, with totals of all lines on every page; none where nothing was used. */
            data: components["schemas"]["Invoice"][];
            /** @description Asks for the next page of lines; null on the last. */
            nextCursor?: string | null;
            /**
             * Format: date
             * @description The first day after it.
             */
            periodEnd: string;
            /**
             * Format: date
             * @description The month's first day.
             */
            periodStart: string;
            /** @description How amounts are rounded. */
            rounding: string;
        };
        /** @description One line. */
        InvoiceLine: {
            /** @description What they cost, rounded. */
            amount: string;
            /**
             * Format: int64
             * @description The key, by its number.
             */
            apiKeyId: number;
            /** @description What is charged, in words. */
            description: string;
            /** @description What they cost, exactly. */
            exact: string;
            /** @description The host's own name for it. */
            externalId: string;
            /**
             * Format: date
             * @description The first day with such a request.
             */
            firstDay: string;
            /** @description Its name, or the host's. */
            keyName: string;
            /**
             * Format: date
             * @description The last one.
             */
            lastDay: string;
            /** @description The price of 1,000 of them. */
            perThousand: string;
            /** @description The plan. */
            plan: string;
            /**
             * Format: date
             * @description The plan's version: the day from which it counts.
             */
            planFrom: string;
            /**
             * Format: int64
             * @description Requests, or how much of the unit.
             */
            quantity: number;
            /** @description The tenant that it belongs to. */
            tenantId?: string | null;
            /**
             * Format: int64
             * @description From how many requests, or how much of the unit, on the tier counts; null for the free allowance.
             */
            tierFrom?: number | null;
            /** @description The unit that is charged; null for requests. */
            unit?: string | null;
        };
        /** @description A job of a service. */
        Job: {
            /** @description Its environment. */
            environment: string;
            /**
             * Format: int64
             * @description Runs that were none, ever.
             */
            failureCount: number;
            /**
             * Format: int64
             * @description Its number.
             */
            id: number;
            lastRun?: components["schemas"]["JobRun"] | null;
            /** @description Its name. */
            name: string;
            /**
             * Format: date-time
             * @description When it is due next; null where only the host's code runs it.
             */
            nextAt?: string | null;
            /** @description Who has asked for a run that has not begun. */
            requestedBy?: string | null;
            /**
             * Format: date-time
             * @description When a run that has failed is tried again; null where none waits for that.
             */
            retryAt?: string | null;
            /**
             * Format: date-time
             * @description Since when it runs; null while it does not.
             */
            runningSince?: string | null;
            /** @description When it runs, in words or as a cron line; null where only the host's code runs it. */
            schedule?: string | null;
            /** @description The service that runs it. */
            service: string;
            /**
             * Format: int64
             * @description Runs that were a success, ever.
             */
            successCount: number;
        };
        /** @description A page of jobs. */
        JobPage: {
            /** @description The jobs, in the order in which they became known. */
            data: components["schemas"]["Job"][];
            /** @description Asks for the next page; null on the last. */
            nextCursor?: string | null;
            /** @description The background tasks of the instance that answers; null where it has none. */
            tasks?: components["schemas"]["BackgroundTask"][] | null;
        };
        /** @description One run of a job. */
        JobRun: {
            /**
             * Format: int64
             * @description How often it was tried.
             */
            attempts: number;
            /** @description Why it ran: `schedule`, `manual`, or `code`, where the host's code ran it. */
            cause: string;
            /**
             * Format: date-time
             * @description Which due time it is of, where it was scheduled.
             */
            dueAt?: string | null;
            /**
             * Format: int64
             * @description How long its last attempt took, in milliseconds.
             */
            durationMs?: number | null;
            /** @description What went wrong last; at most 1,000 characters. */
            error?: string | null;
            /**
             * Format: date-time
             * @description When it ended; null while it is open.
             */
            finishedAt?: string | null;
            /**
             * Format: int64
             * @description Its number; later runs of a job have greater ones.
             */
            id: number;
            /**
             * Format: uuid
             * @description The instance that ran its last attempt.
             */
            instance: string;
            /** @description `success`, `error`, `timeout` or `cancelled`; null while it is open. */
            outcome?: string | null;
            /**
             * Format: date-time
             * @description When its first attempt began.
             */
            startedAt: string;
        };
        /** @description A page of a job's runs. */
        JobRunPage: {
            /** @description The runs, the latest first. */
            data: components["schemas"]["JobRun"][];
            /** @description Asks for the next page; null on the last. */
            nextCursor?: string | null;
        };
        /** @description An API key. */
        KeyLabel: {
            /**
             * Format: int64
             * @description Its number.
             */
            apiKeyId: number;
            /** @description The host's own name for it. */
            externalId: string;
            /** @description A name for people. */
            name?: string | null;
            /** @description The tenant that it belongs to. */
            tenantId?: string | null;
        };
        /** @description A page of keys. */
        KeyPage: {
            /** @description Whether records at an edge may belong to the other side of it. */
            approximate: boolean;
            /**
             * Format: date-time
             * @description When the snapshot was taken, by the clock of the database.
             */
            asOf: string;
            /** @description The keys that were used, the most used first; requests without a key as number 0. */
            data: components["schemas"]["KeyRow"][];
            /**
             * Format: date-time
             * @description The first instant that the answer covers.
             */
            from: string;
            /**
             * @description Whether stored bytes of the range can't be read, so that latencies or statuses of some rows, or
             *     flush batches, are left out. The status names them.
             */
            incomplete: boolean;
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
            /**
             * Format: double
             * @description What its busiest minute in the range used of the limit, in percent: of the minutes that are kept, and of
             *     those whose utilization was recorded in the last 30 days. Null where neither is known.
             */
            peakUtilization?: number | null;
            /**
             * Format: int64
             * @description Requests that it may send in a minute; null: no limit is known.
             */
            rateLimitPerMinute?: number | null;
            /**
             * Format: double
             * @description Its requests in percent of what the limit allows in the whole range: the mean of all minutes.
             */
            utilization?: number | null;
        };
        /** @description What a key used. */
        KeyUsage: components["schemas"]["KeyLabel"] & components["schemas"]["Usage"];
        /** @description The delivery through a channel that changed last. */
        LastDelivery: {
            /**
             * Format: date-time
             * @description When any of this last changed.
             */
            at: string;
            /**
             * Format: int64
             * @description Attempts made so far.
             */
            attempts: number;
            /** @description Why the last attempt failed; null where none has. */
            error?: string | null;
            /**
             * Format: uuid
             * @description The notice's id.
             */
            noticeId: string;
            /** @description `dead`, `pending` or `delivered`. */
            status: string;
        };
        /** @description What the same hours of past weeks say. */
        LimitForecast: {
            /**
             * Format: date-time
             * @description When the bound is reached; null: not within 24 hours for a limit, not within its period for a quota.
             */
            at?: string | null;
            /** @description The same in words. */
            text: string;
            /**
             * Format: int32
             * @description Weeks of history that it is made of, at most four; 0: there is less than one, and nothing can be said.
             */
            weeks: number;
        };
        /** @description How a key stands towards its rate limit. */
        LimitRoom: {
            busiest?: components["schemas"]["BusiestMinute"] | null;
            /** @description Whether the limit will be reached within the next 24 hours. */
            forecast: components["schemas"]["LimitForecast"];
            /** @description Whether that is the default limit, because the key has none of its own. */
            isDefault: boolean;
            /**
             * Format: int64
             * @description Requests that it may send in a minute.
             */
            limit: number;
            /**
             * Format: int64
             * @description Minutes in which there were any.
             */
            overMinutes: number;
            /**
             * Format: int64
             * @description Requests above the limit of today in the minutes of the last 24 hours.
             */
            overRequests: number;
            /**
             * Format: int64
             * @description Requests in the minute before.
             */
            previous: number;
            /**
             * Format: double
             * @description Requests a minute over the last 60 seconds.
             */
            requestsPerMinute: number;
            /**
             * Format: int64
             * @description Requests in the current minute of the clock so far.
             */
            used: number;
            /**
             * Format: double
             * @description What the current minute has used of the limit, in percent.
             */
            utilization: number;
        };
        /** @description One endpoint. */
        LiveEndpoint: {
            /**
             * Format: double
             * @description Average latency in milliseconds.
             */
            averageMs?: number | null;
            /** @description The route template. */
            endpoint: string;
            /**
             * Format: double
             * @description 4xx and 5xx in percent of the requests.
             */
            errorRate?: number | null;
            /** @description The method, or `_OTHER`. */
            method: string;
            /**
             * Format: double
             * @description The 95th percentile in milliseconds.
             */
            p95Ms?: number | null;
            /**
             * Format: int64
             * @description Requests that finished in it.
             */
            requestCount: number;
            /** @description The recording service. */
            service: string;
        };
        /** @description A line that the service has logged while a request ran. */
        LogLine: {
            /**
             * Format: date-time
             * @description When it was logged.
             */
            at: string;
            /** @description Its fields, as `name=value`. */
            fields: string;
            /** @description `error`, `warn`, `info`, `debug` or `trace`. */
            level: string;
            /** @description What it says. */
            message: string;
            /** @description Where it comes from. */
            source: string;
        };
        /**
         * @description A request of the log, or an event that the service has logged outside of all requests. An event has a source, a
         *     level, a message and fields; its protocol, method, endpoint and path are empty, its status is 0.
         */
        LoggedRequest: {
            /**
             * Format: uuid
             * @description A hash of the client's address, which links the requests of one UTC day and nothing else. For admins.
             */
            address?: string | null;
            /** @description The host's own name for that key. */
            apiKey?: string | null;
            /**
             * Format: int64
             * @description The number of its API key; null: it had none.
             */
            apiKeyId?: number | null;
            /**
             * Format: date-time
             * @description When it finished.
             */
            at: string;
            /** @description The client's city. For admins. */
            city?: string | null;
            /**
             * Format: int32
             * @description The status under which it is counted.
             */
            countedStatus: number;
            /** @description The client's country, by its two letters of ISO 3166. */
            country?: string | null;
            /** @description The route template. */
            endpoint: string;
            /** @description Its environment. */
            environment: string;
            /** @description The kind of error. */
            errorType?: string | null;
            /** @description The fields of an event, as `name=value`. */
            fields?: string | null;
            /** @description The group of errors that it belongs to. */
            group?: string | null;
            /**
             * Format: uuid
             * @description Its id; ids sort by time.
             */
            id: string;
            /**
             * Format: uuid
             * @description The process that served it.
             */
            instance: string;
            /** @description `request` or `event`. */
            kind: string;
            /**
             * Format: double
             * @description How long it took.
             */
            latencyMs?: number | null;
            /**
             * Format: double
             * @description Degrees north, rounded to a tenth. For admins.
             */
            latitude?: number | null;
            /** @description The level of an event; of a request the most severe among its lines. For admins. */
            level?: string | null;
            /** @description What the service has logged while it ran, at most 20 lines and 4 KiB. For admins. */
            lines: components["schemas"]["LogLine"][];
            /**
             * Format: int64
             * @description Lines beyond these bounds. For admins.
             */
            linesLeftOut: number;
            /**
             * Format: double
             * @description Degrees east, rounded to a tenth. For admins.
             */
            longitude?: number | null;
            /** @description What the error said. */
            message?: string | null;
            /** @description The method. */
            method: string;
            /** @description `completed`, `aborted`, `failed` or `panicked`; `event`. */
            outcome: string;
            /** @description The path, without its query. Values of path parameters are masked unless the service allows them by name. */
            path: string;
            /** @description `http` or `grpc`. */
            protocol: string;
            /**
             * Format: double
             * @description How long it waited before it was seen.
             */
            queueWaitMs?: number | null;
            /** @description Why it was kept: `everything`, `error`, `client_error`, `slow` or `sample`; `event`. */
            reason: string;
            /** @description The client's region, as a code or a name. For admins. */
            region?: string | null;
            /**
             * Format: int64
             * @description Bytes of its body.
             */
            requestBytes: number;
            /** @description The request's own id. */
            requestId?: string | null;
            /**
             * Format: int64
             * @description Bytes of its response's body.
             */
            responseBytes: number;
            /** @description The service. */
            service: string;
            /** @description Where an event comes from: the target under which it was logged. */
            source?: string | null;
            /** @description The caller's span, as 16 hexadecimal digits. */
            spanId?: string | null;
            /**
             * Format: int32
             * @description The status that was sent; null: none was.
             */
            status?: number | null;
            /**
             * Format: double
             * @description How long its headers took.
             */
            timeToHeadersMs?: number | null;
            /** @description The trace, as 32 hexadecimal digits. */
            traceId?: string | null;
            /** @description The user. */
            user?: string | null;
            /** @description The client's user agent. */
            userAgent?: string | null;
            /** @description The version of its code. */
            version: string;
            /**
             * Format: int64
             * @description For how many requests it stands, itself included.
             */
            weight: number;
        };
        /** @description Flush batches that the database has lost, by their sequence numbers. */
        LostView: {
            /**
             * Format: int64
             * @description The first of the span.
             */
            first: number;
            /**
             * Format: int64
             * @description The last of the span.
             */
            last: number;
        };
        /** @description A row: the dimensions that were grouped by, and the metrics that were asked for. */
        MetricRow: {
            /**
             * Format: int64
             * @description Requests whose client left before the end.
             */
            abortedCount?: number;
            /**
             * Format: int64
             * @description The number of the API key; 0 for requests without one, null for keys that are too new to
             *     have a number.
             */
            apiKeyId?: number | null;
            /**
             * @description Whether the period is not cut where the zone's clock says, because only longer periods are kept, or
             *     records at its edges may belong to its neighbours.
             */
            approximate?: boolean;
            /**
             * Format: double
             * @description Average latency in milliseconds.
             */
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
            /**
             * Format: int64
             * @description Requests answered with 400 to 499.
             */
            errorCount4xx?: number;
            /**
             * Format: int64
             * @description Requests answered with 500 to 599, that failed, or that panicked.
             */
            errorCount5xx?: number;
            /**
             * Format: double
             * @description 4xx and 5xx in percent of the requests.
             */
            errorRate?: number | null;
            /** @description Units that are no sums, by name. */
            gauges?: {
                [key: string]: components["schemas"]["GaugeView"];
            };
            /**
             * Format: double
             * @description The greatest latency in milliseconds.
             */
            maxMs?: number | null;
            /** @description The method, or `_OTHER`. */
            method?: string;
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
             * @description The median time to headers in milliseconds; null where the service does not keep such quantiles
             *     (`Builder::headers_quantiles`).
             */
            p50TimeToHeadersMs?: number | null;
            /**
             * Format: double
             * @description The 95th percentile in milliseconds.
             */
            p95Ms?: number | null;
            /**
             * Format: double
             * @description The 95th percentile of the time to headers, in milliseconds.
             */
            p95TimeToHeadersMs?: number | null;
            /**
             * Format: double
             * @description The 99th percentile in milliseconds.
             */
            p99Ms?: number | null;
            /**
             * Format: double
             * @description The 99th percentile of the time to headers, in milliseconds.
             */
            p99TimeToHeadersMs?: number | null;
            /** @description Whether the range begins or ends within the period, or the period is not over yet. */
            partial?: boolean;
            /**
             * Format: date-time
             * @description The first instant that the row does not cover.
             */
            periodEnd?: string;
            /**
             * Format: date-time
             * @description The first instant that the row covers; this and the next three are absent with `granularity=none`.
             */
            periodStart?: string;
            /** @description `http` or `grpc`. */
            protocol?: string;
            /**
             * Format: int64
             * @description Body bytes that were read.
             */
            requestBytes?: number;
            /**
             * Format: int64
             * @description Requests that finished.
             */
            requestCount?: number;
            /**
             * Format: int64
             * @description Body bytes that were sent.
             */
            responseBytes?: number;
            /** @description The recording service. */
            service?: string;
            /** @description How many requests were answered with each status. */
            statusCodes?: {
                [key: string]: number;
            };
            /** @description The team that the API key belongs to; null where it belongs to none. */
            teamId?: string | null;
            /**
             * Format: int64
             * @description How many of the requests these three cover: all that had a head where every instance keeps them, 0
             *     where none does.
             */
            timeToHeadersQuantileCount?: number;
            /** @description Sums of units by name, as responses have counted them. */
            units?: {
                [key: string]: number;
            };
            /** @description The user that the API key belongs to; null where it belongs to none. */
            userId?: string | null;
        };
        /** @description One minute. */
        Minute: {
            /**
             * Format: int64
             * @description 4xx and 5xx together.
             */
            errorCount: number;
            /**
             * Format: double
             * @description The 95th percentile in milliseconds.
             */
            p95Ms?: number | null;
            /** @description Whether the minute is not over yet. */
            partial: boolean;
            /**
             * Format: date-time
             * @description The first instant after it.
             */
            periodEnd: string;
            /**
             * Format: date-time
             * @description The first instant of the minute.
             */
            periodStart: string;
            /**
             * Format: int64
             * @description Requests that finished in it.
             */
            requestCount: number;
        };
        /** @description The days of the month that are over, and the same days of the month before. */
        MonthBefore: {
            /** @description What of it is because of other prices; the two add up to the difference. */
            byPrices?: string | null;
            /**
             * @description What of the difference is because of more or less usage, at the prices of the month before; null where not
             *     all is of one currency.
             */
            byUsage?: string | null;
            /** @description What those days of this month cost; one amount a currency. */
            cost: components["schemas"]["Amount"][];
            /** @description What those of the month before did. */
            costBefore: components["schemas"]["Amount"][];
            /**
             * Format: int32
             * @description How many days from the first on are compared.
             */
            days: number;
            /**
             * Format: date
             * @description The first day of the month before.
             */
            month: string;
            /**
             * Format: int64
             * @description Requests billed in those days of this month.
             */
            requests: number;
            /**
             * Format: int64
             * @description Requests billed in them in the month before.
             */
            requestsBefore: number;
        };
        /** @description A token that was just made. */
        NewIngestTokenView: {
            /** @description Its secret, which is kept nowhere: `Authorization: Bearer amw_...`. */
            secret: string;
            /** @description The token. */
            token: components["schemas"]["IngestToken"];
        };
        /** @description A silence before it is made. */
        NewSilenceBody: {
            /**
             * Format: int64
             * @description Only this rule; all rules by default.
             */
            alertId?: number | null;
            /**
             * @description Only rules of this endpoint, or of endpoints that the pattern matches; all rules by default.
             * @example GET /invoices/*
             */
            endpoint?: string | null;
            /** @description Only rules of this environment; all rules by default. */
            environment?: string | null;
            /**
             * Format: date-time
             * @description From when on; now by default. At most a year ahead.
             */
            from?: string | null;
            /**
             * @description Why, for people.
             * @example the database moves
             */
            reason?: string | null;
            /**
             * @description Only rules of this service; all rules by default.
             * @example billing
             */
            service?: string | null;
            /** @description Only this tenant's rules; everybody's by default. A manager's silences are its tenant's. */
            tenantId?: string | null;
            /**
             * Format: date-time
             * @description Until when; at most a year later.
             */
            until: string;
        };
        /** @description A notice: the body that a webhook receives. */
        Notice: {
            apiKey?: components["schemas"]["NoticeKey"] | null;
            /**
             * Format: date-time
             * @description When it happened.
             */
            at: string;
            /**
             * Format: uuid
             * @description For alerts: the event.
             */
            eventId?: string | null;
            /**
             * Format: uuid
             * @description The same each time that it is sent: receivers know duplicates by it.
             */
            id: string;
            /** @description `alert.fired`, `alert.resolved`, `rate_limit.near`, `quota.reached`, `digest.weekly` or `test`. */
            kind: string;
            /** @description The whole notice in one sentence. */
            message: string;
            rule?: components["schemas"]["NoticeRule"] | null;
            /** @description `low`, `medium`, `high` or `critical`. */
            severity: string;
            /** @description Whose notice it is; null for everybody's. */
            tenantId?: string | null;
            /**
             * Format: double
             * @description The threshold that was reached.
             */
            threshold: number;
            /** @description The rule's or the key's name. */
            title: string;
            /**
             * Format: double
             * @description The value that caused it, in the unit of the rule.
             */
            value?: number | null;
        };
        /** @description The API key that a notice is about. */
        NoticeKey: {
            /** @description The host's own name for it. */
            externalId: string;
            /**
             * Format: int64
             * @description Its number.
             */
            id: number;
            /** @description Its name for people. */
            name?: string | null;
        };
        /** @description The rule that a notice is about. */
        NoticeRule: {
            /** @description What it looks at. */
            alertType: string;
            /** @description The endpoint or the pattern that it looks at; null: all of them. */
            endpoint?: string | null;
            /** @description The environment that it looks at; null: all of them. */
            environment?: string | null;
            /**
             * Format: int64
             * @description Its number.
             */
            id: number;
            /** @description Its name for people. */
            name: string;
            /** @description The service that it looks at; null: all of them. */
            service?: string | null;
        };
        /** @description An objective, and where it stands. */
        Objective: {
            /** @description Whether records at the beginning of the range may belong before it. */
            approximate: boolean;
            /**
             * Format: int64
             * @description Those that were bad.
             */
            bad: number;
            /**
             * Format: int64
             * @description How many more of the requests so far could be bad.
             */
            badLeft: number;
            /**
             * Format: double
             * @description How much of the budget is left, in percent; below 0 where more has failed than may, null without requests.
             */
            budgetLeft?: number | null;
            /** @description Over 60, 5, 360 and 30 minutes up to now. */
            burnRates: components["schemas"]["BurnRate"][];
            /**
             * Format: date-time
             * @description When it was made.
             */
            createdAt: string;
            /** @description Who made it. */
            createdBy?: string | null;
            /** @description Each day of the range; only where one objective was asked for. */
            days?: components["schemas"]["BudgetDay"][] | null;
            /** @description Only this endpoint, exactly or as a glob, with or without a method before it. */
            endpoint?: string | null;
            /** @description Only this environment. */
            environment?: string | null;
            /**
             * @description Whether the counts are exact. Latencies by t-digests are estimates, and so are those that a service reports in
             *     buckets of its own.
             */
            exact: boolean;
            /**
             * Format: date-time
             * @description The first instant of the range: a whole hour in UTC.
             */
            from: string;
            /**
             * Format: double
             * @description How many percent of them were good; null without requests.
             */
            good?: number | null;
            /**
             * Format: int64
             * @description Its number.
             */
            id: number;
            /**
             * @description `availability`: a request is bad that was answered with 5xx, failed or panicked. `latency`: one that took longer
             *     than `latencyMs`.
             */
            indicator: string;
            /**
             * Format: double
             * @description For latencies: the longest that is good, in milliseconds, at an edge of the sketch; else null.
             */
            latencyMs?: number | null;
            /** @description A name for people. */
            name: string;
            /**
             * Format: double
             * @description Where a service reports latencies in buckets of its own: by which part of itself a latency may be off; else null.
             */
            quantileError?: number | null;
            /**
             * Format: int64
             * @description Requests in the range that count: for latencies those whose latency is known.
             */
            requests: number;
            /**
             * Format: int64
             * @description Counts the edits.
             */
            revision: number;
            /** @description Only this service. */
            service?: string | null;
            /**
             * @description `met`; `at_risk`: less than a quarter of the budget is left, or it burns as fast as its rules look for; `missed`:
             *     more has failed than may; `unknown`: there were no requests.
             */
            state: string;
            /**
             * Format: double
             * @description How many percent of the requests have to be good.
             */
            target: number;
            /** @description Only this tenant's requests. */
            tenantId?: string | null;
            /**
             * Format: date-time
             * @description Its end: now.
             */
            to: string;
            /**
             * Format: date-time
             * @description When it was last changed.
             */
            updatedAt: string;
            /**
             * Format: int32
             * @description Over how many days up to now.
             */
            windowDays: number;
        };
        /** @description An objective before it is made, or in its place. */
        ObjectiveBody: {
            /**
             * @description Only this endpoint, exactly or as a glob, with or without a method before it.
             * @example POST /checkout
             */
            endpoint?: string | null;
            /** @description Only this environment. */
            environment?: string | null;
            /**
             * @description `availability` or `latency`.
             * @example latency
             */
            indicator: string;
            /**
             * Format: double
             * @description For latencies, which need it: the longest that is good, in milliseconds.
             * @example 300
             */
            latencyMs?: number | null;
            /**
             * @description A name for people, 1 to 200 bytes.
             * @example Checkout answers
             */
            name: string;
            /**
             * Format: int64
             * @description The revision that the change is of; 409 where the objective has another. Not for new ones.
             */
            revision?: number | null;
            /**
             * @description Whether two alert rules over its burn rate are made with it. For new objectives only.
             * @default true
             */
            rules: boolean | null;
            /** @description Only this service. */
            service?: string | null;
            /**
             * Format: double
             * @description How many percent of the requests have to be good: above 0 and below 100, with at most four decimals.
             * @example 99.9
             */
            target: number;
            /** @description Only this tenant's requests. A manager's objectives are its tenant's. */
            tenantId?: string | null;
            /**
             * Format: int32
             * @description Over how many days up to now, 1 to 90.
             * @default 30
             */
            windowDays: number | null;
        };
        /** @description A page of objectives. */
        ObjectivePage: {
            /** @description The objectives, in the order of their numbers. */
            data: components["schemas"]["Objective"][];
            /** @description Asks for the next page; null on the last. */
            nextCursor?: string | null;
        };
        /** @description What was over a bound. */
        OverBound: {
            /**
             * Format: int64
             * @description The bound.
             */
            limit: number;
            /**
             * Format: int64
             * @description Minutes in which there were any.
             */
            minutes: number;
            /**
             * Format: int64
             * @description Requests above it, or how much of the quota's unit.
             */
            requests: number;
        };
        /** @description What the same counts cost by another plan. */
        PlanAlternative: {
            /** @description What the month so far would cost, had it counted on all of its days. */
            cost: components["schemas"]["Amount"];
            /** @description That, less what the month costs; null where it is of another currency. */
            difference?: string | null;
            /** @description Whether it is the plan that the key is on. */
            isCurrent: boolean;
            /** @description The version of the month's last day, or of today. */
            plan: components["schemas"]["PricePlan"];
            projectedCost?: components["schemas"]["Amount"] | null;
        };
        /** @description A version of a plan that is in effect in the month. */
        PlanInEffect: {
            /**
             * Format: date
             * @description The first day of the month on which it counts.
             */
            firstDay: string;
            /** @description The version. */
            plan: components["schemas"]["PricePlan"];
        };
        /** @description The range before, and how this one differs. */
        Previous: {
            /**
             * Format: double
             * @description Average latency more, in percent.
             */
            averageChange?: number | null;
            /**
             * Format: double
             * @description Average latency in milliseconds.
             */
            averageMs?: number | null;
            /**
             * Format: double
             * @description 4xx and 5xx in percent of the requests.
             */
            errorRate?: number | null;
            /**
             * Format: double
             * @description Error rate more, in percentage points.
             */
            errorRateChange?: number | null;
            /**
             * Format: date-time
             * @description The first instant of the range before; null where none of the same length can be cut out of what is
             *     kept. Nothing is compared then.
             */
            from?: string | null;
            /**
             * Format: double
             * @description 95th percentile more, in percent.
             */
            p95Change?: number | null;
            /**
             * Format: double
             * @description The 95th percentile in milliseconds.
             */
            p95Ms?: number | null;
            /**
             * Format: date-time
             * @description The first instant after it: where the range begins, or a little earlier.
             */
            to?: string | null;
            /**
             * Format: int64
             * @description Requests that finished in it.
             */
            totalRequests?: number | null;
            /**
             * Format: double
             * @description Requests more, in percent of the range before; null where it had none.
             */
            totalRequestsChange?: number | null;
        };
        /** @description A version of a plan: what counts from a day on, until a later version of that name. */
        PricePlan: {
            /** @description The currency's ISO 4217 code. */
            currency: string;
            /**
             * Format: date
             * @description The first UTC day on which it counts.
             */
            effectiveFrom: string;
            /**
             * Format: int64
             * @description Requests of a month that cost nothing, from its first one on.
             */
            freeRequests: number;
            /**
             * Format: int64
             * @description Its number; 0 for the default plan of keys without one.
             */
            id: number;
            /** @description The plan's name. */
            name: string;
            /** @description Whose plan it is; null for everybody. */
            tenantId?: string | null;
            /** @description Ascending, the first from 0. */
            tiers: components["schemas"]["PriceTier"][];
            /** @description What units cost beside the requests that use them. */
            units: components["schemas"]["UnitPrice"][];
        };
        /** @description A plan, or a later version of one. */
        PricePlanBody: {
            /**
             * @description The currency's ISO 4217 code.
             * @default USD
             */
            currency: string | null;
            /**
             * Format: date
             * @description The first UTC day on which it counts; today by default.
             */
            effectiveFrom?: string | null;
            /**
             * Format: int64
             * @description Requests of a month that cost nothing, from its first one on.
             * @default 0
             */
            freeRequests: number | null;
            /**
             * @description The plan's name. Versions of one name are one plan.
             * @example pro
             */
            name: string;
            /**
             * @description The price of 1,000 requests: a decimal. In place of `tiers`.
             * @example 0.02
             */
            perThousand?: string | null;
            /** @description Whose plan it is; null for everybody. A manager's plans are its tenant's. */
            tenantId?: string | null;
            /** @description Graduated prices, ascending, the first from 0; at most 100. */
            tiers?: components["schemas"]["PriceTierBody"][] | null;
            /** @description What units cost beside the requests that use them; at most 20. */
            units?: components["schemas"]["UnitPriceBody"][] | null;
        };
        /** @description A page of plans. */
        PricePlanPage: {
            /** @description Versions of plans, in the order of their numbers, the default first. */
            data: components["schemas"]["PricePlan"][];
            /** @description Asks for the next page; null on the last. */
            nextCursor?: string | null;
        };
        /** @description From which request of the month on which price counts. */
        PriceTier: {
            /**
             * Format: int64
             * @description How many requests of the month come before it: 0 for the first tier.
             */
            fromRequests: number;
            /**
             * @description The price of 1,000 requests: a decimal with at most eight places.
             * @example 0.02
             */
            perThousand: string;
        };
        /** @description From which request of the month on which price counts. */
        PriceTierBody: {
            /**
             * Format: int64
             * @description How many requests of the month come before it.
             */
            fromRequests: number;
            /**
             * @description The price of 1,000 requests: a decimal.
             * @example 0.01
             */
            perThousand: string;
        };
        /** @description The answer to a probe. */
        Probe: {
            /**
             * @description What is wrong about the configuration, where that is the reason: `wrong-url`,
             *     `password-refused`, `role-refused`, `missing-database`, `missing-directory`,
             *     `permission-denied` or `not-a-database`.
             */
            misconfiguration?: string;
            /** @description What is wrong; absent while nothing is. */
            reason?: string;
            /** @description `live`, `ready` or `degraded`. */
            status: string;
            /**
             * Format: date-time
             * @description Since when the store has not answered; absent while it does.
             */
            storeUnreachableSince?: string;
            /** @description The background task that has ended or is stalled, where that is the reason. */
            task?: string;
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
        /** @description What the month will cost. */
        ProjectedRange: {
            /** @description At the pace of the month so far. */
            cost: components["schemas"]["Amount"];
            /** @description If it goes like the dearest of them. */
            high: components["schemas"]["Amount"];
            /** @description If the rest of the month goes like the cheapest of the last weeks. */
            low: components["schemas"]["Amount"];
        };
        /** @description What the current month will cost at the pace so far. */
        Projection: {
            /** @description What they cost, exactly. */
            cost: components["schemas"]["Amount"];
            /** @description What they will cost, by the tiers that they will reach. */
            projectedCost: components["schemas"]["Amount"];
            /**
             * Format: int64
             * @description Requests at the month's end.
             */
            projectedRequests: number;
            /**
             * Format: int64
             * @description Requests billed so far.
             */
            requests: number;
        };
        /** @description A column of a stored row that could not be read. */
        QuarantinedView: {
            /**
             * Format: date-time
             * @description When it was quarantined.
             */
            at: string;
            /** @description Its endpoint. */
            endpoint: string;
            /** @description `1m`, `5m`, `1h` or `1d`. */
            granularity: string;
            /** @description Its method; `*` for an aggregate series of several. */
            method: string;
            /** @description `status_counts`, `latency_sketch` or, for period counts, `requests`. */
            part: string;
            /**
             * Format: date-time
             * @description The start of its period.
             */
            periodStart: string;
            /** @description Why it can't be read. */
            reason: string;
            /**
             * Format: int64
             * @description The number of its series; 0 for period counts, of which nothing was lost.
             */
            series: number;
            /** @description The series' service; empty where the series is unknown. */
            service: string;
        };
        /** @description The rows of each grouping. */
        QueryAnswer: {
            /** @description Whether any row is approximate, or records at an end of the range may belong to the other side of it. */
            approximate: boolean;
            /**
             * Format: date-time
             * @description When the first snapshot was taken, by the clock of the database.
             */
            asOf: string;
            axis?: components["schemas"]["AxisView"] | null;
            /**
             * Format: date-time
             * @description The first instant that the answer covers.
             */
            from: string;
            /** @description The length of a point, as it was chosen for `auto`; `none` for one over the whole range. */
            granularity: string;
            /**
             * @description Whether stored bytes of the range can't be read, so that latencies or statuses of some rows, or
             *     flush batches, are left out. The status names them.
             */
            incomplete: boolean;
            /** @description In the order of `groupings`. */
            results: components["schemas"]["QueryResult"][];
            /**
             * Format: date-time
             * @description The first instant that the answer does not cover.
             */
            to: string;
            /** @description The zone of hours, days and weeks. */
            tz: string;
        };
        /** @description A question. */
        QueryBody: {
            /** @description Which series count: the filters of `GET /api-metrics`. */
            filter?: components["schemas"]["QueryFilter"];
            /**
             * Format: date-time
             * @description The first instant of the range, RFC 3339.
             */
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
             * @description The most rows of each grouping.
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
            /**
             * Format: int32
             * @description The most points that `auto` gives, about.
             * @default 300
             */
            points: number;
            /**
             * Format: date-time
             * @description The first instant after the range, RFC 3339; up to now without it.
             */
            to?: string;
            /**
             * Format: int32
             * @description Only the groups of each grouping with the most requests over the whole range, at most so many.
             */
            top?: number;
            /**
             * @description The zone of hours, days and weeks.
             * @example UTC
             */
            tz?: string;
        };
        /** @description Which series count. */
        QueryFilter: {
            /**
             * Format: int64
             * @description Only the API key of this number; 0 for requests without a key.
             */
            apiKeyId?: number;
            /** @description Only this route template, exactly. */
            endpoint?: string;
            /** @description Only this environment. */
            environment?: string;
            /** @description Only this method, in any case. */
            method?: string;
            /**
             * @description Only this protocol: `http`, `grpc`, a kind of events, `any`, or `billed`. Without it, requests to the
             *     server: `http` and `grpc`.
             */
            protocol?: string;
            /** @description Only this recording service. */
            service?: string;
            /** @description Only the API keys of this team. */
            teamId?: string;
            /** @description Only the API keys of this tenant. Never more than the caller may see. */
            tenantId?: string;
            /** @description Only the API keys of this user. */
            userId?: string;
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
        /** @description What a key has used of its quota. */
        Quota: components["schemas"]["KeyLabel"] & {
            /** @description Whether a part of `used` may belong to the period before. */
            approximate: boolean;
            /**
             * Format: int64
             * @description Requests that it may send in the period, or how much of the unit it may use.
             */
            limit: number;
            /** @description `month`, or a number of days as in `30d`. */
            period: string;
            /**
             * Format: date-time
             * @description When the period began.
             */
            periodStart: string;
            /**
             * Format: date-time
             * @description When nothing will be left at the pace of the period so far; null: not in this period, or
             *     nothing is left already.
             */
            projectedExhaustion?: string | null;
            /**
             * Format: int64
             * @description What is left; 0 where more than the limit was used.
             */
            remaining: number;
            /**
             * Format: date-time
             * @description When the next one begins.
             */
            resetDate: string;
            /** @description The unit that the quota is of; null is requests. */
            unit?: string | null;
            /**
             * Format: double
             * @description What was used in percent of the limit.
             */
            usagePercentage: number;
            /**
             * Format: int64
             * @description What counted so far.
             */
            used: number;
        };
        /** @description A page of keys with a quota. */
        QuotaPage: {
            /**
             * Format: date-time
             * @description The moment of the count.
             */
            asOf: string;
            /**
             * @description Which answers count against quotas of requests: `all`, or classes and codes.
             * @example all
             */
            countedStatuses: string;
            /** @description The keys that have a quota, in the order of their numbers. */
            data: components["schemas"]["Quota"][];
            /** @description Asks for the next page; null on the last. */
            nextCursor?: string | null;
            /** @description The zone of calendar months. */
            tz: string;
        };
        /** @description How a key stands towards its quota. */
        QuotaRoom: {
            /** @description Whether a part of `used` may belong to the period before. */
            approximate: boolean;
            /** @description When the quota is used up; the moment of the count where it is. */
            forecast: components["schemas"]["LimitForecast"];
            /** @description Whether that is the default quota, because the key has none of its own. */
            isDefault: boolean;
            /**
             * Format: int64
             * @description What it may use in the period.
             */
            limit: number;
            /** @description `month`, or a number of days as in `30d`. */
            period: string;
            /**
             * Format: date-time
             * @description When the period began.
             */
            periodStart: string;
            /**
             * Format: int64
             * @description What is left; 0 where more than the limit was used.
             */
            remaining: number;
            /**
             * Format: date-time
             * @description When the next one begins.
             */
            resetDate: string;
            /** @description The unit that the quota is of; null is requests. */
            unit?: string | null;
            /**
             * Format: double
             * @description What was used in percent of the limit.
             */
            usagePercentage: number;
            /**
             * Format: int64
             * @description What counted so far.
             */
            used: number;
        };
        /** @description How a key stands towards its limit. */
        RateLimit: components["schemas"]["KeyLabel"] & {
            consistently?: components["schemas"]["Consistently"] | null;
            /** @description When the limit is hit, in words; null: it will not be. */
            forecast?: string | null;
            /**
             * Format: int64
             * @description In how many seconds the limit is hit at the pace of the last 60; 0: it is hit; null: it will
             *     not be before the minute ends.
             */
            hitsInSeconds?: number | null;
            /**
             * Format: int64
             * @description Requests that it may send in a minute.
             */
            limit: number;
            /** @description Whether it is at `threshold` or above. */
            near: boolean;
            /**
             * Format: int64
             * @description Requests in the minute before.
             */
            previous: number;
            /**
             * Format: double
             * @description Requests a minute over the last 60 seconds.
             */
            requestsPerMinute: number;
            /** @description Where it stands, in words. */
            text: string;
            /**
             * Format: int64
             * @description Requests in the current minute of the clock so far.
             */
            used: number;
            /**
             * Format: double
             * @description What the current minute has used of the limit, in percent.
             */
            utilization: number;
        };
        /** @description A page of keys with a limit. */
        RateLimitPage: {
            /**
             * Format: date-time
             * @description The moment of the count.
             */
            asOf: string;
            /** @description The keys that have a limit, the nearest to it first. */
            data: components["schemas"]["RateLimit"][];
            /** @description Asks for the next page; null on the last. */
            nextCursor?: string | null;
            /**
             * Format: double
             * @description From which percentage on a key is near its limit.
             */
            threshold: number;
        };
        /** @description A day, counted in every place. */
        ReconciledDay: components["schemas"]["UtcDay"] & {
            /**
             * Format: int64
             * @description What is billed.
             */
            billed: number;
            /** @description Where the counts differ, in words; empty where they agree. */
            differences: string[];
            /**
             * Format: int64
             * @description Committed and not folded yet.
             */
            inbox: number;
            /**
             * Format: int64
             * @description What views answer.
             */
            ledger: number;
            /**
             * Format: int64
             * @description Requests of billed keys whose status does not count.
             */
            notCounted: number;
            /** @description The granularities that keep the whole day. */
            stored: components["schemas"]["StoredCount"][];
            /**
             * Format: int64
             * @description Requests without a key, or of keys beyond the recorder's bound.
             */
            unbilled: number;
        };
        /** @description A month's invoices, compared with the usage that they are for. */
        ReconciledMonth: {
            /** @description Where they differ, in words; empty where they agree. */
            differences: string[];
            /**
             * Format: int64
             * @description Requests on all lines of all invoices.
             */
            invoiced: number;
            /**
             * Format: date
             * @description The month's first day.
             */
            month: string;
            /**
             * Format: int64
             * @description Requests that are to be billed.
             */
            usage: number;
        };
        /** @description A range of days, counted in every place. */
        ReconciliationAnswer: {
            /** @description Whether every count agrees. */
            agrees: boolean;
            /**
             * Format: date-time
             * @description When the snapshot was taken, by the clock of the database.
             */
            asOf: string;
            /** @description Every day. */
            days: components["schemas"]["ReconciledDay"][];
            /**
             * Format: date
             * @description The first UTC day.
             */
            from: string;
            /** @description Every month with usage, from its first day on. */
            months: components["schemas"]["ReconciledMonth"][];
            /**
             * Format: date
             * @description The first UTC day after the range.
             */
            to: string;
        };
        /** @description What this process holds in memory. */
        RecorderView: {
            /**
             * Format: double
             * @description How long they have waited on average, in milliseconds; no part of their latency. `null`: none has waited.
             */
            averageQueueWaitMs?: number | null;
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
             * @description Requests that gave up while they waited, or were refused, and were never called. They are in no other
             *     figure, because nobody knows their endpoint.
             */
            queueAbandoned: number;
            /**
             * Format: int64
             * @description Requests that waited in this process's queue, a concurrency limit for instance, before they were called.
             */
            queueWaited: number;
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
            /** @description Names of units that are told apart. */
            unitNames: number;
            /**
             * Format: int64
             * @description How often a unit was counted as `<other>`, because there are too many.
             */
            unitOverflow: number;
            /** @description A sample of the raw paths behind `<unmatched>`, the most frequent first. */
            unmatched: components["schemas"]["UnmatchedView"][];
            /** @description Flush batches whose outcome is not known yet. */
            unresolvedBatches: number;
        };
        /** @description Names the dead letter that is sent again. */
        RedeliverBody: {
            /**
             * @description The notifier's name.
             * @example webhook
             */
            channel: string;
            /**
             * Format: uuid
             * @description The notice's id.
             */
            noticeId: string;
        };
        /** @description A version of a service, held against the one before. */
        Release: {
            comparison?: components["schemas"]["ReleaseComparison"] | null;
            /** @description The environment. */
            environment: string;
            /**
             * Format: date-time
             * @description The minute of its first request.
             */
            firstAt: string;
            /**
             * Format: date-time
             * @description The end of the minute of its last one.
             */
            lastAt: string;
            /** @description The service. */
            service: string;
            /** @description The verdict in a sentence. */
            text: string;
            /**
             * @description `worse`, `better`, `no_difference` (none that matters, or none that this traffic can show), or `too_few` requests
             *     to tell. Null for the first version of a service that is known.
             */
            verdict?: string | null;
            /** @description What it calls itself. */
            version: string;
        };
        /** @description A version's first day, held against the version before. */
        ReleaseComparison: {
            /** @description This version. */
            after: components["schemas"]["ReleaseFigures"];
            /** @description The version before. */
            before: components["schemas"]["ReleaseFigures"];
            /**
             * @description Which of its requests are taken: `side_by_side`, those of the same five minutes; `day_before`, those of the same
             *     hours a day earlier; `just_before`, those of the time before the release.
             */
            comparedWith: string;
            /** @description How 5xx differ, in percentage points. */
            errors: components["schemas"]["ReleaseDifference"];
            /** @description How the 95th percentile differs, in percent. */
            p95: components["schemas"]["ReleaseDifference"];
            /** @description The version before: the one whose first request came last before. */
            previous: string;
        };
        /** @description A difference, and between which bounds it lies with 99%. */
        ReleaseDifference: {
            /**
             * Format: double
             * @description The upper bound.
             */
            high?: number | null;
            /**
             * Format: double
             * @description The lower bound.
             */
            low?: number | null;
            /**
             * Format: double
             * @description This version less the one before, above 0 where it is more; null for too few requests.
             */
            value?: number | null;
            /** @description As `verdict` of the release, of this figure alone. */
            verdict: string;
        };
        /** @description What a version has answered in the time that is compared. */
        ReleaseFigures: {
            /**
             * Format: double
             * @description Those answered with 400 to 499, in percent; null without requests. They are shown and not judged: they are mostly
             *     the callers' own.
             */
            clientErrorRate?: number | null;
            /**
             * Format: date-time
             * @description The first instant.
             */
            from: string;
            /**
             * Format: double
             * @description The median in milliseconds; null without latencies.
             */
            p50Ms?: number | null;
            /**
             * Format: double
             * @description The 95th percentile in milliseconds; null without latencies.
             */
            p95Ms?: number | null;
            /**
             * Format: int64
             * @description Requests that a route matched.
             */
            requests: number;
            /**
             * Format: double
             * @description Those answered with 500 to 599, failed or panicked, in percent; null without requests.
             */
            serverErrorRate?: number | null;
            /**
             * Format: date-time
             * @description The end, exclusive.
             */
            to: string;
            /**
             * Format: int64
             * @description Requests that no route matched, which are in none of the other figures.
             */
            unmatchedRequests: number;
        };
        /** @description A page of releases. */
        ReleasePage: {
            /** @description The versions, the latest first. */
            data: components["schemas"]["Release"][];
            /** @description Asks for the next page; null on the last. */
            nextCursor?: string | null;
        };
        /**
         * @description Two responses to one request, and what differs. Neither is stored by this: the recorded one is already, and the new
         *     one is gone with the answer.
         */
        ReplayAnswer: {
            /** @description What differs. */
            diff: components["schemas"]["ReplayDiff"];
            /**
             * Format: uuid
             * @description The request that was replayed.
             */
            id: string;
            /** @description The response that was recorded. */
            recorded: components["schemas"]["ReplayedResponse"];
            /** @description The new one, masked in the same way. */
            replayed: components["schemas"]["ReplayedResponse"];
        };
        /** @description The body of a replay. Empty where nothing is asked for: `{}`, or no body at all. */
        ReplayBody: {
            /** @description What was asked for anew, and headers to add. Used once, and kept nowhere. */
            values: components["schemas"]["ReplayValue"][];
        };
        /**
         * @description What has become of something, seen from the recorded response.
         * @enum {string}
         */
        ReplayChange: "added" | "removed" | "changed";
        /** @description What differs between two responses. Empty lists and `statusChanged: false` say that the fault was not seen again. */
        ReplayDiff: {
            /** @description What differs in them. */
            body: components["schemas"]["ReplayDifference"][];
            /** @description Whether the bodies could be compared: both were kept, in the same form. */
            bodyCompared: boolean;
            /** @description Differences in them beyond the first 200. */
            bodyLeftOut: number;
            /** @description Whether a part of a body is missing, so that more may differ. */
            bodyPartial: boolean;
            /** @description Headers that differ, of those that are recorded. */
            headers: components["schemas"]["ReplayDifference"][];
            /** @description Whether the status is another one. */
            statusChanged: boolean;
        };
        /** @description One difference: a header, or a member of a body. */
        ReplayDifference: {
            /** @description What has become of it. */
            change: components["schemas"]["ReplayChange"];
            /** @description The header's name, or the JSON pointer of the member; empty for the whole body. */
            path: string;
            /** @description As it was recorded, of JSON in its notation (`"a"`, `7`, `null`); at most 200 characters. */
            recorded?: string | null;
            /** @description As it is now, in the same notation. */
            replayed?: string | null;
        };
        /** @description A value that is asked for anew. The page shows a field for each, and hides what is typed into those of secrets. */
        ReplayInput: {
            /** @description Its name there; empty for the whole query or body. */
            name: string;
            /** @description Where it belongs. */
            part: components["schemas"]["ReplayPart"];
            /** @description Whether nothing can be sent without it: a replay that lacks it is answered by 400. */
            required: boolean;
            /** @description Whether it was masked, so that it is a secret or somebody's data; else it was only not kept. */
            secret: boolean;
        };
        /**
         * @description Where a value belongs.
         * @enum {string}
         */
        ReplayPart: "path" | "query" | "header" | "body";
        /** @description A value that is given, for a place that was asked for. It has no `Debug`, so that no log can show it. */
        ReplayValue: {
            /** @description Its name there; empty for the whole query or body. */
            name: string;
            /** @description Where it belongs. */
            part: components["schemas"]["ReplayPart"];
            /** @description The value: text, or for a member of a JSON body any JSON. */
            value: unknown;
        };
        /**
         * @description Whether a request can be replayed, and by what. Told together with the snapshot, so that the page offers a button only
         *     where it works, with the fields that it needs.
         */
        Replayable: {
            /** @description Whether the service replays requests at all. */
            available: boolean;
            /** @description Whether the service counts a replay, under the consumer `<replay>`: it does where it is reached over its address. */
            counted: boolean;
            /** @description What is asked for anew. */
            inputs: components["schemas"]["ReplayInput"][];
            /** @description Why this one is not replayed; null: it is. */
            refused?: string | null;
        };
        /** @description A response, as far as it is shown: what a snapshot of it would hold, whether it was recorded or is new. */
        ReplayedResponse: {
            message?: components["schemas"]["SnapshotMessage"] | null;
            /**
             * Format: int32
             * @description Its status; null: none was sent.
             */
            status?: number | null;
        };
        /** @description Requests by country. */
        RequestCountries: {
            /** @description The countries, those of most requests first. Empty where the service does not tell countries apart. */
            data: components["schemas"]["RequestCountry"][];
            /**
             * Format: date-time
             * @description The start of the first hour.
             */
            from: string;
            /**
             * Format: date-time
             * @description The end of the range. Its hour counts as a whole.
             */
            to: string;
        };
        /** @description Requests of a country. */
        RequestCountry: {
            /** @description Its two letters of ISO 3166; null: it is not known. */
            country?: string | null;
            /**
             * Format: int64
             * @description Its requests, all of them and not only those that are kept.
             */
            requests: number;
        };
        /**
         * @description Errors of one endpoint with the same status, type and message, but for numbers and names in it; or events of one
         *     source and level.
         */
        RequestGroup: {
            /**
             * Format: int64
             * @description Different API keys among them.
             */
            apiKeys: number;
            /** @description The route template. */
            endpoint: string;
            /** @description The kind of error. */
            errorType?: string | null;
            /**
             * Format: date-time
             * @description Its first request in the range.
             */
            firstAt: string;
            /**
             * Format: date-time
             * @description When it was first seen at all. For admins.
             */
            firstSeenAt?: string | null;
            /** @description The version that had it first. For admins. */
            firstVersion?: string | null;
            /** @description Its id, which `group` of the list takes. */
            id: string;
            /**
             * Format: int64
             * @description Requests kept of it.
             */
            kept: number;
            /** @description What its entries are: `request`, or `event`, whose method and endpoint are empty and whose status is 0. */
            kind: string;
            /**
             * Format: date-time
             * @description Its last one.
             */
            lastAt: string;
            /**
             * Format: uuid
             * @description Its latest request.
             */
            latest: string;
            /** @description The level of its events. */
            level?: string | null;
            /** @description What its latest request said. */
            message?: string | null;
            /** @description The method. */
            method: string;
            /**
             * Format: int64
             * @description Requests that they stand for.
             */
            requests: number;
            /** @description Requests in 24 equal parts of the range. */
            series: number[];
            /** @description Where its events come from. */
            source?: string | null;
            /**
             * Format: int32
             * @description The status under which its requests are counted.
             */
            status: number;
            /** @description Versions of the service that had it, at most 20. */
            versions: string[];
        };
        /** @description A group of errors, or a request that belongs to none. */
        RequestHit: {
            /**
             * Format: date-time
             * @description Its first request in the range.
             */
            firstAt: string;
            /** @description The group; null: the request is no error, and stands for itself. */
            group?: string | null;
            /**
             * Format: int64
             * @description Requests kept of it in the range.
             */
            kept: number;
            /**
             * Format: date-time
             * @description Its last one.
             */
            lastAt: string;
            /** @description `words`: a request of it holds all words. `similar`: its text is like the question. `both`. */
            matched: string;
            /** @description Its latest request; where it was found by words, the latest that holds them. */
            request: components["schemas"]["LoggedRequest"];
            /**
             * Format: int64
             * @description Requests that they stand for.
             */
            requests: number;
            /**
             * Format: double
             * @description How good it is, 0 to 1: to be compared within this answer.
             */
            score: number;
        };
        /** @description What was found. */
        RequestHits: {
            /** @description The hits, the best first. */
            data: components["schemas"]["RequestHit"][];
            /**
             * Format: date-time
             * @description The start of the range.
             */
            from: string;
            /** @description How they were found. */
            mode: string;
            /**
             * Format: int64
             * @description Groups that were not compared, because they have no vector yet. 0 but where the host's own embedder is slow.
             */
            pending: number;
            /**
             * Format: date-time
             * @description The end of the range.
             */
            to: string;
        };
        /** @description A page of requests. */
        RequestList: {
            /** @description The requests, newest first; with `after` oldest first. */
            data: components["schemas"]["LoggedRequest"][];
            /**
             * @description Asks for the next page; null where the range was searched to its end. A page may be short, even empty, and
             *     not be the last: see `searchedTo`.
             */
            nextCursor?: string | null;
            /**
             * Format: date-time
             * @description How far the range was searched. Filters by status, outcome, latency,
             *     level, country and `kind=request` look at 20,000 requests a page.
             */
            searchedTo: string;
        };
        /** @description The request log. `chosen` is `kept` and all of `dropped` together. */
        RequestLogStatus: {
            /**
             * Format: int64
             * @description Bytes that the log takes in the database, indexes included; roughly on SQLite.
             */
            bytes: number;
            /**
             * Format: int64
             * @description Requests that policies chose.
             */
            chosen: number;
            /** @description Those that were dropped. */
            dropped: components["schemas"]["DroppedRequests"];
            /**
             * Format: int64
             * @description Those that were stored, removed ones included.
             */
            kept: number;
            /**
             * Format: date-time
             * @description The newest request that is stored.
             */
            newestAt?: string | null;
            /**
             * Format: date-time
             * @description The oldest request that is stored.
             */
            oldestAt?: string | null;
        };
        /** @description What a request and its response carried, masked. */
        RequestSnapshot: {
            /** @description Whether there was no memory for it, so that it holds little or nothing. */
            isDropped: boolean;
            /** @description The query, decoded; null: it was not kept, or there was none. */
            query?: components["schemas"]["SnapshotPair"][] | null;
            /** @description What the client has sent. */
            request: components["schemas"]["SnapshotMessage"];
            /** @description What it was answered. */
            response: components["schemas"]["SnapshotMessage"];
        };
        /** @description A request's snapshot. */
        RequestSnapshotAnswer: {
            /** @description Whether it can be replayed. */
            replay: components["schemas"]["Replayable"];
            snapshot?: components["schemas"]["RequestSnapshot"] | null;
        };
        /** @description What the versions of a service have answered over time. */
        Rollout: {
            /** @description The environment. */
            environment: string;
            /**
             * Format: date-time
             * @description The first instant.
             */
            from: string;
            /** @description The service. */
            service: string;
            /**
             * Format: int64
             * @description The length of a step in seconds. What is no longer kept by five minutes comes by hours.
             */
            stepSeconds: number;
            /**
             * Format: date-time
             * @description The end, exclusive.
             */
            to: string;
            /** @description The versions with requests in the range, in the order in which they came; the last 20. */
            versions: components["schemas"]["RolloutVersion"][];
        };
        /** @description What a version has answered in a step. */
        RolloutStep: {
            /**
             * Format: date-time
             * @description The start of the step.
             */
            at: string;
            /**
             * Format: double
             * @description The 95th percentile in milliseconds; null without latencies.
             */
            p95Ms?: number | null;
            /**
             * Format: int64
             * @description Requests that a route matched.
             */
            requests: number;
            /**
             * Format: int64
             * @description Those answered with 500 to 599, failed or panicked.
             */
            serverErrors: number;
        };
        /** @description A version in a rollout. */
        RolloutVersion: {
            /**
             * Format: date-time
             * @description The minute of its first request, also where that lies before the range.
             */
            firstAt: string;
            /**
             * Format: date-time
             * @description The end of the minute of its last one.
             */
            lastAt: string;
            /** @description The steps with requests of it. */
            steps: components["schemas"]["RolloutStep"][];
            /** @description What it calls itself. */
            version: string;
        };
        /** @description The period of a row, and what is to be known about it. */
        RowPeriod: {
            /**
             * @description Whether the period is not cut where the zone's clock says, because only longer periods are kept, or
             *     records at its edges may belong to its neighbours.
             */
            approximate: boolean;
            /**
             * @description Whether the range begins or ends within the period, or the period is not over yet: the row may hold
             *     less than others. Only the first and the last can be.
             */
            partial: boolean;
            /**
             * Format: date-time
             * @description The first instant that the row does not cover.
             */
            periodEnd: string;
            /**
             * Format: date-time
             * @description The first instant that the row covers.
             */
            periodStart: string;
        };
        /** @description The test that was sent. */
        SentTest: {
            /**
             * Format: uuid
             * @description The notice's id: `noticeId` of `GET /api-alerts/deliveries`, which says what became of it.
             */
            noticeId: string;
        };
        /** @description A page of rows. */
        SeriesPage: {
            /** @description Whether any row is approximate, or records at an end of the range may belong to the other side of it. */
            approximate: boolean;
            /**
             * Format: date-time
             * @description When the snapshot was taken, by the clock of the database; the first of several.
             */
            asOf: string;
            axis?: components["schemas"]["AxisView"] | null;
            /** @description The rows that have requests, by time, then by their dimensions. */
            data: components["schemas"]["MetricRow"][];
            /**
             * Format: date-time
             * @description The first instant that the answer covers.
             */
            from: string;
            /** @description The length of a point, as it was chosen for `auto`; `none` for one over the whole range. */
            granularity: string;
            /**
             * @description Whether stored bytes of the range can't be read, so that latencies or statuses of some rows, or
             *     flush batches, are left out. The status names them.
             */
            incomplete: boolean;
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
        /** @description A silence. */
        Silence: {
            /**
             * Format: int64
             * @description Only this rule; null: all rules.
             */
            alertId?: number | null;
            /**
             * Format: date-time
             * @description When it was made.
             */
            createdAt: string;
            /** @description Who made it. */
            createdBy: string;
            /** @description Only rules of this endpoint, or of endpoints that the pattern matches; null: all rules. */
            endpoint?: string | null;
            /** @description Only rules of this environment; null: all rules. */
            environment?: string | null;
            /**
             * Format: date-time
             * @description From when on.
             */
            from: string;
            /**
             * Format: int64
             * @description Its number.
             */
            id: number;
            /** @description Why, for people. */
            reason?: string | null;
            /** @description Only rules of this service; null: all rules. */
            service?: string | null;
            /** @description `planned`: it has not begun; `active`; or `over`. */
            state: string;
            /** @description Only this tenant's rules; null: everybody's. */
            tenantId?: string | null;
            /**
             * Format: date-time
             * @description Until when; of one that was ended early, when that was.
             */
            until: string;
        };
        /** @description How long an event's rule is silent. */
        SilenceBody: {
            /**
             * @description `1h`, `8h`, `resolved` (until the event is resolved) or `off`.
             * @example 1h
             */
            period: string;
        };
        /** @description Silences that are planned, active, or were over within 30 days. */
        SilenceList: {
            /** @description The silences, those that last longest first. */
            data: components["schemas"]["Silence"][];
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
             * @description When the snapshot was taken, by the clock of the database.
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
            /** @description Whether something damaged was left out; the status names what. */
            incomplete: boolean;
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
        /** @description The beginning of a body: at most `max_body_bytes` of the service's settings, 16 KiB by default. */
        SnapshotBody: {
            /**
             * Format: int64
             * @description Bytes of it that have passed, however many were kept.
             */
            bytes: number;
            /** @description Its `Content-Type`. */
            contentType: string;
            /** @description The fields of a form, multipart ones included, of which files are told by their size. */
            fields?: components["schemas"]["SnapshotPair"][] | null;
            /** @description Whether it was longer than what was kept, or was broken off. */
            isCut: boolean;
            /** @description Whether it was compressed, and therefore not kept. */
            isEncoded: boolean;
            /** @description `json`, `form` or `text`; `not_kept`: bodies of its type are not kept. */
            kind: string;
            /** @description JSON or text. JSON is valid even where the body was cut or broken. */
            text?: string | null;
        };
        /** @description What was kept of a request or of a response. */
        SnapshotMessage: {
            body?: components["schemas"]["SnapshotBody"] | null;
            /** @description Headers, of those that the service lists. */
            headers: components["schemas"]["SnapshotPair"][];
        };
        /**
         * @description A name and its value: of a header, of the query, or of a form. A list and no map, because names may come twice, and
         *     their order means something to some services.
         */
        SnapshotPair: {
            /** @description The name. */
            name: string;
            /** @description The value; marks such as `[hidden]` stand for what was taken out. */
            value: string;
        };
        /** @description A span of time, half-open. */
        SpanView: {
            /**
             * Format: date-time
             * @description The first instant of the span.
             */
            from: string;
            /**
             * Format: date-time
             * @description The first instant after it.
             */
            to: string;
        };
        /** @description A standby that takes reads. */
        StandbyView: {
            /** @description Why it is gone. */
            error?: string | null;
            /**
             * Format: double
             * @description How far it is behind at most; null where nobody knows.
             */
            lagSeconds?: number | null;
            /**
             * Format: double
             * @description How far it may be behind.
             */
            maxLagSeconds: number;
            /** @description `used`: reads go there. Otherwise the primary is read: it is too far `behind`, or `gone`, or was `promoted`. */
            state: string;
        };
        /** @description The state of the store, of this process and of all that record into this database. */
        Status: {
            /** @description Answers that are kept. */
            cache: components["schemas"]["CacheView"];
            /** @description What looks like a mistake though nothing fails; empty is normal. */
            hints: components["schemas"]["HintView"][];
            /**
             * @description The processes that flushed last, the latest first; at most 100. Their versions are the
             *     deploy marks.
             */
            instances: components["schemas"]["InstanceView"][];
            /**
             * Format: int64
             * @description Flush batches of this process that the database has lost by a restore or a failover; 0 is normal.
             */
            lost: number;
            /** @description Their sequence numbers, the latest span last; at most 32 spans. */
            lostBatches: components["schemas"]["LostView"][];
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
            buckets?: components["schemas"]["BucketsView"] | null;
            /** @description Periods that wait for their rollup. */
            dirty: components["schemas"]["DirtyView"][];
            /** @description Why it does not. */
            error?: string | null;
            inbox?: components["schemas"]["InboxView"] | null;
            /**
             * @description What is wrong about the configuration, where that is why: `wrong-url`, `password-refused`,
             *     `role-refused`, `missing-database`, `missing-directory`, `permission-denied` or
             *     `not-a-database`.
             */
            misconfiguration?: string | null;
            /**
             * Format: date-time
             * @description The time by the clock of the database.
             */
            now?: string | null;
            /**
             * Format: int64
             * @description Flush batches that could not be read and were quarantined; 0 is normal.
             */
            quarantined?: number | null;
            /**
             * Format: int64
             * @description Columns of stored rows that could not be read and were quarantined; 0 is normal. Their rows
             *     stay, without them.
             */
            quarantinedRowCount?: number | null;
            /** @description The latest of them, the latest first; at most 100. */
            quarantinedRows: components["schemas"]["QuarantinedView"][];
            /** @description Whether it has just answered. */
            reachable: boolean;
            /** @description The start of what each granularity keeps. */
            retentionFloors: components["schemas"]["FloorView"][];
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
            /** @description The kind of its sketches. */
            sketchKind?: string | null;
            standby?: components["schemas"]["StandbyView"] | null;
            /**
             * Format: date-time
             * @description Since when it has not; null while it does, or where nobody has noticed yet.
             */
            unreachableSince?: string | null;
        };
        /** @description What one granularity holds of a day. */
        StoredCount: {
            /** @description `1m`, `5m`, `1h` or `1d`. */
            granularity: string;
            /**
             * Format: int64
             * @description Requests in its rows.
             */
            requests: number;
            /**
             * Format: int64
             * @description Requests in its aggregate series.
             */
            totals: number;
            /** @description Whether periods wait for their rollup, so that both are behind. */
            waiting: boolean;
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
             * @description When the snapshot was taken, by the clock of the database.
             */
            asOf: string;
            /**
             * Format: double
             * @description Average latency to the last byte, in milliseconds; null without a measured request.
             */
            averageMs?: number | null;
            /**
             * Format: double
             * @description From the request being seen to the response's head, on average, in milliseconds.
             */
            averageTimeToHeadersMs?: number | null;
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
            /** @description Units that are no sums, by name. */
            gauges: {
                [key: string]: components["schemas"]["GaugeView"];
            };
            /**
             * @description Whether stored bytes of the range can't be read, so that latencies or statuses of some rows, or
             *     flush batches, are left out. The status names them.
             */
            incomplete: boolean;
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
             * Format: date-time
             * @description Since when minutes are kept; before, only longer periods are. Null where nothing was removed yet.
             */
            minutesKeptSince?: string | null;
            /**
             * Format: double
             * @description The median latency in milliseconds.
             */
            p50Ms?: number | null;
            /**
             * Format: double
             * @description The median time to headers in milliseconds; null where the service does not keep such quantiles
             *     (`Builder::headers_quantiles`).
             */
            p50TimeToHeadersMs?: number | null;
            /**
             * Format: double
             * @description The latency that 95% of the requests do not exceed, in milliseconds.
             */
            p95Ms?: number | null;
            /**
             * Format: double
             * @description The 95th percentile of the time to headers, in milliseconds.
             */
            p95TimeToHeadersMs?: number | null;
            /**
             * Format: double
             * @description The latency that 99% of the requests do not exceed, in milliseconds.
             */
            p99Ms?: number | null;
            /**
             * Format: double
             * @description The 99th percentile of the time to headers, in milliseconds.
             */
            p99TimeToHeadersMs?: number | null;
            /** @description The range of the same length before this one. */
            previous: components["schemas"]["Previous"];
            /**
             * Format: double
             * @description By which part of itself a quantile may be off, because a service in the filter reports histograms with wide bins
             *     by OpenTelemetry: 0.58 is 58%. Null: by less than 1%.
             */
            quantileError?: number | null;
            /**
             * Format: double
             * @description 100 minus `errorRate`; null without requests.
             */
            successRate?: number | null;
            /**
             * Format: int64
             * @description How many of the requests these three cover: all that had a head where every instance keeps them, 0
             *     where none does.
             */
            timeToHeadersQuantileCount: number;
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
            /** @description Sums of units by name, as responses have counted them. */
            units: {
                [key: string]: number;
            };
        };
        /** @description One background task. */
        TaskView: {
            /**
             * Format: date-time
             * @description Since when every run has failed; null while it succeeds.
             */
            failingSince?: string | null;
            /** @description What went wrong last, until it succeeds again. */
            lastError?: string | null;
            /**
             * Format: date-time
             * @description When it last did its work.
             */
            lastSuccessAt?: string | null;
            /** @description What it does: `flush`, `fold`, `rollup`, `retention`, `alerts`, `notices`. */
            name: string;
            /** @description Whether it still runs. */
            running: boolean;
            /** @description Whether it has failed for so long that the readiness probe says so. */
            stalled: boolean;
        };
        /** @description The background tasks. */
        TasksView: {
            /**
             * Format: double
             * @description How long records have been waiting beyond the flush interval.
             */
            flushLagSeconds: number;
            /**
             * Format: date-time
             * @description When a flush was last acknowledged.
             */
            lastFlushAt?: string | null;
            /** @description What the host reports. */
            tasks: components["schemas"]["TaskView"][];
        };
        /** @description What the keys of a tenant used together. */
        TenantUsage: components["schemas"]["Usage"] & {
            /** @description The tenant; null: keys of none. */
            tenantId?: string | null;
        };
        /** @description Names the channel that a test goes through. */
        TestBody: {
            /**
             * @description The channel's name.
             * @example slack
             */
            channel: string;
        };
        /** @description One consumer. */
        TopConsumer: components["schemas"]["Consumer"] & {
            /**
             * Format: double
             * @description Its requests in percent of all that the caller may see; its part of the unit where that ranks.
             */
            share?: number | null;
        };
        /** @description The top consumers. */
        TopConsumers: {
            /** @description Whether records at an edge may belong to the other side of it. */
            approximate: boolean;
            /**
             * Format: date-time
             * @description When the snapshot was taken, by the clock of the database.
             */
            asOf: string;
            /** @description The consumers, the top one first. Requests without a key are no consumer. */
            data: components["schemas"]["TopConsumer"][];
            /**
             * Format: date-time
             * @description The first instant that the answer covers.
             */
            from: string;
            /**
             * @description Whether stored bytes of the range can't be read, so that latencies or statuses of some rows, or
             *     flush batches, are left out. The status names them.
             */
            incomplete: boolean;
            /** @description Asks for the consumers after these; null on the last page. */
            nextCursor?: string | null;
            /**
             * Format: date-time
             * @description The first instant that the answer does not cover.
             */
            to: string;
        };
        /** @description What is tried, and what is set today. */
        TriedBound: {
            today?: components["schemas"]["OverBound"] | null;
            tried?: components["schemas"]["OverBound"] | null;
        };
        /** @description An endpoint that no document has. */
        UndocumentedEndpoint: {
            /** @description The route template. */
            endpoint: string;
            /**
             * Format: double
             * @description Those of them that were answered with 4xx or 5xx, in percent.
             */
            errorRate?: number | null;
            /** @description The method, or `_OTHER`. */
            method: string;
            /**
             * Format: int64
             * @description Requests in the range.
             */
            requestCount: number;
            /** @description The recording service. */
            service: string;
        };
        /** @description What a unit costs. */
        UnitPrice: {
            /**
             * Format: int64
             * @description How much of it costs nothing in a month: the first ones.
             */
            free: number;
            /** @description Ascending, the first from 0. */
            tiers: components["schemas"]["UnitTier"][];
            /** @description The name of the unit. */
            unit: string;
        };
        /** @description What a unit costs. */
        UnitPriceBody: {
            /**
             * Format: int64
             * @description How much of it costs nothing in a month: the first ones.
             * @default 0
             */
            free: number | null;
            /**
             * @description The price of 1,000: a decimal. In place of `tiers`.
             * @example 0.002
             */
            perThousand?: string | null;
            /** @description Graduated prices, ascending, the first from 0; at most 100. */
            tiers?: components["schemas"]["UnitTierBody"][] | null;
            /**
             * @description The name of the unit.
             * @example tokens
             */
            unit: string;
        };
        /** @description From how much of a unit in a month on which price counts. */
        UnitTier: {
            /**
             * Format: int64
             * @description How much of the unit comes before it: 0 for the first tier.
             */
            from: number;
            /**
             * @description The price of 1,000: a decimal with at most eight places.
             * @example 0.002
             */
            perThousand: string;
        };
        /** @description From how much of a unit in a month on which price counts. */
        UnitTierBody: {
            /**
             * Format: int64
             * @description How much of the unit comes before it.
             */
            from: number;
            /**
             * @description The price of 1,000: a decimal.
             * @example 0.001
             */
            perThousand: string;
        };
        /** @description A raw path that no route matched. */
        UnmatchedView: {
            /**
             * Format: int64
             * @description About how often; never less than it was.
             */
            count: number;
            /** @description The path, as it was asked for. */
            path: string;
        };
        /** @description Requests and what they cost. */
        Usage: {
            /** @description What they cost, exactly; one amount a currency. */
            cost: components["schemas"]["Amount"][];
            /** @description The days with requests. */
            days: components["schemas"]["UsageDay"][];
            /**
             * Format: int64
             * @description Requests whose status does not count.
             */
            notCounted: number;
            /**
             * Format: int64
             * @description Requests that are billed.
             */
            requests: number;
        };
        /** @description A day of usage. */
        UsageDay: components["schemas"]["UtcDay"] & {
            /** @description What they cost, exactly; one amount a currency. */
            cost: components["schemas"]["Amount"][];
            /**
             * Format: int64
             * @description Requests whose status does not count.
             */
            notCounted: number;
            /**
             * Format: int64
             * @description Requests that are billed.
             */
            requests: number;
        };
        /** @description The UTC day of a row, as bills count them. */
        UtcDay: {
            /**
             * Format: date
             * @description The UTC day.
             */
            date: string;
            /**
             * Format: date-time
             * @description The first instant after it.
             */
            periodEnd: string;
            /**
             * Format: date-time
             * @description Its first instant.
             */
            periodStart: string;
        };
        /** @description Requests of a key in a period, compared with its limit. */
        Utilization: {
            /**
             * Format: date-time
             * @description The first instant after it. Only periods that are over are recorded.
             */
            periodEnd: string;
            /**
             * Format: date-time
             * @description The first instant of the period.
             */
            periodStart: string;
            /**
             * Format: int64
             * @description Requests allowed in the period: the limit a minute times its minutes.
             */
            rateLimit: number;
            /**
             * Format: int64
             * @description Requests in the period.
             */
            requestsMade: number;
            /**
             * Format: double
             * @description The first in percent of the second.
             */
            utilization: number;
        };
        /** @description A page of periods of one key. */
        UtilizationPage: components["schemas"]["KeyLabel"] & {
            axis?: components["schemas"]["AxisView"] | null;
            /** @description The periods in which it sent anything, the latest first. */
            data: components["schemas"]["Utilization"][];
            /**
             * Format: date-time
             * @description The first instant that was asked about.
             */
            from: string;
            /** @description How long a period is. */
            granularity: string;
            /** @description Asks for the next page; null on the last. */
            nextCursor?: string | null;
            /**
             * Format: int64
             * @description The limit of today; that of a period is with the period.
             */
            rateLimitPerMinute?: number | null;
            /**
             * Format: date-time
             * @description The first instant after it.
             */
            to: string;
        };
        /** @description What bounds would have done to the last 24 hours of a key. */
        WhatIfAnswer: components["schemas"]["KeyLabel"] & {
            /** @description Whether a part of the 24 hours is not known by minute. */
            approximate: boolean;
            busiest?: components["schemas"]["BusiestMinute"] | null;
            /**
             * Format: date-time
             * @description The start of the 24 hours.
             */
            from: string;
            /** @description The quota. */
            quota: components["schemas"]["TriedBound"];
            /** @description The rate limit. */
            rate: components["schemas"]["TriedBound"];
            /**
             * Format: int64
             * @description Requests in them.
             */
            requests: number;
            /**
             * Format: date-time
             * @description Their end, the running minute included.
             */
            to: string;
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
    list_alerts: {
        parameters: {
            query?: {
                /**
                 * @description The most rows to answer.
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
            /** @description The rules */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "alertType": "error_rate",
                     *           "apiKeyFilter": null,
                     *           "comparison": "gt",
                     *           "cooldownMinutes": 30,
                     *           "createdAt": "2026-05-01T08:00:00Z",
                     *           "createdBy": "admin",
                     *           "enabled": true,
                     *           "endpointFilter": "GET /api/segments",
                     *           "environmentFilter": null,
                     *           "evaluatedTo": "2026-05-18T09:30:00Z",
                     *           "eventId": "0f6d5a4e-3b2c-5d1e-8f90-a1b2c3d4e5f6",
                     *           "id": 1,
                     *           "lastFiredAt": "2026-05-18T09:25:00Z",
                     *           "minRequests": 100,
                     *           "name": "checkout errors",
                     *           "objectiveId": null,
                     *           "quantile": null,
                     *           "revision": 1,
                     *           "serviceFilter": null,
                     *           "severity": "high",
                     *           "state": "firing",
                     *           "stateSince": "2026-05-18T09:25:00Z",
                     *           "tenantId": null,
                     *           "thresholdValue": 10,
                     *           "unit": null,
                     *           "updatedAt": "2026-05-01T08:00:00Z",
                     *           "value": 15.2,
                     *           "windowMinutes": 5
                     *         }
                     *       ],
                     *       "nextCursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["AlertPage"];
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
    create_alert: {
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
                 *       "alertType": "error_rate",
                 *       "comparison": "gt",
                 *       "cooldownMinutes": 30,
                 *       "endpointFilter": "GET /api/segments",
                 *       "minRequests": 100,
                 *       "name": "checkout errors",
                 *       "severity": "high",
                 *       "thresholdValue": 10,
                 *       "windowMinutes": 5
                 *     }
                 */
                "application/json": components["schemas"]["AlertBody"];
            };
        };
        responses: {
            /** @description The rule */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "alertType": "error_rate",
                     *       "apiKeyFilter": null,
                     *       "comparison": "gt",
                     *       "cooldownMinutes": 30,
                     *       "createdAt": "2026-05-01T08:00:00Z",
                     *       "createdBy": "admin",
                     *       "enabled": true,
                     *       "endpointFilter": "GET /api/segments",
                     *       "environmentFilter": null,
                     *       "evaluatedTo": "2026-05-18T09:30:00Z",
                     *       "eventId": "0f6d5a4e-3b2c-5d1e-8f90-a1b2c3d4e5f6",
                     *       "id": 1,
                     *       "lastFiredAt": "2026-05-18T09:25:00Z",
                     *       "minRequests": 100,
                     *       "name": "checkout errors",
                     *       "objectiveId": null,
                     *       "quantile": null,
                     *       "revision": 1,
                     *       "serviceFilter": null,
                     *       "severity": "high",
                     *       "state": "firing",
                     *       "stateSince": "2026-05-18T09:25:00Z",
                     *       "tenantId": null,
                     *       "thresholdValue": 10,
                     *       "unit": null,
                     *       "updatedAt": "2026-05-01T08:00:00Z",
                     *       "value": 15.2,
                     *       "windowMinutes": 5
                     *     }
                     */
                    "application/json": components["schemas"]["Alert"];
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
            /** @description The body is larger than 64 KiB */
            413: {
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
    channels: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All channels, by name */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "channel": "slack",
                     *           "configured": true,
                     *           "dead": 0,
                     *           "delivered": 12,
                     *           "last": {
                     *             "at": "2026-05-18T18:40:00Z",
                     *             "attempts": 2,
                     *             "error": "the receiver answered 500",
                     *             "noticeId": "5d1c1d6e-3f0f-5d5e-9a55-5f6a7b8c9d0e",
                     *             "status": "pending"
                     *           },
                     *           "lastDeliveredAt": "2026-05-17T09:25:00Z",
                     *           "mutedBy": null,
                     *           "mutedSince": null,
                     *           "pending": 1,
                     *           "state": "failing"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["ChannelList"];
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
    mute_channel: {
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
                 *       "channel": "slack",
                 *       "muted": true
                 *     }
                 */
                "application/json": components["schemas"]["ChannelPatch"];
            };
        };
        responses: {
            /** @description It is so now */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
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
            /** @description There is no such channel */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than 64 KiB */
            413: {
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
    test: {
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
                 *       "channel": "slack"
                 *     }
                 */
                "application/json": components["schemas"]["TestBody"];
            };
        };
        responses: {
            /** @description It is on its way */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "noticeId": "5d1c1d6e-3f0f-4d5e-9a55-5f6a7b8c9d0e"
                     *     }
                     */
                    "application/json": components["schemas"]["SentTest"];
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
            /** @description This process has no such channel */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than 64 KiB */
            413: {
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
    deliveries: {
        parameters: {
            query?: {
                /** @description Given up (dead), to be tried again (pending), taken (delivered), or any of these (all). */
                status?: "dead" | "pending" | "delivered" | "all";
                /**
                 * @description Only the deliveries of this notice, one a channel.
                 * @example 5d1c1d6e-3f0f-5d5e-9a55-5f6a7b8c9d0e
                 */
                noticeId?: string;
                /**
                 * @description The most rows to answer.
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
            /** @description The deliveries */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "attempts": 10,
                     *           "channel": "webhook",
                     *           "lastError": "the receiver answered 500",
                     *           "nextAttemptAt": null,
                     *           "notice": {
                     *             "apiKey": null,
                     *             "at": "2026-05-18T09:25:00Z",
                     *             "eventId": "0f6d5a4e-3b2c-5d1e-8f90-a1b2c3d4e5f6",
                     *             "id": "5d1c1d6e-3f0f-5d5e-9a55-5f6a7b8c9d0e",
                     *             "kind": "alert.fired",
                     *             "message": "Error rate for GET /api/segments jumped from 1.0% to 15.2% (threshold 10%) over 5 min, 1,204 requests",
                     *             "rule": {
                     *               "alertType": "error_rate",
                     *               "id": 1,
                     *               "name": "checkout errors"
                     *             },
                     *             "severity": "high",
                     *             "tenantId": null,
                     *             "threshold": 10,
                     *             "title": "checkout errors",
                     *             "value": 15.2
                     *           },
                     *           "status": "dead",
                     *           "updatedAt": "2026-05-18T18:40:00Z"
                     *         }
                     *       ],
                     *       "nextCursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["DeliveryPage"];
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
    redeliver: {
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
                 *       "channel": "webhook",
                 *       "noticeId": "5d1c1d6e-3f0f-5d5e-9a55-5f6a7b8c9d0e"
                 *     }
                 */
                "application/json": components["schemas"]["RedeliverBody"];
            };
        };
        responses: {
            /** @description It is due again */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
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
            /** @description There is no such dead letter */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than 64 KiB */
            413: {
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
    dry_run: {
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
                 *       "period": "24h",
                 *       "rule": {
                 *         "alertType": "error_rate",
                 *         "comparison": "gt",
                 *         "cooldownMinutes": 30,
                 *         "endpointFilter": "GET /api/segments",
                 *         "minRequests": 100,
                 *         "name": "checkout errors",
                 *         "severity": "high",
                 *         "thresholdValue": 10,
                 *         "windowMinutes": 5
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["DryRunBody"];
            };
        };
        responses: {
            /** @description What it would have done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "breaches": 6,
                     *       "curve": [
                     *         {
                     *           "at": "2026-05-17T09:35:00Z",
                     *           "breaches": 0,
                     *           "tooFew": 0,
                     *           "value": 1.2,
                     *           "windows": 4
                     *         },
                     *         {
                     *           "at": "2026-05-17T09:39:00Z",
                     *           "breaches": 0,
                     *           "tooFew": 4,
                     *           "value": null,
                     *           "windows": 4
                     *         }
                     *       ],
                     *       "events": [
                     *         {
                     *           "firedAt": "2026-05-18T09:25:00Z",
                     *           "message": "Error rate for GET /api/segments jumped from 1.0% to 15.2% (threshold 10%) over 5 min, 1,204 requests",
                     *           "resolvedAt": null,
                     *           "value": 15.2
                     *         }
                     *       ],
                     *       "from": "2026-05-17T09:31:00Z",
                     *       "passedOver": 0,
                     *       "step": "1m",
                     *       "to": "2026-05-18T09:30:00Z",
                     *       "tooFew": 212,
                     *       "windows": 1439
                     *     }
                     */
                    "application/json": components["schemas"]["DryRunAnswer"];
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
            /** @description The body is larger than 64 KiB */
            413: {
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
    events: {
        parameters: {
            query?: {
                /**
                 * @description Only those of the rule of this number.
                 * @example 1
                 */
                alertId?: number;
                /** @description true: only those that still fire. */
                open?: "true" | "false";
                /**
                 * @description The most rows to answer.
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
            /** @description The events, the latest first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "acknowledgedAt": "2026-05-18T09:27:10Z",
                     *           "acknowledgedBy": "ops@example.org",
                     *           "alertId": 1,
                     *           "alertType": "error_rate",
                     *           "causes": {
                     *             "consumers": [
                     *               {
                     *                 "apiKeyId": 17,
                     *                 "errors": 160,
                     *                 "externalId": "customer-17",
                     *                 "name": "Acme",
                     *                 "requests": 900
                     *               }
                     *             ],
                     *             "groups": [
                     *               {
                     *                 "endpoint": "/api/segments",
                     *                 "errorType": "timeout",
                     *                 "id": "3f2a9c0107d1e5b4",
                     *                 "message": "the ledger did not answer",
                     *                 "method": "GET",
                     *                 "requests": 171,
                     *                 "status": 503
                     *               }
                     *             ]
                     *           },
                     *           "firedAt": "2026-05-18T09:25:00Z",
                     *           "id": "0f6d5a4e-3b2c-5d1e-8f90-a1b2c3d4e5f6",
                     *           "message": "Error rate for GET /api/segments jumped from 1.0% to 15.2% (threshold 10%) over 5 min, 1,204 requests",
                     *           "name": "checkout errors",
                     *           "resolvedAt": null,
                     *           "resolvedMessage": null,
                     *           "severity": "high",
                     *           "silencedAt": null,
                     *           "silencedBy": null,
                     *           "silencedUntil": null,
                     *           "state": "firing",
                     *           "tenantId": null,
                     *           "threshold": 10,
                     *           "value": 15.2
                     *         }
                     *       ],
                     *       "nextCursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["AlertEventPage"];
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
    acknowledge_event: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The event's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The event */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "acknowledgedAt": "2026-05-18T09:27:10Z",
                     *       "acknowledgedBy": "ops@example.org",
                     *       "alertId": 1,
                     *       "alertType": "error_rate",
                     *       "causes": {
                     *         "consumers": [
                     *           {
                     *             "apiKeyId": 17,
                     *             "errors": 160,
                     *             "externalId": "customer-17",
                     *             "name": "Acme",
                     *             "requests": 900
                     *           }
                     *         ],
                     *         "groups": [
                     *           {
                     *             "endpoint": "/api/segments",
                     *             "errorType": "timeout",
                     *             "id": "3f2a9c0107d1e5b4",
                     *             "message": "the ledger did not answer",
                     *             "method": "GET",
                     *             "requests": 171,
                     *             "status": 503
                     *           }
                     *         ]
                     *       },
                     *       "firedAt": "2026-05-18T09:25:00Z",
                     *       "id": "0f6d5a4e-3b2c-5d1e-8f90-a1b2c3d4e5f6",
                     *       "message": "Error rate for GET /api/segments jumped from 1.0% to 15.2% (threshold 10%) over 5 min, 1,204 requests",
                     *       "name": "checkout errors",
                     *       "resolvedAt": null,
                     *       "resolvedMessage": null,
                     *       "severity": "high",
                     *       "silencedAt": null,
                     *       "silencedBy": null,
                     *       "silencedUntil": null,
                     *       "state": "firing",
                     *       "tenantId": null,
                     *       "threshold": 10,
                     *       "value": 15.2
                     *     }
                     */
                    "application/json": components["schemas"]["AlertEvent"];
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
            /** @description There is no such event */
            404: {
                headers: {
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
    incident: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The event's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The event and what is behind it */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "consumers": {
                     *         "of": 12,
                     *         "parts": [
                     *           {
                     *             "amount": 160,
                     *             "apiKeyId": 17,
                     *             "endpoint": null,
                     *             "method": null,
                     *             "name": "Acme",
                     *             "requests": 900,
                     *             "share": 0.92,
                     *             "status": null,
                     *             "usualShare": 0.04
                     *           }
                     *         ],
                     *         "text": "Acme is 92% of the errors and 4% of the traffic: one client",
                     *         "total": 174,
                     *         "verdict": "one"
                     *       },
                     *       "curve": {
                     *         "cut": false,
                     *         "points": [
                     *           {
                     *             "at": "2026-05-18T09:24:00Z",
                     *             "requests": 1190,
                     *             "value": 1
                     *           },
                     *           {
                     *             "at": "2026-05-18T09:25:00Z",
                     *             "requests": 1204,
                     *             "value": 15.2
                     *           }
                     *         ],
                     *         "step": "1m"
                     *       },
                     *       "endpoints": null,
                     *       "event": {
                     *         "acknowledgedAt": "2026-05-18T09:27:10Z",
                     *         "acknowledgedBy": "ops@example.org",
                     *         "alertId": 1,
                     *         "alertType": "error_rate",
                     *         "causes": {
                     *           "consumers": [
                     *             {
                     *               "apiKeyId": 17,
                     *               "errors": 160,
                     *               "externalId": "customer-17",
                     *               "name": "Acme",
                     *               "requests": 900
                     *             }
                     *           ],
                     *           "groups": [
                     *             {
                     *               "endpoint": "/api/segments",
                     *               "errorType": "timeout",
                     *               "id": "3f2a9c0107d1e5b4",
                     *               "message": "the ledger did not answer",
                     *               "method": "GET",
                     *               "requests": 171,
                     *               "status": 503
                     *             }
                     *           ]
                     *         },
                     *         "firedAt": "2026-05-18T09:25:00Z",
                     *         "id": "0f6d5a4e-3b2c-5d1e-8f90-a1b2c3d4e5f6",
                     *         "message": "Error rate for GET /api/segments jumped from 1.0% to 15.2% (threshold 10%) over 5 min, 1,204 requests",
                     *         "name": "checkout errors",
                     *         "resolvedAt": null,
                     *         "resolvedMessage": null,
                     *         "severity": "high",
                     *         "silencedAt": null,
                     *         "silencedBy": null,
                     *         "silencedUntil": null,
                     *         "state": "firing",
                     *         "tenantId": null,
                     *         "threshold": 10,
                     *         "value": 15.2
                     *       },
                     *       "from": "2026-05-18T09:20:00Z",
                     *       "groups": null,
                     *       "measure": "errors",
                     *       "release": {
                     *         "after": {
                     *           "errorRate": 4.1,
                     *           "p95Ms": 43.9,
                     *           "requests": 5310
                     *         },
                     *         "at": "2026-05-18T09:08:00Z",
                     *         "before": {
                     *           "errorRate": 0.9,
                     *           "p95Ms": 41.2,
                     *           "requests": 14200
                     *         },
                     *         "service": "shop",
                     *         "version": "1.9.1"
                     *       },
                     *       "requests": null,
                     *       "rule": {
                     *         "alertType": "error_rate",
                     *         "apiKeyFilter": null,
                     *         "comparison": "gt",
                     *         "cooldownMinutes": 30,
                     *         "createdAt": "2026-05-01T08:00:00Z",
                     *         "createdBy": "admin",
                     *         "enabled": true,
                     *         "endpointFilter": "GET /api/segments",
                     *         "environmentFilter": null,
                     *         "evaluatedTo": "2026-05-18T09:30:00Z",
                     *         "eventId": "0f6d5a4e-3b2c-5d1e-8f90-a1b2c3d4e5f6",
                     *         "id": 1,
                     *         "lastFiredAt": "2026-05-18T09:25:00Z",
                     *         "minRequests": 100,
                     *         "name": "checkout errors",
                     *         "objectiveId": null,
                     *         "quantile": null,
                     *         "revision": 1,
                     *         "serviceFilter": null,
                     *         "severity": "high",
                     *         "state": "firing",
                     *         "stateSince": "2026-05-18T09:25:00Z",
                     *         "tenantId": null,
                     *         "thresholdValue": 10,
                     *         "unit": null,
                     *         "updatedAt": "2026-05-01T08:00:00Z",
                     *         "value": 15.2,
                     *         "windowMinutes": 5
                     *       },
                     *       "statuses": null,
                     *       "to": "2026-05-18T09:31:00Z",
                     *       "usualFrom": "2026-05-18T08:20:00Z",
                     *       "verdict": "Acme is 92% of the errors and 4% of the traffic: one client; release 1.9.1 12 min before"
                     *     }
                     */
                    "application/json": components["schemas"]["Incident"];
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
            /** @description There is no such event */
            404: {
                headers: {
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
    silence_event: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The event's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "period": "1h"
                 *     }
                 */
                "application/json": components["schemas"]["SilenceBody"];
            };
        };
        responses: {
            /** @description The event */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "acknowledgedAt": "2026-05-18T09:27:10Z",
                     *       "acknowledgedBy": "ops@example.org",
                     *       "alertId": 1,
                     *       "alertType": "error_rate",
                     *       "causes": {
                     *         "consumers": [
                     *           {
                     *             "apiKeyId": 17,
                     *             "errors": 160,
                     *             "externalId": "customer-17",
                     *             "name": "Acme",
                     *             "requests": 900
                     *           }
                     *         ],
                     *         "groups": [
                     *           {
                     *             "endpoint": "/api/segments",
                     *             "errorType": "timeout",
                     *             "id": "3f2a9c0107d1e5b4",
                     *             "message": "the ledger did not answer",
                     *             "method": "GET",
                     *             "requests": 171,
                     *             "status": 503
                     *           }
                     *         ]
                     *       },
                     *       "firedAt": "2026-05-18T09:25:00Z",
                     *       "id": "0f6d5a4e-3b2c-5d1e-8f90-a1b2c3d4e5f6",
                     *       "message": "Error rate for GET /api/segments jumped from 1.0% to 15.2% (threshold 10%) over 5 min, 1,204 requests",
                     *       "name": "checkout errors",
                     *       "resolvedAt": null,
                     *       "resolvedMessage": null,
                     *       "severity": "high",
                     *       "silencedAt": null,
                     *       "silencedBy": null,
                     *       "silencedUntil": null,
                     *       "state": "firing",
                     *       "tenantId": null,
                     *       "threshold": 10,
                     *       "value": 15.2
                     *     }
                     */
                    "application/json": components["schemas"]["AlertEvent"];
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
            /** @description There is no such event */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than 64 KiB */
            413: {
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
    list_silences: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The silences */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "alertId": null,
                     *           "createdAt": "2026-05-18T09:25:00Z",
                     *           "createdBy": "ops",
                     *           "endpoint": null,
                     *           "environment": null,
                     *           "from": "2026-05-18T22:00:00Z",
                     *           "id": 1,
                     *           "reason": "the database moves",
                     *           "service": "billing",
                     *           "state": "planned",
                     *           "tenantId": null,
                     *           "until": "2026-05-19T00:00:00Z"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["SilenceList"];
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
    create_silence: {
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
                 *       "from": "2026-05-18T22:00:00Z",
                 *       "reason": "the database moves",
                 *       "service": "billing",
                 *       "until": "2026-05-19T00:00:00Z"
                 *     }
                 */
                "application/json": components["schemas"]["NewSilenceBody"];
            };
        };
        responses: {
            /** @description The silence */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "alertId": null,
                     *       "createdAt": "2026-05-18T09:25:00Z",
                     *       "createdBy": "ops",
                     *       "endpoint": null,
                     *       "environment": null,
                     *       "from": "2026-05-18T22:00:00Z",
                     *       "id": 1,
                     *       "reason": "the database moves",
                     *       "service": "billing",
                     *       "state": "planned",
                     *       "tenantId": null,
                     *       "until": "2026-05-19T00:00:00Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Silence"];
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
            /** @description The body is larger than 64 KiB */
            413: {
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
    end_silence: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Its number */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is over */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
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
            /** @description There is no such silence, or it is over already */
            404: {
                headers: {
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
    alert: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Its number */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The rule */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "alertType": "error_rate",
                     *       "apiKeyFilter": null,
                     *       "comparison": "gt",
                     *       "cooldownMinutes": 30,
                     *       "createdAt": "2026-05-01T08:00:00Z",
                     *       "createdBy": "admin",
                     *       "enabled": true,
                     *       "endpointFilter": "GET /api/segments",
                     *       "environmentFilter": null,
                     *       "evaluatedTo": "2026-05-18T09:30:00Z",
                     *       "eventId": "0f6d5a4e-3b2c-5d1e-8f90-a1b2c3d4e5f6",
                     *       "id": 1,
                     *       "lastFiredAt": "2026-05-18T09:25:00Z",
                     *       "minRequests": 100,
                     *       "name": "checkout errors",
                     *       "objectiveId": null,
                     *       "quantile": null,
                     *       "revision": 1,
                     *       "serviceFilter": null,
                     *       "severity": "high",
                     *       "state": "firing",
                     *       "stateSince": "2026-05-18T09:25:00Z",
                     *       "tenantId": null,
                     *       "thresholdValue": 10,
                     *       "unit": null,
                     *       "updatedAt": "2026-05-01T08:00:00Z",
                     *       "value": 15.2,
                     *       "windowMinutes": 5
                     *     }
                     */
                    "application/json": components["schemas"]["Alert"];
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
            /** @description There is no such rule */
            404: {
                headers: {
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
    replace_alert: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Its number */
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "alertType": "error_rate",
                 *       "comparison": "gt",
                 *       "cooldownMinutes": 30,
                 *       "endpointFilter": "GET /api/segments",
                 *       "minRequests": 100,
                 *       "name": "checkout errors",
                 *       "severity": "high",
                 *       "thresholdValue": 10,
                 *       "windowMinutes": 5
                 *     }
                 */
                "application/json": components["schemas"]["AlertBody"];
            };
        };
        responses: {
            /** @description The rule */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "alertType": "error_rate",
                     *       "apiKeyFilter": null,
                     *       "comparison": "gt",
                     *       "cooldownMinutes": 30,
                     *       "createdAt": "2026-05-01T08:00:00Z",
                     *       "createdBy": "admin",
                     *       "enabled": true,
                     *       "endpointFilter": "GET /api/segments",
                     *       "environmentFilter": null,
                     *       "evaluatedTo": "2026-05-18T09:30:00Z",
                     *       "eventId": "0f6d5a4e-3b2c-5d1e-8f90-a1b2c3d4e5f6",
                     *       "id": 1,
                     *       "lastFiredAt": "2026-05-18T09:25:00Z",
                     *       "minRequests": 100,
                     *       "name": "checkout errors",
                     *       "objectiveId": null,
                     *       "quantile": null,
                     *       "revision": 1,
                     *       "serviceFilter": null,
                     *       "severity": "high",
                     *       "state": "firing",
                     *       "stateSince": "2026-05-18T09:25:00Z",
                     *       "tenantId": null,
                     *       "thresholdValue": 10,
                     *       "unit": null,
                     *       "updatedAt": "2026-05-01T08:00:00Z",
                     *       "value": 15.2,
                     *       "windowMinutes": 5
                     *     }
                     */
                    "application/json": components["schemas"]["Alert"];
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
            /** @description There is no such rule */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It was changed meanwhile */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than 64 KiB */
            413: {
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
    remove_alert: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Its number */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
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
            /** @description There is no such rule */
            404: {
                headers: {
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
    change_alert: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Its number */
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "enabled": true,
                 *       "thresholdValue": 15
                 *     }
                 */
                "application/json": components["schemas"]["AlertPatch"];
            };
        };
        responses: {
            /** @description The rule */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "alertType": "error_rate",
                     *       "apiKeyFilter": null,
                     *       "comparison": "gt",
                     *       "cooldownMinutes": 30,
                     *       "createdAt": "2026-05-01T08:00:00Z",
                     *       "createdBy": "admin",
                     *       "enabled": true,
                     *       "endpointFilter": "GET /api/segments",
                     *       "environmentFilter": null,
                     *       "evaluatedTo": "2026-05-18T09:30:00Z",
                     *       "eventId": "0f6d5a4e-3b2c-5d1e-8f90-a1b2c3d4e5f6",
                     *       "id": 1,
                     *       "lastFiredAt": "2026-05-18T09:25:00Z",
                     *       "minRequests": 100,
                     *       "name": "checkout errors",
                     *       "objectiveId": null,
                     *       "quantile": null,
                     *       "revision": 1,
                     *       "serviceFilter": null,
                     *       "severity": "high",
                     *       "state": "firing",
                     *       "stateSince": "2026-05-18T09:25:00Z",
                     *       "tenantId": null,
                     *       "thresholdValue": 10,
                     *       "unit": null,
                     *       "updatedAt": "2026-05-01T08:00:00Z",
                     *       "value": 15.2,
                     *       "windowMinutes": 5
                     *     }
                     */
                    "application/json": components["schemas"]["Alert"];
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
            /** @description There is no such rule */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It was changed meanwhile */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than 64 KiB */
            413: {
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
    list_audit_trail: {
        parameters: {
            query?: {
                /**
                 * @description Only what was done in these words, such as `change rate limit`.
                 * @example change rate limit
                 */
                action?: string;
                /**
                 * @description Only notes whose subject contains this text, capitals or not.
                 * @example API key 17
                 */
                subject?: string;
                /**
                 * @description The most rows to answer.
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
            /** @description The notes, the latest first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "action": "change rate limit",
                     *           "actor": "ops@example.org",
                     *           "at": "2026-05-18T09:25:00Z",
                     *           "id": 2,
                     *           "subject": "API key 17: 600 to 1200 a minute"
                     *         },
                     *         {
                     *           "action": "create alert rule",
                     *           "actor": "ops@example.org",
                     *           "at": "2026-05-18T09:20:00Z",
                     *           "id": 1,
                     *           "subject": "alert rule 1 (checkout errors)"
                     *         }
                     *       ],
                     *       "nextCursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["AuditPage"];
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
    list_jobs: {
        parameters: {
            query?: {
                /**
                 * @description The most rows to answer.
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
            /** @description The jobs */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "environment": "production",
                     *           "failureCount": 1,
                     *           "id": 1,
                     *           "lastRun": {
                     *             "attempts": 2,
                     *             "cause": "schedule",
                     *             "dueAt": "2026-05-18T03:30:00Z",
                     *             "durationMs": 9480,
                     *             "error": null,
                     *             "finishedAt": "2026-05-18T03:30:13Z",
                     *             "id": 42,
                     *             "instance": "0f8fad5b-d9cb-469f-a165-70867728950e",
                     *             "outcome": "success",
                     *             "startedAt": "2026-05-18T03:30:01Z"
                     *           },
                     *           "name": "nightly-report",
                     *           "nextAt": "2026-05-19T03:30:00Z",
                     *           "requestedBy": null,
                     *           "retryAt": null,
                     *           "runningSince": null,
                     *           "schedule": "30 3 * * *",
                     *           "service": "shop",
                     *           "successCount": 41
                     *         }
                     *       ],
                     *       "nextCursor": null,
                     *       "tasks": [
                     *         {
                     *           "failureCount": 0,
                     *           "lastDurationMs": 4.218,
                     *           "lastError": null,
                     *           "lastSuccessAt": "2026-05-18T09:29:55.125Z",
                     *           "name": "fold",
                     *           "nextAt": "2026-05-18T09:30:05.125Z",
                     *           "running": true
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["JobPage"];
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
    run_job: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The job's number */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It runs as soon as an instance takes it */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
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
            /** @description There is no such job */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It has no schedule: only the host's code runs it */
            409: {
                headers: {
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
    list_job_runs: {
        parameters: {
            query?: {
                /**
                 * @description The most rows to answer.
                 * @example 100
                 */
                limit?: number;
                /** @description `nextCursor` of the page before, with all other parameters as they were. */
                cursor?: string;
            };
            header?: never;
            path: {
                /** @description The job's number */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The runs, the latest first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "attempts": 2,
                     *           "cause": "schedule",
                     *           "dueAt": "2026-05-18T03:30:00Z",
                     *           "durationMs": 9480,
                     *           "error": null,
                     *           "finishedAt": "2026-05-18T03:30:13Z",
                     *           "id": 42,
                     *           "instance": "0f8fad5b-d9cb-469f-a165-70867728950e",
                     *           "outcome": "success",
                     *           "startedAt": "2026-05-18T03:30:01Z"
                     *         }
                     *       ],
                     *       "nextCursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["JobRunPage"];
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
            /** @description There is no such job */
            404: {
                headers: {
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
    list_keys: {
        parameters: {
            query?: {
                /**
                 * @description The most rows to answer.
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
            /** @description The keys */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "createdAt": "2026-05-01T08:00:00Z",
                     *           "enabled": true,
                     *           "externalId": "k-2041",
                     *           "id": 3,
                     *           "name": "render-farm",
                     *           "pricePlanId": null,
                     *           "quotaAnchor": null,
                     *           "quotaLimit": 100000,
                     *           "quotaPeriod": "month",
                     *           "quotaUnit": null,
                     *           "rateLimitPerMinute": 100,
                     *           "teamId": null,
                     *           "tenantId": "acme",
                     *           "updatedAt": "2026-05-01T08:00:00Z",
                     *           "userId": null
                     *         }
                     *       ],
                     *       "nextCursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["ApiKeyPage"];
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
    create_key: {
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
                 *       "externalId": "k-2041",
                 *       "name": "render-farm",
                 *       "quotaLimit": 100000,
                 *       "rateLimitPerMinute": 100
                 *     }
                 */
                "application/json": components["schemas"]["ApiKeyBody"];
            };
        };
        responses: {
            /** @description The key */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "createdAt": "2026-05-01T08:00:00Z",
                     *       "enabled": true,
                     *       "externalId": "k-2041",
                     *       "id": 3,
                     *       "name": "render-farm",
                     *       "pricePlanId": null,
                     *       "quotaAnchor": null,
                     *       "quotaLimit": 100000,
                     *       "quotaPeriod": "month",
                     *       "quotaUnit": null,
                     *       "rateLimitPerMinute": 100,
                     *       "teamId": null,
                     *       "tenantId": "acme",
                     *       "updatedAt": "2026-05-01T08:00:00Z",
                     *       "userId": null
                     *     }
                     */
                    "application/json": components["schemas"]["ApiKey"];
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
            /** @description There is a key of that text */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than 64 KiB */
            413: {
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
    change_key: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The key's number */
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "rateLimitPerMinute": 200
                 *     }
                 */
                "application/json": components["schemas"]["ApiKeyPatch"];
            };
        };
        responses: {
            /** @description The key */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "createdAt": "2026-05-01T08:00:00Z",
                     *       "enabled": true,
                     *       "externalId": "k-2041",
                     *       "id": 3,
                     *       "name": "render-farm",
                     *       "pricePlanId": null,
                     *       "quotaAnchor": null,
                     *       "quotaLimit": 100000,
                     *       "quotaPeriod": "month",
                     *       "quotaUnit": null,
                     *       "rateLimitPerMinute": 100,
                     *       "teamId": null,
                     *       "tenantId": "acme",
                     *       "updatedAt": "2026-05-01T08:00:00Z",
                     *       "userId": null
                     *     }
                     */
                    "application/json": components["schemas"]["ApiKey"];
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
            /** @description There is no such key */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than 64 KiB */
            413: {
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
    series: {
        parameters: {
            query?: {
                /** @description The range up to now: 5m, 15m, 1h, 6h, 24h, 7d, 30d, 90d or 1y. Not together with `from`. */
                period?: "5m" | "15m" | "1h" | "6h" | "24h" | "7d" | "30d" | "90d" | "1y";
                /**
                 * @description The first instant that belongs to the range, RFC 3339, or a date for its midnight in UTC.
                 * @example 2015-05-17T00:00:00Z
                 */
                from?: string;
                /**
                 * @description The first instant after the range, RFC 3339, or a date for its midnight in UTC. Without it the range goes up to now.
                 * @example 2015-05-18T00:00:00Z
                 */
                to?: string;
                /** @description The length of a point: 1m to 1mo; auto for the finest that is kept for the whole range and gives at most about 300 points; none for one row a group over the whole range. A step that is no longer kept for the whole range is refused. */
                granularity?: "auto" | "none" | "1m" | "5m" | "15m" | "30m" | "1h" | "6h" | "12h" | "1d" | "1w" | "1mo";
                /**
                 * @description The most points that `granularity=auto` gives, about.
                 * @example 300
                 */
                points?: number;
                /**
                 * @description Only the groups with the most requests over the whole range, at most so many, 1 to 100; each with all of its periods.
                 * @example 20
                 */
                top?: number;
                /**
                 * @description The IANA zone whose hours, days and weeks are meant; UTC by default.
                 * @example Europe/Berlin
                 */
                tz?: string;
                /**
                 * @description Dimensions by which rows are grouped, with commas between them: service, environment, protocol, method, endpoint, apiKey, user, team.
                 * @example endpoint,method
                 */
                groupBy?: string;
                /**
                 * @description The numbers of a row, with commas between them; all by default. Without quantiles an answer is cheaper.
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
                /**
                 * @description Only this protocol: `http`, `grpc`, a kind of events such as `agent`, `any` for all, or `billed` for what quotas and bills count. Without it, requests to the server: `http` and `grpc`.
                 * @example http
                 */
                protocol?: string;
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
                 * @description Only the API keys of this user: those with this `userId`.
                 * @example u-17
                 */
                userId?: string;
                /**
                 * @description Only the API keys of this team: those with this `teamId`.
                 * @example platform
                 */
                teamId?: string;
                /**
                 * @description Only the API keys of this tenant. Never more than the caller may see.
                 * @example acme
                 */
                tenantId?: string;
                /**
                 * @description The most rows to answer.
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
                     *       "axis": {
                     *         "alignment": "local",
                     *         "edges": [
                     *           "2026-05-17T00:00:00Z",
                     *           "2026-05-17T01:00:00Z",
                     *           "2026-05-17T02:00:00Z"
                     *         ],
                     *         "names": [
                     *           "2026-05-17T00:00:00",
                     *           "2026-05-17T01:00:00"
                     *         ],
                     *         "step": "1h"
                     *       },
                     *       "data": [
                     *         {
                     *           "approximate": false,
                     *           "endpoint": "/users/{id}",
                     *           "errorRate": 0.5,
                     *           "p95Ms": 31.104,
                     *           "partial": false,
                     *           "periodEnd": "2026-05-17T01:00:00Z",
                     *           "periodStart": "2026-05-17T00:00:00Z",
                     *           "requestCount": 40
                     *         },
                     *         {
                     *           "approximate": false,
                     *           "endpoint": "/users/{id}",
                     *           "errorRate": 0.5,
                     *           "p95Ms": 31.104,
                     *           "partial": false,
                     *           "periodEnd": "2026-05-17T02:00:00Z",
                     *           "periodStart": "2026-05-17T01:00:00Z",
                     *           "requestCount": 32
                     *         }
                     *       ],
                     *       "from": "2026-05-17T00:00:00Z",
                     *       "granularity": "1h",
                     *       "incomplete": false,
                     *       "nextCursor": null,
                     *       "to": "2026-05-17T02:00:00Z",
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
    billing: {
        parameters: {
            query?: {
                /**
                 * @description A calendar month in UTC; the current one by default. Not together with `from`.
                 * @example 2026-05
                 */
                month?: string;
                /**
                 * @description The first UTC day.
                 * @example 2026-05-01
                 */
                from?: string;
                /**
                 * @description The first UTC day after the range; the day after today by default.
                 * @example 2026-05-18
                 */
                to?: string;
                /**
                 * @description Only the keys of this tenant.
                 * @example acme
                 */
                tenantId?: string;
                /**
                 * @description Only the API key of this number; requests without one are not billed.
                 * @example 3
                 */
                apiKeyId?: number;
                /**
                 * @description The most rows to answer.
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
            /** @description Usage and cost */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "approximate": false,
                     *       "asOf": "2026-05-18T09:30:30Z",
                     *       "axis": {
                     *         "alignment": "local",
                     *         "edges": [
                     *           "2026-05-17T00:00:00Z",
                     *           "2026-05-18T00:00:00Z"
                     *         ],
                     *         "names": [
                     *           "2026-05-17T00:00:00"
                     *         ],
                     *         "step": "1d"
                     *       },
                     *       "data": [
                     *         {
                     *           "apiKeyId": 3,
                     *           "cost": [
                     *             {
                     *               "amount": "0.9046",
                     *               "currency": "USD"
                     *             }
                     *           ],
                     *           "days": [
                     *             {
                     *               "cost": [
                     *                 {
                     *                   "amount": "0.9046",
                     *                   "currency": "USD"
                     *                 }
                     *               ],
                     *               "date": "2026-05-17",
                     *               "notCounted": 0,
                     *               "periodEnd": "2026-05-18T00:00:00Z",
                     *               "periodStart": "2026-05-17T00:00:00Z",
                     *               "requests": 45230
                     *             }
                     *           ],
                     *           "externalId": "k-2041",
                     *           "name": "render-farm",
                     *           "notCounted": 0,
                     *           "requests": 45230,
                     *           "tenantId": "acme"
                     *         }
                     *       ],
                     *       "from": "2026-05-17",
                     *       "nextCursor": null,
                     *       "projection": [
                     *         {
                     *           "cost": {
                     *             "amount": "0.9046",
                     *             "currency": "USD"
                     *           },
                     *           "projectedCost": {
                     *             "amount": "1.6074",
                     *             "currency": "USD"
                     *           },
                     *           "projectedRequests": 80370,
                     *           "requests": 45230
                     *         }
                     *       ],
                     *       "tenants": [
                     *         {
                     *           "cost": [
                     *             {
                     *               "amount": "0.9046",
                     *               "currency": "USD"
                     *             }
                     *           ],
                     *           "days": [
                     *             {
                     *               "cost": [
                     *                 {
                     *                   "amount": "0.9046",
                     *                   "currency": "USD"
                     *                 }
                     *               ],
                     *               "date": "2026-05-17",
                     *               "notCounted": 0,
                     *               "periodEnd": "2026-05-18T00:00:00Z",
                     *               "periodStart": "2026-05-17T00:00:00Z",
                     *               "requests": 45230
                     *             }
                     *           ],
                     *           "notCounted": 0,
                     *           "requests": 45230,
                     *           "tenantId": "acme"
                     *         }
                     *       ],
                     *       "to": "2026-05-18",
                     *       "total": {
                     *         "cost": [
                     *           {
                     *             "amount": "0.9046",
                     *             "currency": "USD"
                     *           }
                     *         ],
                     *         "days": [
                     *           {
                     *             "cost": [
                     *               {
                     *                 "amount": "0.9046",
                     *                 "currency": "USD"
                     *               }
                     *             ],
                     *             "date": "2026-05-17",
                     *             "notCounted": 0,
                     *             "periodEnd": "2026-05-18T00:00:00Z",
                     *             "periodStart": "2026-05-17T00:00:00Z",
                     *             "requests": 45230
                     *           }
                     *         ],
                     *         "notCounted": 0,
                     *         "requests": 45230
                     *       },
                     *       "unbilledRequests": 1605
                     *     }
                     */
                    "application/json": components["schemas"]["BillingPage"];
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
    invoice: {
        parameters: {
            query?: {
                /** @description JSON, or CSV with a header and a row for each total. */
                format?: "json" | "csv";
                /**
                 * @description A calendar month in UTC; the current one by default.
                 * @example 2026-05
                 */
                month?: string;
                /**
                 * @description Only the keys of this tenant.
                 * @example acme
                 */
                tenantId?: string;
                /**
                 * @description Only the API key of this number; requests without one are not billed.
                 * @example 3
                 */
                apiKeyId?: number;
                /**
                 * @description The most rows to answer.
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
            /** @description The line items */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "asOf": "2026-05-18T09:30:30Z",
                     *       "closed": false,
                     *       "data": [
                     *         {
                     *           "currency": "USD",
                     *           "exact": "0.9046",
                     *           "lineCount": 1,
                     *           "lines": [
                     *             {
                     *               "amount": "0.90",
                     *               "apiKeyId": 3,
                     *               "description": "Requests",
                     *               "exact": "0.9046",
                     *               "externalId": "k-2041",
                     *               "firstDay": "2026-05-17",
                     *               "keyName": "render-farm",
                     *               "lastDay": "2026-05-17",
                     *               "perThousand": "0.02",
                     *               "plan": "default",
                     *               "planFrom": "0001-01-01",
                     *               "quantity": 45230,
                     *               "tenantId": "acme",
                     *               "tierFrom": 0,
                     *               "unit": null
                     *             }
                     *           ],
                     *           "quantity": 45230,
                     *           "total": "0.90"
                     *         }
                     *       ],
                     *       "nextCursor": null,
                     *       "periodEnd": "2026-06-01",
                     *       "periodStart": "2026-05-01",
                     *       "rounding": "Each line is rounded half up to the currency's smallest unit; the total is the sum of the rounded lines."
                     *     }
                     */
                    "application/json": components["schemas"]["InvoiceAnswer"];
                    /**
                     * @example period_start,period_end,tenant
                     *     2026-05-01,2026-06-01,acme
                     */
                    "text/csv": string;
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
    explain: {
        parameters: {
            query?: {
                /**
                 * @description A calendar month in UTC; the current one by default.
                 * @example 2026-05
                 */
                month?: string;
            };
            header?: never;
            path: {
                /** @description The key's number */
                keyId: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The bill, explained */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "alternatives": [
                     *         {
                     *           "cost": {
                     *             "amount": "0.7046",
                     *             "currency": "USD"
                     *           },
                     *           "difference": "-0.2",
                     *           "isCurrent": false,
                     *           "plan": {
                     *             "currency": "USD",
                     *             "effectiveFrom": "2026-06-01",
                     *             "freeRequests": 10000,
                     *             "id": 1,
                     *             "name": "pro",
                     *             "tenantId": null,
                     *             "tiers": [
                     *               {
                     *                 "fromRequests": 0,
                     *                 "perThousand": "0.02"
                     *               },
                     *               {
                     *                 "fromRequests": 1000000,
                     *                 "perThousand": "0.01"
                     *               }
                     *             ],
                     *             "units": [
                     *               {
                     *                 "free": 100000,
                     *                 "tiers": [
                     *                   {
                     *                     "from": 0,
                     *                     "perThousand": "0.002"
                     *                   }
                     *                 ],
                     *                 "unit": "tokens"
                     *               }
                     *             ]
                     *           },
                     *           "projectedCost": {
                     *             "amount": "1.4074",
                     *             "currency": "USD"
                     *           }
                     *         }
                     *       ],
                     *       "apiKeyId": 3,
                     *       "approximate": false,
                     *       "asOf": "2026-05-18T09:30:30Z",
                     *       "before": {
                     *         "byPrices": "0",
                     *         "byUsage": "0.5",
                     *         "cost": [
                     *           {
                     *             "amount": "0.9046",
                     *             "currency": "USD"
                     *           }
                     *         ],
                     *         "costBefore": [
                     *           {
                     *             "amount": "0.4046",
                     *             "currency": "USD"
                     *           }
                     *         ],
                     *         "days": 17,
                     *         "month": "2026-04-01",
                     *         "requests": 45230,
                     *         "requestsBefore": 20230
                     *       },
                     *       "closed": false,
                     *       "days": [
                     *         {
                     *           "cost": {
                     *             "amount": "0.9046",
                     *             "currency": "USD"
                     *           },
                     *           "date": "2026-05-17",
                     *           "notCounted": 0,
                     *           "periodEnd": "2026-05-18T00:00:00Z",
                     *           "periodStart": "2026-05-17T00:00:00Z",
                     *           "position": 45230,
                     *           "requests": 45230,
                     *           "units": {}
                     *         }
                     *       ],
                     *       "externalId": "k-2041",
                     *       "invoices": [
                     *         {
                     *           "currency": "USD",
                     *           "exact": "0.9046",
                     *           "lineCount": 1,
                     *           "lines": [
                     *             {
                     *               "amount": "0.90",
                     *               "apiKeyId": 3,
                     *               "description": "Requests",
                     *               "exact": "0.9046",
                     *               "externalId": "k-2041",
                     *               "firstDay": "2026-05-17",
                     *               "keyName": "render-farm",
                     *               "lastDay": "2026-05-17",
                     *               "perThousand": "0.02",
                     *               "plan": "default",
                     *               "planFrom": "0001-01-01",
                     *               "quantity": 45230,
                     *               "tenantId": "acme",
                     *               "tierFrom": 0,
                     *               "unit": null
                     *             }
                     *           ],
                     *           "quantity": 45230,
                     *           "total": "0.90"
                     *         }
                     *       ],
                     *       "name": "render-farm",
                     *       "periodEnd": "2026-06-01",
                     *       "periodStart": "2026-05-01",
                     *       "plans": [
                     *         {
                     *           "firstDay": "2026-05-01",
                     *           "plan": {
                     *             "currency": "USD",
                     *             "effectiveFrom": "2026-06-01",
                     *             "freeRequests": 10000,
                     *             "id": 1,
                     *             "name": "pro",
                     *             "tenantId": null,
                     *             "tiers": [
                     *               {
                     *                 "fromRequests": 0,
                     *                 "perThousand": "0.02"
                     *               },
                     *               {
                     *                 "fromRequests": 1000000,
                     *                 "perThousand": "0.01"
                     *               }
                     *             ],
                     *             "units": [
                     *               {
                     *                 "free": 100000,
                     *                 "tiers": [
                     *                   {
                     *                     "from": 0,
                     *                     "perThousand": "0.002"
                     *                   }
                     *                 ],
                     *                 "unit": "tokens"
                     *               }
                     *             ]
                     *           }
                     *         }
                     *       ],
                     *       "projectedRequests": 80370,
                     *       "projection": [
                     *         {
                     *           "cost": {
                     *             "amount": "1.6074",
                     *             "currency": "USD"
                     *           },
                     *           "high": {
                     *             "amount": "1.82",
                     *             "currency": "USD"
                     *           },
                     *           "low": {
                     *             "amount": "1.31",
                     *             "currency": "USD"
                     *           }
                     *         }
                     *       ],
                     *       "projectionWeeks": 4,
                     *       "rounding": "Each line is rounded half up to the currency's smallest unit; the total is the sum of the rounded lines.",
                     *       "tenantId": "acme"
                     *     }
                     */
                    "application/json": components["schemas"]["BillExplanation"];
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
            /** @description There is no such key */
            404: {
                headers: {
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
    reconciliation: {
        parameters: {
            query?: {
                /**
                 * @description A calendar month in UTC; the current one by default. Not together with `from`.
                 * @example 2026-05
                 */
                month?: string;
                /**
                 * @description The first UTC day.
                 * @example 2026-05-01
                 */
                from?: string;
                /**
                 * @description The first UTC day after the range; the day after today by default.
                 * @example 2026-05-18
                 */
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The counts */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "agrees": true,
                     *       "asOf": "2026-05-18T09:30:30Z",
                     *       "days": [
                     *         {
                     *           "billed": 45230,
                     *           "date": "2026-05-17",
                     *           "differences": [],
                     *           "inbox": 0,
                     *           "ledger": 46835,
                     *           "notCounted": 0,
                     *           "periodEnd": "2026-05-18T00:00:00Z",
                     *           "periodStart": "2026-05-17T00:00:00Z",
                     *           "stored": [
                     *             {
                     *               "granularity": "1d",
                     *               "requests": 46835,
                     *               "totals": 46835,
                     *               "waiting": false
                     *             }
                     *           ],
                     *           "unbilled": 1605
                     *         }
                     *       ],
                     *       "from": "2026-05-17",
                     *       "months": [
                     *         {
                     *           "differences": [],
                     *           "invoiced": 45230,
                     *           "month": "2026-05-01",
                     *           "usage": 45230
                     *         }
                     *       ],
                     *       "to": "2026-05-18"
                     *     }
                     */
                    "application/json": components["schemas"]["ReconciliationAnswer"];
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
    coverage: {
        parameters: {
            query?: {
                /** @description The range up to now: 5m, 15m, 1h, 6h, 24h, 7d, 30d, 90d or 1y. Not together with `from`. */
                period?: "5m" | "15m" | "1h" | "6h" | "24h" | "7d" | "30d" | "90d" | "1y";
                /**
                 * @description The first instant that belongs to the range, RFC 3339, or a date for its midnight in UTC.
                 * @example 2015-05-17T00:00:00Z
                 */
                from?: string;
                /**
                 * @description The first instant after the range, RFC 3339, or a date for its midnight in UTC. Without it the range goes up to now.
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
                /**
                 * @description Only this protocol: `http`, `grpc`, a kind of events such as `agent`, `any` for all, or `billed` for what quotas and bills count. Without it, requests to the server: `http` and `grpc`.
                 * @example http
                 */
                protocol?: string;
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
                 * @description Only the API keys of this user: those with this `userId`.
                 * @example u-17
                 */
                userId?: string;
                /**
                 * @description Only the API keys of this team: those with this `teamId`.
                 * @example platform
                 */
                teamId?: string;
                /**
                 * @description Only the API keys of this tenant. Never more than the caller may see.
                 * @example acme
                 */
                tenantId?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Every operation of the documents, and what they lack */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "approximate": false,
                     *       "asOf": "2026-05-18T09:30:00.125Z",
                     *       "documents": [
                     *         {
                     *           "calledCount": 2,
                     *           "calledPercent": 66.667,
                     *           "deprecatedCalledCount": 1,
                     *           "operationCount": 3,
                     *           "service": "shop",
                     *           "title": "Shop",
                     *           "undocumentedCount": 1,
                     *           "undocumentedRequestCount": 12
                     *         }
                     *       ],
                     *       "from": "2026-05-17T00:00:00Z",
                     *       "incomplete": false,
                     *       "operations": [
                     *         {
                     *           "callers": [],
                     *           "deprecated": false,
                     *           "endpoint": "/orders/{id}",
                     *           "errorRate": 0.5,
                     *           "method": "GET",
                     *           "moreCallers": false,
                     *           "operationId": "getOrder",
                     *           "path": "/orders/{id}",
                     *           "requestCount": 1200,
                     *           "service": "shop",
                     *           "summary": "One order"
                     *         },
                     *         {
                     *           "callers": [
                     *             {
                     *               "apiKeyId": 3,
                     *               "externalId": "partner-sync",
                     *               "name": "Partner sync",
                     *               "requestCount": 40
                     *             }
                     *           ],
                     *           "deprecated": true,
                     *           "endpoint": "/v1/orders",
                     *           "errorRate": 0,
                     *           "method": "GET",
                     *           "moreCallers": false,
                     *           "operationId": "listOrdersOld",
                     *           "path": "/v1/orders",
                     *           "requestCount": 40,
                     *           "service": "shop",
                     *           "summary": null
                     *         },
                     *         {
                     *           "callers": [],
                     *           "deprecated": false,
                     *           "endpoint": null,
                     *           "errorRate": null,
                     *           "method": "DELETE",
                     *           "moreCallers": false,
                     *           "operationId": "deleteOrder",
                     *           "path": "/orders/{id}",
                     *           "requestCount": 0,
                     *           "service": "shop",
                     *           "summary": null
                     *         }
                     *       ],
                     *       "to": "2026-05-18T00:00:00Z",
                     *       "undocumented": [
                     *         {
                     *           "endpoint": "/internal/reindex",
                     *           "errorRate": 0,
                     *           "method": "POST",
                     *           "requestCount": 12,
                     *           "service": "shop"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["Coverage"];
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
            /** @description There is no document of this service */
            404: {
                headers: {
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
                /** @description The range up to now: 5m, 15m, 1h, 6h, 24h, 7d, 30d, 90d or 1y. Not together with `from`. */
                period?: "5m" | "15m" | "1h" | "6h" | "24h" | "7d" | "30d" | "90d" | "1y";
                /**
                 * @description The first instant that belongs to the range, RFC 3339, or a date for its midnight in UTC.
                 * @example 2015-05-17T00:00:00Z
                 */
                from?: string;
                /**
                 * @description The first instant after the range, RFC 3339, or a date for its midnight in UTC. Without it the range goes up to now.
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
                /**
                 * @description Only this protocol: `http`, `grpc`, a kind of events such as `agent`, `any` for all, or `billed` for what quotas and bills count. Without it, requests to the server: `http` and `grpc`.
                 * @example http
                 */
                protocol?: string;
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
                 * @description Only the API keys of this user: those with this `userId`.
                 * @example u-17
                 */
                userId?: string;
                /**
                 * @description Only the API keys of this team: those with this `teamId`.
                 * @example platform
                 */
                teamId?: string;
                /**
                 * @description Only the API keys of this tenant. Never more than the caller may see.
                 * @example acme
                 */
                tenantId?: string;
                /**
                 * @description The most rows to answer.
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
                     *       "axis": {
                     *         "alignment": "local",
                     *         "edges": [
                     *           "2026-05-17T00:00:00Z",
                     *           "2026-05-18T00:00:00Z"
                     *         ],
                     *         "names": [
                     *           "2026-05-17T00:00:00"
                     *         ],
                     *         "step": "1d"
                     *       },
                     *       "data": [
                     *         {
                     *           "approximate": false,
                     *           "averageMs": 12.407,
                     *           "bandwidthBytes": 410220,
                     *           "date": "2026-05-17",
                     *           "distinctKeys": 3,
                     *           "distinctUsers": 2,
                     *           "errorRate": 0.5,
                     *           "partial": false,
                     *           "peakHour": "2026-05-17T14:00:00Z",
                     *           "peakHourBandwidthBytes": 61400,
                     *           "periodEnd": "2026-05-18T00:00:00Z",
                     *           "periodStart": "2026-05-17T00:00:00Z",
                     *           "requestBytes": 0,
                     *           "requestCount": 1200,
                     *           "responseBytes": 410220
                     *         }
                     *       ],
                     *       "from": "2026-05-17T00:00:00Z",
                     *       "incomplete": false,
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
    dependencies: {
        parameters: {
            query?: {
                /** @description The range up to now: 5m, 15m, 1h, 6h, 24h, 7d, 30d, 90d or 1y. Not together with `from`. */
                period?: "5m" | "15m" | "1h" | "6h" | "24h" | "7d" | "30d" | "90d" | "1y";
                /**
                 * @description The first instant that belongs to the range, RFC 3339, or a date for its midnight in UTC.
                 * @example 2015-05-17T00:00:00Z
                 */
                from?: string;
                /**
                 * @description The first instant after the range, RFC 3339, or a date for its midnight in UTC. Without it the range goes up to now.
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
                /**
                 * @description Only this protocol: `http`, `grpc`, a kind of events such as `agent`, `any` for all, or `billed` for what quotas and bills count. Without it, requests to the server: `http` and `grpc`.
                 * @example http
                 */
                protocol?: string;
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
                 * @description Only the API keys of this user: those with this `userId`.
                 * @example u-17
                 */
                userId?: string;
                /**
                 * @description Only the API keys of this team: those with this `teamId`.
                 * @example platform
                 */
                teamId?: string;
                /**
                 * @description Only the API keys of this tenant. Never more than the caller may see.
                 * @example acme
                 */
                tenantId?: string;
                /**
                 * @description The most rows to answer.
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
            /** @description Routes of partners, the most called first */
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
                     *           "averageMs": 81.25,
                     *           "cancelledCount": 0,
                     *           "endpoint": "payments.example/charges/{id}",
                     *           "errorRate": 0.5,
                     *           "host": "payments.example",
                     *           "maxMs": 2000.118,
                     *           "method": "POST",
                     *           "noAnswerCount": 2,
                     *           "p50Ms": 72.704,
                     *           "p95Ms": 190.464,
                     *           "p99Ms": 417.792,
                     *           "requestBytes": 48000,
                     *           "requestCount": 600,
                     *           "responseBytes": 120400,
                     *           "retryCount": 5,
                     *           "service": "shop",
                     *           "statusCodes": {
                     *             "200": 597,
                     *             "402": 1,
                     *             "502": 1,
                     *             "504": 1
                     *           },
                     *           "template": "/charges/{id}",
                     *           "timeoutCount": 1
                     *         }
                     *       ],
                     *       "from": "2026-05-17T00:00:00Z",
                     *       "incomplete": false,
                     *       "nextCursor": null,
                     *       "to": "2026-05-18T00:00:00Z"
                     *     }
                     */
                    "application/json": components["schemas"]["DependencyPage"];
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
    endpoint_consumers: {
        parameters: {
            query?: {
                /** @description The range up to now: 5m, 15m, 1h, 6h, 24h, 7d, 30d, 90d or 1y. Not together with `from`. */
                period?: "5m" | "15m" | "1h" | "6h" | "24h" | "7d" | "30d" | "90d" | "1y";
                /**
                 * @description The first instant that belongs to the range, RFC 3339, or a date for its midnight in UTC.
                 * @example 2015-05-17T00:00:00Z
                 */
                from?: string;
                /**
                 * @description The first instant after the range, RFC 3339, or a date for its midnight in UTC. Without it the range goes up to now.
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
                /**
                 * @description Only this protocol: `http`, `grpc`, a kind of events such as `agent`, `any` for all, or `billed` for what quotas and bills count. Without it, requests to the server: `http` and `grpc`.
                 * @example http
                 */
                protocol?: string;
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
                 * @description Only the API keys of this user: those with this `userId`.
                 * @example u-17
                 */
                userId?: string;
                /**
                 * @description Only the API keys of this team: those with this `teamId`.
                 * @example platform
                 */
                teamId?: string;
                /**
                 * @description Only the API keys of this tenant. Never more than the caller may see.
                 * @example acme
                 */
                tenantId?: string;
                /**
                 * @description The most rows to answer.
                 * @example 100
                 */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The pairs with the most requests */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "approximate": false,
                     *       "asOf": "2026-05-18T09:30:00.125Z",
                     *       "complete": true,
                     *       "data": [
                     *         {
                     *           "apiKeyId": 3,
                     *           "endpoint": "/users/{id}",
                     *           "errorCount": 4,
                     *           "errorRate": 0.5,
                     *           "externalId": "partner-sync",
                     *           "method": "GET",
                     *           "name": "Partner sync",
                     *           "othersErrorRate": 0.25,
                     *           "othersP95Ms": 31.232,
                     *           "othersRequestCount": 400,
                     *           "p95Ms": 190.464,
                     *           "requestCount": 800,
                     *           "service": "shop",
                     *           "tenantId": "acme"
                     *         }
                     *       ],
                     *       "from": "2026-05-17T00:00:00Z",
                     *       "incomplete": false,
                     *       "to": "2026-05-18T00:00:00Z"
                     *     }
                     */
                    "application/json": components["schemas"]["EndpointConsumers"];
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
                /** @description The range up to now: 5m, 15m, 1h, 6h, 24h, 7d, 30d, 90d or 1y. Not together with `from`. */
                period?: "5m" | "15m" | "1h" | "6h" | "24h" | "7d" | "30d" | "90d" | "1y";
                /**
                 * @description The first instant that belongs to the range, RFC 3339, or a date for its midnight in UTC.
                 * @example 2015-05-17T00:00:00Z
                 */
                from?: string;
                /**
                 * @description The first instant after the range, RFC 3339, or a date for its midnight in UTC. Without it the range goes up to now.
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
                /**
                 * @description Only this protocol: `http`, `grpc`, a kind of events such as `agent`, `any` for all, or `billed` for what quotas and bills count. Without it, requests to the server: `http` and `grpc`.
                 * @example http
                 */
                protocol?: string;
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
                 * @description Only the API keys of this user: those with this `userId`.
                 * @example u-17
                 */
                userId?: string;
                /**
                 * @description Only the API keys of this team: those with this `teamId`.
                 * @example platform
                 */
                teamId?: string;
                /**
                 * @description Only the API keys of this tenant. Never more than the caller may see.
                 * @example acme
                 */
                tenantId?: string;
                /**
                 * @description The most rows to answer.
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
                     *           "averageTimeToHeadersMs": 11.871,
                     *           "endpoint": "/users/{id}",
                     *           "errorRate": 0.5,
                     *           "gauges": {
                     *             "score": {
                     *               "count": 40,
                     *               "max": 1,
                     *               "mean": 0.87,
                     *               "min": 0.5,
                     *               "sum": 34.8
                     *             }
                     *           },
                     *           "maxMs": 240.118,
                     *           "method": "GET",
                     *           "minMs": 0.911,
                     *           "p50Ms": 9.984,
                     *           "p50TimeToHeadersMs": null,
                     *           "p95Ms": 31.104,
                     *           "p95TimeToHeadersMs": null,
                     *           "p99Ms": 88.576,
                     *           "p99TimeToHeadersMs": null,
                     *           "requestBytes": 0,
                     *           "requestCount": 1200,
                     *           "responseBytes": 410220,
                     *           "service": "shop",
                     *           "statusCodes": {
                     *             "200": 1194,
                     *             "404": 4,
                     *             "500": 2
                     *           },
                     *           "timeToHeadersQuantileCount": 0,
                     *           "units": {
                     *             "tokens": 48210
                     *           }
                     *         }
                     *       ],
                     *       "from": "2026-05-17T00:00:00Z",
                     *       "incomplete": false,
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
                /** @description CSV with a header, a JSON array, or one JSON object a line. */
                format?: "csv" | "json" | "ndjson";
                /** @description The range up to now: 5m, 15m, 1h, 6h, 24h, 7d, 30d, 90d or 1y. Not together with `from`. */
                period?: "5m" | "15m" | "1h" | "6h" | "24h" | "7d" | "30d" | "90d" | "1y";
                /**
                 * @description The first instant that belongs to the range, RFC 3339, or a date for its midnight in UTC.
                 * @example 2015-05-17T00:00:00Z
                 */
                from?: string;
                /**
                 * @description The first instant after the range, RFC 3339, or a date for its midnight in UTC. Without it the range goes up to now.
                 * @example 2015-05-18T00:00:00Z
                 */
                to?: string;
                /** @description The length of a point: 1m to 1mo; auto for the finest that is kept for the whole range and gives at most about 300 points; none for one row a group over the whole range. A step that is no longer kept for the whole range is refused. */
                granularity?: "auto" | "none" | "1m" | "5m" | "15m" | "30m" | "1h" | "6h" | "12h" | "1d" | "1w" | "1mo";
                /**
                 * @description The most points that `granularity=auto` gives, about.
                 * @example 300
                 */
                points?: number;
                /**
                 * @description Only the groups with the most requests over the whole range, at most so many, 1 to 100; each with all of its periods.
                 * @example 20
                 */
                top?: number;
                /**
                 * @description The IANA zone whose hours, days and weeks are meant; UTC by default.
                 * @example Europe/Berlin
                 */
                tz?: string;
                /**
                 * @description Dimensions by which rows are grouped, with commas between them: service, environment, protocol, method, endpoint, apiKey, user, team.
                 * @example endpoint,method
                 */
                groupBy?: string;
                /**
                 * @description The numbers of a row, with commas between them; all by default. Without quantiles an answer is cheaper.
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
                /**
                 * @description Only this protocol: `http`, `grpc`, a kind of events such as `agent`, `any` for all, or `billed` for what quotas and bills count. Without it, requests to the server: `http` and `grpc`.
                 * @example http
                 */
                protocol?: string;
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
                 * @description Only the API keys of this user: those with this `userId`.
                 * @example u-17
                 */
                userId?: string;
                /**
                 * @description Only the API keys of this team: those with this `teamId`.
                 * @example platform
                 */
                teamId?: string;
                /**
                 * @description Only the API keys of this tenant. Never more than the caller may see.
                 * @example acme
                 */
                tenantId?: string;
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
                    "application/json": components["schemas"]["MetricRow"][];
                    /** @example {"endpoint":"/users/{id}","requestCount":1200} */
                    "application/x-ndjson": string;
                    /**
                     * @example periodStart,endpoint,requestCount,periodEnd,partial,approximate
                     *     2026-05-17T00:00:00Z,/users/{id},1200,2026-05-17T01:00:00Z,false,false
                     */
                    "text/csv": string;
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
                /** @description One cell a step of time (timeline), or one a weekday and hour, summed over all weeks (weekday). */
                layout?: "timeline" | "weekday";
                /** @description The length of a cell. The weekday layout takes hour, 6h, 12h and day. A step that is no longer kept for the whole range is refused; the weekday layout leaves out what lies before it is kept. */
                granularity?: "hour" | "day" | "week" | "1m" | "5m" | "15m" | "30m" | "1h" | "6h" | "12h" | "1d" | "1w" | "1mo";
                /** @description The range up to now: 5m, 15m, 1h, 6h, 24h, 7d, 30d, 90d or 1y. Not together with `from`. */
                period?: "5m" | "15m" | "1h" | "6h" | "24h" | "7d" | "30d" | "90d" | "1y";
                /**
                 * @description The first instant that belongs to the range, RFC 3339, or a date for its midnight in UTC.
                 * @example 2015-05-17T00:00:00Z
                 */
                from?: string;
                /**
                 * @description The first instant after the range, RFC 3339, or a date for its midnight in UTC. Without it the range goes up to now.
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
                /**
                 * @description Only this protocol: `http`, `grpc`, a kind of events such as `agent`, `any` for all, or `billed` for what quotas and bills count. Without it, requests to the server: `http` and `grpc`.
                 * @example http
                 */
                protocol?: string;
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
                 * @description Only the API keys of this user: those with this `userId`.
                 * @example u-17
                 */
                userId?: string;
                /**
                 * @description Only the API keys of this team: those with this `teamId`.
                 * @example platform
                 */
                teamId?: string;
                /**
                 * @description Only the API keys of this tenant. Never more than the caller may see.
                 * @example acme
                 */
                tenantId?: string;
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
                     *       "alignment": "local",
                     *       "approximate": false,
                     *       "asOf": "2026-05-18T09:30:00.125Z",
                     *       "cutShort": false,
                     *       "data": [
                     *         {
                     *           "averageMs": 12.407,
                     *           "errorRate": 0.5,
                     *           "hour": 0,
                     *           "intensity": 0.5,
                     *           "occurrences": 1,
                     *           "requestCount": 40,
                     *           "weekday": 1
                     *         },
                     *         {
                     *           "averageMs": 12.407,
                     *           "errorRate": 0.5,
                     *           "hour": 1,
                     *           "intensity": 1,
                     *           "occurrences": 1,
                     *           "requestCount": 80,
                     *           "weekday": 1
                     *         }
                     *       ],
                     *       "from": "2026-05-11T00:00:00Z",
                     *       "granularity": "hour",
                     *       "incomplete": false,
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
                /** @description The range up to now: 5m, 15m, 1h, 6h, 24h, 7d, 30d, 90d or 1y. Not together with `from`. */
                period?: "5m" | "15m" | "1h" | "6h" | "24h" | "7d" | "30d" | "90d" | "1y";
                /**
                 * @description The first instant that belongs to the range, RFC 3339, or a date for its midnight in UTC.
                 * @example 2015-05-17T00:00:00Z
                 */
                from?: string;
                /**
                 * @description The first instant after the range, RFC 3339, or a date for its midnight in UTC. Without it the range goes up to now.
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
                /**
                 * @description Only this protocol: `http`, `grpc`, a kind of events such as `agent`, `any` for all, or `billed` for what quotas and bills count. Without it, requests to the server: `http` and `grpc`.
                 * @example http
                 */
                protocol?: string;
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
                 * @description Only the API keys of this user: those with this `userId`.
                 * @example u-17
                 */
                userId?: string;
                /**
                 * @description Only the API keys of this team: those with this `teamId`.
                 * @example platform
                 */
                teamId?: string;
                /**
                 * @description Only the API keys of this tenant. Never more than the caller may see.
                 * @example acme
                 */
                tenantId?: string;
                /**
                 * @description The most rows to answer.
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
                     *           "gauges": {},
                     *           "lastSeenAt": "2026-05-17T23:48:00Z",
                     *           "lastSeenWithinSeconds": 60,
                     *           "name": "Acme",
                     *           "p95Ms": 29.952,
                     *           "peakUtilization": 12,
                     *           "rateLimitPerMinute": 100,
                     *           "requestBytes": 0,
                     *           "requestCount": 800,
                     *           "responseBytes": 273480,
                     *           "tenantId": "acme",
                     *           "units": {
                     *             "tokens": 31004
                     *           },
                     *           "utilization": 0.556
                     *         }
                     *       ],
                     *       "from": "2026-05-17T00:00:00Z",
                     *       "incomplete": false,
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
    limits: {
        parameters: {
            query?: {
                /**
                 * @description Only the API key of this number.
                 * @example 3
                 */
                apiKeyId?: number;
                /**
                 * @description The most rows to answer.
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
            /** @description The keys that have a limit or a quota */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "asOf": "2026-05-18T09:30:30Z",
                     *       "data": [
                     *         {
                     *           "apiKeyId": 3,
                     *           "externalId": "k-2041",
                     *           "hitsAt": "2026-05-18T09:30:40Z",
                     *           "name": "render-farm",
                     *           "quota": {
                     *             "approximate": false,
                     *             "forecast": {
                     *               "at": null,
                     *               "text": "not reached, by the same hours of the last 4 weeks",
                     *               "weeks": 4
                     *             },
                     *             "isDefault": false,
                     *             "limit": 100000,
                     *             "period": "month",
                     *             "periodStart": "2026-05-01T00:00:00Z",
                     *             "remaining": 54770,
                     *             "resetDate": "2026-06-01T00:00:00Z",
                     *             "unit": null,
                     *             "usagePercentage": 45.23,
                     *             "used": 45230
                     *           },
                     *           "rate": {
                     *             "busiest": {
                     *               "at": "2026-05-18T09:12:00Z",
                     *               "requests": 131
                     *             },
                     *             "forecast": {
                     *               "at": "2026-05-18T12:07:00Z",
                     *               "text": "reached, by the same hours of the last 4 weeks",
                     *               "weeks": 4
                     *             },
                     *             "isDefault": false,
                     *             "limit": 100,
                     *             "overMinutes": 3,
                     *             "overRequests": 48,
                     *             "previous": 74,
                     *             "requestsPerMinute": 119,
                     *             "used": 82,
                     *             "utilization": 82
                     *           },
                     *           "refused": 51,
                     *           "requests": 2604,
                     *           "tenantId": "acme"
                     *         }
                     *       ],
                     *       "defaultQuota": null,
                     *       "defaultRateLimit": 600,
                     *       "nextCursor": null,
                     *       "threshold": 80
                     *     }
                     */
                    "application/json": components["schemas"]["HeadroomPage"];
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
    what_if: {
        parameters: {
            query?: {
                /**
                 * @description The limit that is tried: requests a minute.
                 * @example 100
                 */
                rateLimitPerMinute?: number;
                /**
                 * @description The quota that is tried, of the key's unit and period.
                 * @example 100000
                 */
                quotaLimit?: number;
            };
            header?: never;
            path: {
                /** @description The key's number */
                keyId: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What would have been over it */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "apiKeyId": 3,
                     *       "approximate": false,
                     *       "busiest": {
                     *         "at": "2026-05-18T09:12:00Z",
                     *         "requests": 131
                     *       },
                     *       "externalId": "k-2041",
                     *       "from": "2026-05-17T09:31:00Z",
                     *       "name": "render-farm",
                     *       "quota": {
                     *         "today": {
                     *           "limit": 100000,
                     *           "minutes": 0,
                     *           "requests": 0
                     *         },
                     *         "tried": null
                     *       },
                     *       "rate": {
                     *         "today": {
                     *           "limit": 100,
                     *           "minutes": 3,
                     *           "requests": 48
                     *         },
                     *         "tried": {
                     *           "limit": 50,
                     *           "minutes": 17,
                     *           "requests": 690
                     *         }
                     *       },
                     *       "requests": 2604,
                     *       "tenantId": "acme",
                     *       "to": "2026-05-18T09:31:00Z"
                     *     }
                     */
                    "application/json": components["schemas"]["WhatIfAnswer"];
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
            /** @description There is no such key */
            404: {
                headers: {
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
                     *       "axis": null,
                     *       "from": "2026-05-17T00:00:00Z",
                     *       "granularity": "none",
                     *       "incomplete": false,
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
            /** @description The body is larger than 64 KiB */
            413: {
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
    quotas: {
        parameters: {
            query?: {
                /**
                 * @description Only the API key of this number.
                 * @example 3
                 */
                apiKeyId?: number;
                /**
                 * @description The most rows to answer.
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
            /** @description The keys that have a quota */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "asOf": "2026-05-18T09:30:30Z",
                     *       "countedStatuses": "all",
                     *       "data": [
                     *         {
                     *           "apiKeyId": 3,
                     *           "approximate": false,
                     *           "externalId": "k-2041",
                     *           "limit": 100000,
                     *           "name": "render-farm",
                     *           "period": "month",
                     *           "periodStart": "2026-05-01T00:00:00Z",
                     *           "projectedExhaustion": null,
                     *           "remaining": 54770,
                     *           "resetDate": "2026-06-01T00:00:00Z",
                     *           "tenantId": "acme",
                     *           "unit": null,
                     *           "usagePercentage": 45.23,
                     *           "used": 45230
                     *         }
                     *       ],
                     *       "nextCursor": null,
                     *       "tz": "UTC"
                     *     }
                     */
                    "application/json": components["schemas"]["QuotaPage"];
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
    rate_limits: {
        parameters: {
            query?: {
                /**
                 * @description Only the API key of this number.
                 * @example 3
                 */
                apiKeyId?: number;
                /**
                 * @description The most rows to answer.
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
            /** @description The keys that have a limit, the nearest to it first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "asOf": "2026-05-18T09:30:30Z",
                     *       "data": [
                     *         {
                     *           "apiKeyId": 3,
                     *           "consistently": {
                     *             "activePeriods": 120,
                     *             "nearPeriods": 90,
                     *             "peak": 98.6,
                     *             "share": 75
                     *           },
                     *           "externalId": "k-2041",
                     *           "forecast": "at this pace the limit is hit in 10 s",
                     *           "hitsInSeconds": 10,
                     *           "limit": 100,
                     *           "name": "render-farm",
                     *           "near": true,
                     *           "previous": 74,
                     *           "requestsPerMinute": 119,
                     *           "tenantId": "acme",
                     *           "text": "Key 'render-farm' is at 82/100 req/min",
                     *           "used": 82,
                     *           "utilization": 82
                     *         }
                     *       ],
                     *       "nextCursor": null,
                     *       "threshold": 80
                     *     }
                     */
                    "application/json": components["schemas"]["RateLimitPage"];
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
    history: {
        parameters: {
            query?: {
                /** @description How long a period is: 1m, 5m or 1h. */
                granularity?: "1m" | "5m" | "1h";
                /** @description The range up to now: 5m, 15m, 1h, 6h, 24h, 7d, 30d, 90d or 1y. Not together with `from`. */
                period?: "5m" | "15m" | "1h" | "6h" | "24h" | "7d" | "30d" | "90d" | "1y";
                /**
                 * @description The first instant that belongs to the range, RFC 3339, or a date for its midnight in UTC.
                 * @example 2015-05-17T00:00:00Z
                 */
                from?: string;
                /**
                 * @description The first instant after the range, RFC 3339, or a date for its midnight in UTC. Without it the range goes up to now.
                 * @example 2015-05-18T00:00:00Z
                 */
                to?: string;
                /**
                 * @description The most rows to answer.
                 * @example 100
                 */
                limit?: number;
                /** @description `nextCursor` of the page before, with all other parameters as they were. */
                cursor?: string;
            };
            header?: never;
            path: {
                /** @description The key's number */
                keyId: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The periods, the latest first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "apiKeyId": 3,
                     *       "axis": {
                     *         "alignment": "local",
                     *         "edges": [
                     *           "2026-05-18T09:15:00Z",
                     *           "2026-05-18T09:20:00Z",
                     *           "2026-05-18T09:25:00Z"
                     *         ],
                     *         "names": [
                     *           "2026-05-18T09:15:00",
                     *           "2026-05-18T09:20:00"
                     *         ],
                     *         "step": "5m"
                     *       },
                     *       "data": [
                     *         {
                     *           "periodEnd": "2026-05-18T09:25:00Z",
                     *           "periodStart": "2026-05-18T09:20:00Z",
                     *           "rateLimit": 500,
                     *           "requestsMade": 402,
                     *           "utilization": 80.4
                     *         }
                     *       ],
                     *       "externalId": "k-2041",
                     *       "from": "2026-05-18T09:15:00Z",
                     *       "granularity": "5m",
                     *       "name": "render-farm",
                     *       "nextCursor": null,
                     *       "rateLimitPerMinute": 100,
                     *       "tenantId": "acme",
                     *       "to": "2026-05-18T09:25:00Z"
                     *     }
                     */
                    "application/json": components["schemas"]["UtilizationPage"];
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
            /** @description There is no such key */
            404: {
                headers: {
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
                /**
                 * @description Only this protocol: `http`, `grpc`, a kind of events such as `agent`, `any` for all, or `billed` for what quotas and bills count. Without it, requests to the server: `http` and `grpc`.
                 * @example http
                 */
                protocol?: string;
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
                 * @description Only the API keys of this user: those with this `userId`.
                 * @example u-17
                 */
                userId?: string;
                /**
                 * @description Only the API keys of this team: those with this `teamId`.
                 * @example platform
                 */
                teamId?: string;
                /**
                 * @description Only the API keys of this tenant. Never more than the caller may see.
                 * @example acme
                 */
                tenantId?: string;
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
                     *       "incomplete": false,
                     *       "minutes": [
                     *         {
                     *           "errorCount": 0,
                     *           "p95Ms": 30.976,
                     *           "partial": false,
                     *           "periodEnd": "2026-05-18T09:27:00Z",
                     *           "periodStart": "2026-05-18T09:26:00Z",
                     *           "requestCount": 5
                     *         },
                     *         {
                     *           "errorCount": 0,
                     *           "p95Ms": 30.976,
                     *           "partial": false,
                     *           "periodEnd": "2026-05-18T09:28:00Z",
                     *           "periodStart": "2026-05-18T09:27:00Z",
                     *           "requestCount": 5
                     *         },
                     *         {
                     *           "errorCount": 0,
                     *           "p95Ms": 30.976,
                     *           "partial": false,
                     *           "periodEnd": "2026-05-18T09:29:00Z",
                     *           "periodStart": "2026-05-18T09:28:00Z",
                     *           "requestCount": 5
                     *         },
                     *         {
                     *           "errorCount": 0,
                     *           "p95Ms": 30.976,
                     *           "partial": false,
                     *           "periodEnd": "2026-05-18T09:30:00Z",
                     *           "periodStart": "2026-05-18T09:29:00Z",
                     *           "requestCount": 5
                     *         },
                     *         {
                     *           "errorCount": 0,
                     *           "p95Ms": 30.976,
                     *           "partial": true,
                     *           "periodEnd": "2026-05-18T09:31:00Z",
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
                /**
                 * @description Only this protocol: `http`, `grpc`, a kind of events such as `agent`, `any` for all, or `billed` for what quotas and bills count. Without it, requests to the server: `http` and `grpc`.
                 * @example http
                 */
                protocol?: string;
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
                 * @description Only the API keys of this user: those with this `userId`.
                 * @example u-17
                 */
                userId?: string;
                /**
                 * @description Only the API keys of this team: those with this `teamId`.
                 * @example platform
                 */
                teamId?: string;
                /**
                 * @description Only the API keys of this tenant. Never more than the caller may see.
                 * @example acme
                 */
                tenantId?: string;
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
                /** @description The range up to now: 5m, 15m, 1h, 6h, 24h, 7d, 30d, 90d or 1y. Not together with `from`. */
                period?: "5m" | "15m" | "1h" | "6h" | "24h" | "7d" | "30d" | "90d" | "1y";
                /**
                 * @description The first instant that belongs to the range, RFC 3339, or a date for its midnight in UTC.
                 * @example 2015-05-17T00:00:00Z
                 */
                from?: string;
                /**
                 * @description The first instant after the range, RFC 3339, or a date for its midnight in UTC. Without it the range goes up to now.
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
                /**
                 * @description Only this protocol: `http`, `grpc`, a kind of events such as `agent`, `any` for all, or `billed` for what quotas and bills count. Without it, requests to the server: `http` and `grpc`.
                 * @example http
                 */
                protocol?: string;
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
                 * @description Only the API keys of this user: those with this `userId`.
                 * @example u-17
                 */
                userId?: string;
                /**
                 * @description Only the API keys of this team: those with this `teamId`.
                 * @example platform
                 */
                teamId?: string;
                /**
                 * @description Only the API keys of this tenant. Never more than the caller may see.
                 * @example acme
                 */
                tenantId?: string;
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
                     *       "averageTimeToHeadersMs": 11.871,
                     *       "distinctKeys": 3,
                     *       "errorCount4xx": 4,
                     *       "errorCount5xx": 2,
                     *       "errorRate": 0.5,
                     *       "from": "2026-05-17T00:00:00Z",
                     *       "gauges": {
                     *         "score": {
                     *           "count": 40,
                     *           "max": 1,
                     *           "mean": 0.87,
                     *           "min": 0.5,
                     *           "sum": 34.8
                     *         }
                     *       },
                     *       "incomplete": false,
                     *       "maxMs": 240.118,
                     *       "minMs": 0.911,
                     *       "minutesKeptSince": "2026-05-17T09:00:00Z",
                     *       "p50Ms": 9.984,
                     *       "p50TimeToHeadersMs": null,
                     *       "p95Ms": 31.104,
                     *       "p95TimeToHeadersMs": null,
                     *       "p99Ms": 88.576,
                     *       "p99TimeToHeadersMs": null,
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
                     *       "quantileError": null,
                     *       "successRate": 99.5,
                     *       "timeToHeadersQuantileCount": 0,
                     *       "to": "2026-05-18T00:00:00Z",
                     *       "topEndpoints": [
                     *         {
                     *           "averageMs": 12.407,
                     *           "averageTimeToHeadersMs": 11.871,
                     *           "endpoint": "/users/{id}",
                     *           "errorRate": 0.5,
                     *           "gauges": {
                     *             "score": {
                     *               "count": 40,
                     *               "max": 1,
                     *               "mean": 0.87,
                     *               "min": 0.5,
                     *               "sum": 34.8
                     *             }
                     *           },
                     *           "maxMs": 240.118,
                     *           "method": "GET",
                     *           "minMs": 0.911,
                     *           "p50Ms": 9.984,
                     *           "p50TimeToHeadersMs": null,
                     *           "p95Ms": 31.104,
                     *           "p95TimeToHeadersMs": null,
                     *           "p99Ms": 88.576,
                     *           "p99TimeToHeadersMs": null,
                     *           "requestBytes": 0,
                     *           "requestCount": 1200,
                     *           "responseBytes": 410220,
                     *           "service": "shop",
                     *           "statusCodes": {
                     *             "200": 1194,
                     *             "404": 4,
                     *             "500": 2
                     *           },
                     *           "timeToHeadersQuantileCount": 0,
                     *           "units": {
                     *             "tokens": 48210
                     *           }
                     *         }
                     *       ],
                     *       "totalErrorCount": 6,
                     *       "totalRequestBytes": 0,
                     *       "totalRequests": 1200,
                     *       "totalResponseBytes": 410220,
                     *       "units": {
                     *         "tokens": 48210
                     *       }
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
                /** @description By requests (volume), by errors in percent of the requests (errorRate), by bytes (bandwidth), or by the sum of a unit (unit), which `unit` names. */
                sort?: "volume" | "errorRate" | "bandwidth" | "unit";
                /**
                 * @description The unit that consumers are ranked by, where sort is unit. Shares are then of its sum.
                 * @example tokens
                 */
                unit?: string;
                /**
                 * @description The most rows to answer.
                 * @example 10
                 */
                limit?: number;
                /** @description `nextCursor` of the page before, with all other parameters as they were. */
                cursor?: string;
                /** @description The range up to now: 5m, 15m, 1h, 6h, 24h, 7d, 30d, 90d or 1y. Not together with `from`. */
                period?: "5m" | "15m" | "1h" | "6h" | "24h" | "7d" | "30d" | "90d" | "1y";
                /**
                 * @description The first instant that belongs to the range, RFC 3339, or a date for its midnight in UTC.
                 * @example 2015-05-17T00:00:00Z
                 */
                from?: string;
                /**
                 * @description The first instant after the range, RFC 3339, or a date for its midnight in UTC. Without it the range goes up to now.
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
                /**
                 * @description Only this protocol: `http`, `grpc`, a kind of events such as `agent`, `any` for all, or `billed` for what quotas and bills count. Without it, requests to the server: `http` and `grpc`.
                 * @example http
                 */
                protocol?: string;
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
                 * @description Only the API keys of this user: those with this `userId`.
                 * @example u-17
                 */
                userId?: string;
                /**
                 * @description Only the API keys of this team: those with this `teamId`.
                 * @example platform
                 */
                teamId?: string;
                /**
                 * @description Only the API keys of this tenant. Never more than the caller may see.
                 * @example acme
                 */
                tenantId?: string;
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
                     *           "gauges": {},
                     *           "name": "Acme",
                     *           "p95Ms": 29.952,
                     *           "requestBytes": 0,
                     *           "requestCount": 800,
                     *           "responseBytes": 273480,
                     *           "share": 66.667,
                     *           "tenantId": "acme",
                     *           "units": {
                     *             "tokens": 31004
                     *           }
                     *         }
                     *       ],
                     *       "from": "2026-05-17T00:00:00Z",
                     *       "incomplete": false,
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
    list_objectives: {
        parameters: {
            query?: {
                /**
                 * @description The most rows to answer.
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
            /** @description The objectives */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "approximate": false,
                     *           "bad": 82,
                     *           "badLeft": 118,
                     *           "budgetLeft": 59,
                     *           "burnRates": [
                     *             {
                     *               "minutes": 60,
                     *               "rate": 0.4
                     *             },
                     *             {
                     *               "minutes": 5,
                     *               "rate": 0
                     *             },
                     *             {
                     *               "minutes": 360,
                     *               "rate": 0.5
                     *             },
                     *             {
                     *               "minutes": 30,
                     *               "rate": null
                     *             }
                     *           ],
                     *           "createdAt": "2026-05-17T08:00:00Z",
                     *           "createdBy": "admin",
                     *           "endpoint": "POST /checkout",
                     *           "environment": null,
                     *           "exact": true,
                     *           "from": "2026-04-18T09:00:00Z",
                     *           "good": 99.795,
                     *           "id": 1,
                     *           "indicator": "latency",
                     *           "latencyMs": 303.103,
                     *           "name": "Checkout answers in time",
                     *           "quantileError": null,
                     *           "requests": 40000,
                     *           "revision": 1,
                     *           "service": null,
                     *           "state": "met",
                     *           "target": 99.5,
                     *           "tenantId": null,
                     *           "to": "2026-05-18T09:30:00Z",
                     *           "updatedAt": "2026-05-17T08:00:00Z",
                     *           "windowDays": 30
                     *         }
                     *       ],
                     *       "nextCursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["ObjectivePage"];
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
    create_objective: {
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
                 *       "endpoint": "POST /checkout",
                 *       "indicator": "latency",
                 *       "latencyMs": 300,
                 *       "name": "Checkout answers in time",
                 *       "target": 99.5,
                 *       "windowDays": 30
                 *     }
                 */
                "application/json": components["schemas"]["ObjectiveBody"];
            };
        };
        responses: {
            /** @description The objective */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "approximate": false,
                     *       "bad": 82,
                     *       "badLeft": 118,
                     *       "budgetLeft": 59,
                     *       "burnRates": [
                     *         {
                     *           "minutes": 60,
                     *           "rate": 0.4
                     *         },
                     *         {
                     *           "minutes": 5,
                     *           "rate": 0
                     *         },
                     *         {
                     *           "minutes": 360,
                     *           "rate": 0.5
                     *         },
                     *         {
                     *           "minutes": 30,
                     *           "rate": null
                     *         }
                     *       ],
                     *       "createdAt": "2026-05-17T08:00:00Z",
                     *       "createdBy": "admin",
                     *       "days": [
                     *         {
                     *           "bad": 12,
                     *           "budgetLeft": 94,
                     *           "from": "2026-05-17T00:00:00Z",
                     *           "requests": 8000
                     *         },
                     *         {
                     *           "bad": 70,
                     *           "budgetLeft": 59,
                     *           "from": "2026-05-18T00:00:00Z",
                     *           "requests": 32000
                     *         }
                     *       ],
                     *       "endpoint": "POST /checkout",
                     *       "environment": null,
                     *       "exact": true,
                     *       "from": "2026-04-18T09:00:00Z",
                     *       "good": 99.795,
                     *       "id": 1,
                     *       "indicator": "latency",
                     *       "latencyMs": 303.103,
                     *       "name": "Checkout answers in time",
                     *       "quantileError": null,
                     *       "requests": 40000,
                     *       "revision": 1,
                     *       "service": null,
                     *       "state": "met",
                     *       "target": 99.5,
                     *       "tenantId": null,
                     *       "to": "2026-05-18T09:30:00Z",
                     *       "updatedAt": "2026-05-17T08:00:00Z",
                     *       "windowDays": 30
                     *     }
                     */
                    "application/json": components["schemas"]["Objective"];
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
            /** @description The body is larger than 64 KiB */
            413: {
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
    objective: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Its number */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The objective */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "approximate": false,
                     *       "bad": 82,
                     *       "badLeft": 118,
                     *       "budgetLeft": 59,
                     *       "burnRates": [
                     *         {
                     *           "minutes": 60,
                     *           "rate": 0.4
                     *         },
                     *         {
                     *           "minutes": 5,
                     *           "rate": 0
                     *         },
                     *         {
                     *           "minutes": 360,
                     *           "rate": 0.5
                     *         },
                     *         {
                     *           "minutes": 30,
                     *           "rate": null
                     *         }
                     *       ],
                     *       "createdAt": "2026-05-17T08:00:00Z",
                     *       "createdBy": "admin",
                     *       "days": [
                     *         {
                     *           "bad": 12,
                     *           "budgetLeft": 94,
                     *           "from": "2026-05-17T00:00:00Z",
                     *           "requests": 8000
                     *         },
                     *         {
                     *           "bad": 70,
                     *           "budgetLeft": 59,
                     *           "from": "2026-05-18T00:00:00Z",
                     *           "requests": 32000
                     *         }
                     *       ],
                     *       "endpoint": "POST /checkout",
                     *       "environment": null,
                     *       "exact": true,
                     *       "from": "2026-04-18T09:00:00Z",
                     *       "good": 99.795,
                     *       "id": 1,
                     *       "indicator": "latency",
                     *       "latencyMs": 303.103,
                     *       "name": "Checkout answers in time",
                     *       "quantileError": null,
                     *       "requests": 40000,
                     *       "revision": 1,
                     *       "service": null,
                     *       "state": "met",
                     *       "target": 99.5,
                     *       "tenantId": null,
                     *       "to": "2026-05-18T09:30:00Z",
                     *       "updatedAt": "2026-05-17T08:00:00Z",
                     *       "windowDays": 30
                     *     }
                     */
                    "application/json": components["schemas"]["Objective"];
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
            /** @description There is no such objective */
            404: {
                headers: {
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
    replace_objective: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Its number */
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "endpoint": "POST /checkout",
                 *       "indicator": "latency",
                 *       "latencyMs": 300,
                 *       "name": "Checkout answers in time",
                 *       "target": 99.5,
                 *       "windowDays": 30
                 *     }
                 */
                "application/json": components["schemas"]["ObjectiveBody"];
            };
        };
        responses: {
            /** @description The objective */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "approximate": false,
                     *       "bad": 82,
                     *       "badLeft": 118,
                     *       "budgetLeft": 59,
                     *       "burnRates": [
                     *         {
                     *           "minutes": 60,
                     *           "rate": 0.4
                     *         },
                     *         {
                     *           "minutes": 5,
                     *           "rate": 0
                     *         },
                     *         {
                     *           "minutes": 360,
                     *           "rate": 0.5
                     *         },
                     *         {
                     *           "minutes": 30,
                     *           "rate": null
                     *         }
                     *       ],
                     *       "createdAt": "2026-05-17T08:00:00Z",
                     *       "createdBy": "admin",
                     *       "days": [
                     *         {
                     *           "bad": 12,
                     *           "budgetLeft": 94,
                     *           "from": "2026-05-17T00:00:00Z",
                     *           "requests": 8000
                     *         },
                     *         {
                     *           "bad": 70,
                     *           "budgetLeft": 59,
                     *           "from": "2026-05-18T00:00:00Z",
                     *           "requests": 32000
                     *         }
                     *       ],
                     *       "endpoint": "POST /checkout",
                     *       "environment": null,
                     *       "exact": true,
                     *       "from": "2026-04-18T09:00:00Z",
                     *       "good": 99.795,
                     *       "id": 1,
                     *       "indicator": "latency",
                     *       "latencyMs": 303.103,
                     *       "name": "Checkout answers in time",
                     *       "quantileError": null,
                     *       "requests": 40000,
                     *       "revision": 1,
                     *       "service": null,
                     *       "state": "met",
                     *       "target": 99.5,
                     *       "tenantId": null,
                     *       "to": "2026-05-18T09:30:00Z",
                     *       "updatedAt": "2026-05-17T08:00:00Z",
                     *       "windowDays": 30
                     *     }
                     */
                    "application/json": components["schemas"]["Objective"];
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
            /** @description There is no such objective */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It was changed meanwhile */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than 64 KiB */
            413: {
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
    remove_objective: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Its number */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
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
            /** @description There is no such objective */
            404: {
                headers: {
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
    list_price_plans: {
        parameters: {
            query?: {
                /**
                 * @description The most rows to answer.
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
            /** @description Versions of plans */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "currency": "USD",
                     *           "effectiveFrom": "2026-06-01",
                     *           "freeRequests": 10000,
                     *           "id": 1,
                     *           "name": "pro",
                     *           "tenantId": null,
                     *           "tiers": [
                     *             {
                     *               "fromRequests": 0,
                     *               "perThousand": "0.02"
                     *             },
                     *             {
                     *               "fromRequests": 1000000,
                     *               "perThousand": "0.01"
                     *             }
                     *           ],
                     *           "units": [
                     *             {
                     *               "free": 100000,
                     *               "tiers": [
                     *                 {
                     *                   "from": 0,
                     *                   "perThousand": "0.002"
                     *                 }
                     *               ],
                     *               "unit": "tokens"
                     *             }
                     *           ]
                     *         }
                     *       ],
                     *       "nextCursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["PricePlanPage"];
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
    create_price_plan: {
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
                 *       "currency": "USD",
                 *       "effectiveFrom": "2026-06-01",
                 *       "freeRequests": 10000,
                 *       "name": "pro",
                 *       "tiers": [
                 *         {
                 *           "fromRequests": 0,
                 *           "perThousand": "0.02"
                 *         },
                 *         {
                 *           "fromRequests": 1000000,
                 *           "perThousand": "0.01"
                 *         }
                 *       ],
                 *       "units": [
                 *         {
                 *           "free": 100000,
                 *           "perThousand": "0.002",
                 *           "unit": "tokens"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["PricePlanBody"];
            };
        };
        responses: {
            /** @description The version */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "currency": "USD",
                     *       "effectiveFrom": "2026-06-01",
                     *       "freeRequests": 10000,
                     *       "id": 1,
                     *       "name": "pro",
                     *       "tenantId": null,
                     *       "tiers": [
                     *         {
                     *           "fromRequests": 0,
                     *           "perThousand": "0.02"
                     *         },
                     *         {
                     *           "fromRequests": 1000000,
                     *           "perThousand": "0.01"
                     *         }
                     *       ],
                     *       "units": [
                     *         {
                     *           "free": 100000,
                     *           "tiers": [
                     *             {
                     *               "from": 0,
                     *               "perThousand": "0.002"
                     *             }
                     *           ],
                     *           "unit": "tokens"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["PricePlan"];
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
            /** @description There is a version of that name and day */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than 64 KiB */
            413: {
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
    list_releases: {
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
                /**
                 * @description The most rows to answer.
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
            /** @description The versions, the latest first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "comparison": {
                     *             "after": {
                     *               "clientErrorRate": 2.1,
                     *               "from": "2026-05-18T06:40:00Z",
                     *               "p50Ms": 38.2,
                     *               "p95Ms": 210.9,
                     *               "requests": 52903,
                     *               "serverErrorRate": 0.44,
                     *               "to": "2026-05-18T09:25:00Z",
                     *               "unmatchedRequests": 12
                     *             },
                     *             "before": {
                     *               "clientErrorRate": 2.1,
                     *               "from": "2026-05-18T03:55:00Z",
                     *               "p50Ms": 38.2,
                     *               "p95Ms": 120.4,
                     *               "requests": 41120,
                     *               "serverErrorRate": 0.41,
                     *               "to": "2026-05-18T06:40:00Z",
                     *               "unmatchedRequests": 12
                     *             },
                     *             "comparedWith": "just_before",
                     *             "errors": {
                     *               "high": 0.17,
                     *               "low": -0.11,
                     *               "value": 0.03,
                     *               "verdict": "no_difference"
                     *             },
                     *             "p95": {
                     *               "high": 91.4,
                     *               "low": 60.3,
                     *               "value": 75.2,
                     *               "verdict": "worse"
                     *             },
                     *             "previous": "1.9.0"
                     *           },
                     *           "environment": "production",
                     *           "firstAt": "2026-05-18T06:40:00Z",
                     *           "lastAt": "2026-05-18T09:25:00Z",
                     *           "service": "shop",
                     *           "text": "1.9.1 is worse than 1.9.0: +75% at p95 (+60% to +91%)",
                     *           "verdict": "worse",
                     *           "version": "1.9.1"
                     *         }
                     *       ],
                     *       "nextCursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["ReleasePage"];
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
    rollout: {
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
                /** @description The range up to now: 5m, 15m, 1h, 6h, 24h, 7d, 30d, 90d or 1y. Not together with `from`. */
                period?: "5m" | "15m" | "1h" | "6h" | "24h" | "7d" | "30d" | "90d" | "1y";
                /**
                 * @description The first instant that belongs to the range, RFC 3339, or a date for its midnight in UTC.
                 * @example 2015-05-17T00:00:00Z
                 */
                from?: string;
                /**
                 * @description The first instant after the range, RFC 3339, or a date for its midnight in UTC. Without it the range goes up to now.
                 * @example 2015-05-18T00:00:00Z
                 */
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The versions over time */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "environment": "production",
                     *       "from": "2026-05-18T06:30:00Z",
                     *       "service": "shop",
                     *       "stepSeconds": 300,
                     *       "to": "2026-05-18T06:50:00Z",
                     *       "versions": [
                     *         {
                     *           "firstAt": "2026-05-11T08:00:00Z",
                     *           "lastAt": "2026-05-18T06:44:00Z",
                     *           "steps": [
                     *             {
                     *               "at": "2026-05-18T06:35:00Z",
                     *               "p95Ms": 120.4,
                     *               "requests": 1203,
                     *               "serverErrors": 5
                     *             }
                     *           ],
                     *           "version": "1.9.0"
                     *         },
                     *         {
                     *           "firstAt": "2026-05-18T06:40:00Z",
                     *           "lastAt": "2026-05-18T09:25:00Z",
                     *           "steps": [
                     *             {
                     *               "at": "2026-05-18T06:40:00Z",
                     *               "p95Ms": 210.9,
                     *               "requests": 1198,
                     *               "serverErrors": 6
                     *             }
                     *           ],
                     *           "version": "1.9.1"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["Rollout"];
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
    list_requests: {
        parameters: {
            query?: {
                /** @description The range up to now: 5m, 15m, 1h, 6h, 24h, 7d, 30d, 90d or 1y. Not together with `from`. */
                period?: "5m" | "15m" | "1h" | "6h" | "24h" | "7d" | "30d" | "90d" | "1y";
                /**
                 * @description The first instant that belongs to the range, RFC 3339, or a date for its midnight in UTC.
                 * @example 2015-05-17T00:00:00Z
                 */
                from?: string;
                /**
                 * @description The first instant after the range, RFC 3339, or a date for its midnight in UTC. Without it the range goes up to now.
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
                /**
                 * @description Only this protocol: `http`, `grpc`, a kind of events such as `agent`, `any` for all, or `billed` for what quotas and bills count. Without it, requests to the server: `http` and `grpc`.
                 * @example http
                 */
                protocol?: string;
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
                 * @description Only the API keys of this user: those with this `userId`.
                 * @example u-17
                 */
                userId?: string;
                /**
                 * @description Only the API keys of this team: those with this `teamId`.
                 * @example platform
                 */
                teamId?: string;
                /**
                 * @description Only the API keys of this tenant. Never more than the caller may see.
                 * @example acme
                 */
                tenantId?: string;
                /**
                 * @description Only this version of the service's code.
                 * @example 1.9.1
                 */
                version?: string;
                /**
                 * @description Only this status, as it is counted: 499 where the client left before there was one, 500 where the service failed without one.
                 * @example 503
                 */
                status?: number;
                /** @description Only statuses of this class: 2xx, 3xx, 4xx or 5xx. */
                statusClass?: "1xx" | "2xx" | "3xx" | "4xx" | "5xx";
                /** @description Only requests that ended so: completed, aborted by the client, failed, or panicked. */
                outcome?: "completed" | "aborted" | "failed" | "panicked";
                /**
                 * @description Only this user, exactly.
                 * @example u-17
                 */
                user?: string;
                /**
                 * @description Only requests that took this many milliseconds or more.
                 * @example 1000
                 */
                minLatencyMs?: number;
                /**
                 * @description Only this trace, as 32 hexadecimal digits.
                 * @example 0af7651916cd43dd8448eb211c80319c
                 */
                traceId?: string;
                /**
                 * @description Only the group of errors of this id.
                 * @example 8f3a61c20b7d4e95
                 */
                group?: string;
                /** @description Only requests, or only events: what the service has logged outside of all requests. Events are for admins. */
                kind?: "request" | "event";
                /**
                 * @description Only events of this source, which is the target under which they were logged.
                 * @example shop::ledger
                 */
                source?: string;
                /** @description Only events of this level, and requests with a line of it: error, warn, info, debug or trace. Lines and events are for admins. */
                level?: "error" | "warn" | "info" | "debug" | "trace";
                /**
                 * @description Only requests from this country, by its two letters of ISO 3166; `unknown` for those from a country that is not known.
                 * @example DE
                 */
                country?: string;
                /**
                 * @description Only requests that hold all of these words in their path, error, user agent or lines; events in source, message or fields.
                 * @example ledger locked
                 */
                text?: string;
                /** @description Only requests newer than the one of this id, oldest first: for those who fetch step by step. Not together with `cursor`. */
                after?: string;
                /**
                 * @description The most rows to answer.
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
            /** @description The requests */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "address": null,
                     *           "apiKey": "k-2041",
                     *           "apiKeyId": 17,
                     *           "at": "2026-05-17T08:12:45.117Z",
                     *           "city": "Munich",
                     *           "countedStatus": 503,
                     *           "country": "DE",
                     *           "endpoint": "/carts/{id}/orders",
                     *           "environment": "production",
                     *           "errorType": "ledger_locked",
                     *           "fields": null,
                     *           "group": "8f3a61c20b7d4e95",
                     *           "id": "019e3512-1f3d-7000-8d2c-61c20b7d4e95",
                     *           "instance": "67e55044-10b1-426f-9247-bb680e5fe0c8",
                     *           "kind": "request",
                     *           "latencyMs": 1204.512,
                     *           "latitude": 48.1,
                     *           "level": "warn",
                     *           "lines": [
                     *             {
                     *               "at": "2026-05-17T08:12:44.902Z",
                     *               "fields": "order=4711",
                     *               "level": "warn",
                     *               "message": "waiting for the ledger",
                     *               "source": "shop::ledger"
                     *             }
                     *           ],
                     *           "linesLeftOut": 0,
                     *           "longitude": 11.6,
                     *           "message": "the ledger is locked by order 4711",
                     *           "method": "POST",
                     *           "outcome": "completed",
                     *           "path": "/carts/{id}/orders",
                     *           "protocol": "http",
                     *           "queueWaitMs": null,
                     *           "reason": "error",
                     *           "region": "BY",
                     *           "requestBytes": 312,
                     *           "requestId": "r-9f31",
                     *           "responseBytes": 148,
                     *           "service": "shop",
                     *           "source": null,
                     *           "spanId": "b7ad6b7169203331",
                     *           "status": 503,
                     *           "timeToHeadersMs": 1204.391,
                     *           "traceId": "0af7651916cd43dd8448eb211c80319c",
                     *           "user": "u-17",
                     *           "userAgent": "shop-android/4.2",
                     *           "version": "1.9.1",
                     *           "weight": 1
                     *         }
                     *       ],
                     *       "nextCursor": null,
                     *       "searchedTo": "2026-05-16T09:31:00Z"
                     *     }
                     */
                    "application/json": components["schemas"]["RequestList"];
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
    erase_requests: {
        parameters: {
            query?: {
                /**
                 * @description Erases the requests of the API key of this number.
                 * @example 17
                 */
                apiKeyId?: number;
                /**
                 * @description Erases the requests of this user.
                 * @example u-17
                 */
                user?: string;
                /**
                 * @description Erases the requests of this address' hash, as far as the keys of their days exist: those of today and of yesterday. Where networks are kept, all requests of its network.
                 * @example 192.0.2.7
                 */
                address?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was erased */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "requests": 412
                     *     }
                     */
                    "application/json": components["schemas"]["ErasedView"];
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
    request_countries: {
        parameters: {
            query?: {
                /** @description The range up to now: 5m, 15m, 1h, 6h, 24h, 7d, 30d, 90d or 1y. Not together with `from`. */
                period?: "5m" | "15m" | "1h" | "6h" | "24h" | "7d" | "30d" | "90d" | "1y";
                /**
                 * @description The first instant that belongs to the range, RFC 3339, or a date for its midnight in UTC.
                 * @example 2015-05-17T00:00:00Z
                 */
                from?: string;
                /**
                 * @description The first instant after the range, RFC 3339, or a date for its midnight in UTC. Without it the range goes up to now.
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
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The countries */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "country": "DE",
                     *           "requests": 812044
                     *         },
                     *         {
                     *           "country": "FR",
                     *           "requests": 120817
                     *         },
                     *         {
                     *           "country": null,
                     *           "requests": 3104
                     *         }
                     *       ],
                     *       "from": "2026-05-16T09:00:00Z",
                     *       "to": "2026-05-17T09:31:00Z"
                     *     }
                     */
                    "application/json": components["schemas"]["RequestCountries"];
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
    export_requests: {
        parameters: {
            query?: {
                /** @description CSV with a header, or one JSON object a line. */
                format?: "csv" | "ndjson";
                /** @description The range up to now: 5m, 15m, 1h, 6h, 24h, 7d, 30d, 90d or 1y. Not together with `from`. */
                period?: "5m" | "15m" | "1h" | "6h" | "24h" | "7d" | "30d" | "90d" | "1y";
                /**
                 * @description The first instant that belongs to the range, RFC 3339, or a date for its midnight in UTC.
                 * @example 2015-05-17T00:00:00Z
                 */
                from?: string;
                /**
                 * @description The first instant after the range, RFC 3339, or a date for its midnight in UTC. Without it the range goes up to now.
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
                /**
                 * @description Only this protocol: `http`, `grpc`, a kind of events such as `agent`, `any` for all, or `billed` for what quotas and bills count. Without it, requests to the server: `http` and `grpc`.
                 * @example http
                 */
                protocol?: string;
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
                 * @description Only the API keys of this user: those with this `userId`.
                 * @example u-17
                 */
                userId?: string;
                /**
                 * @description Only the API keys of this team: those with this `teamId`.
                 * @example platform
                 */
                teamId?: string;
                /**
                 * @description Only the API keys of this tenant. Never more than the caller may see.
                 * @example acme
                 */
                tenantId?: string;
                /**
                 * @description Only this version of the service's code.
                 * @example 1.9.1
                 */
                version?: string;
                /**
                 * @description Only this status, as it is counted: 499 where the client left before there was one, 500 where the service failed without one.
                 * @example 503
                 */
                status?: number;
                /** @description Only statuses of this class: 2xx, 3xx, 4xx or 5xx. */
                statusClass?: "1xx" | "2xx" | "3xx" | "4xx" | "5xx";
                /** @description Only requests that ended so: completed, aborted by the client, failed, or panicked. */
                outcome?: "completed" | "aborted" | "failed" | "panicked";
                /**
                 * @description Only this user, exactly.
                 * @example u-17
                 */
                user?: string;
                /**
                 * @description Only requests that took this many milliseconds or more.
                 * @example 1000
                 */
                minLatencyMs?: number;
                /**
                 * @description Only this trace, as 32 hexadecimal digits.
                 * @example 0af7651916cd43dd8448eb211c80319c
                 */
                traceId?: string;
                /**
                 * @description Only the group of errors of this id.
                 * @example 8f3a61c20b7d4e95
                 */
                group?: string;
                /** @description Only requests, or only events: what the service has logged outside of all requests. Events are for admins. */
                kind?: "request" | "event";
                /**
                 * @description Only events of this source, which is the target under which they were logged.
                 * @example shop::ledger
                 */
                source?: string;
                /** @description Only events of this level, and requests with a line of it: error, warn, info, debug or trace. Lines and events are for admins. */
                level?: "error" | "warn" | "info" | "debug" | "trace";
                /**
                 * @description Only requests from this country, by its two letters of ISO 3166; `unknown` for those from a country that is not known.
                 * @example DE
                 */
                country?: string;
                /**
                 * @description Only requests that hold all of these words in their path, error, user agent or lines; events in source, message or fields.
                 * @example ledger locked
                 */
                text?: string;
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
                    /** @example {"method":"GET","endpoint":"/users/{id}"} */
                    "application/x-ndjson": string;
                    /** @example id,at,method,endpoint */
                    "text/csv": string;
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
    request_groups: {
        parameters: {
            query?: {
                /** @description The range up to now: 5m, 15m, 1h, 6h, 24h, 7d, 30d, 90d or 1y. Not together with `from`. */
                period?: "5m" | "15m" | "1h" | "6h" | "24h" | "7d" | "30d" | "90d" | "1y";
                /**
                 * @description The first instant that belongs to the range, RFC 3339, or a date for its midnight in UTC.
                 * @example 2015-05-17T00:00:00Z
                 */
                from?: string;
                /**
                 * @description The first instant after the range, RFC 3339, or a date for its midnight in UTC. Without it the range goes up to now.
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
                /**
                 * @description Only this protocol: `http`, `grpc`, a kind of events such as `agent`, `any` for all, or `billed` for what quotas and bills count. Without it, requests to the server: `http` and `grpc`.
                 * @example http
                 */
                protocol?: string;
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
                 * @description Only the API keys of this user: those with this `userId`.
                 * @example u-17
                 */
                userId?: string;
                /**
                 * @description Only the API keys of this team: those with this `teamId`.
                 * @example platform
                 */
                teamId?: string;
                /**
                 * @description Only the API keys of this tenant. Never more than the caller may see.
                 * @example acme
                 */
                tenantId?: string;
                /**
                 * @description Only this version of the service's code.
                 * @example 1.9.1
                 */
                version?: string;
                /**
                 * @description Only this status, as it is counted: 499 where the client left before there was one, 500 where the service failed without one.
                 * @example 503
                 */
                status?: number;
                /** @description Only statuses of this class: 2xx, 3xx, 4xx or 5xx. */
                statusClass?: "1xx" | "2xx" | "3xx" | "4xx" | "5xx";
                /** @description Only requests that ended so: completed, aborted by the client, failed, or panicked. */
                outcome?: "completed" | "aborted" | "failed" | "panicked";
                /**
                 * @description Only this user, exactly.
                 * @example u-17
                 */
                user?: string;
                /**
                 * @description Only requests that took this many milliseconds or more.
                 * @example 1000
                 */
                minLatencyMs?: number;
                /**
                 * @description Only this trace, as 32 hexadecimal digits.
                 * @example 0af7651916cd43dd8448eb211c80319c
                 */
                traceId?: string;
                /**
                 * @description Only the group of errors of this id.
                 * @example 8f3a61c20b7d4e95
                 */
                group?: string;
                /** @description Only requests, or only events: what the service has logged outside of all requests. Events are for admins. */
                kind?: "request" | "event";
                /**
                 * @description Only events of this source, which is the target under which they were logged.
                 * @example shop::ledger
                 */
                source?: string;
                /** @description Only events of this level, and requests with a line of it: error, warn, info, debug or trace. Lines and events are for admins. */
                level?: "error" | "warn" | "info" | "debug" | "trace";
                /**
                 * @description Only requests from this country, by its two letters of ISO 3166; `unknown` for those from a country that is not known.
                 * @example DE
                 */
                country?: string;
                /**
                 * @description Only requests that hold all of these words in their path, error, user agent or lines; events in source, message or fields.
                 * @example ledger locked
                 */
                text?: string;
                /**
                 * @description The most rows to answer.
                 * @example 100
                 */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The groups */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "apiKeys": 7,
                     *           "endpoint": "/carts/{id}/orders",
                     *           "errorType": "ledger_locked",
                     *           "firstAt": "2026-05-17T07:58:02.004Z",
                     *           "firstSeenAt": "2026-05-17T07:58:02.004Z",
                     *           "firstVersion": "1.9.0",
                     *           "id": "8f3a61c20b7d4e95",
                     *           "kept": 41,
                     *           "kind": "request",
                     *           "lastAt": "2026-05-17T08:12:45.117Z",
                     *           "latest": "019e3512-1f3d-7000-8d2c-61c20b7d4e95",
                     *           "level": null,
                     *           "message": "the ledger is locked by order 4711",
                     *           "method": "POST",
                     *           "requests": 41,
                     *           "series": [
                     *             0,
                     *             0,
                     *             0,
                     *             0,
                     *             0,
                     *             0,
                     *             0,
                     *             0,
                     *             0,
                     *             0,
                     *             0,
                     *             0,
                     *             0,
                     *             0,
                     *             0,
                     *             0,
                     *             0,
                     *             0,
                     *             0,
                     *             0,
                     *             0,
                     *             12,
                     *             29,
                     *             0
                     *           ],
                     *           "source": null,
                     *           "status": 503,
                     *           "versions": [
                     *             "1.9.0",
                     *             "1.9.1"
                     *           ]
                     *         }
                     *       ],
                     *       "from": "2026-05-16T09:31:00Z",
                     *       "to": "2026-05-17T09:31:00Z"
                     *     }
                     */
                    "application/json": components["schemas"]["GroupList"];
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
    search_requests: {
        parameters: {
            query?: {
                /**
                 * @description What is looked for: words, in any order and case. Required.
                 * @example ledger locked
                 */
                q?: string;
                /** @description By words: requests that hold all of them. By likeness: groups of errors whose text is similar. Or by both. */
                mode?: "words" | "similar" | "hybrid";
                /**
                 * @description The most hits to answer.
                 * @example 10
                 */
                limit?: number;
                /** @description The range up to now: 5m, 15m, 1h, 6h, 24h, 7d, 30d, 90d or 1y. Not together with `from`. */
                period?: "5m" | "15m" | "1h" | "6h" | "24h" | "7d" | "30d" | "90d" | "1y";
                /**
                 * @description The first instant that belongs to the range, RFC 3339, or a date for its midnight in UTC.
                 * @example 2015-05-17T00:00:00Z
                 */
                from?: string;
                /**
                 * @description The first instant after the range, RFC 3339, or a date for its midnight in UTC. Without it the range goes up to now.
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
                /**
                 * @description Only this protocol: `http`, `grpc`, a kind of events such as `agent`, `any` for all, or `billed` for what quotas and bills count. Without it, requests to the server: `http` and `grpc`.
                 * @example http
                 */
                protocol?: string;
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
                 * @description Only the API keys of this user: those with this `userId`.
                 * @example u-17
                 */
                userId?: string;
                /**
                 * @description Only the API keys of this team: those with this `teamId`.
                 * @example platform
                 */
                teamId?: string;
                /**
                 * @description Only the API keys of this tenant. Never more than the caller may see.
                 * @example acme
                 */
                tenantId?: string;
                /**
                 * @description Only this version of the service's code.
                 * @example 1.9.1
                 */
                version?: string;
                /**
                 * @description Only this status, as it is counted: 499 where the client left before there was one, 500 where the service failed without one.
                 * @example 503
                 */
                status?: number;
                /** @description Only statuses of this class: 2xx, 3xx, 4xx or 5xx. */
                statusClass?: "1xx" | "2xx" | "3xx" | "4xx" | "5xx";
                /** @description Only requests that ended so: completed, aborted by the client, failed, or panicked. */
                outcome?: "completed" | "aborted" | "failed" | "panicked";
                /**
                 * @description Only this user, exactly.
                 * @example u-17
                 */
                user?: string;
                /**
                 * @description Only requests that took this many milliseconds or more.
                 * @example 1000
                 */
                minLatencyMs?: number;
                /**
                 * @description Only this trace, as 32 hexadecimal digits.
                 * @example 0af7651916cd43dd8448eb211c80319c
                 */
                traceId?: string;
                /**
                 * @description Only the group of errors of this id.
                 * @example 8f3a61c20b7d4e95
                 */
                group?: string;
                /** @description Only requests, or only events: what the service has logged outside of all requests. Events are for admins. */
                kind?: "request" | "event";
                /**
                 * @description Only events of this source, which is the target under which they were logged.
                 * @example shop::ledger
                 */
                source?: string;
                /** @description Only events of this level, and requests with a line of it: error, warn, info, debug or trace. Lines and events are for admins. */
                level?: "error" | "warn" | "info" | "debug" | "trace";
                /**
                 * @description Only requests from this country, by its two letters of ISO 3166; `unknown` for those from a country that is not known.
                 * @example DE
                 */
                country?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was found */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "firstAt": "2026-05-17T07:58:02.004Z",
                     *           "group": "8f3a61c20b7d4e95",
                     *           "kept": 41,
                     *           "lastAt": "2026-05-17T08:12:45.117Z",
                     *           "matched": "both",
                     *           "request": {
                     *             "address": null,
                     *             "apiKey": "k-2041",
                     *             "apiKeyId": 17,
                     *             "at": "2026-05-17T08:12:45.117Z",
                     *             "city": "Munich",
                     *             "countedStatus": 503,
                     *             "country": "DE",
                     *             "endpoint": "/carts/{id}/orders",
                     *             "environment": "production",
                     *             "errorType": "ledger_locked",
                     *             "fields": null,
                     *             "group": "8f3a61c20b7d4e95",
                     *             "id": "019e3512-1f3d-7000-8d2c-61c20b7d4e95",
                     *             "instance": "67e55044-10b1-426f-9247-bb680e5fe0c8",
                     *             "kind": "request",
                     *             "latencyMs": 1204.512,
                     *             "latitude": 48.1,
                     *             "level": "warn",
                     *             "lines": [
                     *               {
                     *                 "at": "2026-05-17T08:12:44.902Z",
                     *                 "fields": "order=4711",
                     *                 "level": "warn",
                     *                 "message": "waiting for the ledger",
                     *                 "source": "shop::ledger"
                     *               }
                     *             ],
                     *             "linesLeftOut": 0,
                     *             "longitude": 11.6,
                     *             "message": "the ledger is locked by order 4711",
                     *             "method": "POST",
                     *             "outcome": "completed",
                     *             "path": "/carts/{id}/orders",
                     *             "protocol": "http",
                     *             "queueWaitMs": null,
                     *             "reason": "error",
                     *             "region": "BY",
                     *             "requestBytes": 312,
                     *             "requestId": "r-9f31",
                     *             "responseBytes": 148,
                     *             "service": "shop",
                     *             "source": null,
                     *             "spanId": "b7ad6b7169203331",
                     *             "status": 503,
                     *             "timeToHeadersMs": 1204.391,
                     *             "traceId": "0af7651916cd43dd8448eb211c80319c",
                     *             "user": "u-17",
                     *             "userAgent": "shop-android/4.2",
                     *             "version": "1.9.1",
                     *             "weight": 1
                     *           },
                     *           "requests": 41,
                     *           "score": 0.871
                     *         }
                     *       ],
                     *       "from": "2026-05-16T09:31:00Z",
                     *       "mode": "hybrid",
                     *       "pending": 0,
                     *       "to": "2026-05-17T09:31:00Z"
                     *     }
                     */
                    "application/json": components["schemas"]["RequestHits"];
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
    request_log_status: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The figures */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "bytes": 104857600,
                     *       "chosen": 81204,
                     *       "dropped": {
                     *         "bytes": 0,
                     *         "late": 0,
                     *         "memory": 0,
                     *         "rate": 92,
                     *         "refused": 0
                     *       },
                     *       "kept": 81112,
                     *       "newestAt": "2026-05-17T08:12:45.117Z",
                     *       "oldestAt": "2026-02-16T00:00:01.410Z"
                     *     }
                     */
                    "application/json": components["schemas"]["RequestLogStatus"];
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
    stream_requests: {
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
                /**
                 * @description Only this protocol: `http`, `grpc`, a kind of events such as `agent`, `any` for all, or `billed` for what quotas and bills count. Without it, requests to the server: `http` and `grpc`.
                 * @example http
                 */
                protocol?: string;
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
                 * @description Only the API keys of this user: those with this `userId`.
                 * @example u-17
                 */
                userId?: string;
                /**
                 * @description Only the API keys of this team: those with this `teamId`.
                 * @example platform
                 */
                teamId?: string;
                /**
                 * @description Only the API keys of this tenant. Never more than the caller may see.
                 * @example acme
                 */
                tenantId?: string;
                /**
                 * @description Only this version of the service's code.
                 * @example 1.9.1
                 */
                version?: string;
                /**
                 * @description Only this status, as it is counted: 499 where the client left before there was one, 500 where the service failed without one.
                 * @example 503
                 */
                status?: number;
                /** @description Only statuses of this class: 2xx, 3xx, 4xx or 5xx. */
                statusClass?: "1xx" | "2xx" | "3xx" | "4xx" | "5xx";
                /** @description Only requests that ended so: completed, aborted by the client, failed, or panicked. */
                outcome?: "completed" | "aborted" | "failed" | "panicked";
                /**
                 * @description Only this user, exactly.
                 * @example u-17
                 */
                user?: string;
                /**
                 * @description Only requests that took this many milliseconds or more.
                 * @example 1000
                 */
                minLatencyMs?: number;
                /**
                 * @description Only this trace, as 32 hexadecimal digits.
                 * @example 0af7651916cd43dd8448eb211c80319c
                 */
                traceId?: string;
                /**
                 * @description Only the group of errors of this id.
                 * @example 8f3a61c20b7d4e95
                 */
                group?: string;
                /** @description Only requests, or only events: what the service has logged outside of all requests. Events are for admins. */
                kind?: "request" | "event";
                /**
                 * @description Only events of this source, which is the target under which they were logged.
                 * @example shop::ledger
                 */
                source?: string;
                /** @description Only events of this level, and requests with a line of it: error, warn, info, debug or trace. Lines and events are for admins. */
                level?: "error" | "warn" | "info" | "debug" | "trace";
                /**
                 * @description Only requests from this country, by its two letters of ISO 3166; `unknown` for those from a country that is not known.
                 * @example DE
                 */
                country?: string;
                /**
                 * @description Only requests that hold all of these words in their path, error, user agent or lines; events in source, message or fields.
                 * @example ledger locked
                 */
                text?: string;
                /**
                 * @description The most requests to show in a second; what is left out is counted.
                 * @example 50
                 */
                perSecond?: number;
                /** @description Only requests newer than the one of this id, oldest first: for those who fetch step by step. Not together with `cursor`. */
                after?: string;
            };
            header?: {
                /** @description The id of the last event that was seen */
                "Last-Event-ID"?: string | null;
            };
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
                     * @example event: requests
                     *     id: 17-1779000000000
                     *     data: {"data":[],"leftOut":0}
                     */
                    "text/event-stream": components["schemas"]["ArrivedRequests"];
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
    request: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The request's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The request */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "address": null,
                     *       "apiKey": "k-2041",
                     *       "apiKeyId": 17,
                     *       "at": "2026-05-17T08:12:45.117Z",
                     *       "city": "Munich",
                     *       "countedStatus": 503,
                     *       "country": "DE",
                     *       "endpoint": "/carts/{id}/orders",
                     *       "environment": "production",
                     *       "errorType": "ledger_locked",
                     *       "fields": null,
                     *       "group": "8f3a61c20b7d4e95",
                     *       "id": "019e3512-1f3d-7000-8d2c-61c20b7d4e95",
                     *       "instance": "67e55044-10b1-426f-9247-bb680e5fe0c8",
                     *       "kind": "request",
                     *       "latencyMs": 1204.512,
                     *       "latitude": 48.1,
                     *       "level": "warn",
                     *       "lines": [
                     *         {
                     *           "at": "2026-05-17T08:12:44.902Z",
                     *           "fields": "order=4711",
                     *           "level": "warn",
                     *           "message": "waiting for the ledger",
                     *           "source": "shop::ledger"
                     *         }
                     *       ],
                     *       "linesLeftOut": 0,
                     *       "longitude": 11.6,
                     *       "message": "the ledger is locked by order 4711",
                     *       "method": "POST",
                     *       "outcome": "completed",
                     *       "path": "/carts/{id}/orders",
                     *       "protocol": "http",
                     *       "queueWaitMs": null,
                     *       "reason": "error",
                     *       "region": "BY",
                     *       "requestBytes": 312,
                     *       "requestId": "r-9f31",
                     *       "responseBytes": 148,
                     *       "service": "shop",
                     *       "source": null,
                     *       "spanId": "b7ad6b7169203331",
                     *       "status": 503,
                     *       "timeToHeadersMs": 1204.391,
                     *       "traceId": "0af7651916cd43dd8448eb211c80319c",
                     *       "user": "u-17",
                     *       "userAgent": "shop-android/4.2",
                     *       "version": "1.9.1",
                     *       "weight": 1
                     *     }
                     */
                    "application/json": components["schemas"]["LoggedRequest"];
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
            /** @description There is no such request, or no more */
            404: {
                headers: {
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
    request_as_curl: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The request's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The command */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "command": "curl -sS -g -X POST \"${BASE_URL}\"'/carts/'\"${id}\"'/orders' -H 'authorization: Bearer '\"${API_KEY}\" -H 'user-agent: shop-android/4.2' -H 'content-type: '\"${CONTENT_TYPE}\" --data-binary \"${BODY}\"",
                     *       "placeholders": [
                     *         "BASE_URL",
                     *         "id",
                     *         "API_KEY",
                     *         "CONTENT_TYPE",
                     *         "BODY"
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["CurlCommand"];
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
            /** @description There is no such request, or no more */
            404: {
                headers: {
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
    replay_request: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The request's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "values": [
                 *         {
                 *           "name": "id",
                 *           "part": "path",
                 *           "value": "4711"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["ReplayBody"];
            };
        };
        responses: {
            /** @description Both responses */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "diff": {
                     *         "body": [
                     *           {
                     *             "change": "removed",
                     *             "path": "/error",
                     *             "recorded": "\"the ledger is locked\"",
                     *             "replayed": null
                     *           },
                     *           {
                     *             "change": "added",
                     *             "path": "/order",
                     *             "recorded": null,
                     *             "replayed": "4711"
                     *           }
                     *         ],
                     *         "bodyCompared": true,
                     *         "bodyLeftOut": 0,
                     *         "bodyPartial": false,
                     *         "headers": [],
                     *         "statusChanged": true
                     *       },
                     *       "id": "019e3512-1f3d-7000-8d2c-61c20b7d4e95",
                     *       "recorded": {
                     *         "message": {
                     *           "body": {
                     *             "bytes": 148,
                     *             "contentType": "application/json",
                     *             "fields": null,
                     *             "isCut": false,
                     *             "isEncoded": false,
                     *             "kind": "json",
                     *             "text": "{\"error\":\"the ledger is locked\"}"
                     *           },
                     *           "headers": [
                     *             {
                     *               "name": "content-type",
                     *               "value": "application/json"
                     *             }
                     *           ]
                     *         },
                     *         "status": 503
                     *       },
                     *       "replayed": {
                     *         "message": {
                     *           "body": {
                     *             "bytes": 14,
                     *             "contentType": "application/json",
                     *             "fields": null,
                     *             "isCut": false,
                     *             "isEncoded": false,
                     *             "kind": "json",
                     *             "text": "{\"order\":4711}"
                     *           },
                     *           "headers": [
                     *             {
                     *               "name": "content-type",
                     *               "value": "application/json"
                     *             }
                     *           ]
                     *         },
                     *         "status": 201
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["ReplayAnswer"];
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
            /** @description There is no such request, or nothing is replayed here */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body is larger than 64 KiB */
            413: {
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
            /** @description It took too long, and was given up */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    request_snapshot: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The request's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The snapshot */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "replay": {
                     *         "available": true,
                     *         "counted": false,
                     *         "inputs": [
                     *           {
                     *             "name": "id",
                     *             "part": "path",
                     *             "required": true,
                     *             "secret": false
                     *           },
                     *           {
                     *             "name": "authorization",
                     *             "part": "header",
                     *             "required": false,
                     *             "secret": true
                     *           },
                     *           {
                     *             "name": "/email",
                     *             "part": "body",
                     *             "required": true,
                     *             "secret": true
                     *           }
                     *         ],
                     *         "refused": null
                     *       },
                     *       "snapshot": {
                     *         "isDropped": false,
                     *         "query": [
                     *           {
                     *             "name": "express",
                     *             "value": "true"
                     *           }
                     *         ],
                     *         "request": {
                     *           "body": {
                     *             "bytes": 312,
                     *             "contentType": "application/json",
                     *             "fields": null,
                     *             "isCut": false,
                     *             "isEncoded": false,
                     *             "kind": "json",
                     *             "text": "{\"items\":[{\"sku\":\"A-7\",\"count\":2}],\"email\":\"[hidden]\"}"
                     *           },
                     *           "headers": [
                     *             {
                     *               "name": "content-type",
                     *               "value": "application/json"
                     *             }
                     *           ]
                     *         },
                     *         "response": {
                     *           "body": {
                     *             "bytes": 148,
                     *             "contentType": "application/json",
                     *             "fields": null,
                     *             "isCut": false,
                     *             "isEncoded": false,
                     *             "kind": "json",
                     *             "text": "{\"error\":\"the ledger is locked\"}"
                     *           },
                     *           "headers": [
                     *             {
                     *               "name": "content-type",
                     *               "value": "application/json"
                     *             }
                     *           ]
                     *         }
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["RequestSnapshotAnswer"];
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
            /** @description There is no such request, or no more */
            404: {
                headers: {
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
                     *       "hints": [],
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
                     *       "lostBatches": [],
                     *       "recorder": {
                     *         "averageQueueWaitMs": 18.4,
                     *         "bytes": 190464,
                     *         "coarsened": [],
                     *         "keyOverflow": 0,
                     *         "liveKeys": 3,
                     *         "liveSeries": 14,
                     *         "queueAbandoned": 0,
                     *         "queueWaited": 3,
                     *         "seriesOverflow": 0,
                     *         "unflushedRecords": 12,
                     *         "unitNames": 1,
                     *         "unitOverflow": 0,
                     *         "unmatched": [
                     *           {
                     *             "count": 7,
                     *             "path": "/wp-login.php"
                     *           }
                     *         ],
                     *         "unresolvedBatches": 0
                     *       },
                     *       "store": {
                     *         "backend": "postgres",
                     *         "buckets": null,
                     *         "dirty": [
                     *           {
                     *             "granularity": "1h",
                     *             "periods": 1
                     *           }
                     *         ],
                     *         "error": null,
                     *         "inbox": {
                     *           "batches": 1,
                     *           "bytes": 1204,
                     *           "records": 25
                     *         },
                     *         "misconfiguration": null,
                     *         "now": "2026-05-18T09:30:00.125Z",
                     *         "quarantined": 0,
                     *         "quarantinedRowCount": 0,
                     *         "quarantinedRows": [],
                     *         "reachable": true,
                     *         "retentionFloors": [
                     *           {
                     *             "floor": "2026-05-17T09:00:00Z",
                     *             "granularity": "1m"
                     *           },
                     *           {
                     *             "floor": null,
                     *             "granularity": "1d"
                     *           }
                     *         ],
                     *         "schemaVersion": 1,
                     *         "series": 42,
                     *         "sketchKind": "histogram",
                     *         "standby": null,
                     *         "unreachableSince": null
                     *       },
                     *       "streams": 1,
                     *       "tasks": {
                     *         "flushLagSeconds": 0,
                     *         "lastFlushAt": "2026-05-18T09:29:55Z",
                     *         "tasks": [
                     *           {
                     *             "failingSince": null,
                     *             "lastError": null,
                     *             "lastSuccessAt": "2026-05-18T09:29:55Z",
                     *             "name": "flush",
                     *             "running": true,
                     *             "stalled": false
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
            /** @description The store does not answer or is misconfigured, or a background task has ended or has failed for long */
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
    list_dead_letters: {
        parameters: {
            query?: {
                /**
                 * @description The most rows to answer.
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
            /** @description The items */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "at": "2026-05-18T09:25:00Z",
                     *           "id": 17,
                     *           "isEvent": false,
                     *           "item": "{\"method\":\"GET\",\"endpoint\":\"/a\",\"status\":99}",
                     *           "member": "status",
                     *           "reason": "`99` is not from 100 to 999",
                     *           "shape": null,
                     *           "tokenId": 1
                     *         }
                     *       ],
                     *       "nextCursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["DeadLetterPage"];
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
    delete_dead_letter: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The item's number */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is gone */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
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
            /** @description There is no such item */
            404: {
                headers: {
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
    retry_dead_letter: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The item's number */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is counted */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description What is still wrong with it */
            400: {
                headers: {
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
            /** @description There is no such item */
            404: {
                headers: {
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
    list_ingest_tokens: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The tokens */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "data": [
                     *         {
                     *           "createdAt": "2026-05-18T09:00:00Z",
                     *           "createdBy": "admin",
                     *           "environment": "production",
                     *           "id": 1,
                     *           "lastUsedAt": "2026-05-18T09:25:00Z",
                     *           "name": "checkout in production",
                     *           "origins": [],
                     *           "quantileError": null,
                     *           "revokedAt": null,
                     *           "service": "checkout",
                     *           "templates": [],
                     *           "tenantId": null
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["IngestTokenList"];
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
    create_ingest_token: {
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
                 *       "environment": "production",
                 *       "name": "checkout in production",
                 *       "service": "checkout"
                 *     }
                 */
                "application/json": components["schemas"]["IngestTokenBody"];
            };
        };
        responses: {
            /** @description The token and its secret */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "secret": "amw_0f6d5a4e3b2c4d1e8f90a1b2c3d4e5f60f6d5a4e3b2c4d1e8f90a1b2c3d4e5f6",
                     *       "token": {
                     *         "createdAt": "2026-05-18T09:00:00Z",
                     *         "createdBy": "admin",
                     *         "environment": "production",
                     *         "id": 1,
                     *         "lastUsedAt": null,
                     *         "name": "checkout in production",
                     *         "origins": [],
                     *         "quantileError": null,
                     *         "revokedAt": null,
                     *         "service": "checkout",
                     *         "templates": [],
                     *         "tenantId": null
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["NewIngestTokenView"];
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
            /** @description The body is larger than 64 KiB */
            413: {
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
    revoke_ingest_token: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The token's number */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The token */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "createdAt": "2026-05-18T09:00:00Z",
                     *       "createdBy": "admin",
                     *       "environment": "production",
                     *       "id": 1,
                     *       "lastUsedAt": "2026-05-18T09:25:00Z",
                     *       "name": "checkout in production",
                     *       "origins": [],
                     *       "quantileError": null,
                     *       "revokedAt": "2026-05-18T10:00:00Z",
                     *       "service": "checkout",
                     *       "templates": [],
                     *       "tenantId": null
                     *     }
                     */
                    "application/json": components["schemas"]["IngestToken"];
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
            /** @description There is no such token */
            404: {
                headers: {
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
    metrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The metrics */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example # HELP api_metrics_store_up Whether the store answers.
                     *     # TYPE api_metrics_store_up gauge
                     *     api_metrics_store_up 1
                     *     # EOF
                     */
                    "application/openmetrics-text": string;
                    /**
                     * @example # HELP api_metrics_store_up Whether the store answers.
                     *     # TYPE api_metrics_store_up gauge
                     *     api_metrics_store_up 1
                     */
                    "text/plain": string;
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
}
