//! Keyset cursors: the last row of a page, and the question that it belongs to.
//!
//! A cursor is base64 of JSON. It is no secret and is not trusted: what it carries is checked as if
//! a caller had written it.

use api_metrics_store::query::TimeRange;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use super::{Form, Params, Parsed, range::is_sane};
use crate::response::Problem;

/// The longest cursor that is read.
const MAX_BYTES: usize = 4_096;

/// The parameter; [`Cursor::take`] reads it.
pub(super) const CURSOR: Parsed<()> = Parsed {
    name: "cursor",
    description: "`nextCursor` of the page before, with all other parameters as they were.",
    example: None,
    form: Form::Bounded(MAX_BYTES),
    read: |_| Some(()),
    wrong: "",
};

#[cfg(feature = "control")]
/// For lists that are of no range: any will do.
pub(crate) const NO_RANGE: TimeRange = TimeRange::new(0, 60);

/// What a cursor carries. The range is in it because a period slides: the second page must be of
/// the same range as the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cursor<K> {
    /// Hash of the question that it belongs to.
    #[serde(rename = "q")]
    question: String,
    /// The start of the range.
    #[serde(rename = "f")]
    from: i64,
    /// The end of the range.
    #[serde(rename = "t")]
    to: i64,
    /// The last row of the page.
    #[serde(rename = "k")]
    pub(crate) key: K,
}

impl<K: Serialize + DeserializeOwned> Cursor<K> {
    /// The cursor after the row of this key.
    pub(crate) fn new(question: &str, range: TimeRange, key: K) -> Self {
        Self {
            question: question.to_owned(),
            from: range.from,
            to: range.to,
            key,
        }
    }

    /// The range of the first page.
    pub(crate) const fn range(&self) -> TimeRange {
        TimeRange::new(self.from, self.to)
    }

    /// The text that stands in `nextCursor`.
    pub(crate) fn encode(&self) -> String {
        // Strings and numbers always serialise.
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// Reads `cursor`. `question` is what [`question`] made of the other parameters.
    ///
    /// # Errors
    /// 400 that names `cursor`, where it can't be read, belongs to another question, or carries
    /// a range that no query string could.
    pub(crate) fn take(params: &mut Params, question: &str) -> Result<Option<Self>, Problem> {
        let Some(text) = params.take(CURSOR.name)? else {
            return Ok(None);
        };
        let wrong = || Problem::parameter(CURSOR.name, "is no `nextCursor` of this list");
        if text.len() > MAX_BYTES {
            return Err(wrong());
        }
        let bytes = URL_SAFE_NO_PAD.decode(&text).map_err(|_| wrong())?;
        let cursor: Self = serde_json::from_slice(&bytes).map_err(|_| wrong())?;
        if cursor.question != question {
            return Err(Problem::parameter(
                CURSOR.name,
                "belongs to another question: repeat all other parameters as they were",
            ));
        }
        // The range was valid when the cursor was made; this one did not come from us.
        if !is_sane(cursor.range()) {
            return Err(wrong());
        }
        Ok(Some(cursor))
    }
}

/// A short name for a question, so that a cursor can't be used with another: the route and all
/// parameters but those that may change from page to page. To be asked before any is taken.
pub(crate) fn question(route: &str, params: &Params) -> String {
    let mut pairs: Vec<_> = params
        .pairs()
        .iter()
        .filter(|(name, _)| name != "cursor" && name != "limit")
        .collect();
    pairs.sort();
    let digest = Sha256::digest(format!("{route} {pairs:?}").as_bytes());
    URL_SAFE_NO_PAD.encode(digest.get(..9).unwrap_or_default())
}
