//! The texts of a kept request, in one allocation.

use std::fmt::{Display, Write as _};

/// Which text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextOf {
    Endpoint,
    Path,
    ApiKey,
    User,
    Agent,
    RequestId,
}

/// How many there are.
const TEXTS: usize = 6;

/// Texts one after the other: whoever keeps a request allocates once, however many of them it has.
#[derive(Debug, Default)]
pub(super) struct Texts {
    all: String,
    /// Where each begins and ends; `None` where there is none.
    places: [Option<(u32, u32)>; TEXTS],
}

impl Texts {
    /// None yet, with room for so many bytes.
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self {
            all: String::with_capacity(bytes),
            places: [None; TEXTS],
        }
    }

    /// Adds a text, once. What would lie beyond 4 GiB is left out.
    pub(super) fn push(&mut self, of: TextOf, text: impl Display) {
        let from = self.all.len();
        // Writing to a string can't fail.
        let _ = write!(self.all, "{text}");
        if let (Ok(from), Ok(to)) = (u32::try_from(from), u32::try_from(self.all.len())) {
            self.places[of as usize] = Some((from, to));
        }
    }

    /// A text; `None` where there is none.
    pub(super) fn get(&self, of: TextOf) -> Option<&str> {
        let (from, to) = self.places[of as usize]?;
        self.all.get(from as usize..to as usize)
    }

    /// The memory that they take, in bytes.
    pub(super) fn capacity(&self) -> usize {
        self.all.capacity()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_is_found_again_and_no_other_one() {
        let mut texts = Texts::with_capacity(4);
        texts.push(TextOf::Path, format_args!("/ä/{}", 7));
        texts.push(TextOf::User, "");
        texts.push(TextOf::Agent, "curl");
        assert_eq!(texts.get(TextOf::Path), Some("/ä/7"));
        assert_eq!(texts.get(TextOf::User), Some(""));
        assert_eq!(texts.get(TextOf::Agent), Some("curl"));
        assert_eq!(texts.get(TextOf::ApiKey), None);
        assert!(texts.capacity() >= 9);
    }
}
