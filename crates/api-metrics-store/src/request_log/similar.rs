//! Likeness of texts: each becomes a vector, and two texts are alike as far as their vectors point the same way.
//!
//! The vectors made here need no model: pieces of words are hashed into a fixed number of dimensions (feature
//! hashing, Weinberger et al. 2009). Texts that share words, parts of words or misspelt words are alike, however
//! else they are written; texts that mean the same in other words are not. It is called "similar", which is what it
//! is. Who has a model that knows meanings gives another [`Embedder`].

use std::fmt::Debug;

use async_trait::async_trait;

/// Dimensions of the vectors made here.
const DIMENSIONS: usize = 256;
/// Letters that many words with one stem share.
const STEM: usize = 4;
/// What words without a meaning of their own count, where others count 1.
const COMMON_WEIGHT: f32 = 0.1;
/// What words of one or two letters count.
const SHORT_WEIGHT: f32 = 0.5;
/// Words without a meaning of their own.
const COMMON: [&str; 39] = [
    "a", "an", "the", "is", "are", "was", "were", "be", "been", "to", "of", "in", "on", "at",
    "for", "from", "by", "with", "and", "or", "not", "no", "it", "this", "that", "than", "has",
    "have", "had", "its", "but", "as", "after", "before", "within", "will", "can", "do", "does",
];

/// An embedder could not make vectors.
#[derive(Debug, Clone, thiserror::Error)]
#[error("texts could not be embedded: {0}")]
pub struct EmbedError(pub String);

/// Makes vectors of texts, such that texts which are alike have vectors that point the same way.
///
/// Each group of errors is embedded once, when a search comes across it first; its vector is kept under the
/// embedder's name. Another name embeds all groups anew.
///
/// ```
/// use api_metrics_store::request_log::{EmbedError, Embedder};
///
/// /// Asks a model that runs elsewhere.
/// #[derive(Debug)]
/// struct Model;
///
/// #[async_trait::async_trait]
/// impl Embedder for Model {
///     fn name(&self) -> &str {
///         "minilm-l6-v2"
///     }
///
///     async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
///         # let ask = |_: &String| vec![1.0_f32, 0.0];
///         Ok(texts.iter().map(ask).collect())
///     }
/// }
/// ```
#[async_trait]
pub trait Embedder: Send + Sync + Debug + 'static {
    /// Its name, with its version: vectors of one name can be compared with each other, those of two can't.
    fn name(&self) -> &str;

    /// A vector for each text, in their order, all of one length.
    ///
    /// # Errors
    /// Where it can't; the search then finds by words alone.
    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError>;
}

/// The embedder that needs no model: words, their stems, and their pairs and triples of letters, hashed into 256
/// dimensions.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct NgramEmbedder;

#[async_trait]
impl Embedder for NgramEmbedder {
    fn name(&self) -> &'static str {
        "ngram-1"
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
        Ok(texts.iter().map(|text| ngrams(text)).collect())
    }
}

/// The words of a text in lower case; `camelCase` is two of them.
pub(super) fn tokens(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in text.chars() {
        let boundary = !c.is_alphanumeric() || (before.is_lowercase() && c.is_uppercase());
        if boundary && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The vector of a text.
fn ngrams(text: &str) -> Vec<f32> {
    let mut vector = vec![0.0; DIMENSIONS];
    let mut add = |kind: u8, feature: &[char], weight: f32| {
        let hash = hash(kind, feature);
        let sign = if hash >> 63 == 1 { 1.0 } else { -1.0 };
        let place = usize::try_from(hash % DIMENSIONS as u64).unwrap_or(0);
        if let Some(sum) = vector.get_mut(place) {
            *sum += sign * weight;
        }
    };
    for word in tokens(text) {
        let weight = match word.chars().count() {
            _ if COMMON.contains(&word.as_str()) => COMMON_WEIGHT,
            1 | 2 => SHORT_WEIGHT,
            _ => 1.0,
        };
        let chars: Vec<char> = word.chars().collect();
        add(b'w', &chars, weight);
        if let Some(stem) = chars.get(..STEM) {
            add(b'p', stem, weight);
        }
        // With its edges, so that beginnings and ends of words are pieces of their own.
        let edged: Vec<char> = ['^'].into_iter().chain(chars).chain(['$']).collect();
        for length in [2, 3] {
            let pieces = edged.windows(length);
            // Long words have many pieces, and must not count for more than they are.
            #[expect(clippy::cast_precision_loss, reason = "letters of a word")]
            let each = weight / (pieces.len().max(1) as f32).sqrt();
            for piece in pieces {
                add(b'g', piece, each);
            }
        }
    }
    vector
}

/// FNV-1a, mixed once more so that its high bits are as good as its low ones: the same in each process and release.
fn hash(kind: u8, feature: &[char]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut step = |byte: u8| hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    step(kind);
    for c in feature {
        u32::from(*c).to_le_bytes().into_iter().for_each(&mut step);
    }
    hash ^= hash >> 32;
    hash = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    hash ^ hash >> 29
}

/// A vector as it is stored: a byte a dimension, in hexadecimal digits. Its length does not matter, so the largest
/// dimension becomes 127.
pub(super) fn packed(vector: &[f32]) -> String {
    let largest = vector.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
    let scale = if largest > 0.0 { 127.0 / largest } else { 0.0 };
    let byte = |x: &f32| {
        #[expect(clippy::cast_possible_truncation, reason = "-127 to 127; NaN is 0")]
        let small = (x * scale).round() as i8;
        format!("{:02x}", small.cast_unsigned())
    };
    vector.iter().map(byte).collect()
}

/// How alike two packed vectors are: the cosine of their angle, -1 to 1. 0 where they can't be compared.
pub(super) fn cosine(one: &str, other: &str) -> f64 {
    if one.len() != other.len() {
        return 0.0;
    }
    let values = |text: &str| -> Vec<i64> {
        let digit = |byte: u8| i64::from(char::from(byte).to_digit(16).unwrap_or(0));
        let pairs = text.as_bytes().chunks_exact(2);
        pairs
            .map(|pair| match pair {
                [high, low] => digit(*high) * 16 + digit(*low),
                _ => 0,
            })
            .map(|byte| if byte > 127 { byte - 256 } else { byte })
            .collect()
    };
    let (one, other) = (values(one), values(other));
    let product = |a: &[i64], b: &[i64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<i64>();
    #[expect(
        clippy::cast_precision_loss,
        reason = "sums of products of small numbers"
    )]
    let [dot, one, other] = [
        product(&one, &other),
        product(&one, &one),
        product(&other, &other),
    ]
    .map(|sum| sum as f64);
    let lengths = (one * other).sqrt();
    if lengths > 0.0 { dot / lengths } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn likeness(one: &str, other: &str) -> f64 {
        cosine(&packed(&ngrams(one)), &packed(&ngrams(other)))
    }

    #[test]
    fn words_end_where_letters_do_and_where_capitals_begin() {
        assert_eq!(
            tokens("connectionRefused: the-Ledger_is 42×ÜBER"),
            ["connection", "refused", "the", "ledger", "is", "42", "über"]
        );
        assert_eq!(tokens(" -- "), Vec::<String>::new());
    }

    #[test]
    fn a_text_is_most_like_itself_and_more_like_a_misspelt_one_than_like_another() {
        let text = "could not connect to the ledger";
        assert!((likeness(text, text) - 1.0).abs() < 1e-9);
        let misspelt = likeness(text, "cannot conect to ledgers");
        let other = likeness(text, "the image is too large");
        assert!(misspelt > 0.4 && other < 0.3, "{misspelt} {other}");
    }

    #[test]
    fn vectors_without_a_direction_or_of_another_length_are_like_nothing() {
        assert_eq!(likeness("", "a text"), 0.0);
        assert_eq!(cosine("0102", "010203"), 0.0);
        assert_eq!(packed(&[0.0, 0.0]), "0000");
        assert_eq!(packed(&[1.0, -1.0, f32::NAN]), "7f8100");
        assert!((cosine(&packed(&[1.0, 0.0]), &packed(&[-7.0, 0.0])) + 1.0).abs() < 1e-9);
    }

    #[test]
    fn the_vectors_of_a_release_are_those_of_the_next() {
        // Stored vectors are compared with those of later releases under the same name.
        let vector = packed(&ngrams("the ledger is locked"));
        let sum = vector.bytes().fold(7_u64, |sum, byte| {
            sum.wrapping_mul(31).wrapping_add(u64::from(byte))
        });
        assert_eq!(vector.len(), 2 * DIMENSIONS);
        assert_eq!(sum, 17_416_415_627_871_292_528);
    }
}
