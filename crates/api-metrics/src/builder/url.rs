//! What may be shown of a database's URL.

/// The URL with its password replaced, fit for errors and logs.
pub(super) fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let authority_end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(authority_end);
    // The last `@` ends the user's part: a password that was not encoded may hold others.
    let shown = match authority.rsplit_once('@') {
        Some((user, host)) => match user.split_once(':') {
            Some((name, _)) => format!("{name}:***@{host}"),
            None => authority.to_owned(),
        },
        None => authority.to_owned(),
    };
    let tail = match tail.split_once('?') {
        Some((path, query)) => {
            let hide = |pair| match pair {
                secret if str::starts_with(secret, "password=") => "password=***",
                other => other,
            };
            let query: Vec<_> = query.split('&').map(hide).collect();
            format!("{path}?{}", query.join("&"))
        }
        None => tail.to_owned(),
    };
    format!("{scheme}://{shown}{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_shown() {
        for (url, shown) in [
            ("postgres://u:p@h/d", "postgres://u:***@h/d"),
            ("postgres://u:p@s:w@h:5/d?x=1", "postgres://u:***@h:5/d?x=1"),
            ("postgres://h/d?password=p", "postgres://h/d?password=***"),
            ("sqlite:metrics.db", "sqlite:metrics.db"),
            ("nonsense", "nonsense"),
        ] {
            assert_eq!(without_password(url), shown);
        }
    }
}
