//! A bounded sample of the raw paths that no route matched.

/// Paths in the sample.
const PATHS: usize = 64;
/// Bytes of a path that are kept.
const PATH_BYTES: usize = 128;

/// The space-saving sketch (Metwally, Agrawal and El Abbadi, "Efficient computation of frequent and
/// top-k elements in data streams", 2005). A path that makes up more than 1/64 of all requests is in it, and
/// its count is too high by at most 1/64 of all.
#[derive(Debug)]
pub(super) struct TopK {
    counts: [u64; PATHS],
    hashes: [u64; PATHS],
    /// Their memory is reused.
    paths: Vec<String>,
}

impl Default for TopK {
    fn default() -> Self {
        Self {
            counts: [0; PATHS],
            hashes: [0; PATHS],
            paths: Vec::new(),
        }
    }
}

/// The beginning of a path, cut on a character boundary.
pub(super) fn cut(path: &str) -> &str {
    let end = path.floor_char_boundary(PATH_BYTES);
    path.get(..end).unwrap_or_default()
}

impl TopK {
    /// Counts a [`cut`] path once.
    pub(super) fn offer(&mut self, hash: u64, path: &str) {
        let watched = self.hashes.iter().take(self.paths.len());
        let known = watched
            .zip(&self.paths)
            .position(|(&h, p)| h == hash && p == path);
        if let Some(at) = known {
            self.count(at, hash);
        } else if self.paths.len() < PATHS {
            let mut owned = String::with_capacity(PATH_BYTES);
            owned.push_str(path);
            self.count(self.paths.len(), hash);
            self.paths.push(owned);
        } else {
            let least = self.counts.iter().enumerate().min_by_key(|(_, n)| **n);
            let at = least.map_or(0, |(at, _)| at);
            // The new path takes over the count of the one that it replaces, so that counts are never too low.
            self.count(at, hash);
            if let Some(replaced) = self.paths.get_mut(at) {
                replaced.clear();
                replaced.push_str(path);
            }
        }
    }

    fn count(&mut self, at: usize, hash: u64) {
        if let (Some(n), Some(h)) = (self.counts.get_mut(at), self.hashes.get_mut(at)) {
            *n = n.saturating_add(1);
            *h = hash;
        }
    }

    /// The paths with their counts, the most frequent first.
    pub(super) fn sample(&self) -> Vec<(String, u64)> {
        let watched = self.paths.iter().cloned().zip(self.counts);
        let mut sample: Vec<_> = watched.collect();
        sample.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        sample
    }
}
