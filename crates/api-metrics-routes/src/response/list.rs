//! Lists: a page of rows and where the next one begins.
//!
//! For lists that are small enough to be sorted in memory.

/// A page of rows, in order, and the last of them where more follow.
#[derive(Debug)]
pub(crate) struct RowPage<R> {
    /// The rows of the page.
    pub(crate) rows: Vec<R>,
    /// Whether rows follow.
    pub(crate) more: bool,
}

/// Sorts `rows` by `key`, leaves out everything up to `after`, and cuts at `limit`.
pub(crate) fn page_of<R, K: Ord>(
    mut rows: Vec<R>,
    key: impl Fn(&R) -> K,
    after: Option<&K>,
    limit: usize,
) -> RowPage<R> {
    rows.sort_by_cached_key(&key);
    let start = after.map_or(0, |after| rows.partition_point(|row| key(row) <= *after));
    rows.drain(..start);
    let more = rows.len() > limit;
    rows.truncate(limit);
    RowPage { rows, more }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_by_keyset_cover_every_row_once() {
        let rows: Vec<u32> = (0..25).rev().collect();
        let (mut after, mut seen) = (None, Vec::new());
        loop {
            let page = page_of(rows.clone(), |row| *row, after.as_ref(), 10);
            after = page.rows.last().copied();
            seen.extend(page.rows);
            if !page.more {
                break;
            }
        }
        assert_eq!(seen, (0..25).collect::<Vec<_>>());
    }

    #[test]
    fn a_page_that_ends_with_the_last_row_has_no_successor() {
        assert!(!page_of(vec![1, 2], |row| *row, None, 2).more);
        assert!(page_of(vec![1, 2, 3], |row| *row, None, 2).more);
    }
}
