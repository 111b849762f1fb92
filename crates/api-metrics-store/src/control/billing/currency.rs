//! Currencies.
//!
//! A currency is its ISO 4217 code. Any three capital letters are one: the list changes more often than
//! this library. The only property that matters here is the number of decimals of its smallest unit, to
//! which invoice lines are rounded.
//!
//! ```
//! use api_metrics_store::control::billing::Currency;
//!
//! assert_eq!("USD".parse::<Currency>()?, Currency::USD);
//! assert_eq!("KWD".parse::<Currency>()?.to_string(), "KWD");
//! assert!("usd".parse::<Currency>().is_err());
//! # Ok::<(), api_metrics_store::store::StoreError>(())
//! ```

use std::{fmt, str::FromStr};

use crate::store::{StoreError, invalid};

/// A currency by its ISO 4217 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// United States dollars.
    pub const USD: Self = Self(*b"USD");

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

impl FromStr for Currency {
    type Err = StoreError;

    /// Reads a code: three capital letters.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for any other text.
    fn from_str(code: &str) -> Result<Self, StoreError> {
        match <[u8; 3]>::try_from(code.as_bytes()) {
            Ok(code) if code.iter().all(u8::is_ascii_uppercase) => Ok(Self(code)),
            _ => invalid("currency", "takes an ISO 4217 code such as USD"),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
