//! Notices as chats and pagers take them, from a receiver's side.

use api_metrics_store::control::notify::{
    Notice, Notifier, WebhookError, WebhookNotifier, WebhookOptions,
};
use serde_json::{Value, json};

use crate::{
    receiver::{Received, Receiver},
    webhook::private,
};

/// An alert that fires, with texts that somebody else has chosen.
fn fired() -> Notice {
    serde_json::from_value(json!({
        "id": uuid::Uuid::from_u128(7),
        "kind": "alert.fired",
        "at": "2026-03-10T12:00:00Z",
        "severity": "high",
        "title": "checkout <@everyone> *now*",
        "message": "Error rate for POST /checkout jumped from 1.0% to 15.2% (threshold 10%)",
        "eventId": uuid::Uuid::from_u128(8),
        "rule": {"id": 1, "name": "checkout", "alertType": "error_rate", "service": "shop", "endpoint": "POST /checkout"},
        "value": 15.2,
        "threshold": 10.0,
        "causes": {
            "groups": [{"id": "3f2a9c0107d1e5b4", "method": "POST", "endpoint": "/checkout", "status": 503,
                "errorType": "timeout", "message": "[click](https://x)\n# here", "requests": 171}],
            "consumers": [{"apiKeyId": 17, "externalId": "customer-17", "name": "Acme_Ltd", "errors": 160, "requests": 900}],
        },
        "url": "https://example.com/admin/#/incident/8",
    }))
    .unwrap()
}

/// The same, when it is over.
fn over() -> Notice {
    let mut notice = serde_json::to_value(fired()).unwrap();
    notice["kind"] = json!("alert.resolved");
    notice["id"] = json!(uuid::Uuid::from_u128(9));
    notice["message"] = json!("Resolved: Error rate is back at 0.8%");
    serde_json::from_value(notice).unwrap()
}

/// What a receiver got of both.
async fn posted(
    make: impl FnOnce(&Receiver) -> Result<WebhookNotifier, WebhookError>,
) -> Vec<Received> {
    let receiver = Receiver::start([]).await;
    let notifier = make(&receiver).unwrap();
    notifier.notify(&fired()).await.unwrap();
    notifier.notify(&over()).await.unwrap();
    receiver.take()
}

fn body(request: &Received) -> Value {
    assert_eq!(request.header("content-type"), Some("application/json"));
    serde_json::from_str(&request.body).unwrap()
}

fn at(receiver: &Receiver) -> WebhookOptions {
    let mut options = private();
    options.service_url = Some(format!("http://{}/v2/alerts", receiver.address));
    options
}

#[tokio::test]
async fn teams_gets_a_card_whose_texts_are_no_markdown() {
    let requests = posted(|receiver| WebhookNotifier::teams(&receiver.url(), private())).await;
    let message = body(&requests[0]);
    assert_eq!(message["type"], "message");
    let attachment = &message["attachments"][0];
    assert_eq!(
        attachment["contentType"],
        "application/vnd.microsoft.card.adaptive"
    );
    let card = &attachment["content"];
    assert_eq!(
        (card["type"].as_str(), card["version"].as_str()),
        (Some("AdaptiveCard"), Some("1.4"))
    );
    let blocks = card["body"].as_array().unwrap();
    assert_eq!(
        blocks[0]["text"],
        r"checkout \<@everyone\> \*now\* \(high\)"
    );
    assert_eq!(blocks[0]["color"], "Attention");
    let facts = blocks[2]["facts"].as_array().unwrap();
    for fact in [
        ("Service", "shop"),
        ("Endpoint", "POST /checkout"),
        ("Value", "15.2"),
        ("Threshold", "10"),
    ] {
        assert!(
            facts.contains(&json!({"title": fact.0, "value": fact.1})),
            "{facts:?}"
        );
    }
    let texts: Vec<_> = blocks
        .iter()
        .filter_map(|block| block["text"].as_str())
        .collect();
    assert!(
        texts.contains(&r"171 x 503 POST /checkout: \[click\]\(https://x\)\\n\# here"),
        "{texts:?}"
    );
    assert!(
        texts.contains(&r"Acme\_Ltd: 160 errors of 900 requests"),
        "{texts:?}"
    );
    assert_eq!(
        card["actions"],
        json!([{"type": "Action.OpenUrl", "title": "Open in the dashboard", "url": "https://example.com/admin/#/incident/8"}])
    );
    let end = &body(&requests[1])["attachments"][0]["content"]["body"][0];
    assert_eq!(end["color"], "Good");
    assert!(end["text"].as_str().unwrap().ends_with("is over"), "{end}");
}

#[tokio::test]
async fn discord_gets_an_embed_that_mentions_nobody() {
    let requests = posted(|receiver| WebhookNotifier::discord(&receiver.url(), private())).await;
    let message = body(&requests[0]);
    assert_eq!(message["allowed_mentions"], json!({"parse": []}));
    let embed = &message["embeds"][0];
    assert_eq!(embed["title"], r"checkout \<\@everyone\> \*now\* \(high\)");
    assert_eq!(embed["color"], 0xe6_5100);
    assert_eq!(embed["timestamp"], "2026-03-10T12:00:00Z");
    assert_eq!(embed["url"], "https://example.com/admin/#/incident/8");
    let fields = embed["fields"].as_array().unwrap();
    assert!(
        fields.contains(&json!({"name": "Service", "value": "shop", "inline": true})),
        "{fields:?}"
    );
    let errors = fields
        .iter()
        .find(|field| field["name"] == "Largest errors")
        .unwrap();
    assert_eq!(
        errors["value"],
        r"171 x 503 POST /checkout\: \[click\]\(https\://x\)\\n\# here"
    );
    assert_eq!(body(&requests[1])["embeds"][0]["color"], 0x2e_7d32);

    // A list is no longer than people read, and than receivers take.
    let receiver = Receiver::start([]).await;
    let mut many = serde_json::to_value(fired()).unwrap();
    let alert = json!({"eventId": null, "rule": many["rule"], "severity": "high", "message": "x".repeat(200),
        "value": 1.0, "threshold": 1.0});
    many["alerts"] = json!(vec![alert; 200]);
    let many: Notice = serde_json::from_value(many).unwrap();
    for make in [
        WebhookNotifier::teams,
        WebhookNotifier::discord,
        WebhookNotifier::slack,
    ] {
        let notifier = make(&receiver.url(), private()).unwrap();
        notifier.notify(&many).await.unwrap();
    }
    let bodies = receiver.take();
    assert!(
        bodies[0].body.contains("and 180 more"),
        "{}",
        bodies[0].body
    );
    assert!(bodies.iter().all(|request| request.body.len() < 20_000));
    let embed = &body(&bodies[1])["embeds"][0];
    let fields = embed["fields"].as_array().unwrap().iter();
    let texts = fields.flat_map(|field| [&field["name"], &field["value"]]);
    let texts = texts.chain([&embed["title"], &embed["description"]]);
    let all: usize = texts
        .map(|text| text.as_str().unwrap().chars().count())
        .sum();
    assert!(all <= 6_000, "{all}");

    // What is longer than Discord takes is cut, not refused.
    let mut long = fired();
    long.title = "*".repeat(400);
    long.message = "_".repeat(5_000);
    let receiver = Receiver::start([]).await;
    let discord = WebhookNotifier::discord(&receiver.url(), private()).unwrap();
    discord.notify(&long).await.unwrap();
    let embed = body(&receiver.take()[0])["embeds"][0].clone();
    assert!(
        embed["title"].as_str().unwrap().chars().count() <= 256,
        "{embed}"
    );
    assert!(
        embed["description"].as_str().unwrap().chars().count() <= 4_096,
        "{embed}"
    );
}

#[tokio::test]
async fn pagerduty_triggers_and_resolves_one_incident() {
    let requests = posted(|receiver| WebhookNotifier::pagerduty("R0123456789", at(receiver))).await;
    let event = body(&requests[0]);
    assert_eq!(event["routing_key"], "R0123456789");
    assert_eq!(event["event_action"], "trigger");
    assert_eq!(event["payload"]["severity"], "error");
    assert_eq!(event["payload"]["source"], "shop");
    assert_eq!(event["payload"]["component"], "POST /checkout");
    assert_eq!(event["payload"]["class"], "error_rate");
    assert_eq!(event["payload"]["timestamp"], "2026-03-10T12:00:00Z");
    assert_eq!(event["payload"]["custom_details"]["Value"], "15.2");
    assert_eq!(
        event["payload"]["custom_details"]["Largest consumers"],
        json!(["Acme_Ltd: 160 errors of 900 requests"])
    );
    assert_eq!(
        event["links"][0]["href"],
        "https://example.com/admin/#/incident/8"
    );
    let end = body(&requests[1]);
    assert_eq!(end["event_action"], "resolve");
    assert_eq!(end["dedup_key"], event["dedup_key"]);
    assert_eq!(end["dedup_key"], json!(uuid::Uuid::from_u128(8)));
}

#[tokio::test]
async fn opsgenie_gets_an_alert_and_closes_it_by_its_alias() {
    let requests = posted(|receiver| WebhookNotifier::opsgenie("0f-key", at(receiver))).await;
    assert!(
        requests[0].head.starts_with("POST /v2/alerts HTTP/1.1\r\n"),
        "{}",
        requests[0].head
    );
    assert_eq!(requests[0].header("authorization"), Some("GenieKey 0f-key"));
    let alert = body(&requests[0]);
    let alias = uuid::Uuid::from_u128(8);
    assert_eq!(alert["alias"], json!(alias));
    assert_eq!(alert["priority"], "P2");
    assert_eq!(alert["entity"], "POST /checkout");
    assert_eq!(alert["details"]["Threshold"], "10");
    let description = alert["description"].as_str().unwrap();
    assert!(
        description.contains("171 x 503 POST /checkout"),
        "{description}"
    );
    assert!(
        description.contains("https://example.com/admin/#/incident/8"),
        "{description}"
    );
    let close = format!("POST /v2/alerts/{alias}/close?identifierType=alias HTTP/1.1\r\n");
    assert!(requests[1].head.starts_with(&close), "{}", requests[1].head);
    assert_eq!(requests[1].header("authorization"), Some("GenieKey 0f-key"));
}

#[test]
fn a_key_that_no_header_can_hold_is_refused_and_none_is_ever_shown() {
    for wrong in ["", "  ", "two words", "line\nbreak", "schlüssel"] {
        let options = WebhookOptions::default();
        let error = WebhookNotifier::pagerduty(wrong, options.clone()).unwrap_err();
        assert!(matches!(error, WebhookError::Secret(_)), "{error}");
        let error = WebhookNotifier::opsgenie(wrong, options).unwrap_err();
        assert!(matches!(error, WebhookError::Secret(_)), "{error}");
    }
    let pager = WebhookNotifier::pagerduty("s3cret", WebhookOptions::default()).unwrap();
    let opsgenie = WebhookNotifier::opsgenie("s3cret", WebhookOptions::default()).unwrap();
    assert!(!format!("{pager:?}{opsgenie:?}").contains("s3cret"));
    let mut elsewhere = WebhookOptions::default();
    elsewhere.service_url = Some("http://169.254.169.254/s3cret".to_owned());
    assert!(!format!("{elsewhere:?}").contains("s3cret"));
    let error = WebhookNotifier::opsgenie("key", elsewhere).unwrap_err();
    assert!(matches!(error, WebhookError::Private(_)), "{error}");
}
