//! Paths that are never replayed: sign-in, payment and administration.
//!
//! A path is brought into one form first, as lenient as any router could be: percent-encoding is resolved until none is
//! left, backslashes are slashes, empty and dot segments go, and case makes no difference. Each segment is then compared
//! by its words, so that `sign_in`, `SignIn` and `sign-in.php` are one. It errs on the side of refusing.
//!
//! Why so lenient: which of these forms a router takes for the same route differs between frameworks and proxies. A list
//! that compared texts would be passed by `/LOGIN`, `/log%69n` or `//login` where the router takes them for `/login`.
//! A path that is refused by mistake costs an admin a replay; one that is let through pays a bill a second time.

/// Words in segments of paths that are denied from the start. They hold for GET as well: a link that signs somebody in, or
/// confirms a payment, mostly is one.
const DENIED: [&str; 62] = [
    // Sign-in.
    "login",
    "logon",
    "logout",
    "logoff",
    "signin",
    "signout",
    "signup",
    "register",
    "registration",
    "auth",
    "authenticate",
    "authorize",
    "oauth",
    "oauth2",
    "oidc",
    "saml",
    "sso",
    "openid",
    "callback",
    "session",
    "sessions",
    "token",
    "tokens",
    "password",
    "passwords",
    "passwd",
    "passwordless",
    "otp",
    "totp",
    "mfa",
    "2fa",
    "webauthn",
    "passkey",
    "passkeys",
    "magic-link",
    "verify",
    "verification",
    "credentials",
    // Payment.
    "pay",
    "payment",
    "payments",
    "checkout",
    "charge",
    "charges",
    "billing",
    "invoice",
    "invoices",
    "refund",
    "refunds",
    "payout",
    "payouts",
    "transfer",
    "transfers",
    "withdraw",
    "withdrawals",
    "subscribe",
    // Administration.
    "admin",
    "administrator",
    "sudo",
    "internal",
    "impersonate",
    "api-requests",
];
/// Times that percent-encoding is resolved. `%252F` is `%2F` is `/`; what still holds an escape after five rounds was
/// made to hide something, and is denied.
const MAX_DECODED: usize = 5;

/// Which paths are denied. It only grows: no setting takes a word of the default list away.
#[derive(Debug, Clone)]
pub(crate) struct Denied {
    /// Words, without what stands between their parts, in lower case: `signin` for `Sign-In`.
    words: Vec<String>,
    /// Paths below which all is denied, by segments. `/` has none, and denies everything.
    below: Vec<Vec<String>>,
}

impl Default for Denied {
    fn default() -> Self {
        let mut denied = Self {
            words: Vec::new(),
            below: Vec::new(),
        };
        for word in DENIED {
            denied.add(word);
        }
        denied
    }
}

impl Denied {
    /// Denies a path with all below it where it begins with a slash, else a word in any segment.
    ///
    /// `/jobs/{id}/run` denies `/jobs/7/run` and `/jobs/7/run/now`, and not `/jobs/7`. `wipe` denies `/x/wipe-all`, and
    /// not `/swiped`. A path that can't be understood, such as `/..`, denies everything rather than nothing.
    pub(crate) fn add(&mut self, denied: &str) {
        if denied.starts_with('/') {
            let segments = segments(denied).unwrap_or_default();
            self.below.push(segments);
        } else {
            self.words.push(joined(denied));
        }
    }

    /// Whether a path, without its query, is denied.
    ///
    /// Templates are paths as well: `/users/{id}` is compared by `users` and `id`. A path that has no form that can be
    /// trusted is denied: one with a query, a control character, or more `..` than segments.
    pub(crate) fn denies(&self, path: &str) -> bool {
        let Some(segments) = segments(path) else {
            return true;
        };
        // `signIn` is two words, and `LoGiN` is one.
        let by_word = segments.iter().any(|segment| {
            self.denies_segment(&segment.to_lowercase())
                || self.denies_segment(&by_case(segment).to_lowercase())
        });
        let by_path = self.below.iter().any(|below| {
            segments.len() >= below.len()
                && below.iter().zip(&segments).all(|(denied, segment)| {
                    // A denied parameter stands for any value.
                    denied.to_lowercase() == segment.to_lowercase() || denied.starts_with('{')
                })
        });
        by_word || by_path
    }

    /// Words that follow each other make a denied one: `sign-in` is `sign` and `in`.
    fn denies_segment(&self, segment: &str) -> bool {
        let words: Vec<_> = segment
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .collect();
        (0..words.len()).any(|from| {
            let mut run = String::new();
            words.iter().skip(from).take(3).any(|word| {
                run.push_str(word);
                self.words.contains(&run)
            })
        })
    }
}

/// A word without what stands between its parts, in lower case.
fn joined(word: &str) -> String {
    let letters = word.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// The segments of a path in their one form; `None` where it has none that can be trusted. `/A//b/./c;v=1/../d` is `A`,
/// `b` and `d`. Case is kept, because `signIn` is two words by it.
fn segments(path: &str) -> Option<Vec<String>> {
    let mut path = path.to_owned();
    for _ in 0..MAX_DECODED {
        let decoded = decoded(&path)?;
        if decoded == path {
            break;
        }
        path = decoded;
    }
    // What still holds an escape, or a control character, is no path of a service.
    let is_strange = |c: char| c == '%' || c.is_control() || matches!(c, '?' | '#');
    if path.contains(is_strange) {
        return None;
    }
    let mut segments: Vec<String> = Vec::new();
    for segment in path.split(['/', '\\']) {
        // Parameters of a segment, and dots and blanks at its end, mean nothing to some.
        let segment = segment.split(';').next().unwrap_or_default();
        match segment.trim() {
            "" | "." => {}
            ".." => {
                segments.pop()?;
            }
            segment => segments.push(segment.to_owned()),
        }
    }
    Some(segments)
}

/// A hyphen before each capital that begins a word: `userSignIn` is `user-Sign-In`.
fn by_case(segment: &str) -> String {
    let mut out = String::with_capacity(segment.len() + 4);
    let mut before = ' ';
    for c in segment.chars() {
        if c.is_uppercase() && before.is_lowercase() {
            out.push('-');
        }
        out.push(c);
        before = c;
    }
    out
}

/// One level of percent-encoding resolved; `None` where it is no UTF-8 then.
fn decoded(path: &str) -> Option<String> {
    let mut out = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let digit = |at: usize| char::from(*after.get(at)?).to_digit(16);
        let escaped = (byte == b'%')
            .then(|| Some(16 * digit(0)? + digit(1)?))
            .flatten();
        if let Some(escaped) = escaped {
            out.push(u8::try_from(escaped).ok()?);
            rest = after.get(2..).unwrap_or_default();
        } else {
            out.push(byte);
            rest = after;
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_way_of_writing_a_path_gets_around_the_list() {
        let mut denied = Denied::default();
        denied.add("/jobs/{id}/run");
        denied.add("Wipe");
        for path in [
            "/login",
            "/LOGIN",
            "/Login/",
            "//login",
            "/v1/log%69n",
            "/v1/log%2569n",
            "/%6c%6f%67%69%6e",
            "/a/../login",
            "/a/%2e%2e/login",
            "/a/./login",
            "/login;x=1",
            "/login.php",
            "/login%00",
            "/login%20",
            "/a\\login",
            "/a%5clogin",
            "/a%2flogin",
            "/sign-in",
            "/sign_in",
            "/signIn",
            "/SignIn",
            "/users/signIn2/sign.in",
            "/payments/7",
            "/payment-methods",
            "/admin",
            "/x/admin-panel/y",
            "/%ff",
            "/..",
            "/a/../../login",
            "/100%",
            "/jobs/7/run",
            "/jobs/7//run/now",
            "/jobs/%37/%72un",
            "/wipe-all",
            "/a?b",
            "/oauth2/token",
            "/%252525252525256cogin",
        ] {
            assert!(denied.denies(path), "{path}");
        }
        for path in [
            "/",
            "/orders/7",
            "/users/{id}",
            "/authors",
            "/paying-guests",
            "/jobs/7",
            "/jobs/7/runs",
            "/blog/in",
            "/tokenize",
            "/a%20b",
            "/caf%C3%A9",
        ] {
            assert!(!denied.denies(path), "{path}");
        }
    }

    proptest! {
        #[test]
        fn an_encoded_path_is_denied_as_the_plain_one(times in 0..4_usize, upper in any::<[bool; 5]>(), before in "(/[a-z]{1,3}){0,2}") {
            let mut path: String = "login".chars().zip(upper)
                .map(|(c, upper)| if upper { c.to_ascii_uppercase() } else { c }).collect();
            for _ in 0..times {
                path = path.bytes().map(|b| format!("%{b:02x}")).collect();
            }
            let path = format!("{}/{}", before, path);
            prop_assert!(Denied::default().denies(&path));
        }
    }
}
