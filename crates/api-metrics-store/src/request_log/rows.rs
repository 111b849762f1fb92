//! Where the rows of requests are: in this database, or in another one. What the log asks of them goes one way or the
//! other here and nowhere else.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::{
    elsewhere,
    query::{RequestPage, RequestQuery, StoredRequest},
    search::RequestSearch,
    snapshot::StoredSnapshot,
    sql::{
        DAY_MS, groups, marks, read, remove,
        remove::StoredDay,
        search::{self, Candidate, WordHit},
        snapshot, tail,
        tail::Noted,
    },
    tail::{TailPage, TailQuery},
};
use crate::{
    engine::{
        backend::{Result, Tx},
        copied::request_seam::{GroupPart, GroupSum, RequestDatabase},
        sql::{BeginTx, SqlTx},
    },
    query::Scope,
};

/// The rows of requests.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows<'a>(Option<&'a dyn RequestDatabase>);

/// Passes a call on to the statements of this database, or to those of another one.
macro_rules! either {
    ($rows:expr, $here:expr, |$there:ident| $elsewhere:expr) => {
        match $rows.0 {
            None => $here.await,
            Some($there) => $elsewhere.await,
        }
    };
}

impl<'a> Rows<'a> {
    /// Those of a store.
    pub(super) fn of(store: &'a dyn BeginTx) -> Self {
        Self(store.requests_in())
    }

    /// The other database.
    pub(super) const fn elsewhere(self) -> Option<&'a dyn RequestDatabase> {
        self.0
    }

    /// What is noted of arrivals.
    pub(super) const fn noted(self) -> Noted {
        match self.0 {
            None => Noted::Requests,
            Some(_) => Noted::Batches,
        }
    }

    pub(super) async fn page(
        self,
        tx: &mut dyn SqlTx,
        query: &RequestQuery,
    ) -> Result<RequestPage> {
        either!(self, read::page(tx, query), |there| {
            elsewhere::read::page(tx, there, query)
        })
    }

    pub(super) async fn one(
        self,
        tx: &mut dyn SqlTx,
        id: Uuid,
        scope: &Scope,
    ) -> Result<Option<StoredRequest>> {
        either!(self, read::one(tx, id, scope), |there| {
            elsewhere::read::one(tx, there, id, scope)
        })
    }

    pub(super) async fn many(
        self,
        tx: &mut dyn SqlTx,
        ids: &[Uuid],
        scope: &Scope,
    ) -> Result<Vec<StoredRequest>> {
        either!(self, read::many(tx, ids, scope), |there| {
            elsewhere::read::many(tx, there, ids, scope)
        })
    }

    pub(super) async fn snapshot(
        self,
        tx: &mut dyn SqlTx,
        id: Uuid,
    ) -> Result<Option<StoredSnapshot>> {
        either!(self, snapshot::of(tx, id), |there| {
            elsewhere::read::snapshot_of(tx, there, id)
        })
    }

    pub(super) async fn arrived(self, tx: &mut dyn Tx, query: &TailQuery) -> Result<TailPage> {
        either!(self, tail::arrived(tx, query), |there| {
            elsewhere::read::arrived(tx, there, query)
        })
    }

    pub(super) async fn group_sums(
        self,
        tx: &mut dyn SqlTx,
        query: &RequestQuery,
    ) -> Result<Vec<GroupSum>> {
        either!(self, groups::sums(tx, query), |there| {
            elsewhere::groups::sums(tx, there, query)
        })
    }

    pub(super) async fn group_parts(
        self,
        tx: &mut dyn SqlTx,
        query: &RequestQuery,
        ids: &[i64],
        part_ms: i64,
    ) -> Result<Vec<GroupPart>> {
        either!(self, groups::parts(tx, query, ids, part_ms), |there| {
            elsewhere::groups::parts(tx, there, query, ids, part_ms)
        })
    }

    /// What a search may find; [`with_texts`](Self::with_texts) comes after the transaction.
    pub(super) async fn candidates(
        self,
        tx: &mut dyn SqlTx,
        query: &RequestSearch,
        only: Option<&BTreeSet<i64>>,
    ) -> Result<Vec<Candidate>> {
        either!(self, search::candidates(tx, query, only), |there| {
            elsewhere::groups::candidates(tx, there, query, only)
        })
    }

    pub(super) async fn with_texts(
        self,
        store: &dyn BeginTx,
        groups: Vec<Candidate>,
    ) -> Result<Vec<Candidate>> {
        match self.0 {
            None => Ok(groups),
            Some(_) => elsewhere::groups::with_texts(store, groups).await,
        }
    }

    pub(super) async fn holding(
        self,
        tx: &mut dyn SqlTx,
        query: &RequestSearch,
    ) -> Result<Vec<WordHit>> {
        either!(self, search::holding(tx, query), |there| {
            elsewhere::groups::holding(tx, there, query)
        })
    }

    /// The latest request of a group that a search may find.
    pub(super) async fn latest(
        self,
        tx: &mut dyn SqlTx,
        query: &RequestSearch,
        group: &Candidate,
    ) -> Result<Option<Uuid>> {
        match group.latest {
            Some(latest) => Ok(Some(latest)),
            None => search::latest(tx, query, group.id).await,
        }
    }

    /// The days that are stored, the oldest first.
    pub(super) async fn days(self, tx: &mut dyn SqlTx) -> Result<Vec<StoredDay>> {
        let Some(database) = self.0 else {
            return remove::days(tx).await;
        };
        let days = database.request_days().await?;
        let day = |(day, bytes)| StoredDay { day, bytes };
        Ok(days.into_iter().map(day).collect())
    }

    /// Removes a day, or a step of it. Returns whether it is gone.
    pub(super) async fn remove_day(self, tx: &mut dyn SqlTx, day: i64) -> Result<bool> {
        let Some(database) = self.0 else {
            return remove::remove_day(tx, day).await;
        };
        database.remove_request_day(day).await?;
        Ok(true)
    }

    /// Days below a floor that were left here before requests were kept elsewhere: they are not shown, and go in their time.
    pub(super) async fn left_below(self, tx: &mut dyn SqlTx, floor_ms: i64) -> Result<Vec<i64>> {
        if self.0.is_none() {
            return Ok(Vec::new());
        }
        let days = remove::days(tx).await?.into_iter().map(|day| day.day);
        Ok(days.filter(|day| day * DAY_MS < floor_ms).collect())
    }

    /// The times of the oldest and of the newest request.
    pub(super) async fn span(self, tx: &mut dyn SqlTx) -> Result<Option<(i64, i64)>> {
        let Some(database) = self.0 else {
            return read::span(tx).await;
        };
        let view = marks::view(tx).await?;
        database.request_span(&view).await
    }
}
