//! Where notices go, and what is silent, over HTTP.

use std::sync::{Arc, Mutex};

use api_metrics_routes::{Principal, Role};
use api_metrics_store::{
    control::{
        ControlStore as _,
        notify::{Notice, Notifier, NotifyError, async_trait},
    },
    time::UnixSeconds,
};
use serde_json::{Value, json};

use crate::{
    control_scopes::Shop,
    host::{Host, NOW, TOKEN},
};

/// Takes notices, but the first.
#[derive(Debug, Default)]
struct Reluctant(Mutex<Vec<Notice>>);

#[async_trait]
impl Notifier for Reluctant {
    fn channel(&self) -> &str {
        "pager"
    }

    async fn notify(&self, notice: &Notice) -> Result<(), NotifyError> {
        let mut told = self.0.lock().unwrap();
        told.push(notice.clone());
        if told.len() == 1 {
            return Err(NotifyError::Retry("the line is busy".into()));
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_test_is_sent_through_a_channel_of_this_process_and_the_list_says_what_became_of_it() {
    let host = Host::start_with(|builder| builder.token(TOKEN).channels(["log", "pager"])).await;
    let unused = |channel: &str| {
        json!({"channel": channel, "configured": true, "state": "unused", "delivered": 0, "pending": 0, "dead": 0,
            "lastDeliveredAt": null, "last": null, "mutedSince": null, "mutedBy": null})
    };
    let listed = host.json("/api-alerts/channels").await;
    assert_eq!(listed["data"], json!([unused("log"), unused("pager")]));
    let test = "/api-alerts/channels/test";
    for unknown in ["sms", ""] {
        host.sent("POST", test, json!({"channel": unknown}), 404)
            .await;
    }
    host.sent("POST", test, json!({}), 400).await;
    let sent = host
        .sent("POST", test, json!({"channel": "pager"}), 202)
        .await;
    let pager = async || host.json("/api-alerts/channels").await["data"][1].clone();
    assert_eq!(pager().await["state"], "waiting");
    let notifier = Arc::new(Reluctant::default());
    let worker = api_metrics_tests::worker_for(vec![notifier.clone()]);
    worker.deliver(&*host.store, None).await.unwrap();
    let failing = pager().await;
    assert_eq!(failing["state"], "failing");
    assert_eq!(failing["last"]["noticeId"], sent["noticeId"]);
    assert_eq!(failing["last"]["error"], "the line is busy");
    host.clock.step_to(NOW + 15);
    worker.deliver(&*host.store, None).await.unwrap();
    let good = pager().await;
    assert_eq!(good["state"], "ok");
    assert_eq!(
        (&good["delivered"], &good["pending"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(good["last"]["error"], Value::Null);
    assert_eq!(notifier.0.lock().unwrap()[1].title, "Test");
    // A channel that another process has is listed, and can't be tried here.
    host.store.test_channel("elsewhere", None).await.unwrap();
    let listed = host.json("/api-alerts/channels").await;
    assert_eq!(listed["data"][0]["channel"], "elsewhere");
    assert_eq!(listed["data"][0]["configured"], false);
    host.sent("POST", test, json!({"channel": "elsewhere"}), 404)
        .await;
}

fn at(seconds: UnixSeconds) -> String {
    let at = chrono::DateTime::from_timestamp(seconds, 0).unwrap();
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

#[tokio::test]
async fn a_silence_is_planned_listed_and_ended_once() {
    let host = Host::start().await;
    let path = "/api-alerts/silences";
    assert_eq!(host.json(path).await["data"], json!([]));
    let window = json!({"from": at(NOW + 600), "until": at(NOW + 1_200), "service": "billing", "reason": "it moves"});
    let made = host.sent("POST", path, window, 201).await;
    assert_eq!(
        (&made["state"], &made["service"], &made["reason"]),
        (&json!("planned"), &json!("billing"), &json!("it moves"))
    );
    let now = host
        .sent("POST", path, json!({"until": at(NOW + 60)}), 201)
        .await;
    assert_eq!(
        (&now["state"], &now["from"]),
        (&json!("active"), &json!(at(NOW)))
    );
    assert_eq!(host.json(path).await["data"].as_array().unwrap().len(), 2);
    for (member, wrong) in [
        ("until", json!({})),
        ("until", json!({"until": at(NOW)})),
        ("until", json!({"until": "tomorrow"})),
        (
            "until",
            json!({"from": at(NOW + 60), "until": at(NOW + 60)}),
        ),
        ("alertId", json!({"until": at(NOW + 60), "alertId": 99})),
        (
            "endpoint",
            json!({"until": at(NOW + 60), "endpoint": "get /a"}),
        ),
        (
            "reason",
            json!({"until": at(NOW + 60), "reason": "a\u{202e}b"}),
        ),
        ("forever", json!({"until": at(NOW + 60), "forever": true})),
    ] {
        let refused = host.sent("POST", path, wrong, 400).await;
        assert_eq!(refused["parameter"], member, "{refused}");
    }
    let one = format!("{path}/{}", now["id"]);
    host.sent("DELETE", &one, json!({}), 204).await;
    host.sent("DELETE", &one, json!({}), 404).await;
    assert_eq!(host.json(path).await["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_manager_silences_its_tenant_and_a_viewer_nobody() {
    let path = "/api-alerts/silences";
    let until = json!({"until": at(NOW + 60)});
    let shop = Shop::seen_by(Principal::new("m", Role::Manager).with_tenant("acme")).await;
    let (status, made) = shop.ask("POST", path, Some(until.clone())).await;
    assert_eq!((status, &made["tenantId"]), (201, &json!("acme")), "{made}");
    let foreign = json!({"until": at(NOW + 60), "tenantId": "umbrella"});
    assert_eq!(shop.ask("POST", path, Some(foreign)).await.0, 403);
    for role in [Role::Developer, Role::Viewer] {
        let principal = match role {
            Role::Viewer => Principal::new("v", role).with_key("alpha"),
            _ => Principal::new("d", role).with_tenant("acme"),
        };
        let shop = Shop::seen_by(principal).await;
        assert_eq!(shop.ask("POST", path, Some(until.clone())).await.0, 403);
        assert_eq!(
            shop.ask("GET", path, None).await,
            (200, json!({"data": []}))
        );
        assert_eq!(shop.ask("GET", "/api-alerts/channels", None).await.0, 403);
        let test = Some(json!({"channel": "log"}));
        assert_eq!(
            shop.ask("POST", "/api-alerts/channels/test", test).await.0,
            403
        );
    }
}
