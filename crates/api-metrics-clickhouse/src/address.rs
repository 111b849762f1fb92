//! The URL that names a database.

use api_metrics_store::{store::StoreError, text::without_password};
use clickhouse::Compression;
use url::Url;

/// What a URL says.
#[derive(Debug)]
pub(crate) struct Address {
    /// Its servers, each a URL of host and port alone.
    pub nodes: Vec<String>,
    /// The user, and the password.
    pub user: Option<(String, Option<String>)>,
    /// The database.
    pub database: String,
    /// The cluster's name.
    pub cluster: Option<String>,
    /// Of what goes both ways.
    pub compression: Compression,
    /// For people, without a password.
    pub name: String,
}

impl Address {
    /// Reads a URL.
    pub(crate) fn parse(url: &str) -> Result<Self, StoreError> {
        let urls = one_each(url);
        let first = urls.first().map_or(url, String::as_str);
        let name = match urls.len() {
            0 | 1 => without_password(first),
            several => format!("{} and {} more", without_password(first), several - 1),
        };
        let refuse = |reason: &str| StoreError::Url {
            url: name.clone(),
            reason: reason.to_owned(),
        };
        let mut nodes = Vec::with_capacity(urls.len());
        for url in &urls {
            let mut node = Url::parse(url).map_err(|error| refuse(&error.to_string()))?;
            if !matches!(node.scheme(), "http" | "https") {
                return Err(refuse("it starts neither with http:// nor with https://"));
            }
            if node.scheme() == "https"
                && !cfg!(any(feature = "tls-rustls", feature = "tls-native"))
            {
                return Err(refuse("it needs the feature tls-rustls or tls-native"));
            }
            // Neither fails for a URL with a host.
            let _ = node.set_username("");
            let _ = node.set_password(None);
            node.set_query(None);
            node.set_path("/");
            nodes.push(node.into());
        }
        let parsed = Url::parse(first).map_err(|error| refuse(&error.to_string()))?;
        let (mut compression, mut cluster) = (Compression::Lz4, None);
        for (key, value) in parsed.query_pairs() {
            match (&*key, &*value) {
                ("compression", "none") => compression = Compression::None,
                ("compression", "lz4") => {}
                ("compression", _) => return Err(refuse("`compression` is `lz4` or `none`")),
                ("cluster", "") => return Err(refuse("`cluster` names none")),
                ("cluster", name) => cluster = Some(name.to_owned()),
                _ => return Err(refuse(&format!("the parameter `{key}` is unknown"))),
            }
        }
        if nodes.len() > 1 && cluster.is_none() {
            return Err(refuse(
                "several servers are one database only as a cluster: name it by `?cluster=`",
            ));
        }
        let database = match parsed.path().trim_matches('/') {
            "" => "default".to_owned(),
            database => decoded(database),
        };
        let user = (!parsed.username().is_empty())
            .then(|| (decoded(parsed.username()), parsed.password().map(decoded)));
        Ok(Self {
            nodes,
            user,
            database,
            cluster,
            compression,
            name,
        })
    }
}

/// A URL of each of the servers that one names, `host:port,host:port`.
fn one_each(url: &str) -> Vec<String> {
    let Some((scheme, rest)) = url.split_once("://") else {
        return vec![url.to_owned()];
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let (user, hosts) = match authority.rsplit_once('@') {
        Some((user, hosts)) => (format!("{user}@"), hosts),
        None => (String::new(), authority),
    };
    let hosts = hosts.split(',').map(str::trim);
    hosts
        .map(|host| format!("{scheme}://{user}{host}{tail}"))
        .collect()
}

/// Text of a URL without its escapes.
fn decoded(text: &str) -> String {
    let text = text.replace('+', "%2B");
    url::form_urlencoded::parse(format!("a={text}").as_bytes())
        .next()
        .map_or_else(String::new, |(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: &str) -> String {
        Address::parse(url).map_or_else(|error| error.to_string(), |_| String::new())
    }

    #[test]
    fn a_url_that_cannot_be_used_says_why_and_hides_its_password() {
        let refused = refusal("tcp://app:secret@ch:9000/metrics");
        assert!(
            refused.contains("http://") && !refused.contains("secret"),
            "{refused}"
        );
        assert!(refusal("http://ch:8123/metrics?x=1").contains("`x`"));
        assert!(refusal("http://ch:8123/metrics?compression=zip").contains("`lz4`"));
        assert!(refusal("http://ch:8123/metrics?cluster=").contains("`cluster`"));
        let several = refusal("http://app:secret@ch1:8123,ch2:8123/metrics");
        assert!(
            several.contains("?cluster=") && several.contains("1 more"),
            "{several}"
        );
        assert!(!several.contains("secret"), "{several}");
        assert_ne!(refusal("http://ch1:8123,:x/metrics?cluster=a"), "");
        assert_eq!(
            refusal("http://a%40b:p%2Bq@ch:8123/metrics?compression=none"),
            ""
        );
    }

    fn parsed(url: &str) -> Address {
        Address::parse(url).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn a_url_names_servers_a_user_a_database_and_a_cluster() {
        let one = parsed("http://[::1]:8123");
        assert_eq!(
            (one.nodes, one.database),
            (vec!["http://[::1]:8123/".to_owned()], "default".to_owned())
        );
        assert!(one.user.is_none() && one.cluster.is_none());
        let all = parsed("http://a%40b:p%2Bq+r@ch1:8123,ch2/me%20trics?cluster=main");
        assert_eq!(all.nodes, ["http://ch1:8123/", "http://ch2/"]);
        let user = ("a@b".to_owned(), Some("p+q+r".to_owned()));
        assert_eq!(all.user, Some(user));
        assert_eq!(all.database, "me trics");
        assert_eq!(all.cluster.as_deref(), Some("main"));
    }
}
