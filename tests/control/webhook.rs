//! Webhooks against receivers that do not behave.

use std::{sync::Arc, time::Duration};

use api_metrics_store::control::{
    ControlWorker,
    notify::{
        DeliveryQuery, DeliveryStatus, Notice, NoticeKind, Notifier, NotifyError, WebhookError,
        WebhookNotifier, WebhookOptions,
    },
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio_rustls::rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};

use crate::{
    alerts::{AlertStage, errors},
    harness::{Database, NOON},
    help::Stalled,
    receiver::{Received, Receiver, Reply},
};

on_both! {
    a_receiver_that_fails_gets_the_same_notice_again_after_growing_pauses
    what_a_receiver_never_takes_is_a_dead_letter_with_its_last_answer
    a_crash_between_delivery_and_its_acknowledgement_repeats_the_id
}

fn notice() -> Notice {
    serde_json::from_value(serde_json::json!({
        "id": uuid::Uuid::from_u128(7),
        "kind": "alert.fired",
        "at": "2026-03-10T12:00:00Z",
        "severity": "high",
        "title": "checkout <!channel>",
        "message": "Error rate jumped from 1.0% to 15.2% & more",
        "eventId": uuid::Uuid::from_u128(8),
        "value": 15.2,
        "threshold": 10.0,
    }))
    .unwrap()
}

pub(crate) fn hook(receiver: &Receiver) -> WebhookNotifier {
    WebhookNotifier::new(&receiver.url(), private()).unwrap()
}

/// Options for a receiver on this machine.
pub(crate) fn private() -> WebhookOptions {
    let mut options = WebhookOptions::default();
    options.allow_private = true;
    options
}

/// What a receiver does to be sure, in its own words.
fn verified(request: &Received, key: &[u8]) -> bool {
    let part = |name| request.header(name).unwrap();
    let signed = format!(
        "{}.{}.{}",
        part("webhook-id"),
        part("webhook-timestamp"),
        request.body
    );
    let signature = part("webhook-signature").strip_prefix("v1,").unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(signed.as_bytes());
    mac.verify_slice(&STANDARD.decode(signature).unwrap())
        .is_ok()
}

#[tokio::test]
async fn a_notice_is_posted_as_json_and_signed() {
    let receiver = Receiver::start([]).await;
    let key = b"a key of the receiver's own";
    let secret = format!("whsec_{}", STANDARD.encode(key));
    let mut options = private();
    options.secret = Some(secret);
    let signed = WebhookNotifier::new(&receiver.url(), options).unwrap();
    signed.notify(&notice()).await.unwrap();
    let request = receiver.take().remove(0);
    assert!(
        request
            .head
            .starts_with("POST /hook?token=s3cret HTTP/1.1\r\n"),
        "{}",
        request.head
    );
    assert_eq!(request.header("host"), Some(&*receiver.address.to_string()));
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(
        request.header("webhook-id"),
        Some(&*notice().id.to_string())
    );
    assert_eq!(
        serde_json::from_str::<Notice>(&request.body).unwrap(),
        notice()
    );
    assert!(verified(&request, key));
    assert!(!verified(&request, b"another key"));
    let mut tampered = request.clone();
    tampered.body = tampered.body.replace("15.2", "1.2");
    assert!(!verified(&tampered, key));
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let sent: u64 = request
        .header("webhook-timestamp")
        .unwrap()
        .parse()
        .unwrap();
    assert!(sent <= now && now - sent < 300, "{sent} {now}");

    hook(&receiver).notify(&notice()).await.unwrap();
    assert_eq!(receiver.take()[0].header("webhook-signature"), None);
    // What is wrong is said without the URL and without the secret.
    let mut options = private();
    options.secret = Some("whsec_s3cret!".to_owned());
    let error = WebhookNotifier::new(&receiver.url(), options).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the webhook's secret can't be used: what follows `whsec_` is no Base64"
    );
    let error = WebhookNotifier::new("ftp://s3cret/", private()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the webhook's URL can't be used: it starts neither with https:// nor with http://"
    );
}

#[tokio::test]
async fn answers_decide_whether_another_try_makes_sense() {
    for (status, again) in [
        (200, None),
        (201, None),
        (204, None),
        (301, Some(false)),
        (400, Some(false)),
        (404, Some(false)),
        (410, Some(false)),
        (408, Some(true)),
        (429, Some(true)),
        (500, Some(true)),
        (503, Some(true)),
    ] {
        let receiver = Receiver::start([Reply::status(status)]).await;
        let got = hook(&receiver).notify(&notice()).await;
        let expected = match (&got, again) {
            (Ok(()), None) => true,
            (Err(NotifyError::Retry(why)), Some(true))
            | (Err(NotifyError::Permanent(why)), Some(false)) => {
                why.contains(&format!("the receiver answered {status}"))
            }
            _ => false,
        };
        assert!(expected, "{status}: {got:?}");
    }
}

#[tokio::test]
async fn a_receiver_that_says_nothing_has_its_time_and_no_more() {
    let receiver = Receiver::start([Reply::Silence]).await;
    let mut options = private();
    options.timeout = Duration::from_millis(200);
    let hook = WebhookNotifier::new(&receiver.url(), options.clone()).unwrap();
    let failed = hook.notify(&notice()).await;
    assert_eq!(
        failed,
        Err(NotifyError::Retry("no answer within 200ms".into()))
    );
    assert_eq!(receiver.take().len(), 1);
    // Neither does one that has always something more to say.
    let receiver = Receiver::start([Reply::Trickle]).await;
    let hook = WebhookNotifier::new(&receiver.url(), options).unwrap();
    assert_eq!(hook.notify(&notice()).await, failed);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Receiver::start([]).await;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("location: {}\r\ncontent-length: 0\r\n", elsewhere.url());
        let receiver = Receiver::start([Reply::with(status, &location, "")]).await;
        let failed = hook(&receiver).notify(&notice()).await;
        assert!(
            matches!(&failed, Err(NotifyError::Permanent(why)) if why.contains("redirect")),
            "{failed:?}"
        );
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn a_receiver_that_lies_about_length_has_still_taken_it() {
    for reply in [
        // More than it says, less than it says, both at once, an amount that no memory holds.
        Reply::with(200, "content-length: 1\r\n", "much more than that"),
        Reply::with(200, "content-length: 1000000\r\n", "ok"),
        Reply::with(200, "transfer-encoding: chunked\r\n", "zzzz\r\nno chunk"),
        Reply::with(200, "content-length: 9223372036854775807\r\n", "ok"),
        Reply::EndlessBody,
    ] {
        let receiver = Receiver::start([reply.clone()]).await;
        let taken = hook(&receiver).notify(&notice()).await;
        assert_eq!(taken, Ok(()), "{reply:?}");
    }
}

#[tokio::test]
async fn a_receiver_that_talks_nonsense_is_tried_again() {
    for reply in [
        Reply::Close,
        Reply::Bytes("SSH-2.0-OpenSSH_9.2\r\n".into()),
        Reply::Bytes("HTTP/1.1 200".into()),
        Reply::with(200, "content-length: 18446744073709551616\r\n", "ok"),
        Reply::EndlessHead,
    ] {
        let receiver = Receiver::start([reply.clone()]).await;
        let failed = hook(&receiver).notify(&notice()).await;
        assert!(
            matches!(&failed, Err(NotifyError::Retry(_))),
            "{reply:?}: {failed:?}"
        );
    }
    // Nobody there.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", gone.local_addr().unwrap());
    drop(gone);
    let hook = WebhookNotifier::new(&url, private()).unwrap();
    let failed = hook.notify(&notice()).await;
    assert!(matches!(&failed, Err(NotifyError::Retry(_))), "{failed:?}");
}

#[tokio::test]
async fn private_addresses_are_refused_however_they_are_written_and_nothing_connects() {
    let receiver = Receiver::start([]).await;
    let port = receiver.address.port();
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0.0.0.0",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "169.254.169.254",
        "10.0.0.1",
        "192.168.0.1",
        "[fe80::1]",
        "[fd00::1]",
    ] {
        let url = format!("http://{host}:{port}/");
        let refused = WebhookNotifier::new(&url, WebhookOptions::default()).map(drop);
        assert!(
            matches!(refused, Err(WebhookError::Private(_))),
            "{host}: {refused:?}"
        );
    }
    assert_eq!(receiver.connections(), 0);
    // The same receiver is reached by its name where that is allowed.
    let named = format!("http://localhost:{port}/");
    let allowed = WebhookNotifier::new(&named, private()).unwrap();
    allowed.notify(&notice()).await.unwrap();
    assert_eq!(receiver.connections(), 1);
}

#[tokio::test]
async fn https_needs_a_certificate_of_that_name_from_an_authority_that_is_trusted() {
    let mut authority = CertificateParams::new(Vec::<String>::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().unwrap();
    let root = authority.self_signed(&authority_key).unwrap();
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["localhost".to_owned()])
        .unwrap()
        .signed_by(&key, &issuer)
        .unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = tokio_rustls::rustls::crypto::ring::default_provider();
    let config = ServerConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .unwrap();
    let receiver = Receiver::with_tls(config).await;
    let port = receiver.address.port();
    let made = |host: &str, roots: &[&[u8]]| {
        let mut options = private();
        options.root_certificates = roots.iter().map(|der| der.to_vec()).collect();
        WebhookNotifier::new(&format!("https://{host}:{port}/hook"), options)
    };
    let to = |host: &str, roots: &[&[u8]]| made(host, roots).unwrap();
    let failed = to("localhost", &[]).notify(&notice()).await;
    assert!(
        matches!(&failed, Err(NotifyError::Retry(why)) if why.contains("TLS")),
        "{failed:?}"
    );
    let other_name = to("127.0.0.1", &[root.der()]);
    assert!(other_name.notify(&notice()).await.is_err());
    assert_eq!(receiver.take().len(), 0);
    let trusted = to("localhost", &[root.der()]);
    trusted.notify(&notice()).await.unwrap();
    assert_eq!(
        serde_json::from_str::<Notice>(&receiver.take()[0].body).unwrap(),
        notice()
    );
    assert!(made("localhost", &[b"no certificate"]).is_err());
}

#[tokio::test]
async fn slack_gets_a_message_that_can_not_call_everybody() {
    let receiver = Receiver::start([]).await;
    let slack = WebhookNotifier::slack(&receiver.url(), private()).unwrap();
    assert_eq!(slack.channel(), "slack");
    slack.notify(&notice()).await.unwrap();
    let over = {
        let mut notice = notice();
        notice.kind = NoticeKind::AlertResolved;
        notice
    };
    slack.notify(&over).await.unwrap();
    let bodies: Vec<Value> = receiver
        .take()
        .iter()
        .map(|request| serde_json::from_str(&request.body).unwrap())
        .collect();
    assert_eq!(
        bodies[0]["text"],
        "*checkout &lt;!channel&gt;* (high): Error rate jumped from 1.0% to 15.2% &amp; more"
    );
    assert_eq!(bodies[0]["attachments"][0]["color"], "#e65100");
    assert!(bodies[1]["text"].as_str().unwrap().contains("is over"));
    assert_ne!(bodies[1]["attachments"][0]["color"], "#e65100");
}

#[tokio::test]
async fn a_webhook_and_slack_get_the_link_the_endpoint_the_value_and_the_threshold() {
    let receiver = Receiver::start([]).await;
    let mut notice = notice();
    let link = "https://example.com/admin/#/incident/8";
    notice.url = Some(link.into());
    notice.rule = Some(
        serde_json::from_value(json!({"id": 1, "name": "errors", "alertType": "error_rate",
            "service": "shop", "endpoint": "POST /<!here>"}))
        .unwrap(),
    );
    hook(&receiver).notify(&notice).await.unwrap();
    let slack = WebhookNotifier::slack(&receiver.url(), private()).unwrap();
    slack.notify(&notice).await.unwrap();
    let bodies: Vec<Value> = receiver
        .take()
        .iter()
        .map(|request| serde_json::from_str(&request.body).unwrap())
        .collect();
    assert_eq!(bodies[0]["url"], link);
    assert_eq!(bodies[0]["rule"]["endpoint"], "POST /<!here>");
    let attachment = &bodies[1]["attachments"][0];
    assert_eq!(attachment["title_link"], link);
    let fields: Vec<_> = attachment["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| {
            (
                field["title"].as_str().unwrap(),
                field["value"].as_str().unwrap(),
            )
        })
        .collect();
    for field in [
        ("Service", "shop"),
        ("Endpoint", "POST /&lt;!here&gt;"),
        ("Value", "15.2"),
        ("Threshold", "10"),
    ] {
        assert!(fields.contains(&field), "{fields:?}");
    }
}

/// A notice of an alert with causes, whose texts somebody else has chosen.
fn with_causes() -> Notice {
    let mut notice = serde_json::to_value(notice()).unwrap();
    notice["causes"] = causes();
    serde_json::from_value(notice).unwrap()
}

fn causes() -> Value {
    json!({
        "groups": [
            {"id": "3f2a9c0107d1e5b4", "method": "POST", "endpoint": "/checkout", "status": 503,
                "errorType": "timeout", "message": "<!channel> & more", "requests": 171},
            {"id": "0000000000000007", "method": "GET", "endpoint": "/a", "status": 404,
                "errorType": null, "message": null, "requests": 2},
        ],
        "consumers": [
            {"apiKeyId": 17, "externalId": "customer-17", "name": "<https://x|Acme>",
                "errors": 160, "requests": 900},
            {"apiKeyId": 0, "externalId": null, "name": null, "errors": 13, "requests": 20},
        ],
    })
}

#[tokio::test]
async fn a_webhook_gets_the_causes_of_an_alert_and_no_member_where_there_are_none() {
    let receiver = Receiver::start([]).await;
    let hook = hook(&receiver);
    hook.notify(&with_causes()).await.unwrap();
    hook.notify(&notice()).await.unwrap();
    let bodies: Vec<Value> = receiver
        .take()
        .iter()
        .map(|request| serde_json::from_str(&request.body).unwrap())
        .collect();
    let plain = json!({
        "id": uuid::Uuid::from_u128(7),
        "kind": "alert.fired",
        "at": "2026-03-10T12:00:00Z",
        "severity": "high",
        "title": "checkout <!channel>",
        "message": "Error rate jumped from 1.0% to 15.2% & more",
        "eventId": uuid::Uuid::from_u128(8),
        "rule": null,
        "apiKey": null,
        "tenantId": null,
        "value": 15.2,
        "threshold": 10.0,
    });
    assert_eq!(bodies[1], plain);
    let mut with = plain;
    with["causes"] = causes();
    assert_eq!(bodies[0], with);
}

#[tokio::test]
async fn slack_names_causes_that_can_neither_call_everybody_nor_link() {
    let receiver = Receiver::start([]).await;
    let slack = WebhookNotifier::slack(&receiver.url(), private()).unwrap();
    slack.notify(&with_causes()).await.unwrap();
    let body: Value = serde_json::from_str(&receiver.take()[0].body).unwrap();
    assert_eq!(
        body["attachments"][0]["fields"],
        json!([
            {"title": "Severity", "value": "high", "short": true},
            {"title": "Event", "value": uuid::Uuid::from_u128(8), "short": true},
            {"title": "Value", "value": "15.2", "short": true},
            {"title": "Threshold", "value": "10", "short": true},
            {"title": "Largest errors", "short": false, "value":
                "171 x 503 POST /checkout: &lt;!channel&gt; &amp; more\n2 x 404 GET /a"},
            {"title": "Largest consumers", "short": false, "value":
                "&lt;https://x|Acme&gt;: 160 errors of 900 requests\nwithout a key: 13 errors of 20 requests"},
        ])
    );
}

async fn fired(database: Database, receiver: &Receiver) -> (AlertStage, ControlWorker) {
    let w = AlertStage::on(database).await;
    w.create(&errors()).await;
    w.minute(0, 100, 20);
    w.h.store.flush(&w.writer).await.unwrap();
    w.h.clock.step_to(NOON + 75);
    let watch = api_metrics_tests::worker_for(vec![Arc::new(hook(receiver))]);
    (w, watch)
}

async fn a_receiver_that_fails_gets_the_same_notice_again_after_growing_pauses(database: Database) {
    let replies = [500, 503, 429].map(Reply::status);
    let receiver = Receiver::start(replies).await;
    let (w, watch) = fired(database, &receiver).await;
    let mut pauses = Vec::new();
    let mut since = 0;
    watch.evaluate(&*w.h.store, None).await.unwrap();
    for second in 0..400 {
        watch.deliver(&*w.h.store, None).await.unwrap();
        let attempts = receiver.take();
        if !attempts.is_empty() {
            assert_eq!(attempts.len(), 1, "one at a time");
            pauses.push((second - since, attempts[0].clone()));
            since = second;
        }
        if pauses.len() == 4 {
            break;
        }
        w.h.clock.advance(Duration::from_secs(1));
    }
    let ids: Vec<_> = pauses.iter().map(|(_, r)| r.header("webhook-id")).collect();
    assert_eq!(ids.len(), 4);
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    // 15, 30, 60 s, of each of which up to a half is left out.
    for ((pause, _), full) in pauses.iter().skip(1).zip([15, 30, 60]) {
        assert!((full / 2..=full).contains(pause), "{pause} of {full}");
    }
    let said = serde_json::from_str::<Notice>(&pauses[3].1.body).unwrap();
    assert_eq!(
        said.message,
        "Error rate is 20.0% (threshold 10%) over 1 min, 100 requests"
    );
    for _ in 0..60 {
        w.h.clock.advance(Duration::from_secs(60));
        watch.deliver(&*w.h.store, None).await.unwrap();
    }
    assert_eq!(receiver.take().len(), 0, "taken is taken");
}

async fn what_a_receiver_never_takes_is_a_dead_letter_with_its_last_answer(database: Database) {
    let receiver = Receiver::start(vec![Reply::status(502); 10]).await;
    let (w, watch) = fired(database, &receiver).await;
    watch.tick(&*w.h.store, None).await.unwrap();
    let mut hours = 0.0;
    for _ in 0..200 {
        w.h.clock.advance(Duration::from_secs(300));
        hours += 300.0 / 3_600.0;
        if watch.deliver(&*w.h.store, None).await.unwrap().dead > 0 {
            break;
        }
    }
    assert_eq!(receiver.take().len(), 10);
    // Nine pauses of 15 s to 64 min, of each of which up to a half is left out.
    assert!((1.5..=2.6).contains(&hours), "{hours} h");
    let dead = {
        let mut query = DeliveryQuery::default();
        query.status = Some(DeliveryStatus::Dead);
        query
    };
    let letters = w.h.store.deliveries(&dead).await.unwrap();
    assert_eq!(
        letters[0].last_error.as_deref(),
        Some("the receiver answered 502")
    );
    // Once the receiver is mended.
    let id = letters[0].notice.id;
    assert!(w.h.store.redeliver(id, "webhook").await.unwrap());
    watch.deliver(&*w.h.store, None).await.unwrap();
    assert_eq!(
        receiver.take()[0].header("webhook-id"),
        Some(&*id.to_string())
    );
    assert_eq!(w.h.store.deliveries(&dead).await.unwrap(), []);
}

async fn a_crash_between_delivery_and_its_acknowledgement_repeats_the_id(database: Database) {
    let receiver = Receiver::start([]).await;
    let (w, watch) = fired(database, &receiver).await;
    watch.evaluate(&*w.h.store, None).await.unwrap();
    // A process that delivers, and dies before it has written that down.
    let stalled = Arc::new(Stalled::new(hook(&receiver)));
    let dying = api_metrics_tests::worker_for(vec![stalled.clone()]);
    tokio::select! {
        _ = dying.deliver(&*w.h.store, None) => unreachable!("nobody lets it go"),
        () = stalled.begun.notified() => {}
    }
    let first = receiver.take().remove(0);
    // Nobody else while it may still live; then another process, with nothing but the store.
    let store = w.h.database.store(&w.h.clock);
    assert_eq!(watch.deliver(&*store, None).await.unwrap().delivered, 0);
    w.h.clock.advance(Duration::from_secs(91));
    assert_eq!(watch.deliver(&*store, None).await.unwrap().delivered, 1);
    let second = receiver.take().remove(0);
    assert_eq!(first.header("webhook-id"), second.header("webhook-id"));
    assert_eq!(first.body, second.body);
}
