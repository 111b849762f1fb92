//! Currencies.
//!
//! A currency is its ISO 4217 code. Any three capital letters are one: the list changes more often than
//! this library. The only property that matters here is the number of decimals of its smallest unit, to
//! which invoice lines are rounded.
//!
//! ```
//! use api_metrics_store::control::billing::Currency;
//!
//! assert_eq!(Currency::from_code("USD"), Some(Currency::USD));
//! assert!(Currency::from_code("KWD").is_some());
//! assert_eq!(Currency::from_code("usd"), None);
//! ```

use std::fmt;

/// A currency by its ISO 4217 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// United States dollars.
    pub const USD: Self = Self(*b"USD");

    /// The currency of this code: three capital letters.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        let code: [u8; 3] = code.as_bytes().try_into().ok()?;
        code.iter()
            .all(u8::is_ascii_uppercase)
            .then_some(Self(code))
    }

    /// The code.
    #[must_use]
    pub(crate) fn code(&self) -> &str {
        // Three ASCII letters.
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// Decimals of its smallest unit, by ISO 4217: 2 for most.
    #[must_use]
    pub(crate) const fn decimals(self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG"
            | b"RWF" | b"UGX" | b"UYI" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            b"CLF" | b"UYW" => 4,
            _ => 2,
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
