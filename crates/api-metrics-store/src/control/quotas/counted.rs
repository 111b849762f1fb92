//! Which answers count.

use std::{collections::BTreeSet, fmt, str::FromStr};

use crate::{bucket::Bucket, store::StoreError};

/// Which status codes count against a quota or on an invoice. All by default, so that the numbers
/// are the ledger's own. Written as `all`, or as classes and codes with commas: `2xx,3xx,404`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CountedStatuses(Option<Chosen>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Chosen {
    classes: BTreeSet<u16>,
    codes: BTreeSet<u16>,
}

impl CountedStatuses {
    /// Whether every request counts.
    const fn is_all(&self) -> bool {
        self.0.is_none()
    }

    /// Whether requests answered with this code count.
    #[must_use]
    pub fn contains(&self, code: u16) -> bool {
        self.0
            .as_ref()
            .is_none_or(|some| some.classes.contains(&(code / 100)) || some.codes.contains(&code))
    }

    /// The requests of a bucket that count.
    #[must_use]
    pub fn of(&self, bucket: &Bucket) -> u64 {
        if self.is_all() {
            return bucket.request_count;
        }
        bucket
            .status_counts
            .iter()
            .filter(|(code, _)| self.contains(*code))
            .fold(0, |sum, (_, n)| sum.saturating_add(n))
    }
}

impl FromStr for CountedStatuses {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        if text.trim() == "all" {
            return Ok(Self::default());
        }
        let mut some = Chosen {
            classes: BTreeSet::new(),
            codes: BTreeSet::new(),
        };
        for word in text.split(',').map(str::trim) {
            let known = match word.strip_suffix("xx") {
                Some(class) => class
                    .parse()
                    .ok()
                    .filter(|class| (1..=5).contains(class))
                    .map(|class| some.classes.insert(class)),
                None => word
                    .parse()
                    .ok()
                    .filter(|code| (100..=999).contains(code))
                    .map(|code| some.codes.insert(code)),
            };
            if known.is_none() {
                return crate::store::invalid(
                    "status_counts",
                    format!("holds `{word}`, which is neither a class such as 2xx nor a code"),
                );
            }
        }
        Ok(Self(Some(some)))
    }
}

impl fmt::Display for CountedStatuses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(some) = &self.0 else {
            return f.write_str("all");
        };
        let classes = some.classes.iter().map(|class| format!("{class}xx"));
        let words: Vec<_> = classes
            .chain(some.codes.iter().map(ToString::to_string))
            .collect();
        f.write_str(&words.join(","))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::sketch::SketchKind;

    #[test]
    fn classes_and_codes_count_and_nothing_else() {
        let mut bucket = Bucket::new(SketchKind::Histogram);
        for (code, n) in [(200, 5), (301, 3), (404, 2), (500, 7)] {
            bucket.status_counts.add(code, n);
            bucket.request_count += n;
        }
        let of = |text: &str| text.parse::<CountedStatuses>().unwrap().of(&bucket);
        assert_eq!(of("all"), 17);
        assert_eq!(of("2xx, 3xx"), 8);
        assert_eq!(of("2xx,404"), 7);
        assert_eq!(
            "404,2xx".parse::<CountedStatuses>().unwrap().to_string(),
            "2xx,404"
        );
        for wrong in ["", "6xx", "2xx,,", "ok", "99"] {
            assert!(wrong.parse::<CountedStatuses>().is_err(), "{wrong}");
        }
    }
}
