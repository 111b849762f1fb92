//! Where numbers stand in a list.
//!
//! Rows of the inbox and of the table of series mostly come in the order of their series. Looking each
//! of them up by a hash would cost more than comparing it with the neighbour of the last one.

/// Finds the places of numbers in an ascending list: at once where they come in its order, by binary
/// search elsewhere. In the list `[3, 5, 9]`, 5 stands at place 1.
pub(crate) struct SortedCursor<'a> {
    /// The list. It must ascend, or numbers that are in it may not be found.
    of: &'a [i64],
    /// The place of the number that was found last.
    last: usize,
}

impl<'a> SortedCursor<'a> {
    /// A cursor before the start of `of`, which must ascend.
    pub(crate) const fn of(of: &'a [i64]) -> Self {
        Self { of, last: 0 }
    }

    /// The place of a number, if it is there. O(1) for the number of the last call and for the one
    /// after it, O(log n) otherwise. A number that is not there leaves the cursor where it is.
    pub(crate) fn find(&mut self, number: i64) -> Option<usize> {
        // Numbers mostly repeat or go on with the next one in the list.
        let near = [self.last, self.last + 1];
        let near = near
            .into_iter()
            .find(|place| self.of.get(*place) == Some(&number));
        let place = near.or_else(|| self.of.binary_search(&number).ok())?;
        self.last = place;
        Some(place)
    }
}

#[cfg(test)]
mod tests {
    use proptest::{
        collection::{btree_set, vec},
        prelude::*,
    };

    use super::*;

    proptest! {
        #[test]
        fn a_number_is_found_where_it_stands_in_whatever_order_they_are_looked_for(
            of in btree_set(0_i64..30, 0..20),
            numbers in vec(0_i64..30, 0..40),
        ) {
            let of: Vec<i64> = of.into_iter().collect();
            let mut places = SortedCursor::of(&of);
            for number in of.iter().chain(&numbers) {
                prop_assert_eq!(places.find(*number), of.iter().position(|one| one == number));
            }
        }
    }
}
