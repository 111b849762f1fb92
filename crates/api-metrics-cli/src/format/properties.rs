//! What holds for every format and any bytes.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

const WRITTEN: [&str; 6] = [
    r#"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" rt=$request_time $upstream_addr $upstream_response_time"#,
    r#"{"t":"$time_iso8601","r":"$request","s":$status,"rt":"$request_time"}"#,
    r#"$msec|$request_method|$host$request_uri|$status"#,
    r#"%v:%p %h %l %u %{%d/%b/%Y %T}t.%{msec_frac}t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" %D"#,
    r#"%t %m %U %>s %O %{ms}T"#,
    r#"[%START_TIME%] %REQ(:METHOD)% %REQ(:PATH)% %RESPONSE_CODE% %DURATION%"#,
];

fn formats() -> Vec<Format> {
    let names = NAMES.iter().map(|(name, _)| *name);
    names
        .chain(["ingress-nginx-old"])
        .chain(WRITTEN)
        .map(|text| Format::named_or_written(text).unwrap())
        .collect()
}

#[test]
fn every_name_is_a_format() {
    assert_eq!(formats().len(), NAMES.len() + 1 + WRITTEN.len());
}

proptest! {
    #[test]
    fn no_bytes_make_a_parser_panic(line in proptest::collection::vec(any::<u8>(), 0..200)) {
        for mut format in formats() {
            let _ = format.directive(b"#Fields: date time cs-method cs-uri-stem sc-status time-taken");
            let _ = parse_line(&format, &line, &LineOptions::default());
        }
    }

    #[test]
    fn no_damage_to_a_line_makes_a_parser_panic(
        at in 0_usize..200,
        byte in any::<u8>(),
        cut in 0_usize..200,
    ) {
        let line = br#"h:1 192.0.2.1 - [x] - a b [26/Nov/2026:10:00:00 +0000] "GET /a?b HTTP/1.1" 200 5 "-" "\"" 44 0.250 [w] [] 1:8, 2:8 6, 7 : 8 0.2, 0.1 200 3d"#;
        let mut line = line.to_vec();
        if let Some(place) = line.get_mut(at) {
            *place = byte;
        }
        line.truncate(cut.max(10));
        for format in formats() {
            let _ = parse_line(&format, &line, &LineOptions::default());
        }
    }

    #[test]
    fn what_nginx_writes_is_what_is_read(
        path in "/[a-z0-9/._~-]{0,30}",
        status in 100_u16..999,
        bytes in any::<u32>(),
        millis in 0_u64..86_400_000,
        agent in "[ -!#-\\[\\]-~]{1,40}",
        user in "[ -~]{1,20}",
    ) {
        prop_assume!(status != 499 && agent != "-");
        let line = format!(
            "192.0.2.1 - {user} [17/May/2015:10:05:03 +0000] \"GET {path}?q=1 HTTP/1.1\" {status} {bytes} \
             \"-\" \"{agent}\" rt={}.{:03} 10.0.0.1:80, 10.0.0.2:80 0.100, 0.150",
            millis / 1_000,
            millis % 1_000,
        );
        let format = Format::named_or_written(WRITTEN[0]).unwrap();
        let entry = parse_line(&format, line.as_bytes(), &LineOptions::default()).unwrap();
        prop_assert_eq!(&*entry.path, path);
        prop_assert_eq!(entry.status, Some(status));
        prop_assert_eq!(entry.response_bytes, u64::from(bytes));
        prop_assert_eq!(entry.latency, Some(std::time::Duration::from_millis(millis)));
        prop_assert_eq!(entry.user_agent.as_deref(), Some(agent.as_bytes()));
    }
}
