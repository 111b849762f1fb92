//! What a rule asks of the store.
//!
//! | the rule | becomes |
//! |---|---|
//! | service, environment, protocol, key, method, exact endpoint | a filter |
//! | tenant | the scope, which the database may enforce itself |
//! | glob | a group by endpoint; rows that don't match are left out afterwards |
//! | `rate_limit` | a group by key and minute |
//! | a quantile, a latency objective | `Detail::Quantiles`, which reads sketches; all else is `Detail::Counts` |
//!
//! Unless a rule names both an endpoint and a key, the store answers it from aggregate series.

use super::{AlertSpec, AlertType, Target};
use crate::{
    query::{Detail, Filter, GroupBy, Query, Scope, TimeRange, TimeStep},
    time::Granularity,
};

/// The endpoint filter of a rule. One that can't be read matches nothing; it was refused when the
/// rule was made, so somebody has written it by hand.
pub(in crate::control) fn target(spec: &AlertSpec) -> Option<Target> {
    spec.endpoint.as_deref().map(|filter| {
        if spec.watches_events() {
            return Target {
                method: None,
                path: filter.to_owned(),
            };
        }
        Target::parse(filter).unwrap_or_else(|| Target {
            method: Some(String::new()),
            path: filter.to_owned(),
        })
    })
}

/// The query for everything that the rule looks at in `range`.
pub(in crate::control) fn query_for(
    spec: &AlertSpec,
    range: TimeRange,
    time: Option<TimeStep>,
) -> Query {
    let target = target(spec);
    let glob = target.as_ref().is_some_and(Target::is_glob);
    let per_key = spec.alert_type == AlertType::RateLimit;
    Query {
        range,
        filter: Filter {
            service: spec.service.clone(),
            environment: spec.environment.clone(),
            protocol: spec.protocol.clone(),
            method: target.as_ref().and_then(|t| t.method.clone()),
            endpoint: target
                .as_ref()
                .filter(|t| !t.is_glob())
                .map(|t| t.path.clone()),
            api_key_id: spec.api_key_id,
            ..Filter::default()
        },
        scope: spec.tenant_id.clone().map_or(Scope::All, Scope::Tenant),
        group_by: GroupBy {
            // Costs nothing where an endpoint is named, and lets the message name the method.
            method: target.is_some(),
            endpoint: glob,
            api_key: per_key,
            time: if per_key {
                Some(TimeStep::Fixed(Granularity::Minute))
            } else {
                time
            },
            ..GroupBy::default()
        },
        detail: if spec.reads_sketches() {
            Detail::Quantiles
        } else {
            Detail::Counts
        },
        top: None,
        window: None,
        axis: None,
    }
}
