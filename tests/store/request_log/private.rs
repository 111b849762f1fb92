//! Addresses, erasure and secrets.

use super::*;

pub(super) async fn an_address_is_linked_within_a_day_and_never_afterwards(database: Database) {
    let stage = Stage::on(database).await;
    let from = |address, at| Shown {
        at,
        address: Some(address),
        ..Shown::new("/a", 200)
    };
    let log = log_of(&stage.h, |_| {});
    show(&log, &from("192.0.2.7", NOON));
    stage.flush(&log).await;
    // Another process, another address of the same network.
    stage
        .keep(&[from("192.0.2.200", NOON + 60), from("198.51.100.7", NOON)])
        .await;
    let whole = log_of(&stage.h, |log| log.address = AddressDetail::Whole);
    show(&whole, &from("192.0.2.7", NOON));
    let hidden = log_of(&stage.h, |log| log.address = AddressDetail::Hidden);
    show(&hidden, &from("192.0.2.7", NOON));
    stage.flush(&whole).await;
    stage.flush(&hidden).await;
    stage.set(NOON + DAY);
    stage.keep(&[from("192.0.2.7", NOON + DAY)]).await;
    let mut hashes: Vec<_> = stage.all().await.iter().filter_map(|r| r.address).collect();
    assert_eq!(hashes.len(), 5);
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), 4);

    let settings = RequestLog::new();
    let keys = "SELECT count(*) FROM api_metrics.request_log_day_key";
    assert_eq!(stage.number(keys).await, 2);
    // The first day ends twelve hours after noon; its key lives for a day more.
    let end = NOON + DAY / 2 + DAY;
    stage.set(end - 1);
    stage.retain(&settings).await;
    assert_eq!(stage.number(keys).await, 2);
    stage.set(end);
    stage.retain(&settings).await;
    assert_eq!(stage.number(keys).await, 1);
    // What comes late for that day gets no new key.
    stage.keep(&[from("192.0.2.7", NOON)]).await;
    assert_eq!(stage.number(keys).await, 1);
    let late = stage
        .all()
        .await
        .iter()
        .filter(|request| request.address.is_none())
        .count();
    assert_eq!(late, 2);
}

pub(super) async fn erasure_leaves_nothing_behind_and_is_in_the_audit_trail(database: Database) {
    let stage = Stage::on(database).await;
    let of = |user, key| Shown {
        user: Some(user),
        key,
        address: Some("192.0.2.7"),
        error: Some(ErrorDetail::new(format!("quixotic{user} is broken"))),
        ..Shown::new("/orders", 500)
    };
    let mut shown = vec![of("ann", None); 20];
    shown.extend(vec![of("bob", Some("k")); 10]);
    shown.push(Shown {
        address: Some("203.0.113.9"),
        ..Shown::new("/a", 200)
    });
    stage.keep(&shown).await;
    assert!(contains(&stage.contents().await, "quixoticann"));
    let erase = async |whose: Erasure| {
        stage
            .store
            .erase_requests(&whose, "root@example.org")
            .await
            .unwrap()
            .requests
    };
    assert_eq!(erase(Erasure::User("ann".to_owned())).await, 20);
    assert_eq!(erase(Erasure::User("ann".to_owned())).await, 0);
    assert_eq!(stage.all().await.len(), 11);
    assert_eq!(
        stage
            .find(|query| query.filter.text = Some("quixoticann".to_owned()))
            .await,
        []
    );
    stage.checkpoint().await;
    assert!(!contains(&stage.contents().await, "quixoticann"));
    let key = stage
        .find(|query| query.filter.user = Some("bob".to_owned()))
        .await;
    let key = key.first().unwrap().api_key_id;
    assert_eq!(erase(Erasure::ApiKey(key)).await, 10);
    let address: IpAddr = "203.0.113.1".parse().unwrap();
    assert_eq!(erase(Erasure::Address(address)).await, 1);
    assert_eq!(stage.all().await, []);
    assert_eq!(
        stage
            .number("SELECT count(*) FROM api_metrics.audit_trail WHERE actor = 'root@example.org'")
            .await,
        4
    );
}

pub(super) async fn no_secret_reaches_the_database(database: Database) {
    const SECRETS: [&str; 9] = [
        "ann.planted@example.org",
        "planted-bearer-4711",
        "cGxhbnRlZDEyMzQ1Njc4OTBhYmNkZWZnaGlqa2w",
        "4111111111111111",
        "192.0.2.77",
        "planted-query",
        "planted-parameter",
        "0123456789abcdef0123456789abcdef",
        "planted-password",
    ];
    let stage = Stage::on(database).await;
    let message = "ann.planted@example.org sent Bearer planted-bearer-4711, password=planted-password, \
        card 4111111111111111, key 0123456789abcdef0123456789abcdef from cGxhbnRlZDEyMzQ1Njc4OTBhYmNkZWZnaGlqa2w";
    stage
        .keep(&[
            Shown {
                path: "/users/planted-parameter",
                address: Some("192.0.2.77"),
                agent: Some("agent of ann.planted@example.org"),
                id: Some("ann.planted@example.org"),
                error: Some(ErrorDetail::new(message).with_type("4111111111111111")),
                ..Shown::new("/users/{id}", 500)
            },
            Shown {
                path: "/ann.planted@example.org/planted-parameter",
                ..Shown::new("<unmatched>", 404)
            },
            Shown {
                path: "/0123456789abcdef0123456789abcdef",
                ..Shown::new("<unmatched>", 404)
            },
            Shown {
                lines: vec![
                    event(NOON, LogLevel::Warn, "shop", message),
                    event(NOON, LogLevel::Warn, "shop", "refused")
                        .with_field("said", message)
                        .with_field("user.password", "planted-password and planted-query"),
                ],
                ..Shown::new("/lines", 200)
            },
        ])
        .await;
    let log = log_of(&stage.h, |_| {});
    log.event(
        event(NOON, LogLevel::Error, "shop", message)
            .with_field("token", "planted-bearer-4711 planted-query"),
    );
    log.event(
        event(NOON, LogLevel::Error, "ann.planted@example.org", "x").with_field("e", message),
    );
    assert_eq!(stage.flush(&log).await, 2);
    let contents = stage.contents().await;
    assert!(contains(&contents, "[email]") && contains(&contents, "/users/{id}"));
    for secret in SECRETS {
        assert!(!contains(&contents, secret), "{secret}");
    }
    let answers = format!("{:?}", stage.all().await);
    for secret in SECRETS {
        assert!(!answers.contains(secret), "{secret}");
    }
}
