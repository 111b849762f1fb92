//! Notices by e-mail, through a mail server in a process of its own.

use std::{
    io::{BufRead, BufReader},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use api_metrics_store::control::notify::{
    Notice, Notifier, NotifyError, SmtpEncryption, SmtpNotifier, SmtpOptions,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A mail server on this machine.
struct MailServer {
    child: Child,
    /// It ends when this does.
    _input: ChildStdin,
    output: BufReader<ChildStdout>,
    port: u16,
    /// Its certificate, which is an authority's, too.
    authority: Vec<u8>,
    _folder: TempDir,
}

impl MailServer {
    fn start(mode: &str) -> Self {
        let packages = api_metrics_tests::python_packages("smtp");
        let folder = tempfile::tempdir().unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec!["localhost".to_owned()])
            .unwrap()
            .self_signed(&key)
            .unwrap();
        let [pem, secret] = ["certificate.pem", "key.pem"].map(|name| folder.path().join(name));
        std::fs::write(&pem, armoured("CERTIFICATE", certificate.der())).unwrap();
        std::fs::write(&secret, armoured("PRIVATE KEY", &key.serialize_der())).unwrap();
        let mut child = Command::new("python3")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/smtp/server.py"))
            .arg(mode)
            .args([&pem, &secret])
            .env("PYTHONPATH", packages)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut port = String::new();
        output.read_line(&mut port).unwrap();
        Self {
            child,
            _input: input,
            output,
            port: port.trim().parse().unwrap(),
            authority: certificate.der().to_vec(),
            _folder: folder,
        }
    }

    /// Settings that reach it, to one address.
    fn options(&self, encryption: SmtpEncryption, to: &str) -> SmtpOptions {
        let mut options = SmtpOptions::new("localhost", "api-metrics <metrics@example.com>", to);
        options.port = Some(self.port);
        options.encryption = encryption;
        options.root_certificates = vec![self.authority.clone()];
        if encryption != SmtpEncryption::None {
            options.login = Some(("metrics".to_owned(), "s3cret".to_owned()));
        }
        options
    }

    /// The next mail that it took.
    fn mail(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

/// DER as the text that Python reads.
fn armoured(what: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    format!("-----BEGIN {what}-----\n{text}\n-----END {what}-----\n")
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn notice(kind: &str) -> Notice {
    serde_json::from_value(json!({
        "id": uuid::Uuid::from_u128(7),
        "kind": kind,
        "at": "2026-03-10T12:00:00Z",
        "severity": "high",
        "title": "checkout\r\nBcc: everybody@example.com",
        "message": "Error rate jumped from 1.0% to 15.2% – café",
        "eventId": uuid::Uuid::from_u128(8),
        "rule": {"id": 1, "name": "checkout", "alertType": "error_rate", "service": "shop", "endpoint": "POST /checkout"},
        "value": 15.2,
        "threshold": 10.0,
        "url": "https://example.com/admin/#/incident/8",
    }))
    .unwrap()
}

/// A mail's headers, unfolded, and its text.
fn parts(mail: &Value) -> (Vec<(String, String)>, String) {
    let text = mail["mail"].as_str().unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let head = head.replace("\r\n ", " ");
    let headers: Vec<(String, String)> = head
        .split("\r\n")
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let encoding = headers
        .iter()
        .find(|(name, _)| name == "content-transfer-encoding");
    let body = match encoding.map(|(_, value)| value.as_str()) {
        Some("quoted-printable") => {
            let joined = body.replace("=\r\n", "");
            let mut bytes = Vec::new();
            let mut rest = joined.bytes();
            while let Some(byte) = rest.next() {
                if byte == b'=' {
                    let hex = [rest.next().unwrap(), rest.next().unwrap()];
                    let hex = std::str::from_utf8(&hex).unwrap();
                    bytes.push(u8::from_str_radix(hex, 16).unwrap());
                } else {
                    bytes.push(byte);
                }
            }
            String::from_utf8(bytes).unwrap()
        }
        _ => body.to_owned(),
    };
    (headers, body)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_is_mailed_over_each_encryption_and_its_end_is_an_answer_to_it() {
    for (mode, encryption, encrypted) in [
        ("starttls", SmtpEncryption::StartTls, true),
        ("tls", SmtpEncryption::Tls, true),
        ("plain", SmtpEncryption::None, false),
    ] {
        let mut server = MailServer::start(mode);
        let mut options = server.options(encryption, "Ops <ops@example.com>");
        options.to.push("boss@example.com".to_owned());
        let notifier = SmtpNotifier::new(options).unwrap();
        assert_eq!(notifier.channel(), "email");
        notifier.notify(&notice("alert.fired")).await.unwrap();
        let mail = server.mail();
        assert_eq!(mail["from"], "metrics@example.com", "{mode}");
        assert_eq!(mail["to"], json!(["ops@example.com", "boss@example.com"]));
        assert_eq!(mail["encrypted"], encrypted, "{mode}");
        let (headers, text) = parts(&mail);
        let all = |name: &str| -> Vec<&str> {
            let of = headers.iter().filter(|(found, _)| found == name);
            of.map(|(_, value)| value.as_str()).collect()
        };
        // A line break in a name starts no header.
        assert_eq!(all("bcc"), Vec::<&str>::new());
        assert_eq!(
            all("subject"),
            [r"checkout\r\nBcc: everybody@example.com (high)"]
        );
        assert_eq!(all("content-type"), ["text/plain; charset=utf-8"]);
        let event = format!("<event.{}@example.com>", uuid::Uuid::from_u128(8));
        assert_eq!(all("message-id"), [event.as_str()]);
        for line in [
            "Error rate jumped from 1.0% to 15.2% – café",
            "Service: shop",
            "Endpoint: POST /checkout",
            "Value: 15.2",
            "Threshold: 10",
            "https://example.com/admin/#/incident/8",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}: {text}");
        }
        notifier.notify(&notice("alert.resolved")).await.unwrap();
        let (headers, _) = parts(&server.mail());
        let answers: Vec<_> = headers
            .iter()
            .filter(|(name, _)| name == "in-reply-to")
            .collect();
        assert_eq!(answers, [&("in-reply-to".to_owned(), event)]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_server_refuses_for_good_is_given_up_and_all_else_is_tried_again() {
    let mut server = MailServer::start("starttls");
    let sent = |options: SmtpOptions| async {
        let notifier = SmtpNotifier::new(options).unwrap();
        notifier.notify(&notice("alert.fired")).await.unwrap_err()
    };
    let all = server.options(SmtpEncryption::StartTls, "ops@example.com");
    let to = |to: &str| {
        let mut options = all.clone();
        options.to = vec![to.to_owned()];
        options
    };
    let error = sent(to("later@example.com")).await;
    assert!(
        matches!(&error, NotifyError::Retry(why) if why.contains("not now")),
        "{error:?}"
    );
    let error = sent(to("never@example.com")).await;
    assert!(
        matches!(&error, NotifyError::Permanent(why) if why.contains("nobody of that name")),
        "{error:?}"
    );
    // Whom it refuses keeps the mail from nobody else.
    let mut several = to("never@example.com");
    several.to.push("ops@example.com".to_owned());
    let notifier = SmtpNotifier::new(several).unwrap();
    notifier.notify(&notice("alert.fired")).await.unwrap();
    assert_eq!(server.mail()["to"], json!(["ops@example.com"]));
    let mut wrong = to("ops@example.com");
    wrong.login = Some(("metrics".to_owned(), "another".to_owned()));
    let error = sent(wrong).await;
    assert!(!error.to_string().contains("another"), "{error:?}");
    assert!(matches!(error, NotifyError::Permanent(_)), "{error:?}");
    // Nobody that this server could be trusted by.
    let mut unknown = to("ops@example.com");
    unknown.root_certificates.clear();
    let error = sent(unknown).await;
    assert!(matches!(error, NotifyError::Retry(_)), "{error:?}");
    // A server without STARTTLS gets neither mail nor password.
    let plain = MailServer::start("plain");
    let mut options = plain.options(SmtpEncryption::None, "ops@example.com");
    options.encryption = SmtpEncryption::StartTls;
    options.login = Some(("metrics".to_owned(), "s3cret".to_owned()));
    let error = sent(options).await;
    assert!(error.to_string().contains("STARTTLS"), "{error:?}");
    // Nobody listens.
    let gone = to("ops@example.com");
    drop(server);
    let error = sent(gone).await;
    assert!(matches!(error, NotifyError::Retry(_)), "{error:?}");
}
