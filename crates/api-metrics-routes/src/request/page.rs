//! How much of a list is answered at once.
//!
//! Lists are paged by keyset: the next page begins after the last row of this one, so rows that
//! come or go in between are neither repeated nor skipped.

use api_metrics_store::query::TimeRange;
use serde::{Serialize, de::DeserializeOwned};

use super::{Context, Cursor, Form, ParamDocs, Params, Parsed, QueryParams, cursor::CURSOR};
use crate::response::Problem;

/// Rows of a page where the caller names no limit.
const DEFAULT_LIMIT: u32 = 100;
/// The most rows of a page.
const MAX_LIMIT: u32 = 1_000;

/// The declaration of `limit` with this default.
const fn limit(default: u32) -> Parsed<u32> {
    Parsed {
        name: "limit",
        description: "The most rows to answer.",
        example: Some(if default == 10 { "10" } else { "100" }),
        form: Form::Small {
            minimum: 1,
            maximum: MAX_LIMIT,
            default,
        },
        read: |text| text.parse().ok().filter(|n| (1..=MAX_LIMIT).contains(n)),
        wrong: "no number from 1 to 1000",
    }
}

/// `limit`: the most rows, from 1 to 1,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit<const DEFAULT: u32 = DEFAULT_LIMIT>(u32);

impl<const DEFAULT: u32> Limit<DEFAULT> {
    /// The most rows.
    pub(crate) const fn rows(self) -> usize {
        self.0 as usize
    }

    /// One row more than is answered tells whether there is another page.
    #[cfg(feature = "control")]
    pub(crate) const fn and_one(self) -> u32 {
        self.0 + 1
    }
}

impl<const DEFAULT: u32> QueryParams for Limit<DEFAULT> {
    fn describe(docs: &mut ParamDocs) {
        limit(DEFAULT).describe(docs);
    }

    fn take(params: &mut Params, _: &Context) -> Result<Self, Problem> {
        Ok(Self(limit(DEFAULT).take(params)?.unwrap_or(DEFAULT)))
    }
}

/// `limit` and `cursor`. `K` is a row's place in the order of its list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page<K, const DEFAULT: u32 = DEFAULT_LIMIT> {
    /// The most rows.
    pub(crate) limit: Limit<DEFAULT>,
    /// The last row of the page before.
    cursor: Option<Cursor<K>>,
    /// What the next cursor belongs to.
    question: String,
}

impl<K: Serialize + DeserializeOwned, const DEFAULT: u32> Page<K, DEFAULT> {
    /// The last row of the page before; none on the first page.
    pub(crate) fn after(&self) -> Option<&K> {
        self.cursor.as_ref().map(|cursor| &cursor.key)
    }

    /// The range of all pages: that of the first, or `range` on the first.
    pub(crate) fn range_or(&self, range: TimeRange) -> TimeRange {
        self.cursor.as_ref().map_or(range, Cursor::range)
    }

    /// Asks for the page after `last`, in `range`.
    pub(crate) fn next(&self, range: TimeRange, last: K) -> String {
        Cursor::new(&self.question, range, last).encode()
    }
}

impl<K: Serialize + DeserializeOwned, const DEFAULT: u32> QueryParams for Page<K, DEFAULT> {
    fn describe(docs: &mut ParamDocs) {
        Limit::<DEFAULT>::describe(docs);
        CURSOR.describe(docs);
    }

    fn take(params: &mut Params, context: &Context) -> Result<Self, Problem> {
        Ok(Self {
            limit: QueryParams::take(params, context)?,
            cursor: Cursor::take(params, &context.question)?,
            question: context.question.clone(),
        })
    }
}
