//! What is behind an alert, as its event shows it.
//!
//! Kept when the rule fired, with texts of at most 200 characters.
//!
//! "Error rate above 5 %" is where the work begins; which errors and whose requests is the next question, and mostly by
//! then the window has passed. So both are looked up once, when the rule fires, over its window and with its filters, and
//! kept with the event: what is shown a week later is what was there, even where the requests themselves are gone.
//!
//! Neither can delay an alert. Each lookup has its own bound in time, and is left out of the event where that has passed:
//! an empty list says "there was none", a missing one "nobody knows".

use api_metrics_store::control::alerts::{AlertCauses, CauseConsumer, CauseGroup};
use serde::Serialize;

/// The largest groups of errors and the largest consumers in a rule's window and filters when it fired.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = AlertCauses))]
pub(super) struct CausesView {
    /// At most three groups of errors, those of most requests first. Left out without a log of requests, and where it
    /// did not answer in time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    groups: Option<Vec<CauseGroupView>>,
    /// At most three consumers, those with most errors first. Left out where the counts did not answer in time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, schema(nullable = false))]
    consumers: Option<Vec<CauseConsumerView>>,
}

/// A group of errors behind an alert: requests with one template, status, type and normalised message. Its id leads to
/// the list of those requests.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = CauseGroup))]
pub(super) struct CauseGroupView {
    /// Its id, which `group` of the list of requests takes.
    id: String,
    /// The method.
    method: String,
    /// The route template.
    endpoint: String,
    /// The status under which its requests are counted.
    status: u16,
    /// The kind of error, as the service names it; null: it named none.
    error_type: Option<String>,
    /// What its latest request said, scrubbed, at most 200 characters; null: nothing.
    message: Option<String>,
    /// Requests that it stands for in the window: the kept ones by their weight, not by their number.
    requests: u64,
}

/// A consumer behind an alert, from the counts, which are exact: no sampling is in them.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
#[cfg_attr(test, schema(as = CauseConsumer))]
struct CauseConsumerView {
    /// The number of its API key; 0 stands for requests without a key.
    api_key_id: i64,
    /// The host's text for the key; null for requests without one.
    external_id: Option<String>,
    /// The key's name; null where it has none.
    name: Option<String>,
    /// Its errors in the window: 4xx and 5xx.
    errors: u64,
    /// All of its requests in the window, those that succeeded included.
    requests: u64,
}

impl From<AlertCauses> for CausesView {
    fn from(causes: AlertCauses) -> Self {
        let groups = causes.groups;
        let consumers = causes.consumers;
        Self {
            groups: groups.map(|groups| groups.into_iter().map(CauseGroupView::from).collect()),
            consumers: consumers.map(|all| all.into_iter().map(CauseConsumerView::from).collect()),
        }
    }
}

impl From<CauseGroup> for CauseGroupView {
    fn from(group: CauseGroup) -> Self {
        Self {
            id: group.id,
            method: group.method,
            endpoint: group.endpoint,
            status: group.status,
            error_type: group.error_type,
            message: group.message,
            requests: group.requests,
        }
    }
}

impl From<CauseConsumer> for CauseConsumerView {
    fn from(consumer: CauseConsumer) -> Self {
        Self {
            api_key_id: consumer.api_key_id,
            external_id: consumer.external_id,
            name: consumer.name,
            errors: consumer.errors,
            requests: consumer.requests,
        }
    }
}
