//! Where numbers stand in a list.

/// Finds the places of numbers in an ascending list, at once where they come in its order.
pub(crate) struct SortedCursor<'a> {
    of: &'a [i64],
    last: usize,
}

impl<'a> SortedCursor<'a> {
    pub(crate) const fn of(of: &'a [i64]) -> Self {
        Self { of, last: 0 }
    }

    /// The place of a number, if it is there.
    pub(crate) fn find(&mut self, number: i64) -> Option<usize> {
        // Mostly the same again, or the next.
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
