//! The pairs of a query string, each taken once by name.
//!
//! Names are known one by one as a route takes them; what is left at the end is unknown, and
//! refused with the names that are known.

use axum::extract::Query;
use http::Uri;

use crate::response::Problem;

/// More pairs than any of our routes knows; a bound on what an error may cost.
const MAX_PAIRS: usize = 64;
/// The longest piece of a caller's text that an error repeats.
const MAX_SHOWN: usize = 64;

/// The parameters of a request. [`Validated`](super::Validated) takes those that its route knows and
/// then calls [`finish`](Self::finish), which refuses what is left: a misspelt filter that is silently ignored
/// would answer a question that nobody asked.
#[derive(Debug, Default)]
pub(crate) struct Params {
    /// Parameters that were not taken yet.
    pairs: Vec<(String, String)>,
    /// Parameters that the route has asked for.
    known: Vec<&'static str>,
    /// Those of them that were given.
    given: Vec<&'static str>,
}

impl Params {
    /// The parameters of a URI, each of which may be given once.
    ///
    /// # Errors
    /// 400 where the query string can't be decoded, has more than 64 parameters, or names one
    /// twice.
    pub(crate) fn from_uri(uri: &Uri) -> Result<Self, Problem> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map_err(|_| Problem::parameter("query", "the query string can't be read"))?;
        Self::from_pairs(pairs)
    }

    /// The parameters of these pairs, each of which may be given once.
    pub(crate) fn from_pairs(pairs: Vec<(String, String)>) -> Result<Self, Problem> {
        if pairs.len() > MAX_PAIRS {
            return Err(Problem::parameter(
                "query",
                format!("more than {MAX_PAIRS} parameters"),
            ));
        }
        for (i, (name, _)) in pairs.iter().enumerate() {
            if pairs.iter().skip(i + 1).any(|(other, _)| other == name) {
                return Err(Problem::parameter(shown(name), "given more than once"));
            }
        }
        Ok(Self {
            pairs,
            known: Vec::new(),
            given: Vec::new(),
        })
    }

    /// Parameters that were not taken yet.
    pub(super) fn pairs(&self) -> &[(String, String)] {
        &self.pairs
    }

    /// Parameters that the route has asked for.
    #[cfg(test)]
    pub(super) fn known(&self) -> &[&'static str] {
        &self.known
    }

    /// The value of `name`, if it was given. An empty value is an error: it is neither a filter nor
    /// the absence of one.
    ///
    /// # Errors
    /// 400 that names the parameter, where its value is empty.
    pub(crate) fn take(&mut self, name: &'static str) -> Result<Option<String>, Problem> {
        self.known.push(name);
        let Some(at) = self.pairs.iter().position(|(n, _)| n == name) else {
            return Ok(None);
        };
        self.given.push(name);
        let (_, value) = self.pairs.swap_remove(at);
        if value.is_empty() {
            return Err(Problem::parameter(name, "must not be empty"));
        }
        Ok(Some(value))
    }

    /// The first of these that was given, for an error about several together: it names what the caller
    /// sent. `otherwise` where none was.
    pub(crate) fn given_of(&self, names: &[&'static str], otherwise: &'static str) -> &'static str {
        let given = names.iter().find(|name| self.given.contains(name));
        given.copied().unwrap_or(otherwise)
    }

    /// Refuses every parameter that the route did not take.
    ///
    /// # Errors
    /// 400 that names the first unknown parameter, and those that the route knows.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        match self.pairs.first() {
            None => Ok(()),
            Some((name, _)) => Err(Problem::parameter(
                shown(name),
                if self.known.is_empty() {
                    "unknown; this route takes no parameters".to_owned()
                } else {
                    format!("unknown; this route takes {}", self.known.join(", "))
                },
            )),
        }
    }
}

/// A caller's text, cut for an error message.
pub(crate) fn shown(text: &str) -> String {
    let mut out: String = text.chars().take(MAX_SHOWN).collect();
    if out.len() < text.len() {
        out.push('…');
    }
    out
}
