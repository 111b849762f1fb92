//! How many streams are open, and for whom.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    auth::{Caller, Identity, Role},
    response::{Kind, Problem},
};

/// The open streams, counted.
#[derive(Debug, Clone, Default)]
pub(super) struct OpenStreams(Arc<Mutex<Open>>);

/// Streams by whom they are counted.
#[derive(Debug, Default)]
struct Open {
    /// All of them.
    all: usize,
    /// Those of principals that are limited.
    by_principal: HashMap<Identity, usize>,
}

/// A place among the open streams, given back when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    /// Where it is given back.
    open: OpenStreams,
    /// By whom it is counted; `None` for admins.
    of: Option<Identity>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.open.lock();
        open.all = open.all.saturating_sub(1);
        if let Some(principal) = self.of.take()
            && let Entry::Occupied(mut taken) = open.by_principal.entry(principal)
        {
            *taken.get_mut() -= 1;
            if *taken.get() == 0 {
                taken.remove();
            }
        }
    }
}

impl OpenStreams {
    /// Streams that are open.
    pub(super) fn taken(&self) -> usize {
        self.lock().all
    }

    /// Takes a place for `caller` where fewer than `all` streams are open, and fewer than
    /// `of_one_principal` of its own.
    ///
    /// # Errors
    /// 503 with `Retry-After` where a bound is reached.
    pub(super) fn take(
        &self,
        caller: &Caller,
        all: usize,
        of_one_principal: usize,
    ) -> Result<Place, Problem> {
        // The admin token is one principal, however many operators have it.
        let limited = (caller.principal.role() != Role::Admin).then(|| caller.identity());
        let mut open = self.lock();
        if open.all >= all {
            let all = open.all;
            return Err(too_many(format!(
                "{all} streams are open, which is the limit"
            )));
        }
        if let Some(principal) = &limited {
            let taken = open.by_principal.get(principal).copied().unwrap_or(0);
            if taken >= of_one_principal {
                return Err(too_many(format!(
                    "{taken} streams of this principal are open, which is the limit"
                )));
            }
            open.by_principal.insert(principal.clone(), taken + 1);
        }
        open.all += 1;
        Ok(Place {
            open: self.clone(),
            of: limited,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// 503 with `Retry-After`: a bound of streams is reached.
pub(super) fn too_many(detail: String) -> Problem {
    Problem::new(Kind::TooManyStreams, detail).retry_after(30)
}
